"""aws-native's S3 types: the bucket, whose parts are all inputs of its own, and its policy.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html
"""

# ruff: noqa: ARG002  # a type's step need not use all that every type's step is given
from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.clients import MODELS
from greenroom.sandbox.provider.codec import build
from greenroom.sandbox.provider.errors import MappingError, Violation
from greenroom.sandbox.provider.naming import NativeName
from greenroom.sandbox.provider.native_type import NativeType
from greenroom.sandbox.provider.scalar_codec import Codec, Place, Trace
from greenroom.sandbox.provider.types.s3 import SERVICE, in_region_of
from greenroom.sandbox.provider.types.s3_tagging import bucket_tags
from greenroom.sandbox.provider.validator import violations_of


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of a bucket: the requests that put, tell and take it away, and the member that holds it in the first two.

    Attributes:
        told: the member of the answer, empty where the answer itself is the part.
        nothing: what is put in the place of taking away, where S3 has no request for that.
        exceptions: as in `ResourceType`, by paths that begin with the bucket's input.
    """

    put: str
    get: str
    delete: str
    member: str
    told: str
    nothing: Mapping[str, Any] | None = None
    exceptions: Mapping[str, str | None] = field(default_factory=dict)


RULES = "lifecycleConfiguration.rules"
PARTS: Mapping[str, Part] = {
    "bucketEncryption": Part(
        put="PutBucketEncryption",
        get="GetBucketEncryption",
        delete="DeleteBucketEncryption",
        member="ServerSideEncryptionConfiguration",
        told="ServerSideEncryptionConfiguration",
        exceptions={
            "bucketEncryption.serverSideEncryptionConfiguration": "Rules",
            "bucketEncryption.serverSideEncryptionConfiguration.serverSideEncryptionByDefault": (
                "ApplyServerSideEncryptionByDefault"
            ),
        },
    ),
    "lifecycleConfiguration": Part(
        put="PutBucketLifecycleConfiguration",
        get="GetBucketLifecycleConfiguration",
        delete="DeleteBucketLifecycle",
        member="LifecycleConfiguration",
        told="",
        exceptions={
            "lifecycleConfiguration.transitionDefaultMinimumObjectSize": None,
            f"{RULES}.expirationInDays": "Expiration.Days",
            f"{RULES}.expirationDate": "Expiration.Date",
            f"{RULES}.expiredObjectDeleteMarker": "Expiration.ExpiredObjectDeleteMarker",
            f"{RULES}.transitions.transitionInDays": "Days",
            f"{RULES}.transitions.transitionDate": "Date",
            f"{RULES}.prefix": "Filter.Prefix",
            f"{RULES}.noncurrentVersionTransitions.transitionInDays": "NoncurrentDays",
        },
    ),
    "ownershipControls": Part(
        put="PutBucketOwnershipControls",
        get="GetBucketOwnershipControls",
        delete="DeleteBucketOwnershipControls",
        member="OwnershipControls",
        told="OwnershipControls",
    ),
    "publicAccessBlockConfiguration": Part(
        put="PutPublicAccessBlock",
        get="GetPublicAccessBlock",
        delete="DeletePublicAccessBlock",
        member="PublicAccessBlockConfiguration",
        told="PublicAccessBlockConfiguration",
    ),
    "versioningConfiguration": Part(
        put="PutBucketVersioning",
        get="GetBucketVersioning",
        delete="PutBucketVersioning",
        member="VersioningConfiguration",
        told="",
        nothing={"Status": "Suspended"},
    ),
}
ELSEWHERE = {
    "abacStatus": "BucketAbac",
    "accelerateConfiguration": "BucketAccelerateConfiguration",
    "accessControl": "BucketAcl",
    "analyticsConfigurations": "AnalyticsConfiguration",
    "bucketNamePrefix": "Bucket",
    "bucketNamespace": "Bucket",
    "corsConfiguration": "BucketCorsConfiguration",
    "intelligentTieringConfigurations": "BucketIntelligentTieringConfiguration",
    "inventoryConfigurations": "Inventory",
    "loggingConfiguration": "BucketLogging",
    "metadataConfiguration": "BucketMetadataConfiguration",
    "metadataTableConfiguration": "BucketMetadataConfiguration",
    "metricsConfigurations": "BucketMetric",
    "notificationConfiguration": "BucketNotification",
    "objectLockConfiguration": "BucketObjectLockConfiguration",
    "replicationConfiguration": "BucketReplicationConfig",
    "websiteConfiguration": "BucketWebsiteConfiguration",
}


@dataclass(frozen=True, kw_only=True)
class BucketType(NativeType):
    """A bucket with its parts."""

    @functools.cached_property
    def _part_codecs(self) -> Mapping[str, tuple[Codec, Codec]]:
        return {
            name: (self._part_codec(name, part.put, part.member), self._told_codec(name))
            for name, part in PARTS.items()
        }

    def _told_codec(self, name: str) -> Codec:
        part = PARTS[name]
        shape: Any = MODELS.operation(SERVICE, part.get).output_shape
        return self._built(name, shape.members[part.told] if part.told else shape)

    def _part_codec(self, name: str, operation: str, member: str) -> Codec:
        shape: Any = MODELS.operation(SERVICE, operation).input_shape
        return self._built(name, shape.members[member])

    def _built(self, name: str, shape: Any) -> Codec:
        codec = build(self.structure.properties[name], shape, PARTS[name].exceptions, name)
        if codec is None:
            raise MappingError(f"{self.token}.{name} has no codec")
        return codec

    def _put_request(self, name: str, inputs: Mapping[str, Any], trace: Trace) -> dict[str, Any]:
        part = PARTS[name]
        value = self._part_codecs[name][0].encode(inputs[name], Place(name, f".{part.member}"), trace)
        return {"Bucket": inputs.get("bucketName", "bucket"), part.member: _complete_rules(value)}

    def make(self, session: AccountSession, inputs: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
        """Creates the bucket in the session's region, and tags it."""
        request = {**self.create_request(inputs, {}, Trace()), **in_region_of(session)}
        session.call(SERVICE, self.create, request)
        if tags and self.tagging is not None:
            self.tagging.change(session, SERVICE, inputs, {}, tags)
        return dict(inputs)

    def complete(self, session: AccountSession, known: Mapping[str, Any]) -> None:
        """Puts the parts."""
        for name in PARTS:
            if known.get(name):
                session.call(SERVICE, PARTS[name].put, self._put_request(name, known, Trace()))

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """The names that follow from the bucket's own, and the parts that it has."""
        name = live["bucketName"]
        for part_name in PARTS:
            told = self._live_part(session, part_name, name)
            if told:
                live[part_name] = told
        return {
            **live,
            "arn": session.arn("s3", name, region="", account=""),
            "domainName": f"{name}.s3.amazonaws.com",
            "dualStackDomainName": f"{name}.s3.dualstack.{session.region}.amazonaws.com",
            "regionalDomainName": f"{name}.s3.{session.region}.amazonaws.com",
            "websiteUrl": f"http://{name}.s3-website-{session.region}.amazonaws.com",
        }

    def _live_part(self, session: AccountSession, part_name: str, bucket: str) -> Any:
        part = PARTS[part_name]
        answer = self.call_unless_gone(session, part.get, {"Bucket": bucket})
        if answer is None:
            return None
        told = answer.get(part.told, {}) if part.told else answer
        return self._part_codecs[part_name][1].decode(told) if told else None

    def change(
        self, session: AccountSession, known: Mapping[str, Any], inputs: Mapping[str, Any], changed: frozenset[str]
    ) -> None:
        """Puts the parts that changed, and takes away those that are gone."""
        for name in sorted(changed & PARTS.keys()):
            part, bucket = PARTS[name], {"Bucket": known["bucketName"]}
            if inputs.get(name):
                session.call(SERVICE, part.put, self._put_request(name, {**known, **inputs}, Trace()))
            elif part.nothing is None:
                session.call(SERVICE, part.delete, bucket)
            else:
                session.call(SERVICE, part.delete, {**bucket, part.member: part.nothing})

    def extra_violations(self, inputs: Mapping[str, Any]) -> list[Violation]:
        """What S3 would refuse of the parts."""
        found = super().extra_violations(inputs)
        for name in PARTS.keys() & inputs.keys():
            trace = Trace()
            request = self._put_request(name, inputs, trace)
            shape: Any = MODELS.operation(SERVICE, PARTS[name].put).input_shape
            found += [*trace.violations, *violations_of(request, shape, trace.sources)]
        return found


