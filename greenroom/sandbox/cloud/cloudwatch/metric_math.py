"""Metric math, worked out: time series with gaps, combined as CloudWatch combines them.

"Missing values in a time series are treated as 0. If the value of a data point causes a function to attempt to divide
by zero, the data point is dropped": two series give a value wherever either has one; a series and a number give one
wherever the series does.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from greenroom.sandbox.cloud.cloudwatch.expression import (
    Array,
    Call,
    ExpressionError,
    Keyword,
    Negation,
    Node,
    Number,
    Operation,
    Reference,
    Text,
)


@dataclass(frozen=True)
class Series:
    """A time series: a value a period's beginning, in seconds since the epoch, where there is one."""

    values: Mapping[int, float]
    label: str = ""
    period_seconds: int = 60
    is_metric: bool = False


@dataclass(frozen=True)
class Grid:
    """The instants that a request covers: a non-sparse series has a value at each."""

    instants: range

    @property
    def period_seconds(self) -> int:
        """The distance between two."""
        return self.instants.step


Value = float | Series | list[Series]


@dataclass(frozen=True)
class Scope:
    """What an expression can refer to: the other queries' results by Id."""

    grid: Grid
    results: Mapping[str, Value]
    metric_ids: tuple[str, ...] = field(default=())

    def metrics(self, containing: str) -> list[Series]:
        """METRICS(): the request's metrics, without expressions, whose Id contains a text."""
        found = (self.results[one] for one in self.metric_ids if containing in one)
        return [one for one in found if isinstance(one, Series)]


def evaluate(node: Node, scope: Scope) -> Value:
    """The expression's value.

    Raises:
        ExpressionError: It refers to what is not there, or applies what it may not.
    """
    match node:
        case Number(value):
            return value
        case Reference(id_):
            if id_ not in scope.results:
                raise ExpressionError(f"{id_!r} is no Id of this request: {', '.join(scope.results) or 'it has none'}")
            return scope.results[id_]
        case Array(items):
            return [one for item in items for one in as_array(evaluate(item, scope), scope)]
        case Negation(operand):
            return each(evaluate(operand, scope), lambda series: _apply(series, operator.neg), operator.neg)
        case Operation(sign, left, right):
            return combine(_OPERATORS[sign], evaluate(left, scope), evaluate(right, scope))
        case Call(function, arguments):
            from greenroom.sandbox.cloud.cloudwatch.metric_math_functions import call

            return call(function, arguments, scope)
        case Keyword(word) | Text(word):
            raise ExpressionError(f"{word!r} is not a value")


def as_array(value: Value, scope: Scope) -> list[Series]:
    """The value as an array of time series."""
    if isinstance(value, list):
        return value
    return [value if isinstance(value, Series) else constant(value, scope.grid)]


def constant(value: float, grid: Grid) -> Series:
    """A non-sparse series of one value."""
    return Series(dict.fromkeys(grid.instants, value), period_seconds=grid.period_seconds)


def each(value: Value, of_series: Callable[[Series], Value], of_number: Callable[[float], float]) -> Value:
    """Apply to a number, to a series, or to each series of an array."""
    if isinstance(value, list):
        return [made for one in value if isinstance(made := of_series(one), Series)]
    return of_series(value) if isinstance(value, Series) else of_number(value)


def _apply(series: Series, function: Callable[[float], float]) -> Series:
    return replace(series, values={at: function(value) for at, value in series.values.items()}, is_metric=False)


def combine(function: Callable[[float, float], float | None], left: Value, right: Value) -> Value:
    """Apply an operator, element by element; None drops the data point."""
    if isinstance(left, list) and isinstance(right, list):
        if len(left) != len(right):
            raise ExpressionError(f"arrays of {len(left)} and of {len(right)} time series cannot be combined")
        pairs = zip(left, right, strict=True)
        return [one for a, b in pairs if isinstance(one := combine(function, a, b), Series)]
    if isinstance(left, list):
        return [one for a in left if isinstance(one := combine(function, a, right), Series)]
    if isinstance(right, list):
        return [one for b in right if isinstance(one := combine(function, left, b), Series)]
    if not isinstance(left, Series) and not isinstance(right, Series):
        made = function(left, right)
        if made is None:
            raise ExpressionError("a number is divided by zero")
        return made
    return _combine_series(function, left, right)


def _combine_series(
    function: Callable[[float, float], float | None], left: float | Series, right: float | Series
) -> Series:
    instants: set[int] = set()
    for one in (left, right):
        if isinstance(one, Series):
            instants |= one.values.keys()
    values = {}
    for at in sorted(instants):
        made = function(_at(left, at), _at(right, at))
        if made is not None:
            values[at] = made
    like = next(one for one in (left, right) if isinstance(one, Series))
    return replace(like, values=values, is_metric=False)


def _at(value: float | Series, instant: int) -> float:
    return value.values.get(instant, 0.0) if isinstance(value, Series) else value


def _divide(left: float, right: float) -> float | None:
    return left / right if right else None


def _power(left: float, right: float) -> float | None:
    try:
        made = left**right
    except (ZeroDivisionError, OverflowError):
        return None
    return made if isinstance(made, float) and math.isfinite(made) else None


def _truth(function: Callable[[float, float], bool]) -> Callable[[float, float], float]:
    return lambda left, right: float(function(left, right))


_OPERATORS: dict[str, Callable[[float, float], float | None]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divide,
    "^": _power,
    "==": _truth(operator.eq),
    "!=": _truth(operator.ne),
    "<": _truth(operator.lt),
    "<=": _truth(operator.le),
    ">": _truth(operator.gt),
    ">=": _truth(operator.ge),
    "AND": _truth(lambda left, right: left != 0 and right != 0),
    "OR": _truth(lambda left, right: left != 0 or right != 0),
}
