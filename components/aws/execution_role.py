"""The role an endpoint's containers run as: exactly this release, this image, this log group, this capture prefix.

Every statement is a function of the resolved model, so what a role may do is read, and tested, as a value. What
SageMaker needs of an execution role:
https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html#sagemaker-roles-createmodel-perms
"""

from collections.abc import Iterable

from components.aws.arn import Arns, S3Location, ecr_repository_arn
from components.aws.names import role_name
from components.aws.policy_document import Statement
from components.specs.environment import ArtifactStoreSpec, Encryption, Network
from components.specs.resolved import ResolvedModel
from model_packaging.release import Release

ENDPOINT_METRICS_NAMESPACE = "/aws/sagemaker/Endpoints"
"""Where instance metrics (CPU, memory, disk) of endpoints go."""


def endpoint_log_group(endpoint_name: str) -> str:
    """The log group SageMaker writes an endpoint's container logs to; its name is not ours to choose."""
    return f"/aws/sagemaker/Endpoints/{endpoint_name}"


def endpoint_role_name(model: ResolvedModel) -> str:
    """The execution role's name."""
    return role_name(model, "endpoint")


def endpoint_statements(model: ResolvedModel, rollback_alarm_names: Iterable[str]) -> tuple[Statement, ...]:
    """What an endpoint's execution role may do, whichever release it runs.

    Args:
        model: The model.
        rollback_alarm_names: The alarms that roll an update back.
    """
    arns = Arns(model.account_id, model.region)
    return (
        *read_statements(arns, tuple(S3Location.from_uri(prefix) for prefix in model.security.extra_read_prefixes)),
        decrypt_artifacts(model.artifacts),
        log_in_to_ecr(),
        *write_logs(arns, endpoint_log_group(model.endpoint_name)),
        put_metrics(ENDPOINT_METRICS_NAMESPACE),
        *_capture_statements(arns, model),
        *environment_key_statements(model.encryption),
        *_rollback_statements(arns, tuple(rollback_alarm_names)),
        *network_interface_statements(arns, model.network),
    )


def release_statements(model: ResolvedModel, release: Release) -> tuple[Statement, ...]:
    """What the role may do for the sake of one release: read its model data, pull its image.

    A policy a release, since the fleet of the old one must read it until it is gone: through a rollout, and after a
    rollout that SageMaker rolled back.
    """
    location = S3Location.from_uri(model.model_data_uri_of(release))
    return (
        *read_statements(Arns(model.account_id, model.region), (location,)),
        pull_image(release.image_uri(model.region)),
    )


def read_statements(arns: Arns, locations: tuple[S3Location, ...]) -> tuple[Statement, ...]:
    """Get and list objects under `locations`, and nothing beside them in their buckets."""
    if locations == ():
        return ()
    by_bucket: dict[str, list[str]] = {}
    for location in locations:
        by_bucket.setdefault(location.bucket, []).append(f"{location.prefix}*")
    resources = tuple(arns.s3(bucket, key) for bucket, keys in by_bucket.items() for key in keys)
    lists = (
        Statement(
            sid=f"List{index}",
            actions=("s3:ListBucket",),
            resources=(arns.s3(bucket),),
            # ListBucket is a permission on the bucket; only this condition narrows it to a prefix:
            # https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html#condition-key-bucket-ops-2
            conditions={"StringLike": {"s3:prefix": tuple(keys)}},
        )
        for index, (bucket, keys) in enumerate(by_bucket.items())
    )
    return (Statement(sid="Read", actions=("s3:GetObject",), resources=resources), *lists)


def decrypt_artifacts(artifacts: ArtifactStoreSpec) -> Statement:
    """Decrypt what the artifact store's key encrypted, through S3 only.

    The key is another account's and its id is not in any spec; its alias is. A policy cannot name a key by its alias in
    `Resource`, so the condition does:
    https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
    """
    arns = Arns(artifacts.account_id, artifacts.region)
    return Statement(
        sid="DecryptArtifacts",
        actions=("kms:Decrypt",),
        resources=(arns.of("kms", "key/*"),),
        conditions={
            "StringEquals": {"kms:ViaService": f"s3.{artifacts.region}.amazonaws.com"},
            "ForAnyValue:StringEquals": {"kms:ResourceAliases": artifacts.kms_key_alias},
        },
    )


def pull_image(image_uri: str) -> Statement:
    """Pull from exactly this image's repository, whichever account owns it (trap 19)."""
    return Statement(
        sid="PullImage",
        actions=("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"),
        resources=(ecr_repository_arn(image_uri),),
    )


