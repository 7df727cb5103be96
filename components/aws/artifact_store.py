"""`ArtifactStore`: where releases live, for every environment to read and none to change.

One bucket and one key in an account of its own. An environment's roles reach a release only when both sides say so:
here the bucket's and the key's policies name the environment's account, there the role's policy names the release
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html). Without the
key's grant an endpoint in another account fails at start with `AccessDenied` (trap 19).
"""

from collections.abc import Mapping, Sequence

import pulumi
import pulumi_aws as aws

from components.aws.arn import Arns
from components.aws.policy_document import Statement, policy_document
from components.aws.private_bucket import PrivateBucketArgs, abort_unfinished_uploads, private_bucket
from components.specs.environment import ArtifactStoreSpec

RELEASES = "releases/"
"""The key prefix of all releases; `model_packaging.release.Release.s3_prefix` begins with it."""


class ArtifactStore(pulumi.ComponentResource):
    """The bucket, the key and a model package group a model.

    Outputs:
        bucket_name: The bucket's name.
        bucket_arn: Its ARN.
        kms_key_arn: The ARN of the key that encrypts it.
        model_package_group_arns: The model package groups' ARNs by the models' names.
    """

    bucket_name: pulumi.Output[str]
    bucket_arn: pulumi.Output[str]
    kms_key_arn: pulumi.Output[str]
    model_package_group_arns: dict[str, pulumi.Output[str]]

    def __init__(
        self,
        name: str,
        *,
        spec: ArtifactStoreSpec,
        reader_account_ids: Sequence[str],
        model_names: Sequence[str],
        tags: Mapping[str, str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Creates the store.

        Args:
            name: The logical name.
            spec: `environments/artifacts.yaml`.
            reader_account_ids: The environments' accounts; the store's own needs no grant and is left out.
            model_names: The models that get a model package group.
            tags: Of everything in the store, beside the provider's default tags.
            opts: `providers` with an `aws.Provider` of the store's account.
        """
        super().__init__("greenroom:aws:ArtifactStore", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        arns = Arns(spec.account_id, spec.region)
        readers = tuple(
            Arns(account_id, spec.region).iam("root")
            for account_id in sorted(set(reader_account_ids) - {spec.account_id})
        )

        key = aws.kms.Key(
            f"{name}-key",
            description="Encrypts the releases of the artifact store",
            enable_key_rotation=True,
            policy=policy_document(*key_statements(arns, readers)),
            tags=tags,
            opts=child,
        )
        aws.kms.Alias(f"{name}-key-alias", name=spec.kms_key_alias, target_key_id=key.key_id, opts=child)
        bucket = private_bucket(
            f"{name}-bucket",
            PrivateBucketArgs(
                bucket_name=spec.bucket,
                arns=arns,
                kms_key_arn=key.arn,
                versioned=True,
                force_destroy=False,
                lifecycle_rules=(abort_unfinished_uploads(days=7),),
                grants=read_grants(arns, spec.bucket, readers),
                tags=tags,
            ),
            child,
        )
        groups = {
            model_name: aws.sagemaker.ModelPackageGroup(
                f"{name}-{model_name}",
                model_package_group_name=model_name,
                model_package_group_description=f"Releases of {model_name}",
                tags=tags,
                opts=child,
            )
            for model_name in model_names
        }

        self.bucket_name = bucket.bucket
        self.bucket_arn = bucket.arn
        self.kms_key_arn = key.arn
        self.model_package_group_arns = {model_name: group.arn for model_name, group in groups.items()}
        self.register_outputs(
            {
                "bucket_name": self.bucket_name,
                "bucket_arn": self.bucket_arn,
                "kms_key_arn": self.kms_key_arn,
                "model_package_group_arns": self.model_package_group_arns,
            }
        )


def key_statements(arns: Arns, readers: tuple[str, ...]) -> tuple[Statement, ...]:
    """The key's policy: its own account administers it, `readers` (account roots) decrypt through S3 only.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html
    """
    administered_here = Statement(
        sid="AdministeredByItsAccount",
        principals={"AWS": (arns.iam("root"),)},
        actions=("kms:*",),
        resources=("*",),
    )
    if readers == ():
        return (administered_here,)
    return (
        administered_here,
        Statement(
            sid="EnvironmentsDecryptThroughS3",
            principals={"AWS": readers},
            actions=("kms:Decrypt", "kms:DescribeKey"),
            resources=("*",),
            conditions={"StringEquals": {"kms:ViaService": f"s3.{arns.region}.amazonaws.com"}},
        ),
    )


def read_grants(arns: Arns, bucket_name: str, readers: tuple[str, ...]) -> tuple[Statement, ...]:
    """The bucket policy's grants: `readers` (account roots) get and list releases, and nothing else of the bucket."""
    if readers == ():
        return ()
    return (
        Statement(
            sid="EnvironmentsReadReleases",
            principals={"AWS": readers},
            actions=("s3:GetObject",),
            resources=(arns.s3(bucket_name, f"{RELEASES}*"),),
        ),
        Statement(
            sid="EnvironmentsListReleases",
            principals={"AWS": readers},
            actions=("s3:ListBucket",),
            resources=(arns.s3(bucket_name),),
            conditions={"StringLike": {"s3:prefix": f"{RELEASES}*"}},
        ),
    )
