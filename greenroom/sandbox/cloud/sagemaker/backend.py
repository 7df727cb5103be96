"""moto's SageMaker backend with models, endpoints and schedules of our own.

One backend an account and region, as moto makes them. What moto keeps well (job definitions, model package groups,
pipelines, …) stays moto's; its dictionaries `_models`, `endpoint_configs` and `endpoints` hold our classes, so that
its tagging and listing operations find them.
"""

from __future__ import annotations

from typing import Any

from moto.sagemaker import models as moto_models
from moto.sagemaker.utils import arn_formatter

from greenroom.sandbox.cloud.autoscaling_targets import deregister_endpoint, scaled_variants
from greenroom.sandbox.cloud.sagemaker import inference_component_store, job_definitions, refusals
from greenroom.sandbox.cloud.sagemaker.endpoint_configs import EndpointConfig, check_new_endpoint_config
from greenroom.sandbox.cloud.sagemaker.endpoint_updates import (
    change_capacities,
    check_can_change,
    check_deployment_config,
    check_rollout,
    check_scaled_variants,
    new_deployment,
    retain_properties,
)
from greenroom.sandbox.cloud.sagemaker.endpoints import Endpoint
from greenroom.sandbox.cloud.sagemaker.inference_components import FLEETS, InferenceComponent
from greenroom.sandbox.cloud.sagemaker.inference_experiments import InferenceExperiment
from greenroom.sandbox.cloud.sagemaker.model_packages import TokenUse
from greenroom.sandbox.cloud.sagemaker.models import SageMakerModel, check_new_model
from greenroom.sandbox.cloud.sagemaker.monitoring_schedules import MonitoringSchedule, endpoint_of
from greenroom.sandbox.cloud.sagemaker.service_limits import check_limits
from greenroom.sandbox.cloud.stage import FleetKey, Params