def log_in_to_ecr() -> Statement:
    """Log in to ECR: the action has no resource type, so IAM takes only `*`.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerregistry.html
    """
    return Statement(sid="LogInToEcr", actions=("ecr:GetAuthorizationToken",), resources=("*",))


def write_logs(arns: Arns, log_group: str) -> tuple[Statement, ...]:
    """Write to one log group; `CreateLogGroup` for it alone, since SageMaker asks for it before each write.

    With `:*` at its end, as policies name a log group for these actions, and which its streams' names match as well:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html
    """
    return (
        Statement(
            sid="WriteLogs",
            actions=("logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"),
            resources=(arns.of("logs", f"log-group:{log_group}:*"),),
        ),
    )


def put_metrics(*namespaces: str) -> Statement:
    """Put metrics to `namespaces` only."""
    return Statement(
        sid="PutMetrics",
        actions=("cloudwatch:PutMetricData",),
        # PutMetricData has no resource type; the namespace condition is what narrows it:
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/iam-cw-condition-keys-namespace.html
        resources=("*",),
        conditions={"StringEquals": {"cloudwatch:namespace": namespaces}},
    )


def environment_key_statements(encryption: Encryption | None) -> tuple[Statement, ...]:
    """Use the environment's key: for objects in its buckets, and to attach encrypted volumes through a grant.

    https://docs.aws.amazon.com/sagemaker/latest/dg/encryption-at-rest.html
    """
    if encryption is None:
        return ()
    return (
        Statement(
            sid="UseEnvironmentKey",
            actions=("kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"),
            resources=(encryption.kms_key_arn,),
        ),
        Statement(
            sid="GrantEnvironmentKeyToVolumes",
            actions=("kms:CreateGrant",),
            resources=(encryption.kms_key_arn,),
            conditions={"Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    )


def network_interface_statements(arns: Arns, network: Network | None) -> tuple[Statement, ...]:
    """Attach containers to the environment's subnets, only where the environment has a network.

    https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html#sagemaker-roles-createmodel-perms
    """
    if network is None:
        return ()
    interfaces = arns.of("ec2", "network-interface/*")
    return (
        Statement(
            sid="CreateNetworkInterfaces",
            actions=("ec2:CreateNetworkInterface",),
            resources=(
                interfaces,
                *(arns.of("ec2", f"subnet/{subnet}") for subnet in network.subnet_ids),
                *(arns.of("ec2", f"security-group/{group}") for group in network.security_group_ids),
            ),
        ),
        Statement(
            sid="AttachNetworkInterfaces",
            actions=(
                "ec2:CreateNetworkInterfacePermission",
                "ec2:DeleteNetworkInterface",
                "ec2:DeleteNetworkInterfacePermission",
            ),
            resources=(interfaces,),
        ),
        Statement(
            sid="DescribeNetwork",
            actions=(
                "ec2:DescribeDhcpOptions",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcs",
            ),
            # EC2's Describe actions have no resource types:
            # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
            resources=("*",),
        ),
    )


def captured_data(model: ResolvedModel) -> S3Location:
    """Where SageMaker puts this endpoint's captured data: it adds `ENDPOINT/VARIANT/yyyy/mm/dd/hh/` to the destination.

    https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html
    """
    return S3Location(model.capture_bucket, f"{model.capture_prefix}/{model.endpoint_name}/")


def _capture_statements(arns: Arns, model: ResolvedModel) -> tuple[Statement, ...]:
    """Write captured data, of this endpoint only; without it capture fails silently (trap 29)."""
    if model.data_capture is None:
        return ()
    location = captured_data(model)
    return (
        Statement(
            sid="WriteCapturedData",
            actions=("s3:PutObject",),
            resources=(arns.s3(location.bucket, f"{location.prefix}*"),),
        ),
    )


def _rollback_statements(arns: Arns, alarm_names: tuple[str, ...]) -> tuple[Statement, ...]:
    """Read the rollback alarms' states: SageMaker does so as this role, and an update fails without it (trap 8).

    https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html
    """
    if alarm_names == ():
        return ()
    return (
        Statement(
            sid="WatchRollbackAlarms",
            actions=("cloudwatch:DescribeAlarms",),
            resources=tuple(arns.of("cloudwatch", f"alarm:{alarm}") for alarm in alarm_names),
        ),
    )
