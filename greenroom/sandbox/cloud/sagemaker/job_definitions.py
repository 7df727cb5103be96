"""Monitoring job definitions: moto keeps them; names are unique here, and answers say only what was given.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateDataQualityJobDefinition.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from greenroom.sandbox.cloud.sagemaker import refusals

if TYPE_CHECKING:
    from greenroom.sandbox.cloud.sagemaker.backend import SageMakerBackend

MonitoringType = Literal["DataQuality", "ModelQuality", "ModelBias", "ModelExplainability"]

JOB_DEFINITIONS: dict[str, str] = {
    "DataQuality": "data_quality_job_definitions",
    "ModelQuality": "model_quality_job_definitions",
    "ModelBias": "model_bias_job_definitions",
    "ModelExplainability": "model_explainability_job_definitions",
}
"""Where moto's backend keeps the job definitions of each monitoring type."""

INPUTS: dict[str, str] = {
    "DataQuality": "data_quality_job_input",
    "ModelQuality": "model_quality_job_input",
    "ModelBias": "model_bias_job_input",
    "ModelExplainability": "model_explainability_job_input",
}
"""What moto calls a job definition's input, which names the endpoint."""


def of_type(backend: SageMakerBackend, monitoring_type: str) -> dict[str, Any]:
    """The backend's job definitions of that type, by their names."""
    found: dict[str, Any] = getattr(backend, JOB_DEFINITIONS[monitoring_type])
    return found


def check_new(backend: SageMakerBackend, monitoring_type: MonitoringType, name: str) -> None:
    """Refuse a name that is taken: ResourceInUse, as the operation's model lists it. The wording is a guess."""
    if name in of_type(backend, monitoring_type):
        raise refusals.resource_in_use(f"Job definition {name} already exists.")


def endpoint_name(job_definition: Any, monitoring_type: str) -> str | None:
    """The endpoint whose captured data the definition's job reads; None for a batch transform's."""
    job_input = getattr(job_definition, INPUTS[monitoring_type], None) or {}
    name = (job_input.get("EndpointInput") or {}).get("EndpointName")
    return None if name is None else str(name)


def without_empty(answer: dict[str, Any]) -> dict[str, Any]:
    """A describe answer without the empty structures that moto puts where nothing was given, every member well named.

    moto calls the stopping condition of an explainability job `StoppingConditions`, which no client reads.
    """
    stopping = {"StoppingCondition": answer["StoppingConditions"]} if "StoppingConditions" in answer else {}
    answer = {**answer, **stopping}
    return {key: value for key, value in answer.items() if value not in ({}, [], None)}


def summaries(backend: SageMakerBackend, monitoring_type: MonitoringType) -> list[dict[str, Any]]:
    """MonitoringJobDefinitionSummary of every definition of that type."""
    return [
        {
            "MonitoringJobDefinitionName": one.job_definition_name,
            "MonitoringJobDefinitionArn": one.arn,
            "CreationTime": one.creation_time,
            "EndpointName": endpoint_name(one, monitoring_type) or "",
        }
        for one in of_type(backend, monitoring_type).values()
    ]
