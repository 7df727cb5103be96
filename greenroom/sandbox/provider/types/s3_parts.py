"""S3: more parts of a bucket that are resources of their own, put and deleted as a whole.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
"""

# ruff: noqa: ARG002  # a type's step need not use all that every type's step is given
from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.scalar_codec import Trace
from greenroom.sandbox.provider.types.s3 import SERVICE, BucketPartType
from greenroom.sandbox.provider.values import as_json

OF_A_BUCKET = frozenset({"bucket", "expectedBucketOwner"})


@dataclass(frozen=True, kw_only=True)
class UnsetPartType(BucketPartType):
    """A part without an operation that deletes it: it is put as what it is when nobody sets it.

    Attributes:
        unset: the members of that request.
    """

    unset: Mapping[str, Any] = field(default_factory=dict)

    def remove(self, session: AccountSession, known: Mapping[str, Any], bound_seconds: float | None) -> None:
        """Puts the part as nobody sets it, where the bucket still stands and the part is set."""
        if self.live(session, known) is not None:
            session.call(SERVICE, self.create, {"Bucket": known["bucket"], **self.unset})


ACCELERATE = UnsetPartType(
    "aws:s3/bucketAccelerateConfiguration:BucketAccelerateConfiguration",
    create="PutBucketAccelerateConfiguration",
    read="GetBucketAccelerateConfiguration",
    update="PutBucketAccelerateConfiguration",
    delete="PutBucketAccelerateConfiguration",
    exceptions={"status": "AccelerateConfiguration.Status"},
    operation_exceptions={"response": {"status": "Status"}},
    replaced_by=OF_A_BUCKET,
    unset={"AccelerateConfiguration": {"Status": "Suspended"}},
)

CORS = BucketPartType(
    "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration",
    create="PutBucketCors",
    read="GetBucketCors",
    update="PutBucketCors",
    delete="DeleteBucketCors",
    exceptions={"corsRules": "CORSConfiguration.CORSRules"},
    operation_exceptions={"response": {"corsRules": "CORSRules"}},
    replaced_by=OF_A_BUCKET,
)

LOGGING_MEMBERS = {
    "targetBucket": "TargetBucket",
    "targetPrefix": "TargetPrefix",
    "targetGrants": "TargetGrants",
    "targetObjectKeyFormat": "TargetObjectKeyFormat",
}

LOGGING = UnsetPartType(
    "aws:s3/bucketLogging:BucketLogging",
    create="PutBucketLogging",
    read="GetBucketLogging",
    update="PutBucketLogging",
    delete="PutBucketLogging",
    exceptions={name: f"BucketLoggingStatus.LoggingEnabled.{member}" for name, member in LOGGING_MEMBERS.items()},
    operation_exceptions={
        "response": {name: f"LoggingEnabled.{member}" for name, member in LOGGING_MEMBERS.items()},
    },
    replaced_by=OF_A_BUCKET,
    unset={"BucketLoggingStatus": {}},
)

