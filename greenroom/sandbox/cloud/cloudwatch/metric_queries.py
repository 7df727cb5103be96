"""MetricDataQueries: metrics and expressions over them, as GetMetricData and alarms ask them.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from greenroom.sandbox.cloud.cloudwatch import expression, metric_math
from greenroom.sandbox.cloud.cloudwatch.expression import ExpressionError, Node, Reference
from greenroom.sandbox.cloud.cloudwatch.metric_math import Grid, Scope, Series, Value
from greenroom.sandbox.cloud.cloudwatch.metric_math_functions import NOT_OFFERED
from greenroom.sandbox.cloud.cloudwatch.metric_store import MetricKey, MetricStore, Sample, metric_key
from greenroom.sandbox.cloud.cloudwatch.statistics import Statistic, statistic

DEFAULT_PERIOD_SECONDS = 60


@dataclass(frozen=True)
class MetricStat:
    """A metric, and which statistic of it."""

    key: MetricKey
    period_seconds: int
    statistic_name: str
    unit: str | None

    @property
    def statistic(self) -> Statistic:
        """The statistic itself."""
        return statistic(self.statistic_name)


@dataclass(frozen=True)
class MetricQuery:
    """One query: a `metric`, or an `expression` over other queries."""

    id: str
    label: str | None
    returns_data: bool
    metric: MetricStat | None = None
    expression: Node | None = None
    expression_text: str = ""
    period_seconds: int | None = None


def query_of(member: Mapping[str, Any]) -> MetricQuery:
    """The query that a MetricDataQuery's members describe.

    Raises:
        ExpressionError: Its expression is none, or one that the local AWS does not offer.
        UnknownStatisticError: Its Stat is none.
    """
    returns_data = member.get("ReturnData") is not False
    period = None if member.get("Period") is None else int(member["Period"])
    query = MetricQuery(str(member["Id"]), member.get("Label"), returns_data, period_seconds=period)
    text = member.get("Expression")
    if text is None:
        return replace(query, metric=_metric_stat(member["MetricStat"]))
    if text.lstrip().upper().startswith("SELECT "):
        raise ExpressionError("the local AWS does not offer Metrics Insights queries (SELECT …)")
    node = expression.parse(text)
    for part in expression.parts(node):
        if isinstance(part, expression.Call) and part.function in NOT_OFFERED:
            raise ExpressionError(f"the local AWS does not offer {part.function} in metric math")
    return replace(query, expression=node, expression_text=text)


def _metric_stat(member: Mapping[str, Any]) -> MetricStat:
    metric = member["Metric"]
    key = metric_key(metric["Namespace"], metric["MetricName"], metric.get("Dimensions") or ())
    made = MetricStat(key, int(member["Period"]), member["Stat"], member.get("Unit"))
    statistic(made.statistic_name)  # refuses one that is none
    return made


def in_periods(samples: Iterable[Sample], start: float, period_seconds: int) -> dict[int, list[Sample]]:
    """The samples of each period that has any, by its beginning."""
    found: dict[int, list[Sample]] = {}
    for one in samples:
        begins = int(start + (one.at - start) // period_seconds * period_seconds)
        found.setdefault(begins, []).append(one)
    return found


def series_of(store: MetricStore, metric: MetricStat, start: int, end: int) -> Series:
    """The metric's statistic in each period from `start` to before `end`."""
    samples = store.between(metric.key, start, end)
    if metric.unit is not None:
        # "If you specify a unit, the operation returns only data that was collected with that unit": API_MetricStat
        samples = [one for one in samples if (one.unit or "None") == metric.unit]
    of = metric.statistic
    values = {}
    for at, found in in_periods(samples, start, metric.period_seconds).items():
        value = of(found)
        if value is not None:
            values[at] = value
    return Series(values, metric.key.name, metric.period_seconds, is_metric=True)


class QueryResults:
    """What the queries of one request give between `start` and `end`; each is worked out once, when it is needed."""

    def __init__(self, store: MetricStore, queries: Sequence[MetricQuery], start: int, end: int) -> None:
        self._store, self._start, self._end = store, start, end
        self._queries = {one.id: one for one in queries}
        self._metric_ids = tuple(one.id for one in queries if one.metric is not None)
        self._found: dict[str, Value] = {}
        self._under_way: set[str] = set()

    def value(self, query_id: str) -> Value:
        """The query's result.

        Raises:
            ExpressionError: Its expression cannot be worked out.
        """
        if query_id not in self._found:
            self._found[query_id] = self._work_out(self._queries[query_id])
        return self._found[query_id]

    def series(self, query_id: str) -> list[Series]:
        """The query's time series: one, or as many as its expression gives.

        "The final result of any math expression must be a single time series or an array of time series":
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
        """
        value = self.value(query_id)
        if isinstance(value, float):
            raise ExpressionError(
                f"the expression {self._queries[query_id].expression_text!r} gives a number, not a time series"
            )
        return value if isinstance(value, list) else [value]

    def _work_out(self, query: MetricQuery) -> Value:
        if query.metric is not None:
            return series_of(self._store, query.metric, self._start, self._end)
        if query.expression is None or query.id in self._under_way:
            raise ExpressionError(f"the expression {query.id!r} refers to itself")
        self._under_way.add(query.id)
        wanted = {part.id for part in expression.parts(query.expression) if isinstance(part, Reference)}
        if any(isinstance(one, expression.Call) and one.function == "METRICS" for one in _parts(query)):
            wanted |= set(self._metric_ids)
        results = {one: self.value(one) for one in self._queries if one in wanted}
        self._under_way.discard(query.id)
        grid = Grid(range(self._start, self._end, self._period_of(query, results)))
        return metric_math.evaluate(query.expression, Scope(grid, results, self._metric_ids))

    def _period_of(self, query: MetricQuery, results: Mapping[str, Value]) -> int:
        """Its own Period; without one, that of what it refers to."""
        if query.period_seconds is not None:
            return query.period_seconds
        for value in results.values():
            for series in value if isinstance(value, list) else [value]:
                if isinstance(series, Series):
                    return series.period_seconds
        return DEFAULT_PERIOD_SECONDS


def _parts(query: MetricQuery) -> Iterable[Node]:
    return () if query.expression is None else expression.parts(query.expression)


def metrics_of(queries: Iterable[MetricQuery]) -> tuple[MetricStat, ...]:
    """The metrics that the queries read."""
    return tuple(one.metric for one in queries if one.metric is not None)
