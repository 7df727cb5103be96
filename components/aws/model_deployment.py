"""One model with its companions: alarms, then the endpoint, then what watches and scales it."""

from dataclasses import dataclass

import pulumi

from components.aws.data_quality_monitor import DataQualityMonitor
from components.aws.endpoint_alarms import EndpointAlarms
from components.aws.endpoint_autoscaling import EndpointAutoscaling
from components.aws.model_endpoint import ModelEndpoint
from components.aws.model_monitor import DriftBaseline
from components.specs.monitors import DataQuality
from components.specs.resolved import ResolvedModel


@dataclass(frozen=True)
class ModelDeployment:
    """The components of one model; `None` where its spec asks for none."""

    alarms: EndpointAlarms
    endpoint: ModelEndpoint
    autoscaling: EndpointAutoscaling | None
    monitor: DataQualityMonitor | None

    def outputs(self) -> dict[str, object]:
        """What users and other stacks need to know: stack outputs, by name."""
        return {
            "endpoint_name": self.endpoint.endpoint_name,
            "endpoint_arn": self.endpoint.endpoint_arn,
            "endpoint_config_name": self.endpoint.endpoint_config_name,
            "capture_uri": self.endpoint.capture_uri,
            "alarm_arns": self.alarms.alarm_arns,
            "unwell_alarm_arn": self.alarms.unwell_alarm_arn,
            "alarm_topic_arn": self.alarms.topic_arn,
            "dashboard_url": self.alarms.dashboard_url,
            "monitoring_schedule_arn": None if self.monitor is None else self.monitor.schedule_arn,
        }


def deploy_model(
    model: ResolvedModel,
    *,
    capture_store: pulumi.Resource | None,
    baseline: DriftBaseline | None,
    opts: pulumi.ResourceOptions,
) -> ModelDeployment:
    """Deploys `model`; every logical name begins with its endpoint's name.

    Args:
        model: The resolved model.
        capture_store: The stack's `DataCaptureStore`; `None`: the bucket of captured data is another stack's.
        baseline: What the release's baseline says of its features; `None`: no alarms on drift.
        opts: `providers` with the environment's `aws.Provider` and `aws_native.Provider`.
    """
    name = model.endpoint_name
    alarms = EndpointAlarms(name, model=model, baseline=baseline, opts=opts)
    endpoint = ModelEndpoint(
        name,
        model=model,
        rollback_alarms=alarms.rollback_alarms,
        rollback_alarm_names=alarms.rollback_alarm_names,
        capture_store=capture_store,
        opts=opts,
    )
    autoscaling = None
    if model.scaling is not None:
        autoscaling = EndpointAutoscaling(
            name, model=model, scaling=model.scaling, endpoint=endpoint.endpoint, fleet=endpoint.fleet, opts=opts
        )
    return ModelDeployment(alarms, endpoint, autoscaling, _monitor(name, model, endpoint, opts))


def _monitor(
    name: str, model: ResolvedModel, endpoint: ModelEndpoint, opts: pulumi.ResourceOptions
) -> DataQualityMonitor | None:
    """The model's data-quality monitor; SageMaker keeps one schedule of a kind an endpoint."""
    for monitor in model.monitors:
        match monitor:
            case DataQuality():
                return DataQualityMonitor(
                    f"{name}-data-quality", model=model, monitor=monitor, endpoint=endpoint.endpoint, opts=opts
                )
    return None
