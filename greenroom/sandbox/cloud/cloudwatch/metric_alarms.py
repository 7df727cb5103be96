"""Metric alarms: what they watch, and what their data points say at an instant.

"CloudWatch evaluates metric alarms every minute", those of less than a minute's period every ten seconds. Its periods
end at the evaluation, and slide with it: an alarm of five minutes looks at the five minutes before each minute. (What
published alarms' StateReasonData show; the guide says it of "multi-period" alarms in other words.)

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from greenroom.sandbox.cloud.cloudwatch import expression, state_reason
from greenroom.sandbox.cloud.cloudwatch.alarm_facts import AlarmState
from greenroom.sandbox.cloud.cloudwatch.evaluation import Datapoint, Rule, Verdict, evaluate
from greenroom.sandbox.cloud.cloudwatch.metric_alarm_facts import members_of
from greenroom.sandbox.cloud.cloudwatch.metric_math_functions import CALENDAR
from greenroom.sandbox.cloud.cloudwatch.metric_queries import (
    DEFAULT_PERIOD_SECONDS,
    MetricQuery,
    MetricStat,
    QueryResults,
    metrics_of,
    query_of,
)
from greenroom.sandbox.cloud.cloudwatch.metric_store import MetricStore
from greenroom.sandbox.cloud.cloudwatch.statistics import needed_samples, percentile_of

MINUTE_SECONDS: Final = 60
HIGH_RESOLUTION_SECONDS: Final = 10


@dataclass(frozen=True)
class AlarmDefinition:
    """What an alarm watches, and its rule.

    Attributes:
        queries: the metrics and expressions.
        watched_id: the query whose series is compared with the threshold.
        rule: the comparison.
        period_seconds: how long a data point is.
        says_minimum: whether it was given DatapointsToAlarm.
        is_metric_math: whether it was given Metrics.
        ignores_low_samples: whether a percentile of too few samples changes nothing.
        is_restless: whether what it sees changes although no data comes.
    """

    queries: tuple[MetricQuery, ...]
    watched_id: str
    rule: Rule
    period_seconds: int
    says_minimum: bool
    is_metric_math: bool
    ignores_low_samples: bool
    is_restless: bool

    @property
    def metrics(self) -> tuple[MetricStat, ...]:
        """The metrics that it reads."""
        return metrics_of(self.queries)

    @property
    def interval_seconds(self) -> int:
        """How often it is evaluated."""
        return MINUTE_SECONDS if self.period_seconds >= MINUTE_SECONDS else HIGH_RESOLUTION_SECONDS

    @property
    def range_seconds(self) -> int:
        """How far it looks back."""
        return self.period_seconds * self.rule.range_length

    def datapoints(self, store: MetricStore, end: int) -> list[Datapoint | None]:
        """The evaluation range that ends at `end`, the oldest first; None where there is no data.

        Raises:
            ExpressionError: Its metric math cannot be worked out, or gives more than one time series.
        """
        start = end - self.range_seconds
        found = QueryResults(store, self.queries, start, end).series(self.watched_id)
        if len(found) != 1:
            raise expression.ExpressionError(f"an alarm watches one time series, not {len(found)}")
        counts = {} if self.is_metric_math else self._sample_counts(store, start, end)
        values = found[0].values
        instants = range(start, end, self.period_seconds)
        return [Datapoint(at, values[at], counts.get(at)) if at in values else None for at in instants]

    def _sample_counts(self, store: MetricStore, start: int, end: int) -> dict[int, float]:
        counts: dict[int, float] = {}
        (metric,) = self.metrics
        for one in store.between(metric.key, start, end):
            begins = int(start + (one.at - start) // self.period_seconds * self.period_seconds)
            counts[begins] = counts.get(begins, 0.0) + one.count
        return counts

    def evaluate(self, store: MetricStore, end: int) -> Verdict:
        """What the data points say at `end`."""
        datapoints = self.datapoints(store, end)
        if self.ignores_low_samples and self._has_low_samples(datapoints):
            return Verdict(None, (), 0)
        return evaluate(self.rule, datapoints)

    def _has_low_samples(self, datapoints: Sequence[Datapoint | None]) -> bool:
        """Whether the evaluation periods have fewer samples than the percentile needs.

        "If you specify ignore, the alarm state does not change during periods with too few data points to be
        statistically significant": https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
        """
        percentile = percentile_of(self.metrics[0].statistic_name)
        if percentile is None:
            return False
        recent = datapoints[-self.rule.evaluation_periods :]
        count = sum(one.sample_count or 0.0 for one in recent if one is not None)
        return count < needed_samples(percentile)


def definition_of(alarm: Any) -> AlarmDefinition:
    """The definition of one of moto's alarms.

    Raises:
        ExpressionError: Its metric math is none, or is not offered.
        UnknownStatisticError: Its statistic is none.
    """
    queries = tuple(query_of(one) for one in members_of(alarm))
    (watched,) = [one for one in queries if one.returns_data]
    metrics = metrics_of(queries)
    periods = [one.period_seconds for one in metrics] or [watched.period_seconds or DEFAULT_PERIOD_SECONDS]
    periods_evaluated = int(alarm.evaluation_periods)
    rule = Rule(
        evaluation_periods=periods_evaluated,
        datapoints_to_alarm=int(alarm.datapoints_to_alarm or periods_evaluated),
        comparison_operator=alarm.comparison_operator,
        threshold=float(alarm.threshold),
        treat_missing_data=_treatment(alarm, metrics),
    )
    return AlarmDefinition(
        queries=queries,
        watched_id=watched.id,
        rule=rule,
        period_seconds=max(periods),
        says_minimum=alarm.datapoints_to_alarm is not None,
        is_metric_math=bool(alarm.metric_data_queries),
        ignores_low_samples=alarm.evaluate_low_sample_count_percentile == "ignore",
        is_restless=any(_is_calendar(one) for one in queries),
    )


def _treatment(alarm: Any, metrics: tuple[MetricStat, ...]) -> Any:
    """TreatMissingData; "alarms that evaluate metrics in the AWS/DynamoDB namespace always ignore missing data".

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    """
    if metrics and all(one.key.namespace == "AWS/DynamoDB" for one in metrics):
        return "ignore"
    return alarm.treat_missing_data or "missing"


def _is_calendar(query: MetricQuery) -> bool:
    parts = () if query.expression is None else expression.parts(query.expression)
    return any(isinstance(one, expression.Call) and one.function in CALENDAR for one in parts)


def new_state(alarm: Any, definition: AlarmDefinition, verdict: Verdict, state: str, at_seconds: float) -> AlarmState:
    """The state that a verdict brings an alarm into, with its reason."""
    data = state_reason.reason_data(
        definition.rule,
        verdict,
        state,
        at_seconds=at_seconds,
        period_seconds=definition.period_seconds,
        statistic=None if definition.is_metric_math else alarm.statistic or alarm.extended_statistic,
        unit=alarm.unit,
    )
    reason = state_reason.reason(definition.rule, verdict, state, says_minimum=definition.says_minimum)
    return AlarmState(state, reason, at_seconds, data)
