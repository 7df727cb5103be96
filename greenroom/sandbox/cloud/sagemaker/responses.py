"""The operations of SageMaker that moto lacks or answers otherwise than AWS."""
# ruff: noqa: D102  a method an action, named as AWS names it

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.sagemaker import responses as moto_responses

from greenroom.sandbox.cloud.monitoring.executions import newest_first
from greenroom.sandbox.cloud.sagemaker import (
    inference_component_store,
    inference_experiment_answers,
    inference_experiments,
    job_definitions,
    model_packages,
)
from greenroom.sandbox.cloud.sagemaker.backend import SageMakerBackend
from greenroom.sandbox.cloud.sagemaker.endpoint_descriptions import describe
from greenroom.sandbox.cloud.stage import Params


class SageMakerResponse(moto_responses.SageMakerResponse):  # type: ignore[misc]  # see pyproject.toml
    """A method an action; `self.params` has the parsed request."""

    @property
    def _backend(self) -> SageMakerBackend:
        backend: SageMakerBackend = self.sagemaker_backend
        return backend

    @property
    def _request(self) -> Params:
        return dict(self.params)

    def create_model(self) -> ActionResult:
        return ActionResult({"ModelArn": self._backend.create_model(self._request).arn})

    def create_endpoint_config(self) -> ActionResult:
        return ActionResult({"EndpointConfigArn": self._backend.create_endpoint_config(self._request).arn})

    def describe_endpoint_config(self) -> ActionResult:
        return ActionResult(self._backend.endpoint_config(self._request["EndpointConfigName"]).response_object)

    def create_endpoint(self) -> ActionResult:
        return ActionResult({"EndpointArn": self._backend.create_endpoint(self._request).arn})

    def describe_endpoint(self) -> ActionResult:
        return ActionResult(describe(self._backend.endpoint(self._request["EndpointName"])))

    def update_endpoint(self) -> ActionResult:
        return ActionResult({"EndpointArn": self._backend.update_endpoint(self._request).arn})

    def update_endpoint_weights_and_capacities(self) -> ActionResult:
        endpoint = self._backend.update_endpoint_weights_and_capacities(self._request)
        return ActionResult({"EndpointArn": endpoint.arn})

    def create_monitoring_schedule(self) -> ActionResult:
        return ActionResult({"MonitoringScheduleArn": self._backend.create_monitoring_schedule(self._request).arn})

    def describe_monitoring_schedule(self) -> ActionResult:
        return ActionResult(self._schedule().describe())

    def update_monitoring_schedule(self) -> ActionResult:
        return ActionResult({"MonitoringScheduleArn": self._backend.update_monitoring_schedule(self._request).arn})

    def delete_monitoring_schedule(self) -> ActionResult:
        self._backend.delete_monitoring_schedule(self._request["MonitoringScheduleName"])
        return EmptyResult()

    def start_monitoring_schedule(self) -> ActionResult:
        self._schedule().change(status="Scheduled")
        return EmptyResult()

    def stop_monitoring_schedule(self) -> ActionResult:
        self._schedule().change(status="Stopped")
        return EmptyResult()

    def list_monitoring_schedules(self) -> ActionResult:
        request = self._request
        found = [one for one in self._backend.monitoring_schedules.values() if one.matches(request)]
        by_name = request.get("SortBy") == "Name"
        found.sort(
            key=lambda one: one.monitoring_schedule_name if by_name else str(one.creation_time),
            reverse=request.get("SortOrder", "Descending") == "Descending",
        )
        return _page("MonitoringScheduleSummaries", [one.summary() for one in found], request)

    def list_monitoring_executions(self) -> ActionResult:
        """Of every schedule, the newest first."""
        schedules = self._backend.monitoring_schedules.values()
        ran = [one for schedule in schedules for one in schedule.execution_summaries()]
        return _page("MonitoringExecutionSummaries", newest_first(ran, self._request), self._request)

    def create_data_quality_job_definition(self) -> ActionResult:
        job_definitions.check_new(self._backend, "DataQuality", self._request["JobDefinitionName"])
        return super().create_data_quality_job_definition()

    def create_model_quality_job_definition(self) -> ActionResult:
        job_definitions.check_new(self._backend, "ModelQuality", self._request["JobDefinitionName"])
        return super().create_model_quality_job_definition()

    def create_model_bias_job_definition(self) -> ActionResult:
        job_definitions.check_new(self._backend, "ModelBias", self._request["JobDefinitionName"])
        return super().create_model_bias_job_definition()

    def create_model_explainability_job_definition(self) -> ActionResult:
        job_definitions.check_new(self._backend, "ModelExplainability", self._request["JobDefinitionName"])
        return super().create_model_explainability_job_definition()

    def describe_data_quality_job_definition(self) -> ActionResult:
        return ActionResult(job_definitions.without_empty(super().describe_data_quality_job_definition().result))

    def describe_model_quality_job_definition(self) -> ActionResult:
        return ActionResult(job_definitions.without_empty(super().describe_model_quality_job_definition().result))

    def describe_model_bias_job_definition(self) -> ActionResult:
        return ActionResult(job_definitions.without_empty(super().describe_model_bias_job_definition().result))

    def describe_model_explainability_job_definition(self) -> ActionResult:
        answer = super().describe_model_explainability_job_definition().result
        return ActionResult(job_definitions.without_empty(answer))

    def list_data_quality_job_definitions(self) -> ActionResult:
        return _page("JobDefinitionSummaries", job_definitions.summaries(self._backend, "DataQuality"), self._request)

    def list_model_bias_job_definitions(self) -> ActionResult:
        return _page("JobDefinitionSummaries", job_definitions.summaries(self._backend, "ModelBias"), self._request)

    def create_model_package_group(self) -> ActionResult:
        model_packages.check_new_group(self._backend, self._request["ModelPackageGroupName"])
        return super().create_model_package_group()

    def delete_model_package_group(self) -> ActionResult:
        model_packages.delete_group(self._backend, self._request["ModelPackageGroupName"])
        return EmptyResult()

    def put_model_package_group_policy(self) -> ActionResult:
        request = self._request
        arn = model_packages.put_policy(self._backend, request["ModelPackageGroupName"], request["ResourcePolicy"])
        return ActionResult({"ModelPackageGroupArn": arn})

    def get_model_package_group_policy(self) -> ActionResult:
        policy = model_packages.policy(self._backend, self._request["ModelPackageGroupName"])
        return ActionResult({"ResourcePolicy": policy})

    def delete_model_package_group_policy(self) -> ActionResult:
        model_packages.delete_policy(self._backend, self._request["ModelPackageGroupName"])
        return EmptyResult()

    def create_model_package(self) -> ActionResult:
        former = model_packages.made_before(self._backend, self._request)
        if former is not None:
            return ActionResult({"ModelPackageArn": former})
        answer = super().create_model_package()
        model_packages.created(self._backend, answer.result["ModelPackageArn"], self._request)
        return answer

    def describe_model_package(self) -> ActionResult:
        package = self._backend.describe_model_package(self._request["ModelPackageName"])
        return ActionResult(model_packages.describe(package))

    def update_model_package(self) -> ActionResult:
        return ActionResult({"ModelPackageArn": model_packages.update(self._backend, self._request)})

    def delete_model_package(self) -> ActionResult:
        model_packages.delete_package(self._backend, self._request["ModelPackageName"])
        return EmptyResult()

    def create_inference_component(self) -> ActionResult:
        component = inference_component_store.create(self._backend, self._request)
        return ActionResult({"InferenceComponentArn": component.arn})

    def describe_inference_component(self) -> ActionResult:
        name = self._request["InferenceComponentName"]
        return ActionResult(inference_component_store.find(self._backend, name).describe())

    def update_inference_component(self) -> ActionResult:
        component = inference_component_store.update(self._backend, self._request)
        return ActionResult({"InferenceComponentArn": component.arn})

    def update_inference_component_runtime_config(self) -> ActionResult:
        component = inference_component_store.update_runtime_config(self._backend, self._request)
        return ActionResult({"InferenceComponentArn": component.arn})

    def delete_inference_component(self) -> ActionResult:
        inference_component_store.delete(self._backend, self._request["InferenceComponentName"])
        return EmptyResult()

    def list_inference_components(self) -> ActionResult:
        found = inference_component_store.listed(self._backend, self._request)
        return _page("InferenceComponents", found, self._request)

    def create_inference_experiment(self) -> ActionResult:
        return ActionResult({"InferenceExperimentArn": inference_experiments.create(self._backend, self._request).arn})

    def describe_inference_experiment(self) -> ActionResult:
        found = inference_experiments.find(self._backend, self._request["Name"])
        return ActionResult(inference_experiment_answers.describe(self._backend, found))

    def update_inference_experiment(self) -> ActionResult:
        return ActionResult({"InferenceExperimentArn": inference_experiments.update(self._backend, self._request).arn})

    def start_inference_experiment(self) -> ActionResult:
        started = inference_experiments.start(self._backend, self._request["Name"])
        return ActionResult({"InferenceExperimentArn": started.arn})

    def stop_inference_experiment(self) -> ActionResult:
        return ActionResult({"InferenceExperimentArn": inference_experiments.stop(self._backend, self._request).arn})

    def delete_inference_experiment(self) -> ActionResult:
        deleted = inference_experiments.delete(self._backend, self._request["Name"])
        return ActionResult({"InferenceExperimentArn": deleted.arn})

    def list_inference_experiments(self) -> ActionResult:
        found = inference_experiment_answers.listed(self._backend, self._request)
        return _page("InferenceExperiments", found, self._request)

    def _schedule(self) -> Any:
        return self._backend.monitoring_schedule(self._request["MonitoringScheduleName"])


def _page(member: str, items: list[dict[str, Any]], request: Params) -> ActionResult:
    start = int(request.get("NextToken") or 0)
    end = start + int(request.get("MaxResults") or 100)
    answer: dict[str, Any] = {member: items[start:end]}
    if end < len(items):
        answer["NextToken"] = str(end)
    return ActionResult(answer)
