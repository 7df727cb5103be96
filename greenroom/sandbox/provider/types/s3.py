"""S3: the bucket, and its parts that are resources of their own.

A bucket's sixteen sub-APIs were once inputs of the bucket itself; pulumi-aws 7 has a type for each, and so has the
sandbox. The old inputs are refused by name, with the type to use.
https://www.pulumi.com/registry/packages/aws/how-to-guides/7-0-migration/
"""

# ruff: noqa: ARG002  # a type's step need not use all that every type's step is given
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.errors import AwsRefusedError
from greenroom.sandbox.provider.naming import AutoName
from greenroom.sandbox.provider.resource_type import ResourceType
from greenroom.sandbox.provider.scalar_codec import Trace
from greenroom.sandbox.provider.tagging import Tagging

SERVICE = "s3"
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
LONGEST_BUCKET_NAME = 63
# The one region that CreateBucket must not be told: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
UNNAMED_REGION = "us-east-1"

INLINE_INPUTS = {
    "accelerationStatus": "BucketAccelerateConfiguration",
    "acl": "BucketAcl",
    "corsRules": "BucketCorsConfiguration",
    "grants": "BucketAcl",
    "lifecycleRules": "BucketLifecycleConfiguration",
    "logging": "BucketLogging",
    "objectLockConfiguration": "BucketObjectLockConfiguration",
    "policy": "BucketPolicy",
    "replicationConfiguration": "BucketReplicationConfig",
    "requestPayer": "BucketRequestPaymentConfiguration",
    "serverSideEncryptionConfiguration": "BucketServerSideEncryptionConfiguration",
    "versioning": "BucketVersioning",
    "website": "BucketWebsiteConfiguration",
}


@dataclass(frozen=True, kw_only=True)
class BucketTagging(Tagging):
    """A bucket's tags are put as a whole."""

    def read(self, session: AccountSession, service: str, outputs: Mapping[str, Any]) -> dict[str, str]:
        """All tags; a bucket without any has no tag set."""
        try:
            response = session.call(service, self.list_, {"Bucket": outputs["bucket"]})
        except AwsRefusedError as refused:
            if refused.code == "NoSuchTagSet":
                return {}
            raise
        return {tag["Key"]: tag["Value"] for tag in response["TagSet"]}

    def change(
        self,
        session: AccountSession,
        service: str,
        outputs: Mapping[str, Any],
        old: Mapping[str, str],
        new: Mapping[str, str],
    ) -> None:
        """Puts the whole set; an empty one is deleted."""
        bucket = {"Bucket": outputs["bucket"]}
        if not new:
            session.call(service, self.untag, bucket)
            return
        tag_set = [{"Key": key, "Value": value} for key, value in new.items()]
        session.call(service, self.tag, {**bucket, "Tagging": {"TagSet": tag_set}})


@dataclass(frozen=True, kw_only=True)
class BucketType(ResourceType):
    """A bucket."""

    def make(self, session: AccountSession, inputs: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
        """Creates the bucket in the session's region, and tags it."""
        request = self.create_request(inputs, {}, Trace())
        if session.region != UNNAMED_REGION:
            request["CreateBucketConfiguration"] = {"LocationConstraint": session.region}
        session.call(SERVICE, self.create, request)
        if tags and self.tagging is not None:
            self.tagging.change(session, SERVICE, inputs, {}, tags)
        return dict(inputs)

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """The names that follow from the bucket's own."""
        name, region = live["bucket"], found.get("BucketRegion", session.region)
        return {
            **live,
            "arn": session.arn("s3", name, region="", account=""),
            "bucketDomainName": f"{name}.s3.amazonaws.com",
            "bucketRegion": region,
            "bucketRegionalDomainName": f"{name}.s3.{region}.amazonaws.com",
        }

    def change(
        self, session: AccountSession, known: Mapping[str, Any], inputs: Mapping[str, Any], changed: frozenset[str]
    ) -> None:
        """Nothing of a bucket but its tags changes in place."""

    def remove(self, session: AccountSession, known: Mapping[str, Any], bound_seconds: float | None) -> None:
        """Deletes the bucket; with `forceDestroy` everything in it before."""
        if self.live(session, known) is None:
            return
        if known.get("forceDestroy"):
            self._empty(session, known["bucket"])
        super().remove(session, known, bound_seconds)

    def _empty(self, session: AccountSession, bucket: str) -> None:
        while True:
            page = session.call(SERVICE, "ListObjectVersions", {"Bucket": bucket})
            versions = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            if not versions:
                return
            doomed = [{"Key": version["Key"], "VersionId": version["VersionId"]} for version in versions]
            session.call(SERVICE, "DeleteObjects", {"Bucket": bucket, "Delete": {"Objects": doomed, "Quiet": True}})


BUCKET = BucketType(
    "aws:s3/bucket:Bucket",
    service=SERVICE,
    create="CreateBucket",
    read="HeadBucket",
    delete="DeleteBucket",
    identity=("bucket",),
    id_format="{bucket}",
    exceptions={"objectLockEnabled": "ObjectLockEnabledForBucket"},
    operation_exceptions={"response": {"region": None, "arn": None}},
    refused={
        name: f"is a resource of its own in the sandbox; use aws.s3.{kind}" for name, kind in INLINE_INPUTS.items()
    },
    steering=frozenset({"forceDestroy"}),
    replaced_by=frozenset({"bucket", "bucketPrefix", "bucketNamespace", "objectLockEnabled"}),
    autoname=AutoName(property="bucket", longest=LONGEST_BUCKET_NAME, lower_case=True, prefix_property="bucketPrefix"),
    tagging=BucketTagging(
        subject=("Bucket", "bucket"),
        tag="PutBucketTagging",
        untag="DeleteBucketTagging",
        list_="GetBucketTagging",
        create="",
    ),
)


@dataclass(frozen=True, kw_only=True)
class BucketPartType(ResourceType):
    """A part of a bucket, put and deleted as a whole; the bucket's name is its id."""

    service: str = SERVICE
    identity: tuple[str, ...] = ("bucket",)
    id_format: str = "{bucket}"

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

TYPES = (BUCKET, VERSIONING, ENCRYPTION, PUBLIC_ACCESS_BLOCK, POLICY, LIFECYCLE, OWNERSHIP_CONTROLS)
