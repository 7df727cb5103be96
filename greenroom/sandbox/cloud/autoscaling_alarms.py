"""The two alarms that a target tracking policy makes, watches, and takes with it.

"Application Auto Scaling creates and manages the CloudWatch alarms that trigger the scaling policy": one above the
target after three data points, one 10 % below it after fifteen, as they are to be seen on scaled endpoints; the page
names no numbers. With DisableScaleIn there is none below (a guess).

https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from moto.applicationautoscaling.exceptions import AWSValidationException
from moto.cloudwatch.models import Dimension, Metric, MetricDataQuery, MetricStat, cloudwatch_backends
from moto.moto_api._internal import mock_random

from greenroom.sandbox.cloud.autoscaling_capacities import TargetKey

NAMESPACE: Final = "AWS/SageMaker"
HIGH_PERIODS, LOW_PERIODS = 3, 15
LOW_SHARE: Final = 0.9
MINUTE_SECONDS, HIGH_RESOLUTION_SECONDS = 60, 10


@dataclass(frozen=True)
class PredefinedMetric:
    """A metric that SageMaker publishes for scaling."""

    name: str
    statistic: str
    period_seconds: int = MINUTE_SECONDS


PREDEFINED: Final = {
    # https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-add-code-define.html; where the page leaves
    # the statistic open (all but the first) Average and Sum are guesses.
    "SageMakerVariantInvocationsPerInstance": PredefinedMetric("InvocationsPerInstance", "Sum"),
    "SageMakerVariantProvisionedConcurrencyUtilization": PredefinedMetric(
        "ServerlessProvisionedConcurrencyUtilization", "Average"
    ),
    "SageMakerInferenceComponentInvocationsPerCopy": PredefinedMetric("InvocationsPerCopy", "Sum"),
    "SageMakerVariantConcurrentRequestsPerModelHighResolution": PredefinedMetric(
        "ConcurrentRequestsPerModel", "Average", HIGH_RESOLUTION_SECONDS
    ),
    "SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution": PredefinedMetric(
        "ConcurrentRequestsPerCopy", "Average", HIGH_RESOLUTION_SECONDS
    ),
}


_NO_SINGLE_METRIC: Final[dict[str, Any]] = {
    "namespace": None,
    "metric_name": None,
    "statistic": None,
    "dimensions": [],
    "period": None,
}


@dataclass(frozen=True)
class TrackingAlarm:
    """One of the two: above the target, or below."""

    kind: str
    comparison_operator: str
    evaluation_periods: int
    threshold: float


def tracking_alarms(configuration: Mapping[str, Any]) -> tuple[TrackingAlarm, ...]:
    """The alarms of a policy."""
    target = float(configuration["TargetValue"])
    high = TrackingAlarm("AlarmHigh", "GreaterThanThreshold", HIGH_PERIODS, target)
    low = TrackingAlarm("AlarmLow", "LessThanThreshold", LOW_PERIODS, round(target * LOW_SHARE, 9))
    return (high,) if configuration.get("DisableScaleIn") else (high, low)


def put_alarms(key: TargetKey, policy: Any) -> list[Any]:
    """Make the policy's alarms, or change those that it has."""
    configuration = policy.target_tracking_scaling_policy_configuration
    cloudwatch = cloudwatch_backends[key.account_id][key.region]
    names = {_kind_of(one.name): one.name for one in policy.alarms}
    wanted = tracking_alarms(configuration)
    metric = _metric_of(key, configuration)
    made = [
        cloudwatch.put_metric_alarm(
            name=names.get(one.kind) or f"TargetTracking-{key.resource_id}-{one.kind}-{mock_random.uuid4()}",
            comparison_operator=one.comparison_operator,
            evaluation_periods=one.evaluation_periods,
            threshold=one.threshold,
            description=f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {policy.policy_arn}.",
            alarm_actions=[f"{policy.policy_arn}:createdBy/{mock_random.uuid4()}"],
            **metric,
        )
        for one in wanted
    ]
    kept = {one.name for one in made}
    cloudwatch.delete_alarms([name for name in names.values() if name not in kept])
    return made


def is_high(alarm_name: str) -> bool:
    """Whether a policy's alarm is the one above its target."""
    return _kind_of(alarm_name) == "AlarmHigh"


def _kind_of(alarm_name: str) -> str:
    return "AlarmHigh" if "-AlarmHigh-" in alarm_name else "AlarmLow"


def _metric_of(key: TargetKey, configuration: Mapping[str, Any]) -> dict[str, Any]:
    """What the alarms watch, as PutMetricAlarm's arguments."""
    predefined = configuration.get("PredefinedMetricSpecification")
    customized = configuration.get("CustomizedMetricSpecification")
    if predefined is not None and customized is None:
        return _predefined(key, predefined["PredefinedMetricType"])
    if predefined is not None or customized is None:
        raise AWSValidationException(  # a guess at the wording
            "Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification is required"
        )
    if customized.get("Metrics"):
        queries = [_query(one) for one in customized["Metrics"]]
        return _NO_SINGLE_METRIC | {"metric_data_queries": queries}
    single = PredefinedMetric(customized["MetricName"], customized["Statistic"])
    return _single(customized["Namespace"], single, customized.get("Dimensions") or [], customized.get("Unit"))


def _predefined(key: TargetKey, metric_type: str) -> dict[str, Any]:
    metric = PREDEFINED.get(metric_type)
    if metric is None:
        raise AWSValidationException(
            f"The local AWS does not offer the predefined metric {metric_type} for SageMaker: {', '.join(PREDEFINED)}"
        )
    return _single(NAMESPACE, metric, key.dimensions)


def _single(
    namespace: str, metric: PredefinedMetric, dimensions: list[dict[str, str]], unit: str | None = None
) -> dict[str, Any]:
    return {
        "namespace": namespace,
        "metric_name": metric.name,
        "statistic": metric.statistic,
        "dimensions": dimensions,
        "period": metric.period_seconds,
        "unit": unit,
    }


def _query(member: Mapping[str, Any]) -> MetricDataQuery:
    """A TargetTrackingMetricDataQuery, whose period is a minute."""
    stat = None
    if "MetricStat" in member:
        given = member["MetricStat"]["Metric"]
        dimensions = [Dimension(one["Name"], one["Value"]) for one in given.get("Dimensions") or ()]
        metric = Metric(given["MetricName"], given["Namespace"], dimensions)
        stat = MetricStat(metric, MINUTE_SECONDS, member["MetricStat"]["Stat"], member["MetricStat"].get("Unit"))
    return MetricDataQuery(
        query_id=member["Id"],
        label=member.get("Label"),
        period=None,
        return_data=member.get("ReturnData"),
        expression=member.get("Expression"),
        metric_stat=stat,
    )
