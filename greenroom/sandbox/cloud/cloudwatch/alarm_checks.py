"""What PutMetricAlarm refuses beyond its members' own limits.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
Most wordings are guesses; those of the enumerations are AWS's form.
"""

from __future__ import annotations

from typing import Any, Final

from moto.cloudwatch.exceptions import InvalidParameterCombination, InvalidParameterValue, ValidationError

from greenroom.sandbox.cloud.cloudwatch.evaluation import COMPARISONS
from greenroom.sandbox.cloud.cloudwatch.statistics import UnknownStatisticError, statistic

TREATMENTS: Final = ("breaching", "notBreaching", "ignore", "missing")
SHORT_PERIODS_SECONDS: Final = frozenset({10, 20, 30})
MOST_METRICS: Final = 10
DAY_SECONDS: Final = 24 * 3600
HOUR_SECONDS: Final = 3600


def check_alarm(given: dict[str, Any]) -> None:
    """Refuse an alarm that AWS would refuse, or that the local AWS cannot evaluate.

    Raises:
        InvalidParameterValue: A value is none that there is, or is too large.
        InvalidParameterCombination: Members that exclude each other, or that need each other.
        ValidationError: As above; AWS has three codes for it.
    """
    if given.get("threshold_metric_id") or given["comparison_operator"] not in COMPARISONS:
        raise ValidationError(
            "The local AWS does not offer anomaly detection: ThresholdMetricId and the comparison "
            f"{given['comparison_operator']} need ANOMALY_DETECTION_BAND. It offers {', '.join(COMPARISONS)}."
        )
    if given.get("threshold") is None:
        raise ValidationError("Threshold is required for an alarm on a static threshold")
    treatment = given.get("treat_missing_data")
    if treatment is not None and treatment not in TREATMENTS:
        raise ValidationError(
            f"Option {treatment} is not supported. Supported options for parameter TreatMissingData are "
            f"{', '.join(TREATMENTS)}."
        )
    _check_datapoints(given)
    if given.get("metric_data_queries"):
        _check_queries(given)
    else:
        _check_single_metric(given)


def _check_datapoints(given: dict[str, Any]) -> None:
    to_alarm, periods = given.get("datapoints_to_alarm"), given["evaluation_periods"]
    if to_alarm is not None and int(to_alarm) > int(periods):
        raise ValidationError(
            f"DatapointsToAlarm ({to_alarm}) must be less than or equal to EvaluationPeriods ({periods})"
        )


def _check_single_metric(given: dict[str, Any]) -> None:
    for member, name in (("metric_name", "MetricName"), ("namespace", "Namespace"), ("period", "Period")):
        if given.get(member) is None:
            raise ValidationError(f"{name} is required for an alarm on a single metric")
    simple, extended = given.get("statistic"), given.get("extended_statistic")
    if (simple is None) == (extended is None):
        raise InvalidParameterCombination("Exactly one of the parameters Statistic and ExtendedStatistic is required")
    if extended is not None:
        try:
            statistic(extended)
        except UnknownStatisticError as error:
            raise InvalidParameterValue(
                f"The value {extended} for parameter ExtendedStatistic is not supported."
            ) from error
    _check_period(int(given["period"]), int(given["evaluation_periods"]))


def _check_period(period_seconds: int, evaluation_periods: int) -> None:
    if period_seconds not in SHORT_PERIODS_SECONDS and period_seconds % 60:
        raise ValidationError(f"Period is {period_seconds}: it must be 10, 20, 30 or a multiple of 60")
    most_days = 7 if period_seconds >= HOUR_SECONDS else 1
    if period_seconds * evaluation_periods > most_days * DAY_SECONDS:
        raise ValidationError(
            "Metrics cannot be checked across more than "
            f"{'a day' if most_days == 1 else 'seven days'} (EvaluationPeriods * Period must be <= "
            f"{most_days * DAY_SECONDS})."
        )


def _check_queries(given: dict[str, Any]) -> None:
    if given.get("metric_name") or given.get("statistic") or given.get("extended_statistic") or given.get("period"):
        raise InvalidParameterCombination("Metrics list cannot be specified with MetricName, Statistic or Period")
    queries = given["metric_data_queries"]
    returning = [one.id for one in queries if one.return_data is not False]
    if len(returning) != 1:
        raise ValidationError(
            f"Exactly one element of the metrics list should return data, not {len(returning)} ({', '.join(returning)})"
        )
    metrics = [one.metric_stat for one in queries if one.metric_stat is not None]
    if len(metrics) > MOST_METRICS:
        raise ValidationError(f"An alarm on metric math reads at most {MOST_METRICS} metrics, not {len(metrics)}")
    periods = sorted({int(one.period) for one in metrics})
    if len(periods) > 1:
        raise ValidationError(f"All metrics of an alarm must have the same period, not {periods}")
    for period in periods:
        _check_period(period, int(given["evaluation_periods"]))
