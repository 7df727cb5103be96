"""The explicit providers of an account: a stack can touch no other, whatever credentials it is run with."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
import pulumi_aws_native as aws_native


@dataclass(frozen=True)
class AccountProviders:
    """An `aws` and an `aws-native` provider that refuse any account but one."""

    aws: aws.Provider
    aws_native: aws_native.Provider

    @property
    def for_components(self) -> pulumi.ResourceOptions:
        """Options by which a component and its children are of this account."""
        return pulumi.ResourceOptions(providers=[self.aws, self.aws_native])

    @property
    def for_look_ups(self) -> pulumi.InvokeOptions:
        """Options by which a function of `aws` asks as this account."""
        return pulumi.InvokeOptions(provider=self.aws)


def providers_of(account_id: str, region: str, default_tags: Mapping[str, str]) -> AccountProviders:
    """Providers that refuse any account but `account_id`.

    Args:
        account_id: The only account.
        region: The region.
        default_tags: Tags of every resource that takes tags.
    """
    return AccountProviders(
        aws.Provider(
            "aws",
            region=region,
            allowed_account_ids=[account_id],
            default_tags=aws.ProviderDefaultTagsArgs(tags=default_tags),
        ),
        aws_native.Provider(
            "aws-native",
            region=region,
            allowed_account_ids=[account_id],
            default_tags=aws_native.ProviderDefaultTagsArgs(tags=default_tags),
        ),
    )
