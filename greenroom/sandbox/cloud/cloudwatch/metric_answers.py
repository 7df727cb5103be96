"""GetMetricData, GetMetricStatistics and ListMetrics.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, Final

from moto.cloudwatch.exceptions import InvalidParameterCombination, InvalidParameterValue, ValidationError

from greenroom.sandbox.cloud.clock import CLOCK, seconds_of, utc
from greenroom.sandbox.cloud.cloudwatch.expression import ExpressionError
from greenroom.sandbox.cloud.cloudwatch.metric_queries import QueryResults, in_periods, query_of
from greenroom.sandbox.cloud.cloudwatch.metric_store import MetricKey, MetricStore, metric_key
from greenroom.sandbox.cloud.cloudwatch.statistics import UnknownStatisticError, statistic
from greenroom.sandbox.cloud.stage import Params

METRICS_PER_PAGE: Final = 500
RECENTLY_ACTIVE_SECONDS: Final = 3 * 3600


def metric_data(store: MetricStore, params: Params) -> dict[str, Any]:
    """GetMetricData's answer: a time series a query that returns data, newest first unless asked otherwise."""
    start, end = _bounds(params, ValidationError)
    for number, member in enumerate(params["MetricDataQueries"], start=1):
        if ("MetricStat" in member) == ("Expression" in member):
            raise ValidationError(f"The parameter MetricDataQueries.member.{number}.MetricStat is required.\n")
    try:
        queries = [query_of(member) for member in params["MetricDataQueries"]]
        start = _rounded(start, [one.metric.period_seconds for one in queries if one.metric is not None])
        results = QueryResults(store, queries, start, end)
        found = [(query, results.series(query.id)) for query in queries if query.returns_data]
    except (ExpressionError, UnknownStatisticError) as error:
        raise ValidationError(f"Error in expression: {error}") from error
    is_descending = params.get("ScanBy") != "TimestampAscending"
    answers = []
    for query, series in found:
        for one in series:
            points = sorted(one.values.items(), reverse=is_descending)
            label = query.label or (one.label if query.metric is not None else query.id)
            if len(series) > 1:
                label = f"{label} {one.label}".strip()
            answers.append(
                {
                    "Id": query.id,
                    "Label": label,
                    "Timestamps": [_moment(at) for at, _ in points],
                    "Values": [value for _, value in points],
                    "StatusCode": "Complete",
                }
            )
    return {"MetricDataResults": answers, "Messages": []}


def metric_statistics(store: MetricStore, params: Params) -> dict[str, Any]:
    """GetMetricStatistics's answer, in the order of time (AWS promises none)."""
    start, end = _bounds(params, InvalidParameterValue)
    simple, extended = params.get("Statistics") or [], params.get("ExtendedStatistics") or []
    if not simple and not extended:
        raise InvalidParameterCombination("Must specify either Statistics or ExtendedStatistics")
    period, unit = int(params["Period"]), params.get("Unit")
    key = metric_key(params["Namespace"], params["MetricName"], params.get("Dimensions") or ())
    start = _rounded(start, [period])
    samples = [one for one in store.between(key, start, end) if unit is None or (one.unit or "None") == unit]
    datapoints = []
    for at, found in sorted(in_periods(samples, start, period).items()):
        point: dict[str, Any] = {"Timestamp": _moment(at), "Unit": found[0].unit or "None"}
        point |= {name: statistic(name)(found) for name in simple}
        values = {name: _extended(name)(found) for name in extended}
        if extended:
            point["ExtendedStatistics"] = {name: value for name, value in values.items() if value is not None}
        datapoints.append(point)
    return {"Label": params["MetricName"], "Datapoints": datapoints}


def _extended(name: str) -> Any:
    try:
        return statistic(name)
    except UnknownStatisticError as error:
        raise InvalidParameterValue(f"The value {name} for parameter ExtendedStatistics is not supported.") from error


def listed_metrics(store: MetricStore, params: Params) -> dict[str, Any]:
    """ListMetrics's answer: each metric once."""
    now = CLOCK.time()
    recent = now - RECENTLY_ACTIVE_SECONDS if params.get("RecentlyActive") == "PT3H" else None
    found = [
        key
        for key in store
        if _is_asked_for(key, params) and (recent is None or (store.latest_at(key) or 0.0) >= recent)
    ]
    first = _offset(params.get("NextToken"))
    page = [
        {
            "Namespace": key.namespace,
            "MetricName": key.name,
            "Dimensions": [{"Name": name, "Value": value} for name, value in key.dimensions],
        }
        for key in found[first : first + METRICS_PER_PAGE]
    ]
    more = {"NextToken": str(first + METRICS_PER_PAGE)} if len(found) > first + METRICS_PER_PAGE else {}
    return {"Metrics": page, **more}


def _is_asked_for(key: MetricKey, params: Params) -> bool:
    """Whether ListMetrics's filters take the metric: a dimension's filter may leave its value open."""
    if params.get("Namespace") not in {None, key.namespace} or params.get("MetricName") not in {None, key.name}:
        return False
    has = dict(key.dimensions)
    filters: Iterable[dict[str, str]] = params.get("Dimensions") or ()
    return all(one["Name"] in has and one.get("Value") in {None, has[one["Name"]]} for one in filters)


def _offset(token: str | None) -> int:
    if token is None:
        return 0
    if not token.isdecimal():
        raise InvalidParameterValue("Request parameter NextToken is invalid")
    return int(token)


def _bounds(params: Params, error: type[Exception]) -> tuple[int, int]:
    start, end = int(seconds_of(params["StartTime"])), int(seconds_of(params["EndTime"]))
    if start > end:
        raise error("The parameter EndTime must be greater than StartTime.")
    if start == end:
        raise error("The parameter StartTime must not equal parameter EndTime.")
    return start, end


def _rounded(start: int, periods_seconds: list[int]) -> int:
    """The start as CloudWatch rounds it.

    "Start time less than 15 days ago - Round down to the nearest whole minute"; "If you set Period to 5, 10, 20, or
    30, the start time of your request is rounded down to the nearest time that corresponds to even 5-, 10-, 20-, or
    30-second divisions of a minute". (It rounds older ones more coarsely: not here.)
    """
    shortest = min(periods_seconds, default=60)
    return start - start % (60 if shortest >= 60 or shortest == 1 else shortest)


def _moment(seconds: int) -> dt.datetime:
    return utc(seconds)
