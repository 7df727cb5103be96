"""The words that several specs share: account ids, regions, ARNs, digests, counts; each with its limit and source."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from components.specs.names import NAME_PATTERN
from components.specs.violations import did_you_mean, quote, refuse


@dataclass(frozen=True)
class Matching:
    """A text that must match a pattern as a whole; says in words what is allowed."""

    pattern: str
    what: str
    """Completes "'…' is not …"."""
    allowed: str
    fix: str = ""
    max_length: int | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Checks after the type."""
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """What editors check."""
        limit = {} if self.max_length is None else {"maxLength": self.max_length}
        return {**handler(schema), "pattern": f"^(?:{self.pattern})$", **limit}

    def _check(self, value: str) -> str:
        if self.max_length is not None and len(value) > self.max_length:
            over = len(value) - self.max_length
            raise refuse(
                f"{quote(value)} has {len(value)} characters, {over} too many",
                allowed=f"at most {self.max_length} characters",
                fix=f"shorten it by {over}",
            )
        if re.fullmatch(self.pattern, value) is None:
            raise refuse(f"{quote(value)} is not {self.what}", allowed=self.allowed, fix=self.fix)
        return value


@dataclass(frozen=True)
class OneOf:
    """A text out of a long list that AWS keeps; names the nearest one."""

    known: frozenset[str]
    what: str
    allowed: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Checks after the type."""
        return core_schema.no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """What editors complete."""
        return {**handler(schema), "enum": sorted(self.known)}

    def _check(self, value: str) -> str:
        if value not in self.known:
            raise refuse(
                f"{quote(value)} is not {self.what}",
                allowed=self.allowed,
                fix=did_you_mean(value, sorted(self.known)),
            )
        return value


def duplicates(values: Iterable[str]) -> list[tuple[int, str]]:
    """The places and values that repeat an earlier one."""
    seen: set[str] = set()
    found = []
    for index, value in enumerate(values):
        if value in seen:
            found.append((index, value))
        seen.add(value)
    return found


# SageMaker has these regions; from botocore's endpoint data, compared with it by a test. The isolated partitions
# (aws-iso…) are left out: their accounts, consoles and ARNs could not be checked.
REGIONS = frozenset(
    {
        "af-south-1",
        "ap-east-1",
        "ap-east-2",
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-south-1",
        "ap-south-2",
        "ap-southeast-1",
        "ap-southeast-2",
        "ap-southeast-3",
        "ap-southeast-4",
        "ap-southeast-5",
        "ap-southeast-6",
        "ap-southeast-7",
        "ca-central-1",
        "ca-west-1",
        "eu-central-1",
        "eu-central-2",
        "eu-north-1",
        "eu-south-1",
        "eu-south-2",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "il-central-1",
        "me-central-1",
        "me-south-1",
        "mx-central-1",
        "sa-east-1",
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
        "cn-north-1",
        "cn-northwest-1",
        "us-gov-east-1",
        "us-gov-west-1",
    }
)

Region = Annotated[str, OneOf(REGIONS, "an AWS region with SageMaker", "a region such as us-east-1 or eu-west-1")]

AccountId = Annotated[
    str,
    Matching(r"\d{12}", "an AWS account id", "12 digits, in quotes", "write it in quotes, with its leading zeros"),
]

# Narrower than SageMaker's names: a model's folder and its releases have this name too, and there are file systems that
# do not tell upper from lower case.
ModelName = Annotated[
    str,
    Matching(
        r"[a-z0-9](-?[a-z0-9])*",
        "a model's name",
        "lower-case letters, digits and single hyphens inside; it starts and ends with a letter or digit",
        max_length=63,
    ),
]

# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariant.html
VariantName = Annotated[
    str,
    Matching(
        NAME_PATTERN,
        "a name SageMaker takes",
        "letters, digits and hyphens inside; it starts and ends with a letter or digit",
        max_length=63,
    ),
]

# Environments and groups name stacks and take part in bucket names; `.` parts them in `prod.fraud`.
StackPart = Annotated[
    str,
    Matching(
        r"[a-z][a-z0-9]*(-[a-z0-9]+)*",
        "a name for an environment or a group",
        "lower-case letters, digits and single hyphens inside; it starts with a letter",
        max_length=32,
    ),
]

Digest = Annotated[
    str,
    Matching(
        r"sha256:[0-9a-f]{64}",
        "a release's digest",
        "sha256: and 64 lower-case hexadecimal digits",
        "copy it from `greenroom package`",
    ),
]

# https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id-key-ARN
KmsKeyArn = Annotated[
    str,
    Matching(
        r"arn:aws(-cn|-us-gov)?:kms:[a-z0-9-]+:\d{12}:key/([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})",
        "the ARN of a KMS key",
        "arn:aws:kms:REGION:ACCOUNT:key/KEY-ID",
        "give the key's ARN, not an alias: IAM policies and key grants name the key itself",
    ),
]

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html ; dots are legal there, but break TLS on
# virtual-hosted addresses.
BucketName = Annotated[
    str,
    Matching(
        r"(?!xn--|sthree-|amzn-s3-demo-)(?!.*(-s3alias|--ol-s3|--x-s3|--table-s3)$)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]",
        "a bucket name",
        "3 to 63 lower-case letters, digits and hyphens, none of S3's reserved prefixes and suffixes",
        max_length=63,
    ),
]

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
LOG_RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)

Percent = Annotated[int, Field(ge=0, le=100)]
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TrafficRoutingConfig.html
WaitSeconds = Annotated[int, Field(ge=0, le=3600)]
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariant.html
StartupSeconds = Annotated[int, Field(ge=60, le=3600)]
