"""A bucket that only its owner and whoever is granted may read, and only over TLS: what every bucket of ours is."""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.aws.arn import Arns
from components.aws.policy_document import Statement, policy_document


@dataclass(frozen=True)
class PrivateBucketArgs:
    """What differs between our buckets.

    Attributes:
        bucket_name: The bucket's name, unique in all of AWS.
        arns: Of the account and region the bucket is in.
        kms_key_arn: Encrypts new objects; `None`: S3's own keys (AES256).
        versioned: Whether overwritten and deleted objects are kept as versions.
        force_destroy: Whether deleting the bucket deletes its objects first; `False`: a bucket with objects is kept and
            the deletion fails.
        lifecycle_rules: At least one.
        grants: Statements of the bucket policy beside the refusal of plain HTTP.
        tags: Of the bucket.
    """

    bucket_name: str
    arns: Arns
    kms_key_arn: pulumi.Input[str] | None
    versioned: bool
    force_destroy: bool
    lifecycle_rules: tuple[aws.s3.BucketLifecycleConfigurationRuleArgs, ...]
    grants: tuple[Statement, ...]
    tags: Mapping[str, str]


def tls_only(arns: Arns, bucket_name: str) -> Statement:
    """Refuses whoever does not come over TLS.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html#transit
    """
    return Statement(
        sid="OnlyOverTls",
        effect="Deny",
        principals="*",
        actions=("s3:*",),
        resources=(arns.s3(bucket_name), arns.s3(bucket_name, "*")),
        conditions={"Bool": {"aws:SecureTransport": "false"}},
    )


def abort_unfinished_uploads(days: int) -> aws.s3.BucketLifecycleConfigurationRuleArgs:
    """Drops the parts of multipart uploads that were never completed: they are billed and never listed.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpu-abort-incomplete-mpu-lifecycle-config.html
    """
    return aws.s3.BucketLifecycleConfigurationRuleArgs(
        id="abort-unfinished-uploads",
        status="Enabled",
        filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
        abort_incomplete_multipart_upload=aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
            days_after_initiation=days
        ),
    )


def private_bucket(name: str, args: PrivateBucketArgs, opts: pulumi.ResourceOptions) -> aws.s3.Bucket:
    """Creates the bucket and its settings, each a resource of its own as pulumi-aws 7 wants it, named `NAME-SETTING`.

    Args:
        name: The logical name of the bucket.
        args: What differs between our buckets.
        opts: Parent and providers of all of them.
    """
    bucket = aws.s3.Bucket(name, bucket=args.bucket_name, force_destroy=args.force_destroy, tags=args.tags, opts=opts)
    if args.versioned:
        aws.s3.BucketVersioning(
            f"{name}-versioning",
            bucket=bucket.id,
            versioning_configuration=aws.s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
            opts=opts,
        )
    aws.s3.BucketServerSideEncryptionConfiguration(
        f"{name}-encryption", bucket=bucket.id, rules=[_encryption(args.kms_key_arn)], opts=opts
    )
    aws.s3.BucketOwnershipControls(
        f"{name}-ownership",
        bucket=bucket.id,
        rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
        opts=opts,
    )
    public_access_block = aws.s3.BucketPublicAccessBlock(
        f"{name}-public-access",
        bucket=bucket.id,
        block_public_acls=True,
        block_public_policy=True,
        ignore_public_acls=True,
        restrict_public_buckets=True,
        opts=opts,
    )
    aws.s3.BucketLifecycleConfiguration(
        f"{name}-lifecycle", bucket=bucket.id, rules=list(args.lifecycle_rules), opts=opts
    )
    aws.s3.BucketPolicy(
        f"{name}-policy",
        bucket=bucket.id,
        policy=policy_document(tls_only(args.arns, args.bucket_name), *args.grants),
        # S3 answers OperationAborted when both are written to one bucket at the same time.
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[public_access_block])),
    )
    return bucket


def _encryption(
    kms_key_arn: pulumi.Input[str] | None,
) -> aws.s3.BucketServerSideEncryptionConfigurationRuleArgs:
    if kms_key_arn is None:
        return aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
            apply_server_side_encryption_by_default=aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
                sse_algorithm="AES256"
            ),
        )
    return aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
        # One call to KMS a bucket and a while, instead of one an object:
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
        bucket_key_enabled=True,
        apply_server_side_encryption_by_default=aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
            sse_algorithm="aws:kms", kms_master_key_id=kms_key_arn
        ),
    )
