"""Which alarms a model has, as data: the spec's thresholds in CloudWatch's words.

Metrics and their units: https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html

SageMaker puts invocation and instance metrics a variant, so there is one alarm a variant; traffic is the endpoint's,
summed over its variants. Rollback alarms are separate ones: they carry the dimension `EndpointConfigName`, which only
the new fleet's metrics have, so that an old fleet in trouble cannot abort the update that mends it (trap 8,
https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from components.aws.deployment_config import MAX_ROLLBACK_ALARMS
from components.aws.endpoint_config import endpoint_config_name
from components.aws.execution_role import ENDPOINT_METRICS_NAMESPACE
from components.aws.model_monitor import METRICS_NAMESPACE, DriftBaseline, drift_dimensions, drift_metric_name
from components.specs.alarms import Threshold
from components.specs.instance_types import INSTANCE_TYPES
from components.specs.resolved import ResolvedModel
from components.specs.serving import ProductionVariant

INVOCATION_METRICS_NAMESPACE = "AWS/SageMaker"
MICROSECONDS_PER_MILLISECOND = 1000
METRICS_PER_ALARM = 10
"""Metrics that one alarm's math may use:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html"""


@dataclass(frozen=True)
class Metric:
    """One metric, aggregated over a period; `stat` is a statistic such as `Sum`, or a percentile such as `p99`."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    stat: str


@dataclass(frozen=True)
class MetricMath:
    """An expression over metrics, by the names it uses them under."""

    expression: str
    label: str
    metrics: Mapping[str, Metric]


@dataclass(frozen=True)
class AlarmDefinition:
    """One metric alarm.

    Attributes:
        name: Of the alarm, unique in account and region; begins with the endpoint's name.
        description: What it means that it rings.
        watches: What is compared with the threshold.
        threshold: In the metric's own unit.
        window: Period, and how many datapoints of how many.
        comparison: CloudWatch's ComparisonOperator.
        treat_missing_data: `notBreaching`, but for the alarm that is about missing traffic.
    """

    name: str
    description: str
    watches: Metric | MetricMath
    threshold: float
    window: Threshold
    comparison: Literal["GreaterThanThreshold", "LessThanThreshold"] = "GreaterThanThreshold"
    treat_missing_data: Literal["notBreaching", "breaching"] = "notBreaching"


def alarm_definitions(model: ResolvedModel, baseline: DriftBaseline | None) -> tuple[AlarmDefinition, ...]:
    """The alarms that mean "this model is unwell".

    Args:
        model: The resolved model.
        baseline: The features whose drift is watched; `None`: no drift alarm, as without a baseline there is no drift.
    """
    variants = model.serving.production_variants
    return (
        *(alarm for variant in variants for alarm in _variant_alarms(model, variant)),
        *_no_traffic(model),
        *_drift(model, baseline),
    )


def rollback_alarm_definitions(model: ResolvedModel) -> tuple[AlarmDefinition, ...]:
    """The alarms that roll an update back: errors and latency of the new fleet; none without `auto_rollback`.

    An update can watch ten alarms: errors of up to ten variants come first, then their latencies.
    """
    if not model.rollout.auto_rollback:
        return ()
    new_fleet = {"EndpointConfigName": endpoint_config_name(model, model.release)}
    variants = model.serving.production_variants
    errors = (_errors(model, variant, "5xx", "rollback-", new_fleet) for variant in variants)
    latencies = (_model_latency(model, variant, "rollback-", new_fleet) for variant in variants)
    return tuple(alarm for alarms in (*errors, *latencies) for alarm in alarms)[:MAX_ROLLBACK_ALARMS]


def unwell_alarm_name(model: ResolvedModel) -> str:
    """The composite alarm's name."""
    return f"{model.endpoint_name}-unwell"


def variant_dimensions(model: ResolvedModel, variant: ProductionVariant) -> dict[str, str]:
    """The dimensions of a variant's metrics."""
    return {"EndpointName": model.endpoint_name, "VariantName": variant.name}


def _variant_alarms(model: ResolvedModel, variant: ProductionVariant) -> Iterator[AlarmDefinition]:
    yield from _errors(model, variant, "5xx")
    yield from _errors(model, variant, "4xx")
    yield from _model_latency(model, variant)
    yield from _overhead_latency(model, variant)
    yield from _utilization(model, variant)


def _errors(
    model: ResolvedModel,
    variant: ProductionVariant,
    kind: Literal["4xx", "5xx"],
    prefix: str = "",
    more_dimensions: Mapping[str, str] | None = None,
) -> Iterator[AlarmDefinition]:
    window = model.alarms.invocation_5xx_percent if kind == "5xx" else model.alarms.invocation_4xx_percent
    if window is None:
        return
    dimensions = {**variant_dimensions(model, variant), **(more_dimensions or {})}
    yield AlarmDefinition(
        name=f"{model.endpoint_name}-{variant.name}-{prefix}{kind}",
        description=f"More than {window.threshold:g} % of invocations of {variant.name} are answered {kind}",
        watches=MetricMath(
            # Without invocations there is nothing to divide by, and nothing wrong.
            expression="IF(invocations > 0, 100 * errors / invocations, 0)",
            label=f"{kind} in percent",
            metrics={
                "errors": Metric(INVOCATION_METRICS_NAMESPACE, f"Invocation{kind.upper()}Errors", dimensions, "Sum"),
                "invocations": Metric(INVOCATION_METRICS_NAMESPACE, "Invocations", dimensions, "Sum"),
            },
        ),
        threshold=window.threshold,
        window=window,
    )


