"""`DataCaptureStore`: the bucket that keeps what a stack's endpoints were asked and what they answered."""

from collections.abc import Mapping

import pulumi
import pulumi_aws as aws

from components.aws.arn import Arns
from components.aws.private_bucket import PrivateBucketArgs, abort_unfinished_uploads, private_bucket
from components.specs.environment import CaptureStore, Encryption


class DataCaptureStore(pulumi.ComponentResource):
    """One bucket a stack; captured data expires, since it holds what people sent to a model.

    Outputs:
        bucket_name: The bucket's name.
        bucket_arn: Its ARN.
    """

    bucket_name: pulumi.Output[str]
    bucket_arn: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        *,
        bucket_name: str,
        account_id: str,
        region: str,
        spec: CaptureStore,
        encryption: Encryption | None,
        tags: Mapping[str, str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Creates the store.

        Args:
            name: The logical name.
            bucket_name: The bucket's name, unique in all of AWS.
            account_id: Of the environment.
            region: Of the environment.
            spec: How long captured data is kept, and whether it may be destroyed with the stack.
            encryption: The environment's key; `None`: S3's own keys.
            tags: Of the bucket, beside the provider's default tags.
            opts: `providers` with the environment's `aws.Provider`.
        """
        super().__init__("greenroom:aws:DataCaptureStore", name, None, opts)
        bucket = private_bucket(
            f"{name}-bucket",
            PrivateBucketArgs(
                bucket_name=bucket_name,
                arns=Arns(account_id, region),
                kms_key_arn=None if encryption is None else encryption.kms_key_arn,
                versioned=False,
                force_destroy=spec.force_destroy,
                lifecycle_rules=(_expire(spec.retention_days), abort_unfinished_uploads(days=1)),
                grants=(),
                tags=tags,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.bucket_name = bucket.bucket
        self.bucket_arn = bucket.arn
        self.register_outputs({"bucket_name": self.bucket_name, "bucket_arn": self.bucket_arn})


def _expire(retention_days: int) -> aws.s3.BucketLifecycleConfigurationRuleArgs:
    return aws.s3.BucketLifecycleConfigurationRuleArgs(
        id="expire-captured-data",
        status="Enabled",
        filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
        expiration=aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(days=retention_days),
    )
