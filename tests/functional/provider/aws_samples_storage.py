"""Samples of S3 beside the parts of a bucket that our components use."""

from __future__ import annotations

import json

import pulumi

from greenroom.sandbox.provider.content import Content
from tests.functional.provider.aws_samples_bucket import BUCKET_TYPE
from tests.functional.provider.sample import ACCOUNT, BUCKET, ROLE_ARN, Sample, policy

STANDING = (BUCKET_TYPE, {"bucket": BUCKET})
LOCKED = (BUCKET_TYPE, {"bucket": BUCKET, "objectLockEnabled": True})
VERSIONED = (
    STANDING,
    ("aws:s3/bucketVersioning:BucketVersioning", {"bucket": BUCKET, "versioningConfiguration": {"status": "Enabled"}}),
)
LOGS = (BUCKET_TYPE, {"bucket": "logs"})
QUEUE = ("aws:sqs/queue:Queue", {"name": "alarms"})
QUEUE_ARN = f"arn:aws:sqs:us-east-1:{ACCOUNT}:alarms"


def logs_of(bucket: str) -> tuple[str, dict[str, str]]:
    """S3's logging service may write into the bucket."""
    document = policy("logs", {"Service": "logging.s3.amazonaws.com"}, f"arn:aws:s3:::{bucket}/*", "s3:PutObject")
    return "aws:s3/bucketPolicy:BucketPolicy", {"bucket": bucket, "policy": document}


def replication(status: str) -> list[dict[str, object]]:
    return [
        {
            "id": "all",
            "priority": 1.0,
            "status": status,
            "filter": {"prefix": ""},
            "deleteMarkerReplication": {"status": "Disabled"},
            "destination": {"bucket": "arn:aws:s3:::logs", "storageClass": "STANDARD"},
        }
    ]


INLINE: dict[str, object] = {
    "bucket": "inline-artifacts",
    "versioning": {"enabled": True},
    "serverSideEncryptionConfiguration": {
        "rule": {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}, "bucketKeyEnabled": True}
    },
    "lifecycleRules": [
        {
            "id": "capture",
            "enabled": True,
            "prefix": "capture/",
            "expiration": {"days": 30.0},
            "noncurrentVersionExpiration": {"days": 7.0},
            "abortIncompleteMultipartUploadDays": 1.0,
            "transitions": [{"days": 10.0, "storageClass": "GLACIER"}],
        }
    ],
    "corsRules": [{"allowedMethods": ["GET"], "allowedOrigins": ["*"]}],
    "website": {"indexDocument": "index.html", "errorDocument": "error.html"},
}