# https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/s3/bucket_object_lock_configuration.go
OBJECT_LOCK = UnsetPartType(
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
    create="PutObjectLockConfiguration",
    read="GetObjectLockConfiguration",
    update="PutObjectLockConfiguration",
    delete="PutObjectLockConfiguration",
    exceptions={
        "objectLockEnabled": "ObjectLockConfiguration.ObjectLockEnabled",
        "rule": "ObjectLockConfiguration.Rule",
    },
    replaced_by=OF_A_BUCKET | {"objectLockEnabled"},
    unset={"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}},
)


@dataclass(frozen=True, kw_only=True)
class WebsiteType(BucketPartType):
    """A bucket as a website. Its routing rules may be given as JSON text instead, in S3's own words."""

    def request(self, operation: str, properties: Mapping[str, Any], trace: Trace | None = None) -> dict[str, Any]:
        """With the rules of the text."""
        request = super().request(operation, properties, trace)
        text = properties.get("routingRuleDetails")
        if isinstance(text, str) and operation == self.create:
            request.setdefault("WebsiteConfiguration", {})["RoutingRules"] = as_json(text)
        return request

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """With the names that follow from the bucket's own, and the rules as text."""
        rules = {"routingRuleDetails": json.dumps(found["RoutingRules"])} if found.get("RoutingRules") else {}
        domain = website_domain(session.region)
        return {**live, **rules, "websiteDomain": domain, "websiteEndpoint": f"{live['bucket']}.{domain}"}


# https://docs.aws.amazon.com/general/latest/gr/s3.html#s3_website_region_endpoints
DASHED_WEBSITE_REGIONS = frozenset(
    {
        "ap-northeast-1", "ap-southeast-1", "ap-southeast-2", "eu-west-1", "sa-east-1", "us-east-1", "us-gov-west-1",
        "us-west-1", "us-west-2",
    }
)  # fmt: skip


def website_domain(region: str) -> str:
    """Where S3 serves websites in a region: the older regions have a dash, the others a dot."""
    between = "-" if region in DASHED_WEBSITE_REGIONS else "."
    return f"s3-website{between}{region}.amazonaws.com"


WEBSITE = WebsiteType(
    "aws:s3/bucketWebsiteConfiguration:BucketWebsiteConfiguration",
    create="PutBucketWebsite",
    read="GetBucketWebsite",
    update="PutBucketWebsite",
    delete="DeleteBucketWebsite",
    exceptions={
        name: f"WebsiteConfiguration.{name[0].upper()}{name[1:]}"
        for name in ("errorDocument", "indexDocument", "redirectAllRequestsTo", "routingRules")
    },
    operation_exceptions={
        "response": {
            name: f"{name[0].upper()}{name[1:]}"
            for name in ("errorDocument", "indexDocument", "redirectAllRequestsTo", "routingRules")
        }
    },
    unsent=frozenset({"routingRuleDetails"}),
    shared=frozenset({"routingRuleDetails", "routingRules"}),
    replaced_by=OF_A_BUCKET,
)

REPLICATION = BucketPartType(
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
    create="PutBucketReplication",
    read="GetBucketReplication",
    update="PutBucketReplication",
    delete="DeleteBucketReplication",
    exceptions={"role": "ReplicationConfiguration.Role", "rules": "ReplicationConfiguration.Rules"},
    replaced_by=frozenset({"bucket"}),
)


@dataclass(frozen=True, kw_only=True)
class AclType(BucketPartType):
    """A bucket's access control list: a canned one, or grants. It cannot be taken away."""

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """The grants; which canned list they came from, S3 does not tell."""
        owner = {"id": found["Owner"]["ID"]}
        grants = [
            {
                "grantee": {
                    {"ID": "id", "URI": "uri", "Type": "type", "EmailAddress": "emailAddress"}[member]: value
                    for member, value in grant["Grantee"].items()
                    if member != "DisplayName"
                },
                "permission": grant["Permission"],
            }
            for grant in found.get("Grants", [])
        ]
        return {**live, "accessControlPolicy": {"owner": owner, "grants": grants}}

    def id_of(self, outputs: Mapping[str, Any]) -> str:
        """The bucket, its owner where that is expected, and the canned list, with commas between."""
        return ",".join([super().id_of(outputs), *([str(outputs["acl"])] if outputs.get("acl") else [])])

    def from_id(self, resource_id: str, session: AccountSession) -> dict[str, Any]:
        """`BUCKET`, `BUCKET,OWNER`, `BUCKET,ACL` or `BUCKET,OWNER,ACL`."""
        bucket, *rest = resource_id.split(",")
        named = {"expectedBucketOwner" if part.isdigit() else "acl": part for part in rest}
        return {"bucket": bucket, **named}

    def live(self, session: AccountSession, known: Mapping[str, Any]) -> dict[str, Any] | None:
        """The canned list's name is the program's word, or the import's."""
        live = super().live(session, known)
        return live if live is None or "acl" not in known else {**live, "acl": known["acl"]}

    def remove(self, session: AccountSession, known: Mapping[str, Any], bound_seconds: float | None) -> None:
        """Leaves the list as it is, as the official provider does."""


ACL = AclType(
    "aws:s3/bucketAcl:BucketAcl",
    create="PutBucketAcl",
    read="GetBucketAcl",
    update="PutBucketAcl",
    delete="PutBucketAcl",
    exceptions={"accessControlPolicy.grants.grantee.type": "Type"},
    shared=frozenset({"accessControlPolicy"}),
    replaced_by=OF_A_BUCKET,
)

# ---- notifications ----

NOTIFIED = {
    "lambdaFunctions": ("LambdaFunctionConfigurations", "lambdaFunctionArn", "LambdaFunctionArn"),
    "queues": ("QueueConfigurations", "queueArn", "QueueArn"),
    "topics": ("TopicConfigurations", "topicArn", "TopicArn"),
}
FILTERS = {"filterPrefix": "prefix", "filterSuffix": "suffix"}


@dataclass(frozen=True, kw_only=True)
class NotificationType(UnsetPartType):
    """Whom a bucket tells of its objects."""

    def request(self, operation: str, properties: Mapping[str, Any], trace: Trace | None = None) -> dict[str, Any]:
        """Prefix and suffix are rules of a filter for S3."""
        if operation == self.read:
            return super().request(operation, properties, trace)
        configuration: dict[str, Any] = {
            member: [_told_to_s3(one, arn, arn_member) for one in properties[name] if isinstance(one, Mapping)]
            for name, (member, arn, arn_member) in NOTIFIED.items()
            if isinstance(properties.get(name), list)
        }
        if properties.get("eventbridge") is True:
            configuration["EventBridgeConfiguration"] = {}
        if trace is not None:
            self._note(configuration, trace)
        return {"Bucket": properties["bucket"], "NotificationConfiguration": configuration}

    def _note(self, configuration: Mapping[str, Any], trace: Trace) -> None:
        for name, (member, arn, arn_member) in NOTIFIED.items():
            for index in range(len(configuration.get(member, []))):
                at = f".NotificationConfiguration.{member}[{index}]"
                trace.sources[at] = f"{name}[{index}]"
                trace.sources[f"{at}.{arn_member}"] = f"{name}[{index}].{arn}"
                trace.sources[f"{at}.Events"] = f"{name}[{index}].events"

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """As the program has it."""
        told = {
            name: [_told_by_s3(one, arn, arn_member) for one in found[member]]
            for name, (member, arn, arn_member) in NOTIFIED.items()
            if found.get(member)
        }
        return {**live, **told, "eventbridge": "EventBridgeConfiguration" in found}


def _told_to_s3(configuration: Mapping[str, Any], arn: str, arn_member: str) -> dict[str, Any]:
    rules = [{"Name": rule, "Value": configuration[name]} for name, rule in FILTERS.items() if configuration.get(name)]
    return {
        **({"Id": configuration["id"]} if "id" in configuration else {}),
        **({arn_member: configuration[arn]} if arn in configuration else {}),
        "Events": configuration["events"],
        **({"Filter": {"Key": {"FilterRules": rules}}} if rules else {}),
    }


def _told_by_s3(configuration: Mapping[str, Any], arn: str, arn_member: str) -> dict[str, Any]:
    rules = configuration.get("Filter", {}).get("Key", {}).get("FilterRules", [])
    values = {str(rule["Name"]).lower(): rule["Value"] for rule in rules}
    return {
        "id": configuration["Id"],
        arn: configuration[arn_member],
        "events": list(configuration["Events"]),
        **{name: values[rule] for name, rule in FILTERS.items() if rule in values},
    }


NOTIFICATION = NotificationType(
    "aws:s3/bucketNotification:BucketNotification",
    create="PutBucketNotificationConfiguration",
    read="GetBucketNotificationConfiguration",
    update="PutBucketNotificationConfiguration",
    delete="PutBucketNotificationConfiguration",
    unsent=frozenset({"eventbridge", *NOTIFIED}),
    replaced_by=frozenset({"bucket"}),
    unset={"NotificationConfiguration": {}},
)

TYPES = (
    ACCELERATE,
    CORS,
    LOGGING,
    OBJECT_LOCK,
    WEBSITE,
    REPLICATION,
    ACL,
    NOTIFICATION,
)