class SageMakerBackend(moto_models.SageMakerModelBackend):  # type: ignore[misc]  # see pyproject.toml
    """The SageMaker of one account and region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.monitoring_schedules: dict[str, MonitoringSchedule] = {}
        self.inference_components: dict[str, InferenceComponent] = {}
        self.inference_experiments: dict[str, InferenceExperiment] = {}
        self.model_package_group_policies: dict[str, str] = {}
        self.model_package_tokens: dict[str, TokenUse] = {}
        self._generations: dict[str, int] = {}

    def arn(self, kind: str, name: str) -> str:
        """The ARN of a resource of this account and region."""
        return str(arn_formatter(kind, name, self.account_id, self.region_name))

    # models and endpoint configurations

    def create_model(self, params: Params) -> SageMakerModel:
        """CreateModel."""
        check_limits("CreateModel", params)
        check_new_model(params, self.arn("model", params["ModelName"]), self._models)
        model = SageMakerModel(params, self.account_id, self.region_name)
        self._models[model.model_name] = model
        return model

    def describe_model(self, model_name: str) -> SageMakerModel:
        """DescribeModel."""
        if model_name not in self._models:
            raise refusals.not_found("model", self.arn("model", model_name))
        model: SageMakerModel = self._models[model_name]
        return model

    def delete_model(self, model_name: str) -> None:
        """DeleteModel: "deletes only the model entry"; endpoints that serve it go on."""
        self.describe_model(model_name)
        del self._models[model_name]

    def create_endpoint_config(self, params: Params) -> EndpointConfig:
        """CreateEndpointConfig."""
        check_limits("CreateEndpointConfig", params)
        arn = self.arn("endpoint-config", params["EndpointConfigName"])
        check_new_endpoint_config(params, arn, self.endpoint_configs, self._models)
        config = EndpointConfig(params, self.account_id, self.region_name)
        self.endpoint_configs[config.endpoint_config_name] = config
        return config

    def endpoint_config(self, name: str) -> EndpointConfig:
        """The endpoint configuration of that name."""
        if name not in self.endpoint_configs:
            raise refusals.not_found("endpoint-config", self.arn("endpoint-config", name))
        config: EndpointConfig = self.endpoint_configs[name]
        return config

    def delete_endpoint_config(self, endpoint_config_name: str) -> None:
        """DeleteEndpointConfig, also of one in use.

        "You must not delete an EndpointConfig in use by an endpoint that is live": a rule for the caller, which AWS
        does not enforce, so that it is seen to hurt later (trap 2).
        https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteEndpointConfig.html
        """
        self.endpoint_config(endpoint_config_name)
        del self.endpoint_configs[endpoint_config_name]

    # endpoints

    def endpoint(self, name: str) -> Endpoint:
        """The endpoint of that name."""
        if name not in self.endpoints:
            raise refusals.not_found("endpoint", self.arn("endpoint", name))
        endpoint: Endpoint = self.endpoints[name]
        return endpoint

    def create_endpoint(self, params: Params) -> Endpoint:
        """CreateEndpoint."""
        check_limits("CreateEndpoint", params)
        name = params["EndpointName"]
        if name in self.endpoints:
            raise refusals.already_exists("endpoint", self.arn("endpoint", name))
        config = self.endpoint_config(params["EndpointConfigName"])
        check_deployment_config(params.get("DeploymentConfig"))
        key = self.new_fleet_key(name)
        deployment = new_deployment(config, self._models, key, params.get("DeploymentConfig"))
        endpoint = Endpoint(name, self.account_id, self.region_name, list(params.get("Tags") or []), deployment)
        self.endpoints[name] = endpoint
        endpoint.begin(deployment)
        return endpoint

    def update_endpoint(self, params: Params) -> Endpoint:
        """UpdateEndpoint."""
        check_limits("UpdateEndpoint", params)
        endpoint = self.endpoint(params["EndpointName"])
        config = self.endpoint_config(params["EndpointConfigName"])
        check_can_change(endpoint)
        # An endpoint whose own configuration was deleted cannot leave it: hashicorp/terraform-provider-aws#40048
        self.endpoint_config(endpoint.endpoint_config_name)
        scaled = scaled_variants(self.account_id, self.region_name, endpoint.endpoint_name)
        check_scaled_variants(endpoint, config, scaled)
        deployment_config = params.get("DeploymentConfig")
        if deployment_config is None and params.get("RetainDeploymentConfig"):
            deployment_config = endpoint.last_deployment_config
        check_deployment_config(deployment_config)
        key = self.new_fleet_key(endpoint.endpoint_name)
        deployment = new_deployment(config, self._models, key, deployment_config)
        deployment = retain_properties(deployment, endpoint, params)
        check_rollout(endpoint, deployment)
        endpoint.begin(deployment)
        return endpoint

    def update_endpoint_weights_and_capacities(self, params: Params) -> Endpoint:
        """UpdateEndpointWeightsAndCapacities."""
        check_limits("UpdateEndpointWeightsAndCapacities", params)
        endpoint = self.endpoint(params["EndpointName"])
        check_can_change(endpoint)
        endpoint.begin(change_capacities(endpoint, params["DesiredWeightsAndCapacities"], self._models))
        return endpoint

    def delete_endpoint(self, endpoint_name: str) -> None:
        """DeleteEndpoint; registered scalable targets go with it.

        That SageMaker deregisters them is seen from the permission it asks for:
        awslabs/stable-diffusion-aws-extension#161. An endpoint between two states is refused:
        aws/amazon-sagemaker-examples#3188. Monitoring schedules that watch it stay (undocumented; a guess).
        """
        endpoint = self.endpoint(endpoint_name)
        if endpoint.endpoint_status not in {"InService", "Failed", "UpdateRollbackFailed"}:
            raise refusals.in_progress(endpoint.arn)
        hosted = [one.inference_component_name for one in inference_component_store.hosted_by(self, endpoint_name)]
        if hosted:
            raise refusals.invalid(  # a guess at the wording
                f'Cannot delete endpoint "{endpoint.arn}": it hosts inference components: {", ".join(hosted)}.'
            )
        deregister_endpoint(self.account_id, self.region_name, endpoint_name)
        endpoint.delete()

    def new_fleet_key(self, endpoint_name: str) -> FleetKey:
        """The key of the next fleet of an endpoint, or of what else has fleets."""
        # Counted beyond an endpoint's life: the next one of its name must not find the last one's files.
        self._generations[endpoint_name] = self._generations.get(endpoint_name, 0) + 1
        return FleetKey(self.account_id, self.region_name, endpoint_name, self._generations[endpoint_name])

    def fleet_owners(self) -> list[Endpoint | InferenceComponent]:
        """Everything that has fleets."""
        return [*self.endpoints.values(), *self.inference_components.values()]

    def fleet_owner(self, endpoint_name: str) -> Endpoint | InferenceComponent | None:
        """Whose a fleet is, by its key's name."""
        folder, _, name = endpoint_name.rpartition("/")
        owner: Endpoint | InferenceComponent | None = (
            self.inference_components.get(name) if folder == FLEETS else self.endpoints.get(endpoint_name)
        )
        return owner

    def update_inference_component_runtime_config(self, params: Params) -> InferenceComponent:
        """UpdateInferenceComponentRuntimeConfig."""
        return inference_component_store.update_runtime_config(self, params)

    # monitoring schedules

    def create_monitoring_schedule(self, params: Params) -> MonitoringSchedule:
        """CreateMonitoringSchedule. Its job definition and its endpoint must be there.

        That the endpoint is looked for is seen in aws/sagemaker-python-sdk#4873.
        """
        name = params["MonitoringScheduleName"]
        if name in self.monitoring_schedules:
            raise refusals.resource_in_use(
                f"Monitoring Schedule {self.arn('monitoring-schedule', name)} already exists"
            )
        config = params["MonitoringScheduleConfig"]
        self.monitoring_schedules[name] = MonitoringSchedule(
            name,
            self.account_id,
            self.region_name,
            config,
            self._watched_endpoint(config),
            list(params.get("Tags") or []),
        )
        return self.monitoring_schedules[name]

    def monitoring_schedule(self, name: str) -> MonitoringSchedule:
        """The schedule of that name."""
        if name not in self.monitoring_schedules:
            arn = self.arn("monitoring-schedule", name)
            raise refusals.resource_not_found(f"Could not find Monitoring Schedule: {arn}")
        return self.monitoring_schedules[name]

    def update_monitoring_schedule(self, params: Params) -> MonitoringSchedule:
        """UpdateMonitoringSchedule."""
        schedule = self.monitoring_schedule(params["MonitoringScheduleName"])
        config = params["MonitoringScheduleConfig"]
        schedule.endpoint_name = self._watched_endpoint(config)
        schedule.change(config=config)
        return schedule

    def delete_monitoring_schedule(self, name: str) -> None:
        """DeleteMonitoringSchedule, refused while it is Pending.

        As seen in aws/amazon-sagemaker-examples#2342.
        """
        schedule = self.monitoring_schedule(name)
        if schedule.status == "Pending":
            raise refusals.invalid("Monitoring schedule in status Pending")
        del self.monitoring_schedules[name]

    def _watched_endpoint(self, config: Params) -> str | None:
        job_definition = None
        name = config.get("MonitoringJobDefinitionName")
        if name is not None:
            job_definition = job_definitions.of_type(self, config["MonitoringType"]).get(name)
            if job_definition is None:
                raise refusals.resource_not_found(f"Could not find job definition {name} ({config['MonitoringType']})")
        endpoint_name = endpoint_of(config, job_definition)
        if endpoint_name is not None:
            self.endpoint(endpoint_name)
        return endpoint_name

    # tags

    def _get_resource_from_arn(self, arn: str) -> Any:
        kind, _, name = arn.split(":", maxsplit=5)[-1].partition("/")
        ours: dict[str, dict[str, Any]] = {
            "inference-component": self.inference_components,
            "inference-experiment": self.inference_experiments,
            "monitoring-schedule": self.monitoring_schedules,
            "model-package": {one.arn.partition("model-package/")[2]: one for one in self.model_packages.values()},
        }
        known = ours[kind] if kind in ours else self._moto_resources(kind)
        if name not in known:
            raise refusals.invalid(f"Could not find {kind} with ARN {arn}.")  # a guess at the wording
        resource = known[name]
        if getattr(resource, "tags", None) is None:
            resource.tags = []
        return resource

    def _moto_resources(self, kind: str) -> dict[str, Any]:
        attributes = {
            "model": "_models",
            "endpoint": "endpoints",
            "endpoint-config": "endpoint_configs",
            "notebook-instance": "notebook_instances",
            "training-job": "training_jobs",
            "transform-job": "transform_jobs",
            "processing-job": "processing_jobs",
            "experiment": "experiments",
            "experiment-trial": "trials",
            "experiment-trial-component": "trial_components",
            "pipeline": "pipelines",
            "model-package-group": "model_package_groups",
            "cluster": "clusters",
            "automl-job": "auto_ml_jobs",
            "compilation-job": "compilation_jobs",
            "domain": "domains",
            "hyper-parameter-tuning-job": "hyper_parameter_tuning_jobs",
            "data-quality-job-definition": "data_quality_job_definitions",
            "model-bias-job-definition": "model_bias_job_definitions",
            "model-quality-job-definition": "model_quality_job_definitions",
            "model-explainability-job-definition": "model_explainability_job_definitions",
        }
        if kind not in attributes:
            raise refusals.invalid(f"Could not find a taggable resource type {kind}.")
        known: dict[str, Any] = getattr(self, attributes[kind])
        return known

    def add_tags(self, arn: str, tags: list[dict[str, str]]) -> list[dict[str, str]]:
        """AddTags: a key that is there gets the new value.

        https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_AddTags.html
        """
        resource = self._get_resource_from_arn(arn)
        merged = {tag["Key"]: tag["Value"] for tag in (*resource.tags, *tags)}
        resource.tags = [{"Key": key, "Value": value} for key, value in merged.items()]
        kept: list[dict[str, str]] = resource.tags
        return kept


# moto finds a backend's URLs and its place in the dashboard by the module its class says it is from.
SageMakerBackend.__module__ = moto_models.__name__
