"""What the model's containers may reach."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from components.specs.base import Many, Spec
from components.specs.fields import Matching

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html ; no wildcard: it becomes part of an IAM
# policy, and `?` or `*` there would read more than is written.
ReadPrefix = Annotated[
    str,
    Matching(
        r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[^*?\s]+/",
        "an S3 prefix",
        "s3://BUCKET/PREFIX/ with a closing slash, without * and ?",
        "end it with a slash: everything below it can be read",
        max_length=1024,
    ),
]


class Security(Spec):
    """Least privilege is the default; these are the only widenings and narrowings."""

    network_isolation: bool = False
    """Cuts the containers off from every network. Without it: they reach the VPC's, or SageMaker's, network."""
    extra_read_prefixes: Annotated[Many[ReadPrefix], Field(max_length=20)] = ()
    """S3 prefixes the containers may read beside their release. Without it: none."""
    encrypt_volumes_with_environment_key: bool = True
    """Encrypts the fleet's EBS volumes with the environment's key where it has one. `false` for instance types with
    local storage: those disks are encrypted by the instance's own hardware, and SageMaker refuses a key for them."""
