"""What SageMaker answers of a shadow test.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeInferenceExperiment.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from greenroom.sandbox.cloud.clock import utc
from greenroom.sandbox.cloud.sagemaker.inference_experiments import InferenceExperiment
from greenroom.sandbox.cloud.sagemaker.listing import select
from greenroom.sandbox.cloud.stage import Params

if TYPE_CHECKING:
    from greenroom.sandbox.cloud.sagemaker.backend import SageMakerBackend


def describe(backend: SageMakerBackend, experiment: InferenceExperiment) -> dict[str, Any]:
    """DescribeInferenceExperiment's answer."""
    endpoint = backend.endpoints.get(experiment.endpoint_name)
    status = None if endpoint is None else endpoint.endpoint_status
    metadata = {
        "EndpointName": experiment.endpoint_name,
        "EndpointConfigName": experiment.endpoint_config_name,
        "EndpointStatus": status,
        "FailureReason": None if endpoint is None else endpoint.failure_reason,
    }
    deployed = (
        {} if endpoint is None else {one.name for one in (*endpoint.shown.variants, *endpoint.shown.shadow_variants)}
    )
    variants = [
        {**one, "Status": _variant_status(one["VariantName"] in deployed, status)}
        for one in experiment.params["ModelVariants"]
    ]
    kept = ("DataStorageConfig", "ShadowModeConfig", "KmsKey")
    answer = {
        **summary(backend, experiment),
        "Arn": experiment.arn,
        "EndpointMetadata": {name: value for name, value in metadata.items() if value is not None},
        "ModelVariants": variants,
        **{member: experiment.params[member] for member in kept if member in experiment.params},
    }
    return {name: value for name, value in answer.items() if value is not None}


def _variant_status(is_deployed: bool, endpoint_status: str | None) -> str:
    if endpoint_status in {"Creating", "Updating"}:
        return endpoint_status
    return "InService" if is_deployed else "Deleted"


def summary(backend: SageMakerBackend, experiment: InferenceExperiment) -> dict[str, Any]:
    """One of ListInferenceExperiments's entries."""
    endpoint = backend.endpoints.get(experiment.endpoint_name)
    answer = {
        "Name": experiment.name,
        "Type": experiment.params["Type"],
        "Schedule": {
            "StartTime": utc(experiment.start_seconds),
            "EndTime": utc(experiment.end_seconds),
        },
        "Status": experiment.status(None if endpoint is None else endpoint.endpoint_status),
        "StatusReason": experiment.reason,
        "Description": experiment.params.get("Description"),
        "CreationTime": experiment.creation_time,
        "CompletionTime": experiment.completion_time,
        "LastModifiedTime": experiment.last_modified_time,
        "RoleArn": experiment.params["RoleArn"],
    }
    return {name: value for name, value in answer.items() if value is not None}


def listed(backend: SageMakerBackend, request: Params) -> list[dict[str, Any]]:
    """ListInferenceExperiments's entries, filtered and sorted as asked."""
    return select(
        (summary(backend, experiment) for experiment in backend.inference_experiments.values()),
        request,
        equals={"StatusEquals": "Status", "Type": "Type"},
        sort_by={"Name": "Name", "Status": "Status"},
        name="Name",
    )
