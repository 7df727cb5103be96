"""An endpoint as DescribeEndpoint tells it: what is live, and how far the next deployment is.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from greenroom.sandbox.cloud.clock import utc
from greenroom.sandbox.cloud.sagemaker.deployments import Deployment, Progress
from greenroom.sandbox.cloud.sagemaker.variants import EndpointVariant
from greenroom.sandbox.cloud.stage import Params

if TYPE_CHECKING:
    from greenroom.sandbox.cloud.sagemaker.endpoints import Endpoint

CONFIG_MEMBERS = ("AsyncInferenceConfig", "ExplainerConfig", "MetricsConfig")
PENDING_MEMBERS = ("InstanceType", "AcceleratorType")


def describe(endpoint: Endpoint) -> dict[str, Any]:
    """DescribeEndpoint's answer."""
    shown, status = endpoint.shown, endpoint.endpoint_status
    answer = {
        **endpoint.summary(),
        "EndpointConfigName": shown.endpoint_config_name,
        "DataCaptureConfig": _captured(shown.data_capture_config, status),
        "FailureReason": endpoint.failure_reason,
        "LastDeploymentConfig": endpoint.last_deployment_config,
        **{member: shown.config.get(member) for member in CONFIG_MEMBERS},
    }
    if endpoint.live is not None:
        answer["ProductionVariants"] = production_variants(endpoint)
        answer["ShadowProductionVariants"] = [one.summary() for one in shown.shadow_variants] or None
    answer["PendingDeploymentSummary"] = pending_deployment(endpoint)
    return {key: value for key, value in answer.items() if value is not None}


def production_variants(endpoint: Endpoint) -> list[dict[str, Any]]:
    """The live variants, with what a change of weights and counts, or a rolling update, wants of them."""
    return [_live_variant(endpoint, one) for one in endpoint.shown.variants]


def _live_variant(endpoint: Endpoint, variant: EndpointVariant) -> dict[str, Any]:
    pending, progress, told = endpoint.pending, endpoint.progress, variant.summary()
    wanted = None if pending is None else pending.variant(variant.name)
    if pending is None or progress is None or wanted is None or endpoint.has_failed:
        return told
    if not pending.is_new_fleet:
        return _changing(told, variant, wanted, progress)
    phase = progress.phase(pending.rollout)
    if pending.rollout.is_rolling and phase is not None and variant.instance_count is not None:
        # each batch terminates as many old instances as it brought up new ones
        told["CurrentInstanceCount"] = variant.instance_count - phase.active_instances(variant.instance_count)
    return told


def _changing(
    told: dict[str, Any], variant: EndpointVariant, wanted: EndpointVariant, progress: Progress
) -> dict[str, Any]:
    told["DesiredWeight"] = wanted.weight
    if wanted.serverless is not None:
        told["DesiredServerlessConfig"] = wanted.serverless
    if wanted.instance_count is None or wanted.instance_count == variant.instance_count:
        return told
    way = "out" if wanted.instance_count > (variant.instance_count or 0) else "in"  # "in" is a guess
    message = f"Scaling {way} desired instance count to {wanted.instance_count}."
    return told | {
        "DesiredInstanceCount": wanted.instance_count,
        "VariantStatus": [_status("Updating", message, progress.since_seconds)],
    }


def pending_deployment(endpoint: Endpoint, status: str | None = None) -> dict[str, Any] | None:
    """The PendingDeploymentSummary.

    "This field is only returned when the endpoint is creating or updating with a new endpoint configuration."

    Args:
        endpoint: Whose.
        status: The VariantStatus to tell; by default the one that lasts.
    """
    pending, progress = endpoint.pending, endpoint.progress
    is_under_way = endpoint.endpoint_status in {"Creating", "Updating", "RollingBack"}
    if pending is None or progress is None or not pending.is_new_fleet or not is_under_way:
        return None
    answer: dict[str, Any] = {
        "EndpointConfigName": pending.endpoint_config_name,
        "ProductionVariants": [_pending_variant(pending, progress, one, status) for one in pending.variants],
        "StartTime": utc(pending.started_at_seconds),
    }
    if pending.shadow_variants:
        shadows = [_pending_variant(pending, progress, one, status) for one in pending.shadow_variants]
        answer["ShadowProductionVariants"] = shadows
    return answer


def _pending_variant(
    pending: Deployment, progress: Progress, variant: EndpointVariant, status: str | None
) -> dict[str, Any]:
    """A PendingProductionVariantSummary.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_PendingProductionVariantSummary.html ; its counts, as
    in the example of https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html , are
    those of the instances that have traffic.
    """
    told = variant.summary()
    count = variant.instance_count
    if count is not None:
        phase = progress.phase(pending.rollout)
        told["CurrentInstanceCount"] = 0 if phase is None else phase.active_instances(count)
    told["VariantStatus"] = [_variant_status(pending, progress, count or 1, status)]
    return told | {member: variant.config[member] for member in PENDING_MEMBERS if member in variant.config}


def _variant_status(pending: Deployment, progress: Progress, count: int, status: str | None) -> dict[str, Any]:
    phase = progress.phase(pending.rollout)
    if progress.stage == "rolling back":
        return _status("Deleting", f"Terminating {count} instance(s).", progress.since_seconds)
    if phase is None:
        return _status("Creating", f"Launching {count} instance(s).", progress.since_seconds)
    active = f"{phase.name} capacity of {phase.active_instances(count)} instance(s)."
    if status == "ActivatingTraffic":
        return _status("ActivatingTraffic", f"Activating traffic on {active}", progress.since_seconds)
    message = f"Baking for {phase.wait_seconds} seconds ({phase.setting}) with traffic enabled on {active}"
    return _status("Baking", message, progress.since_seconds)


def _status(status: str, message: str, since_seconds: float) -> dict[str, Any]:
    since = utc(since_seconds)
    return {"Status": status, "StatusMessage": message, "StartTime": since}


def _captured(config: Params | None, status: str) -> dict[str, Any] | None:
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DataCaptureConfigSummary.html ."""
    if config is None:
        return None
    # "EnableCapture: whether data capture should be enabled or disabled (defaults to enabled)": API_DataCaptureConfig
    enabled = config.get("EnableCapture", True) is not False
    return {
        "EnableCapture": enabled,
        "CaptureStatus": "Started" if enabled and status not in {"Creating", "Failed"} else "Stopped",
        "CurrentSamplingPercentage": config["InitialSamplingPercentage"],
        "DestinationS3Uri": config["DestinationS3Uri"],
        "KmsKeyId": config.get("KmsKeyId", ""),
    }
