"""The functions of metric math.

What each does: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html (the table
"Functions supported for metric math"). A function of one series that gives a number gives a series for an array.
"""

from __future__ import annotations

import datetime as dt
import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

from greenroom.sandbox.cloud.clock import utc
from greenroom.sandbox.cloud.cloudwatch.expression import ExpressionError, Keyword, Node, Text
from greenroom.sandbox.cloud.cloudwatch.metric_math import Scope, Series, Value, as_array, constant, each, evaluate

NOT_OFFERED = frozenset(
    {"ANOMALY_DETECTION_BAND", "SEARCH", "INSIGHT_RULE_METRIC", "SERVICE_QUOTA", "DB_PERF_INSIGHTS", "LAMBDA"}
)
"""Functions of CloudWatch that need what the local AWS has not: models of the past, rules, quotas, other services."""

_Function = Callable[[tuple[Node, ...], Scope], Value]


def call(name: str, arguments: tuple[Node, ...], scope: Scope) -> Value:
    """Apply the function called `name`.

    Raises:
        ExpressionError: There is none, it is not offered, or the arguments are not its own.
    """
    if name in NOT_OFFERED:
        raise ExpressionError(f"the local AWS does not offer {name} in metric math")
    function = _FUNCTIONS.get(name)
    if function is None:
        raise ExpressionError(f"{name!r} is no function of metric math: {', '.join(sorted(_FUNCTIONS))}")
    least, most = _ARGUMENTS.get(name, (1, 1))
    if not least <= len(arguments) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        raise ExpressionError(f"{name} takes {wanted} argument(s), not {len(arguments)}")
    return function(arguments, scope)


def _only(arguments: tuple[Node, ...], scope: Scope) -> Value:
    return evaluate(arguments[0], scope)


def _one_series(node: Node, scope: Scope, function: str) -> Series:
    value = evaluate(node, scope)
    if not isinstance(value, Series):
        raise ExpressionError(f"{function} takes one time series")
    return value


def _by_value(function: Callable[[float], float | None]) -> _Function:
    """A function of each data point; where it gives None the data point is dropped."""

    def of_series(series: Series) -> Series:
        made = ((at, function(value)) for at, value in series.values.items())
        return replace(series, values={at: value for at, value in made if value is not None}, is_metric=False)

    def of_number(number: float) -> float:
        made = function(number)
        if made is None:
            raise ExpressionError(f"{number} has no such value")
        return made

    return lambda arguments, scope: each(_only(arguments, scope), of_series, of_number)


def _by_series(function: Callable[[Series], Series]) -> _Function:
    def apply(arguments: tuple[Node, ...], scope: Scope) -> Value:
        value = _only(arguments, scope)
        if not isinstance(value, Series | list):
            raise ExpressionError("a time series is needed, not a number")
        return each(value, function, float)

    return apply


def _aggregate(function: Callable[[Sequence[float]], float], *, gaps_are_zero: bool = True) -> _Function:
    """Of one series a number; of an array a series, whose missing values count as 0 where `gaps_are_zero`."""

    def apply(arguments: tuple[Node, ...], scope: Scope) -> Value:
        value = _only(arguments, scope)
        if isinstance(value, float):
            return function([value])
        if isinstance(value, Series):
            return function(list(value.values.values()))
        instants = sorted({at for one in value for at in one.values})
        values = {}
        for at in instants:
            present = [one.values[at] for one in value if at in one.values]
            values[at] = function(present + [0.0] * (len(value) - len(present)) if gaps_are_zero else present)
        return Series(values, period_seconds=scope.grid.period_seconds)

    return apply


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else 0.0


def _deviation(values: Sequence[float]) -> float:
    return statistics.pstdev(values) if values else 0.0


def _changes(function: Callable[[float, int], float]) -> Callable[[Series], Series]:
    """Of what changed since the data point before, and the seconds between the two."""

    def apply(series: Series) -> Series:
        steps = pairwise(sorted(series.values.items()))
        values = {at: function(value - before, at - since) for (since, before), (at, value) in steps}
        return replace(series, values=values, is_metric=False)

    return apply


def _running_sum(series: Series) -> Series:
    total, values = 0.0, {}
    for at, value in sorted(series.values.items()):
        total += value
        values[at] = total
    return replace(series, values=values, is_metric=False)


