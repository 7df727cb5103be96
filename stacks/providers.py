"""The explicit providers of an account: a stack can touch no other, whatever credentials it is run with."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws
import pulumi_aws_native as aws_native


def providers_of(account_id: str, region: str, default_tags: Mapping[str, str]) -> pulumi.ResourceOptions:
    """Options for components: an `aws` and an `aws-native` provider that refuse any account but `account_id`.

    Args:
        account_id: The only account.
        region: The region.
        default_tags: Tags of every resource that takes tags.
    """
    return pulumi.ResourceOptions(
        providers=[
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
        ]
    )
