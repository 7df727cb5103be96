"""A provider's settings: region, default tags, and the guard that keeps a stack to its own account.

`allowedAccountIds` is taken seriously: the provider acts as the account that both the program allows and the local
AWS answers as, and as no other. Settings that only tell the real provider how to find credentials or how to connect
have nothing to do here and are passed over, each by name; settings that would change what is deployed, and that we do
not have, are refused.
https://www.pulumi.com/registry/packages/aws/api-docs/provider/
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from greenroom.sandbox.provider.clients import MODELS, CloudEndpoint
from greenroom.sandbox.provider.errors import ConfigurationError, Violation
from greenroom.sandbox.provider.values import UNKNOWN, has_unknown

HONOURED = frozenset(
    {"region", "allowedAccountIds", "forbiddenAccountIds", "defaultTags", "version", "pluginDownloadURL"}
)
PASSED_OVER = frozenset(
    {
        "accessKey", "assumeRole", "assumeRoleWithWebIdentity", "assumeRoles", "autoNaming", "customCaBundle",
        "ec2MetadataServiceEndpoint", "ec2MetadataServiceEndpointMode", "httpProxy", "httpsProxy", "insecure",
        "maxRetries", "noProxy", "profile", "retryMode", "roleArn", "s3UsEast1RegionalEndpoint", "s3UsePathStyle",
        "secretKey", "sharedConfigFiles", "sharedCredentialsFile", "sharedCredentialsFiles",
        "skipCredentialsValidation", "skipGetEc2Platforms", "skipMetadataApiCheck", "skipRegionValidation",
        "skipRequestingAccountId", "stsRegion", "tagPolicyCompliance", "token", "tokenBucketRateLimiterCapacity",
        "useDualstackEndpoint", "useFipsEndpoint", "userAgents",
    }
)  # fmt: skip
REFUSED = {
    "endpoints": "the sandbox sends everything to its own local AWS; leave the setting out for this stack",
    "ignoreTags": "the sandbox manages all tags; leave the setting out for this stack",
}
# What the SDK itself reads when no region is given.
REGION_VARIABLES = ("AWS_REGION", "AWS_DEFAULT_REGION")


@dataclass(frozen=True)
class Configuration:
    """Settings as they were given; a preview may not know some."""

    region: str | None = None
    allowed_account_ids: tuple[str, ...] = ()
    forbidden_account_ids: tuple[str, ...] = ()
    default_tags: Mapping[str, str] = field(default_factory=dict)

    def account(self, cloud: CloudEndpoint) -> str:
        """The account to act as.

        Raises:
            ConfigurationError: the program allows none that the local AWS answers as, or several.
        """
        offered = "any account" if cloud.accounts is None else ", ".join(sorted(cloud.accounts))
        if not self.allowed_account_ids:
            if cloud.default_account in self.forbidden_account_ids:
                reason = f"forbids account {cloud.default_account}, which the local AWS answers as ({offered})"
                raise ConfigurationError("forbiddenAccountIds", reason)
            return cloud.default_account
        allowed = ", ".join(self.allowed_account_ids)
        usable = [
            account
            for account in self.allowed_account_ids
            if cloud.offers(account) and account not in self.forbidden_account_ids
        ]
        if cloud.default_account in usable:
            return cloud.default_account
        if not usable:
            reason = f"the provider allows account {allowed}, and the local AWS answers as {offered}"
            raise ConfigurationError("allowedAccountIds", reason)
        if len(usable) > 1:
            reason = f"the provider allows {allowed}, and the local AWS answers as more than one of them; allow one"
            raise ConfigurationError("allowedAccountIds", reason)
        return usable[0]


def parse(settings: Mapping[str, Any]) -> tuple[Configuration, list[Violation]]:
    """Settings as the engine passes them, where a list or an object may be JSON in a string; with all that is wrong."""
    known = {
        name: _decoded(value) for name, value in settings.items() if value is not None and not name.startswith("__")
    }
    violations = list(_unsupported(known))
    region = known.get("region", _region_of_environment())
    if region is None:
        reason = "is missing; set it with `pulumi config set {package}:region us-east-1` or on the provider"
        violations.append(Violation("region", reason))
    elif region is not UNKNOWN and not (isinstance(region, str) and MODELS.knows_region(region)):
        violations.append(Violation("region", f"{region!r} is no region that botocore knows"))
    configuration = Configuration(
        region=region if isinstance(region, str) else None,
        allowed_account_ids=_accounts(known, "allowedAccountIds", violations),
        forbidden_account_ids=_accounts(known, "forbiddenAccountIds", violations),
        default_tags=_default_tags(known, violations),
    )
    return configuration, violations


def _decoded(value: Any) -> Any:
    if isinstance(value, str) and value[:1] in {"[", "{"}:
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _unsupported(settings: Mapping[str, Any]) -> Iterable[Violation]:
    for name, value in settings.items():
        if name in REFUSED and value:
            yield Violation(name, REFUSED[name])
        elif name not in HONOURED | PASSED_OVER | REFUSED.keys():
            allowed = ", ".join(sorted(HONOURED - {"version", "pluginDownloadURL"}))
            yield Violation(name, f"is no setting that the sandbox has; it honours {allowed}")


def _region_of_environment() -> str | None:
    return next((os.environ[name] for name in REGION_VARIABLES if os.environ.get(name)), None)


def _accounts(settings: Mapping[str, Any], name: str, violations: list[Violation]) -> tuple[str, ...]:
    value = settings.get(name)
    if value is None or has_unknown(value):
        return ()
    listed = value if isinstance(value, list) else [value]
    # JSON knows numbers, and an account id looks like one.
    accounts = [f"{account:012.0f}" if isinstance(account, int | float) else str(account) for account in listed]
    wrong = [account for account in accounts if not (len(account) == 12 and account.isdigit())]
    if wrong:
        violations.append(Violation(name, f"{', '.join(wrong)} is no account id; allowed: 12 digits each"))
    return tuple(accounts)


def _default_tags(settings: Mapping[str, Any], violations: list[Violation]) -> dict[str, str]:
    value = settings.get("defaultTags")
    tags = value.get("tags") if isinstance(value, Mapping) else None
    if value is None or has_unknown(value) or tags is None:
        return {}
    if not isinstance(tags, Mapping):
        violations.append(Violation("defaultTags.tags", f"{tags!r} is no map of strings"))
        return {}
    return {str(key): str(item) for key, item in tags.items()}