def _calendar(part: Callable[[dt.datetime], float]) -> _Function:
    def apply(arguments: tuple[Node, ...], scope: Scope) -> Value:
        _one_series(arguments[0], scope, "a calendar function")
        values = {at: float(part(utc(at))) for at in scope.grid.instants}
        return Series(values, period_seconds=scope.grid.period_seconds)

    return apply


def _fill(arguments: tuple[Node, ...], scope: Scope) -> Value:
    filler = arguments[1]
    if isinstance(filler, Keyword) and filler.word in {"REPEAT", "LINEAR"}:
        between = _repeat if filler.word == "REPEAT" else _linear
        return each(_only(arguments, scope), lambda series: between(series, scope.grid.instants), float)
    by = evaluate(filler, scope)
    if isinstance(by, list):
        raise ExpressionError("FILL fills with a number, one time series, REPEAT or LINEAR")
    fillers = constant(by, scope.grid).values if isinstance(by, float) else by.values

    def fill(series: Series) -> Series:
        filled = {at: value for at, value in fillers.items() if at in scope.grid.instants}
        return replace(series, values=dict(sorted((filled | dict(series.values)).items())), is_metric=False)

    return each(_only(arguments, scope), fill, float)


def _repeat(series: Series, instants: range) -> Series:
    values: dict[int, float] = {}
    last = None
    for at in instants:
        last = series.values.get(at, last)
        if last is not None:
            values[at] = last
    return replace(series, values=values, is_metric=False)


def _linear(series: Series, instants: range) -> Series:
    """Between two data points on the line, before the first and after the last as they are (a guess at the ends)."""
    known = sorted(series.values.items())
    values: dict[int, float] = {}
    for at in instants if known else ():
        before = [one for one in known if one[0] <= at]
        after = [one for one in known if one[0] >= at]
        (x0, y0), (x1, y1) = (before or after)[-1 if before else 0], (after or before)[0 if after else -1]
        values[at] = y0 if x0 == x1 else y0 + (y1 - y0) * (at - x0) / (x1 - x0)
    return replace(series, values=values, is_metric=False)


def _if(arguments: tuple[Node, ...], scope: Scope) -> Value:
    """IF(condition, then, otherwise): by each of the condition's data points."""
    condition, then = evaluate(arguments[0], scope), evaluate(arguments[1], scope)
    otherwise = evaluate(arguments[2], scope) if len(arguments) == 3 else None
    if isinstance(condition, list) or isinstance(then, list) or isinstance(otherwise, list):
        raise ExpressionError("IF takes numbers and single time series")
    if isinstance(condition, float):
        chosen = then if condition else otherwise
        return Series({}, period_seconds=scope.grid.period_seconds) if chosen is None else chosen
    values = {}
    for at, truth in condition.values.items():
        made = _chosen(then, at, 0.0) if truth else _chosen(otherwise, at, None)
        if made is not None:
            values[at] = made
    return replace(condition, values=values, is_metric=False)


def _chosen(value: float | Series | None, at: int, absent: float | None) -> float | None:
    return value.values.get(at, absent) if isinstance(value, Series) else value


def _metrics(arguments: tuple[Node, ...], scope: Scope) -> Value:
    if not arguments:
        return scope.metrics("")
    if not isinstance(arguments[0], Text):
        raise ExpressionError("METRICS takes a quoted text, or nothing")
    return scope.metrics(arguments[0].value)


def _period(arguments: tuple[Node, ...], scope: Scope) -> Value:
    series = _one_series(arguments[0], scope, "PERIOD")
    if not series.is_metric:
        raise ExpressionError("PERIOD takes a metric, not the result of another expression")
    return float(series.period_seconds)


def _array(arguments: tuple[Node, ...], scope: Scope) -> list[Series]:
    return as_array(_only(arguments, scope), scope)


def _end_of_array(position: int) -> _Function:
    def apply(arguments: tuple[Node, ...], scope: Scope) -> Value:
        found = _array(arguments, scope)
        if not found:
            raise ExpressionError("FIRST and LAST need at least one time series")
        return found[position]

    return apply