def _complete_rules(value: Any) -> Any:
    """S3 wants each lifecycle rule to say for which objects; a rule that does not is for all."""
    for rule in value.get("Rules", []) if isinstance(value, dict) else []:
        if isinstance(rule, dict) and "Status" in rule and "Filter" not in rule:
            rule["Filter"] = {"Prefix": ""}
    return value


BUCKET = BucketType(
    "aws-native:s3:Bucket",
    service=SERVICE,
    create="CreateBucket",
    read="HeadBucket",
    delete="DeleteBucket",
    identity=("bucketName",),
    id_format="{bucketName}",
    exceptions={"bucketName": "Bucket", "objectLockEnabled": "ObjectLockEnabledForBucket"},
    operation_exceptions={"response": {"bucketName": None, "arn": None}},
    unsent=frozenset(PARTS),
    shared=frozenset(PARTS),
    refused={name: f"is not in the sandbox's aws-native bucket; use aws.s3.{kind}" for name, kind in ELSEWHERE.items()},
    autoname=NativeName("bucketName", longest=0),
    tagging=bucket_tags("bucketName"),
)


BUCKET_POLICY = NativeType(
    "aws-native:s3:BucketPolicy",
    service=SERVICE,
    create="PutBucketPolicy",
    read="GetBucketPolicy",
    update="PutBucketPolicy",
    delete="DeleteBucketPolicy",
    identity=("bucket",),
    id_format="{bucket}",
    exceptions={"policyDocument": "Policy"},
)

TYPES = (BUCKET, BUCKET_POLICY)
