"""S3: the parts of a bucket that are resources of their own.

https://www.pulumi.com/registry/packages/aws/how-to-guides/7-0-migration/
"""

# ruff: noqa: ARG002  # a type's step need not use all that every type's step is given
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.resource_type import ResourceType
from greenroom.sandbox.provider.scalar_codec import Trace

SERVICE = "s3"
# The one region that CreateBucket must not be told: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
UNNAMED_REGION = "us-east-1"


def in_region_of(session: AccountSession) -> dict[str, Any]:
    """The members of CreateBucket that make a bucket in the session's region."""
    if session.region == UNNAMED_REGION:
        return {}
    return {"CreateBucketConfiguration": {"LocationConstraint": session.region}}


@dataclass(frozen=True, kw_only=True)
class BucketPartType(ResourceType):
    """A part of a bucket, put and deleted as a whole; the bucket's name is its id."""

    service: str = SERVICE
    identity: tuple[str, ...] = ("bucket",)
    id_format: str = "{bucket}"

    def id_of(self, outputs: Mapping[str, Any]) -> str:
        """The bucket, and its owner where the program expects one: `BUCKET,OWNER`."""
        owner = outputs.get("expectedBucketOwner")
        return f"{outputs['bucket']},{owner}" if owner else str(outputs["bucket"])

    def from_id(self, resource_id: str, session: AccountSession) -> dict[str, Any]:
        """`BUCKET` or `BUCKET,OWNER`."""
        bucket, _, owner = resource_id.partition(",")
        return {"bucket": bucket, **({"expectedBucketOwner": owner} if owner else {})}

    def pick(self, response: Mapping[str, Any], known: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The part; S3 answers an empty one for some that were never put."""
        return response or None

    def remove(self, session: AccountSession, known: Mapping[str, Any], bound_seconds: float | None) -> None:
        """Deletes the part, unless `skipDestroy` says to let it stand."""
        if not known.get("skipDestroy"):
            super().remove(session, known, bound_seconds)


@dataclass(frozen=True, kw_only=True)
class BucketVersioningType(BucketPartType):
    """Versioning, which cannot be taken away, only suspended."""

    def remove(self, session: AccountSession, known: Mapping[str, Any], bound_seconds: float | None) -> None:
        """Suspends versioning where it is enabled."""
        live = self.live(session, known)
        if live is not None and live.get("versioningConfiguration", {}).get("status") == "Enabled":
            request = {"Bucket": known["bucket"], "VersioningConfiguration": {"Status": "Suspended"}}
            session.call(SERVICE, self.create, request)


@dataclass(frozen=True, kw_only=True)
class BucketLifecycleType(BucketPartType):
    """Lifecycle rules."""

    def request(self, operation: str, properties: Mapping[str, Any], trace: Trace | None = None) -> dict[str, Any]:
        """A rule without filter or prefix means all objects, and S3 wants that said."""
        request = super().request(operation, properties, trace)
        rules = request.get("LifecycleConfiguration", {}).get("Rules", [])
        for rule in rules if isinstance(rules, list) else []:
            if isinstance(rule, dict) and "Filter" not in rule and "Prefix" not in rule:
                rule["Filter"] = {"Prefix": ""}
        return request


VERSIONING = BucketVersioningType(
    "aws:s3/bucketVersioning:BucketVersioning",
    create="PutBucketVersioning",
    read="GetBucketVersioning",
    update="PutBucketVersioning",
    delete="PutBucketVersioning",
    operation_exceptions={"response": {"versioningConfiguration": ""}},
    replaced_by=frozenset({"bucket", "expectedBucketOwner"}),
)

ENCRYPTION = BucketPartType(
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    create="PutBucketEncryption",
    read="GetBucketEncryption",
    update="PutBucketEncryption",
    delete="DeleteBucketEncryption",
    exceptions={
        "rules": "ServerSideEncryptionConfiguration.Rules",
        "rules.blockedEncryptionTypes": "BlockedEncryptionTypes.EncryptionType",
    },
    replaced_by=frozenset({"bucket", "expectedBucketOwner"}),
)

PUBLIC_ACCESS_BLOCK = BucketPartType(
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    create="PutPublicAccessBlock",
    read="GetPublicAccessBlock",
    update="PutPublicAccessBlock",
    delete="DeletePublicAccessBlock",
    exceptions={
        name: f"PublicAccessBlockConfiguration.{name[0].upper()}{name[1:]}"
        for name in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    },
    steering=frozenset({"skipDestroy"}),
)

POLICY = BucketPartType(
    "aws:s3/bucketPolicy:BucketPolicy",
    create="PutBucketPolicy",
    read="GetBucketPolicy",
    update="PutBucketPolicy",
    delete="DeleteBucketPolicy",
)

LIFECYCLE = BucketLifecycleType(
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    create="PutBucketLifecycleConfiguration",
    read="GetBucketLifecycleConfiguration",
    update="PutBucketLifecycleConfiguration",
    delete="DeleteBucketLifecycle",
    exceptions={"rules": "LifecycleConfiguration.Rules"},
    operation_exceptions={"response": {"rules": "Rules"}},
    replaced_by=frozenset({"bucket", "expectedBucketOwner"}),
)

OWNERSHIP_CONTROLS = BucketPartType(
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    create="PutBucketOwnershipControls",
    read="GetBucketOwnershipControls",
    update="PutBucketOwnershipControls",
    delete="DeleteBucketOwnershipControls",
    exceptions={"rule": "OwnershipControls.Rules"},
)

TYPES = (VERSIONING, ENCRYPTION, PUBLIC_ACCESS_BLOCK, POLICY, LIFECYCLE, OWNERSHIP_CONTROLS)