def _time_series(arguments: tuple[Node, ...], scope: Scope) -> Value:
    value = _only(arguments, scope)
    if not isinstance(value, float):
        raise ExpressionError("TIME_SERIES takes a number")
    return constant(value, scope.grid)


def _whole_number(node: Node, scope: Scope) -> int:
    value = evaluate(node, scope)
    if not isinstance(value, float):
        raise ExpressionError("a number is needed")
    return int(value)


def _slice(arguments: tuple[Node, ...], scope: Scope) -> Value:
    bounds = [_whole_number(one, scope) for one in arguments[1:]]
    return _array(arguments, scope)[bounds[0] : bounds[1] if len(bounds) == 2 else None]


_SORTED_BY: dict[str, Callable[[Sequence[float]], float]] = {
    "AVG": _mean,
    "MIN": lambda values: min(values, default=0.0),
    "MAX": lambda values: max(values, default=0.0),
    "SUM": math.fsum,
}


def _sort(arguments: tuple[Node, ...], scope: Scope) -> Value:
    by, order = arguments[1], arguments[2]
    if not isinstance(by, Keyword) or by.word not in _SORTED_BY:
        raise ExpressionError(f"SORT sorts by {', '.join(_SORTED_BY)}")
    if not isinstance(order, Keyword) or order.word not in {"ASC", "DESC"}:
        raise ExpressionError("SORT's order is ASC or DESC")
    limit = _whole_number(arguments[3], scope) if len(arguments) == 4 else None
    measure = _SORTED_BY[by.word]
    found = sorted(_array(arguments, scope), key=lambda one: measure(list(one.values.values())))
    return (found if order.word == "ASC" else found[::-1])[:limit]


def _positive(function: Callable[[float], float]) -> Callable[[float], float | None]:
    return lambda value: function(value) if value > 0 else None


_ARGUMENTS = {"FILL": (2, 2), "IF": (2, 3), "METRICS": (0, 1), "SLICE": (2, 3), "SORT": (3, 4)}
_FUNCTIONS: dict[str, _Function] = {
    "ABS": _by_value(abs),
    "CEIL": _by_value(lambda value: float(math.ceil(value))),
    "FLOOR": _by_value(lambda value: float(math.floor(value))),
    "LOG": _by_value(_positive(math.log)),
    "LOG10": _by_value(_positive(math.log10)),
    "AVG": _aggregate(_mean),
    "SUM": _aggregate(math.fsum),
    "MIN": _aggregate(lambda values: min(values, default=0.0), gaps_are_zero=False),
    "MAX": _aggregate(lambda values: max(values, default=0.0), gaps_are_zero=False),
    "STDDEV": _aggregate(_deviation),
    "DATAPOINT_COUNT": _aggregate(lambda values: float(len(values)), gaps_are_zero=False),
    "METRIC_COUNT": lambda arguments, scope: float(len(_array(arguments, scope))),
    "DIFF": _by_series(_changes(lambda change, _seconds: change)),
    "DIFF_TIME": _by_series(_changes(lambda _change, seconds: float(seconds))),
    "RATE": _by_series(_changes(lambda change, seconds: change / seconds)),
    "RUNNING_SUM": _by_series(_running_sum),
    "FILL": _fill,
    "IF": _if,
    "METRICS": _metrics,
    "PERIOD": _period,
    "FIRST": _end_of_array(0),
    "LAST": _end_of_array(-1),
    "SLICE": _slice,
    "SORT": _sort,
    "REMOVE_EMPTY": lambda arguments, scope: [one for one in _array(arguments, scope) if one.values],
    "TIME_SERIES": _time_series,
    "MINUTE": _calendar(lambda moment: moment.minute),
    "HOUR": _calendar(lambda moment: moment.hour),
    "DAY": _calendar(lambda moment: moment.isoweekday()),
    "DATE": _calendar(lambda moment: moment.day),
    "MONTH": _calendar(lambda moment: moment.month),
    "YEAR": _calendar(lambda moment: moment.year),
    "EPOCH": _calendar(lambda moment: moment.timestamp()),
}
CALENDAR = frozenset({"MINUTE", "HOUR", "DAY", "DATE", "MONTH", "YEAR", "EPOCH"})
"""Functions whose values change as time passes, whatever the metrics do."""