def _model_latency(
    model: ResolvedModel,
    variant: ProductionVariant,
    prefix: str = "",
    more_dimensions: Mapping[str, str] | None = None,
) -> Iterator[AlarmDefinition]:
    window = model.alarms.model_latency_p99_ms
    if window is None:
        return
    yield AlarmDefinition(
        name=f"{model.endpoint_name}-{variant.name}-{prefix}model-latency",
        description=f"The slowest 1 % of answers of {variant.name} take the model more than {window.threshold:g} ms",
        watches=Metric(
            INVOCATION_METRICS_NAMESPACE,
            "ModelLatency",
            {**variant_dimensions(model, variant), **(more_dimensions or {})},
            "p99",
        ),
        threshold=window.threshold * MICROSECONDS_PER_MILLISECOND,
        window=window,
    )


def _overhead_latency(model: ResolvedModel, variant: ProductionVariant) -> Iterator[AlarmDefinition]:
    window = model.alarms.overhead_latency_p99_ms
    if window is None:
        return
    yield AlarmDefinition(
        name=f"{model.endpoint_name}-{variant.name}-overhead-latency",
        description=f"SageMaker adds more than {window.threshold:g} ms to the slowest 1 % of answers of {variant.name}",
        watches=Metric(INVOCATION_METRICS_NAMESPACE, "OverheadLatency", variant_dimensions(model, variant), "p99"),
        threshold=window.threshold * MICROSECONDS_PER_MILLISECOND,
        window=window,
    )


def _utilization(model: ResolvedModel, variant: ProductionVariant) -> Iterator[AlarmDefinition]:
    # CPUUtilization is the sum over the cores: four busy ones are 400 %.
    vcpus = INSTANCE_TYPES[variant.instance_type].vcpus
    metrics = (
        ("cpu", "CPUUtilization", model.alarms.cpu_utilization_percent, vcpus),
        ("memory", "MemoryUtilization", model.alarms.memory_utilization_percent, 1),
        ("disk", "DiskUtilization", model.alarms.disk_utilization_percent, 1),
    )
    for what, metric_name, window, scale in metrics:
        if window is None:
            continue
        yield AlarmDefinition(
            name=f"{model.endpoint_name}-{variant.name}-{what}",
            description=f"Instances of {variant.name} use more than {window.threshold:g} % of their {what}",
            watches=Metric(ENDPOINT_METRICS_NAMESPACE, metric_name, variant_dimensions(model, variant), "Average"),
            threshold=window.threshold * scale,
            window=window,
        )


def _no_traffic(model: ResolvedModel) -> Iterator[AlarmDefinition]:
    window = model.alarms.no_traffic
    if window is None:
        return
    invocations = {
        f"m{index}": Metric(INVOCATION_METRICS_NAMESPACE, "Invocations", variant_dimensions(model, variant), "Sum")
        for index, variant in enumerate(model.serving.production_variants)
    }
    yield AlarmDefinition(
        name=f"{model.endpoint_name}-no-traffic",
        description=f"Fewer than {window.threshold:g} invocations in {window.period_seconds} s: callers are gone",
        watches=MetricMath(
            expression=" + ".join(f"FILL({key}, 0)" for key in invocations),
            label="invocations of all variants",
            metrics=invocations,
        ),
        threshold=window.threshold,
        window=window,
        comparison="LessThanThreshold",
        # SageMaker puts no metric at all where there was no invocation: here, missing data is the finding.
        treat_missing_data="breaching",
    )


def _drift(model: ResolvedModel, baseline: DriftBaseline | None) -> Iterator[AlarmDefinition]:
    """Features that have drifted, counted ten features an alarm: the monitor puts a distance a feature, no count."""
    window = model.alarms.monitor_violations
    if window is None or baseline is None or not any(one.kind == "data_quality" for one in model.monitors):
        return
    chunks = [
        baseline.features[start : start + METRICS_PER_ALARM]
        for start in range(0, len(baseline.features), METRICS_PER_ALARM)
    ]
    for index, features in enumerate(chunks):
        metrics = {
            f"m{place}": Metric(METRICS_NAMESPACE, drift_metric_name(feature), drift_dimensions(model, feature), "Sum")
            for place, feature in enumerate(features)
        }
        yield AlarmDefinition(
            name=f"{model.endpoint_name}-data-quality-{index}",
            description=(
                f"More than {window.threshold:g} of these features have drifted from the release's baseline: "
                + ", ".join(features)
            )[:1024],
            watches=MetricMath(
                # A comparison of metrics is 1 where it holds:
                # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
                expression=" + ".join(f"(FILL({key}, 0) > {baseline.comparison_threshold:g})" for key in metrics),
                label="drifted features",
                metrics=metrics,
            ),
            threshold=window.threshold,
            window=window,
        )