SAMPLES = (
    Sample(
        BUCKET_TYPE,
        INLINE,
        "inline-artifacts",
        needs=(LOGS, logs_of("logs")),
        updates={
            "versioning": {"enabled": False},
            "serverSideEncryptionConfiguration": {
                "rule": {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "alias/x"}}
            },
            "lifecycleRules": [{"id": "other", "enabled": False, "tags": {"a": "b"}, "expiration": {"days": 1.0}}],
            "corsRules": [{"allowedMethods": ["PUT"], "allowedOrigins": ["*"], "maxAgeSeconds": 5.0}],
            "website": {"redirectAllRequestsTo": "https://example.com"},
            "logging": {"targetBucket": "logs", "targetPrefix": "inline/"},
            "policy": policy("one", {"AWS": ACCOUNT}, "arn:aws:s3:::inline-artifacts/*"),
            "acl": "public-read",
            "accelerationStatus": "Enabled",
        },
        unseen=dict.fromkeys(
            ("logging", "policy", "acl", "accelerationStatus"), "another resource may set what this one does not give"
        ),
    ),
    Sample(
        BUCKET_TYPE,
        {
            "bucket": "locked-artifacts",
            "objectLockConfiguration": {
                "objectLockEnabled": "Enabled",
                "rule": {"defaultRetention": {"mode": "GOVERNANCE", "days": 1.0}},
            },
        },
        "locked-artifacts",
        updates={
            "objectLockConfiguration": {
                "objectLockEnabled": "Enabled",
                "rule": {"defaultRetention": {"mode": "GOVERNANCE", "days": 2.0}},
            }
        },
    ),
    Sample(
        "aws:s3/bucketObjectv2:BucketObjectv2",
        {
            "bucket": BUCKET,
            "key": "models/card.md",
            "source": Content(pulumi.StringAsset("# Tumor")),
            "contentType": "text/markdown",
            "metadata": {"model": "tumor"},
            "tags": {"a": "b"},
        },
        "models/card.md",
        needs=(STANDING,),
        updates={
            "source": Content(pulumi.StringAsset("# Other")),
            "contentType": "text/plain",
            "metadata": {"model": "other"},
            "cacheControl": "no-store",
            "tags": {"a": "c"},
        },
        together=({"source": None, "content": "text"}, {"source": None, "contentBase64": "dGV4dA=="}),
        replaces={"key": "other", "bucket": "other-bucket"},
        unread=("source",),
        unseen=dict.fromkeys(("content", "contentBase64", "source"), "S3 tells the tag of the content"),
        excused=dict.fromkeys(
            (
                "acl",
                "bucketKeyEnabled",
                "checksumAlgorithm",
                "contentDisposition",
                "contentEncoding",
                "contentLanguage",
                "etag",
                "kmsKeyId",
                "objectLockLegalHoldStatus",
                "objectLockMode",
                "objectLockRetainUntilDate",
                "serverSideEncryption",
                "sourceHash",
                "storageClass",
                "websiteRedirect",
            ),
            "a header as the others, or S3 tells it with every object",
        ),
        import_id=f"{BUCKET}/models/card.md",
    ),
    Sample(
        "aws:s3/bucketAccelerateConfiguration:BucketAccelerateConfiguration",
        {"bucket": BUCKET, "status": "Enabled"},
        BUCKET,
        needs=(STANDING,),
        updates={"status": "Suspended"},
        replaces={"bucket": "other-bucket"},
        remains=True,
    ),
    Sample(
        "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration",
        {
            "bucket": BUCKET,
            "corsRules": [
                {"allowedMethods": ["GET"], "allowedOrigins": ["https://example.com"], "maxAgeSeconds": 60.0}
            ],
        },
        BUCKET,
        needs=(STANDING,),
        updates={"corsRules": [{"allowedMethods": ["GET", "PUT"], "allowedOrigins": ["*"], "allowedHeaders": ["*"]}]},
        replaces={"bucket": "other-bucket"},
    ),
    Sample(
        "aws:s3/bucketLogging:BucketLogging",
        {"bucket": BUCKET, "targetBucket": "logs", "targetPrefix": "artifacts/"},
        BUCKET,
        needs=(STANDING, LOGS, logs_of("logs"), (BUCKET_TYPE, {"bucket": "logs-2"}), logs_of("logs-2")),
        updates={"targetPrefix": "other/", "targetBucket": "logs-2"},
        excused=dict.fromkeys(("targetGrants", "targetObjectKeyFormat"), "the local AWS does not keep it"),
    ),
    Sample(
        "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration",
        {
            "bucket": BUCKET,
            "objectLockEnabled": "Enabled",
            "rule": {"defaultRetention": {"mode": "GOVERNANCE", "days": 1.0}},
        },
        BUCKET,
        needs=(LOCKED,),
        updates={"rule": {"defaultRetention": {"mode": "COMPLIANCE", "years": 1.0}}},
        excused={"token": "AWS's support gives it"},
        remains=True,
    ),
    Sample(
        "aws:s3/bucketWebsiteConfiguration:BucketWebsiteConfiguration",
        {
            "bucket": BUCKET,
            "indexDocument": {"suffix": "index.html"},
            "errorDocument": {"key": "error.html"},
            "routingRules": [{"condition": {"keyPrefixEquals": "old/"}, "redirect": {"replaceKeyPrefixWith": "new/"}}],
        },
        BUCKET,
        needs=(STANDING,),
        updates={
            "indexDocument": {"suffix": "home.html"},
            "errorDocument": {"key": "other.html"},
            "routingRules": [{"condition": {"keyPrefixEquals": "o/"}, "redirect": {"replaceKeyPrefixWith": "n/"}}],
        },
        together=(
            {
                "indexDocument": None,
                "errorDocument": None,
                "routingRules": None,
                "redirectAllRequestsTo": {"hostName": "example.com", "protocol": "https"},
            },
            {
                "routingRules": None,
                "routingRuleDetails": json.dumps(
                    [{"Condition": {"KeyPrefixEquals": "a/"}, "Redirect": {"ReplaceKeyPrefixWith": "b/"}}]
                ),
            },
        ),
        unseen={"routingRuleDetails": "the routing rules in another form", "routingRules": "or this one"},
    ),
    Sample(
        "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
        {"bucket": BUCKET, "role": ROLE_ARN, "rules": replication("Enabled")},
        BUCKET,
        needs=(
            *VERSIONED,
            LOGS,
            (
                "aws:s3/bucketVersioning:BucketVersioning",
                {"bucket": "logs", "versioningConfiguration": {"status": "Enabled"}},
            ),
        ),
        updates={"role": f"{ROLE_ARN}-2", "rules": replication("Disabled")},
        excused={"token": "AWS's support gives it"},
    ),
    Sample(
        "aws:s3/bucketAcl:BucketAcl",
        {"bucket": BUCKET, "acl": "private"},
        f"{BUCKET},private",
        needs=(STANDING,),
        updates={"acl": "public-read"},
        unseen={"acl": "S3 tells the grants"},
        excused={"accessControlPolicy": "goes in the place of a canned list"},
        remains=True,
    ),
    Sample(
        "aws:s3/bucketNotification:BucketNotification",
        {
            "bucket": BUCKET,
            "queues": [
                {
                    "id": "uploads",
                    "queueArn": QUEUE_ARN,
                    "events": ["s3:ObjectCreated:*"],
                    "filterPrefix": "in/",
                    "filterSuffix": ".csv",
                }
            ],
        },
        BUCKET,
        needs=(STANDING, QUEUE),
        updates={
            "queues": [{"id": "uploads", "queueArn": QUEUE_ARN, "events": ["s3:ObjectRemoved:*"]}],
            "eventbridge": True,
        },
        excused=dict.fromkeys(("lambdaFunctions", "topics"), "as queues"),
        remains=True,
    ),
)
