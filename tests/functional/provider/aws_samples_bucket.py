"""Samples of S3: a bucket, and the parts of it that our components use."""

from __future__ import annotations

from tests.functional.provider.sample import ACCOUNT, BUCKET, Sample, policy

BUCKET_TYPE = "aws:s3/bucket:Bucket"

SAMPLES = (
    Sample(
        BUCKET_TYPE,
        {"bucket": BUCKET, "forceDestroy": True, "tags": {"a": "b"}},
        BUCKET,
        updates={"tags": {"a": "c"}, "forceDestroy": False},
        replaces={"bucket": "dev-artifacts-2"},
        unread=("forceDestroy",),
    ),
    Sample(
        "aws:s3/bucketVersioning:BucketVersioning",
        {"bucket": BUCKET, "versioningConfiguration": {"status": "Enabled"}},
        BUCKET,
        needs=((BUCKET_TYPE, {"bucket": BUCKET}),),
        updates={"versioningConfiguration": {"status": "Suspended"}},
        replaces={"bucket": "other-bucket"},
        remains=True,
    ),
    Sample(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        {
            "bucket": BUCKET,
            "rules": [
                {
                    "applyServerSideEncryptionByDefault": {
                        "sseAlgorithm": "aws:kms",
                        "kmsMasterKeyId": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234",
                    },
                    "bucketKeyEnabled": True,
                }
            ],
        },
        BUCKET,
        needs=((BUCKET_TYPE, {"bucket": BUCKET}),),
        updates={"rules": [{"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}]},
        replaces={"bucket": "other-bucket"},
    ),
    Sample(
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        {
            "bucket": BUCKET,
            "blockPublicAcls": True,
            "blockPublicPolicy": True,
            "ignorePublicAcls": True,
            "restrictPublicBuckets": True,
        },
        BUCKET,
        needs=((BUCKET_TYPE, {"bucket": BUCKET}),),
        updates={"restrictPublicBuckets": False},
        replaces={"bucket": "other-bucket"},
    ),
    Sample(
        "aws:s3/bucketPolicy:BucketPolicy",
        {"bucket": BUCKET, "policy": policy("one", {"AWS": ACCOUNT}, f"arn:aws:s3:::{BUCKET}/*")},
        BUCKET,
        needs=((BUCKET_TYPE, {"bucket": BUCKET}),),
        updates={"policy": policy("two", {"AWS": ACCOUNT}, f"arn:aws:s3:::{BUCKET}/*")},
        replaces={"bucket": "other-bucket"},
    ),
    Sample(
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        {
            "bucket": BUCKET,
            "rules": [
                {"id": "uploads", "status": "Enabled", "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7.0}},
                {
                    "id": "capture",
                    "status": "Enabled",
                    "filter": {"prefix": "capture/"},
                    "expiration": {"days": 30.0},
                    "noncurrentVersionExpiration": {"noncurrentDays": 90.0},
                },
            ],
        },
        BUCKET,
        needs=((BUCKET_TYPE, {"bucket": BUCKET}),),
        updates={
            "rules": [{"id": "uploads", "status": "Disabled", "filter": {"prefix": ""}, "expiration": {"days": 1.0}}]
        },
        replaces={"bucket": "other-bucket"},
    ),
    Sample(
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        {"bucket": BUCKET, "rule": {"objectOwnership": "BucketOwnerEnforced"}},
        BUCKET,
        needs=((BUCKET_TYPE, {"bucket": BUCKET}),),
        updates={"rule": {"objectOwnership": "BucketOwnerPreferred"}},
        replaces={"bucket": "other-bucket"},
    ),
)
