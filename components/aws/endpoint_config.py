"""Model and EndpointConfiguration of one release: what SageMaker cannot update, only replace.

Both are described once, as plain content; their names are the content's hash (trap 1), so that a change creates new
ones beside the old, the endpoint moves over, and only then the old ones go. Tags are no part of the content: they can
be changed in place.
"""

from dataclasses import asdict, dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.aws.execution_role import endpoint_role_name
from components.specs.environment import Network
from components.specs.names import content_name
from components.specs.resolved import ResolvedModel
from components.specs.serving import ProductionVariant
from model_packaging.release import Release


@dataclass(frozen=True)
class ModelContent:
    """Everything about a SageMaker Model that replaces it."""

    role_name: str
    image_uri: str
    model_data_uri: str
    environment: dict[str, str]
    network_isolation: bool
    network: Network | None


@dataclass(frozen=True)
class EndpointConfigContent:
    """Everything about an EndpointConfiguration that replaces it."""

    model_name: str
    production_variants: tuple[dict[str, Any], ...]
    data_capture: dict[str, Any] | None
    capture_uri: str
    kms_key_arn: str | None


def model_content(model: ResolvedModel, release: Release) -> ModelContent:
    """The Model that serves `release` in this environment."""
    return ModelContent(
        role_name=endpoint_role_name(model),
        image_uri=release.image_uri(model.region),
        model_data_uri=model.model_data_uri_of(release),
        environment=dict(release.environment),
        network_isolation=model.security.network_isolation,
        network=model.network,
    )


def endpoint_config_content(model: ResolvedModel, release: Release) -> EndpointConfigContent:
    """The EndpointConfiguration that serves `release` with this environment's serving settings."""
    return EndpointConfigContent(
        model_name=model_name(model, release),
        production_variants=tuple(variant.model_dump() for variant in model.serving.production_variants),
        data_capture=None if model.data_capture is None else model.data_capture.model_dump(),
        capture_uri=model.capture_uri,
        kms_key_arn=model.volume_kms_key_arn,
    )


def model_name(model: ResolvedModel, release: Release) -> str:
    """The Model's name: changes with anything that replaces it."""
    return content_name(model.endpoint_name, asdict(model_content(model, release)))


def endpoint_config_name(model: ResolvedModel, release: Release) -> str:
    """The EndpointConfiguration's name: changes with anything that replaces it."""
    return content_name(model.endpoint_name, asdict(endpoint_config_content(model, release)))


def create_model(
    model: ResolvedModel, release: Release, role: aws.iam.Role, opts: pulumi.ResourceOptions
) -> aws.sagemaker.Model:
    """The Model of `release`: its image pinned, its data an uncompressed S3 prefix (trap 24)."""
    content = model_content(model, release)
    name = model_name(model, release)
    return aws.sagemaker.Model(
        name,
        name=name,
        execution_role_arn=role.arn,
        primary_container=aws.sagemaker.ModelPrimaryContainerArgs(
            image=content.image_uri,
            environment=content.environment,
            model_data_source=aws.sagemaker.ModelPrimaryContainerModelDataSourceArgs(
                s3_data_sources=[
                    aws.sagemaker.ModelPrimaryContainerModelDataSourceS3DataSourceArgs(
                        s3_uri=content.model_data_uri, s3_data_type="S3Prefix", compression_type="None"
                    )
                ]
            ),
        ),
        enable_network_isolation=content.network_isolation,
        vpc_config=_vpc_config(content.network),
        tags=model.tags,
        opts=opts,
    )


def create_endpoint_config(
    model: ResolvedModel,
    release: Release,
    sagemaker_model: aws.sagemaker.Model,
    opts: pulumi.ResourceOptions,
) -> aws.sagemaker.EndpointConfiguration:
    """The EndpointConfiguration of `release`."""
    name = endpoint_config_name(model, release)
    return aws.sagemaker.EndpointConfiguration(
        name,
        name=name,
        production_variants=[
            _production_variant(variant, sagemaker_model) for variant in model.serving.production_variants
        ],
        data_capture_config=_data_capture_config(model),
        kms_key_arn=model.volume_kms_key_arn,
        tags=model.tags,
        opts=opts,
    )


def _vpc_config(network: Network | None) -> aws.sagemaker.ModelVpcConfigArgs | None:
    if network is None:
        return None
    return aws.sagemaker.ModelVpcConfigArgs(
        subnets=list(network.subnet_ids), security_group_ids=list(network.security_group_ids)
    )


def _production_variant(
    variant: ProductionVariant, sagemaker_model: aws.sagemaker.Model
) -> aws.sagemaker.EndpointConfigurationProductionVariantArgs:
    return aws.sagemaker.EndpointConfigurationProductionVariantArgs(
        variant_name=variant.name,
        model_name=sagemaker_model.name,
        instance_type=variant.instance_type,
        initial_instance_count=variant.initial_instance_count,
        initial_variant_weight=variant.initial_variant_weight,
        volume_size_in_gb=variant.volume_size_gb,
        model_data_download_timeout_in_seconds=variant.model_data_download_timeout_seconds,
        container_startup_health_check_timeout_in_seconds=variant.container_startup_health_check_timeout_seconds,
        enable_ssm_access=variant.enable_ssm_access or None,
    )


def _data_capture_config(
    model: ResolvedModel,
) -> aws.sagemaker.EndpointConfigurationDataCaptureConfigArgs | None:
    capture = model.data_capture
    if capture is None:
        return None
    return aws.sagemaker.EndpointConfigurationDataCaptureConfigArgs(
        enable_capture=True,
        initial_sampling_percentage=capture.sampling_percentage,
        destination_s3_uri=model.capture_uri,
        kms_key_id=None if model.encryption is None else model.encryption.kms_key_arn,
        capture_options=[
            aws.sagemaker.EndpointConfigurationDataCaptureConfigCaptureOptionArgs(capture_mode=mode.capitalize())
            for mode in capture.capture
        ],
        capture_content_type_header=aws.sagemaker.EndpointConfigurationDataCaptureConfigCaptureContentTypeHeaderArgs(
            csv_content_types=list(capture.csv_content_types) if capture.csv_content_types != () else None,
            json_content_types=list(capture.json_content_types) if capture.json_content_types != () else None,
        ),
    )
