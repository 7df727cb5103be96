"""Statistics of samples: Sum, Average, …, percentiles, trimmed and winsorized means.

The names and what they mean: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
A percentile is the smallest sample that as many are not above (nearest rank). AWS does not say how it interpolates, and
works on a compressed distribution: the third digit may differ.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Sequence
from typing import Final

from greenroom.sandbox.cloud.cloudwatch.metric_store import Sample

Statistic = Callable[[Sequence[Sample]], float | None]
"""Of the samples of one period, at least one; None where these samples have no such statistic."""

SIMPLE: Final[dict[str, Statistic]] = {
    "SampleCount": lambda samples: sum(one.count for one in samples),
    "Sum": lambda samples: math.fsum(one.sum for one in samples),
    "Minimum": lambda samples: min(one.minimum for one in samples),
    "Maximum": lambda samples: max(one.maximum for one in samples),
    "Average": lambda samples: _ratio(math.fsum(one.sum for one in samples), sum(one.count for one in samples)),
}
_SHORT = re.compile(r"(p|tm|wm|tc|ts)(\d{1,2}(?:\.\d{1,10})?|100)", re.IGNORECASE)
_RANGE = re.compile(r"(TM|WM|TC|TS|PR)\((-?\d+(?:\.\d+)?%?)?:(-?\d+(?:\.\d+)?%?)?\)", re.IGNORECASE)

_Weighted = list[tuple[float, float]]
"""Values in ascending order, with how often each was seen."""


class UnknownStatisticError(ValueError):
    """No statistic of CloudWatch has this name."""


@functools.cache
def statistic(name: str) -> Statistic:
    """The statistic called `name`, such as "Sum", "p99.9", "tm90" or "TM(10%:90%)".

    Raises:
        UnknownStatisticError: There is none.
    """
    if name in SIMPLE:
        return SIMPLE[name]
    if name.upper() == "IQM":
        return _of_range("TM", "25%", "75%")
    short = _SHORT.fullmatch(name)
    if short is not None:
        kind, percent = short.group(1).upper(), short.group(2)
        return _percentile(float(percent)) if kind == "P" else _of_range(kind, None, f"{percent}%")
    ranged = _RANGE.fullmatch(name)
    if ranged is not None and (ranged.group(2) or ranged.group(3)):
        return _of_range(ranged.group(1).upper(), ranged.group(2), ranged.group(3))
    raise UnknownStatisticError(
        f"{name!r} is no statistic: one of {', '.join(SIMPLE)}, IQM, or one such as p99, tm90, wm90, tc90, ts90, "
        "TM(10%:90%), PR(:300)"
    )


def percentile_of(name: str) -> float | None:
    """The percentile that a statistic's name asks for, 0 to 100; None where it asks for something else."""
    match = _SHORT.fullmatch(name)
    return float(match.group(2)) if match is not None and match.group(1).lower() == "p" else None


def needed_samples(percentile: float) -> float:
    """How many samples make a percentile significant.

    10/(1-percentile) from the median upward, 10/percentile below it:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/percentiles-with-low-samples.html
    """
    share = percentile / 100
    divisor = 1 - share if share >= 0.5 else share
    return math.inf if divisor == 0 else round(10 / divisor, 6)


def _percentile(percent: float) -> Statistic:
    def of(samples: Sequence[Sample]) -> float | None:
        weighted = _weighted(samples)
        return None if weighted is None else _at_percent(weighted, percent)

    return of


def _of_range(kind: str, low: str | None, high: str | None) -> Statistic:
    def of(samples: Sequence[Sample]) -> float | None:
        weighted = _weighted(samples)
        if weighted is None:
            return None
        floor, ceiling = _bound(weighted, low, -math.inf), _bound(weighted, high, math.inf)
        return _RANGED[kind](weighted, floor, ceiling)

    return of


def _weighted(samples: Sequence[Sample]) -> _Weighted | None:
    """None where a sample is a statistic set, whose values nobody knows."""
    found = []
    for one in samples:
        if one.value is None:
            return None
        found.append((one.value, one.count))
    return sorted(found)


def _at_percent(weighted: _Weighted, percent: float) -> float:
    wanted = math.fsum(count for _, count in weighted) * percent / 100
    seen = 0.0
    for value, count in weighted:
        seen += count
        if seen >= wanted - 1e-9:
            return value
    return weighted[-1][0]


def _bound(weighted: _Weighted, text: str | None, default: float) -> float:
    if text is None:
        return default
    return _at_percent(weighted, float(text[:-1])) if text.endswith("%") else float(text)


def _inside(weighted: _Weighted, low: float, high: float) -> _Weighted:
    """As "TM(150:1000) calculates the average after removing all data points that are equal to or lower than 150"."""
    return [(value, count) for value, count in weighted if low < value <= high]


def _mean(weighted: _Weighted) -> float | None:
    return _ratio(math.fsum(value * count for value, count in weighted), sum(count for _, count in weighted))


def _ratio(total: float, count: float) -> float | None:
    return total / count if count else None


_RANGED: Final[dict[str, Callable[[_Weighted, float, float], float | None]]] = {
    "TM": lambda weighted, low, high: _mean(_inside(weighted, low, high)),
    "WM": lambda weighted, low, high: _mean([(min(max(value, low), high), count) for value, count in weighted]),
    "TC": lambda weighted, low, high: sum(count for _, count in _inside(weighted, low, high)),
    "TS": lambda weighted, low, high: math.fsum(value * count for value, count in _inside(weighted, low, high)),
    "PR": lambda weighted, low, high: _ratio(
        100 * sum(count for _, count in _inside(weighted, low, high)), sum(count for _, count in weighted)
    ),
}
