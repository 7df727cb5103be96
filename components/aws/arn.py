"""ARNs, as plain text made from what the specs already say.

An environment names its account and its region, so no ARN that a policy needs has to wait for a resource: policies are
whole in a preview, and tests compare them as values.
"""

import re
from dataclasses import dataclass

from model_packaging.release import ECR_IMAGE

_PARTITIONS = (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"))
"""Region prefixes outside the `aws` partition:
https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html"""

_S3_URI = re.compile(r"s3://(?P<bucket>[^/]+)(?:/(?P<prefix>.*))?")


def partition_of(region: str) -> str:
    """The ARN partition of a region: `aws`, `aws-cn` or `aws-us-gov`."""
    return next((partition for prefix, partition in _PARTITIONS if region.startswith(prefix)), "aws")


@dataclass(frozen=True)
class Arns:
    """Makes the ARNs of one account in one region."""

    account_id: str
    region: str

    def of(self, service: str, resource: str) -> str:
        """`arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`."""
        return f"arn:{partition_of(self.region)}:{service}:{self.region}:{self.account_id}:{resource}"

    def iam(self, resource: str) -> str:
        """An IAM resource's ARN, which has no region: `role/NAME`, or `root` for the account itself."""
        return f"arn:{partition_of(self.region)}:iam::{self.account_id}:{resource}"

    def s3(self, bucket: str, key: str = "") -> str:
        """A bucket's ARN, or with `key` (wildcards allowed) an object's; S3 ARNs have neither region nor account."""
        return f"arn:{partition_of(self.region)}:s3:::{bucket}" + (f"/{key}" if key != "" else "")


@dataclass(frozen=True)
class S3Location:
    """A bucket and a key prefix; the prefix ends in `/` or is empty."""

    bucket: str
    prefix: str

    @classmethod
    def from_uri(cls, uri: str) -> "S3Location":
        """Reads `s3://BUCKET/PREFIX`.

        Raises:
            ValueError: `uri` is not an S3 URI.
        """
        match = _S3_URI.fullmatch(uri)
        if match is None:
            raise ValueError(f"{uri!r} is not an S3 URI; expected s3://BUCKET/PREFIX")
        prefix = match["prefix"] or ""
        return cls(match["bucket"], prefix if prefix == "" or prefix.endswith("/") else f"{prefix}/")

    @property
    def uri(self) -> str:
        """`s3://BUCKET/PREFIX`."""
        return f"s3://{self.bucket}/{self.prefix}"


def ecr_repository_arn(image_uri: str) -> str:
    """The ARN of the ECR repository that `image_uri` (`ACCOUNT.dkr.ecr.REGION.SUFFIX/REPOSITORY:TAG`) is in.

    The account is that of the image's owner, for AWS's own containers one of AWS's accounts.

    Raises:
        ValueError: the image is not in ECR, where SageMaker takes its images from
            (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ContainerDefinition.html).
    """
    match = ECR_IMAGE.fullmatch(image_uri)
    if match is None:
        raise ValueError(
            f"{image_uri!r} is not an image in ECR; expected ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG"
        )
    return Arns(match["account"], match["region"]).of("ecr", f"repository/{match['repository']}")
