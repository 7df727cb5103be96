"""The samples of every metric, by metric and in the order of their time.

"Metrics are uniquely defined by a name, a namespace, and zero or more dimensions": a metric is looked up by all
three, so that an alarm or a graph reads its own samples and no others.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, NamedTuple

from greenroom.sandbox.cloud.clock import seconds_of

_AT = attrgetter("at")


class MetricKey(NamedTuple):
    """A metric: `dimensions` are its names and values, sorted."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]


def metric_key(namespace: str, name: str, dimensions: Iterable[dict[str, str]]) -> MetricKey:
    """The metric of a request's members."""
    return MetricKey(namespace, name, tuple(sorted((one["Name"], one["Value"]) for one in dimensions)))


@dataclass(frozen=True, slots=True)
class Sample:
    """One published value, or a statistic set. `at` is in seconds since the epoch.

    A value that was published `count` times is `value`; a statistic set has none, unless all of its values are equal.
    """

    at: float
    count: float
    sum: float
    minimum: float
    maximum: float
    value: float | None
    unit: str | None


def sample_of_value(value: float, count: float, at: float, unit: str | None) -> Sample:
    """A value that was seen `count` times."""
    return Sample(at, count, value * count, value, value, value, unit)


def sample_of_statistics(statistics: dict[str, Any], at: float, unit: str | None) -> Sample:
    """A StatisticSet.

    "Percentile statistics are not available for metrics published as statistic sets, unless the SampleCount value is
    1, or Min and Max are equal":
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
    """
    count, total = float(statistics["SampleCount"]), float(statistics["Sum"])
    low, high = float(statistics["Minimum"]), float(statistics["Maximum"])
    value = low if low == high else total if count == 1 else None
    return Sample(at, count, total, low, high, value, unit)


def samples_of(datum: dict[str, Any], now_seconds: float) -> list[Sample]:
    """The samples of one MetricDatum of PutMetricData; without a Timestamp they are of now."""
    at = seconds_of(datum["Timestamp"]) if datum.get("Timestamp") is not None else now_seconds
    unit = datum.get("Unit")
    if datum.get("Values"):
        counts = datum.get("Counts") or [1.0] * len(datum["Values"])
        return [
            sample_of_value(float(value), float(count), at, unit)
            for value, count in zip(datum["Values"], counts, strict=True)
        ]
    if datum.get("StatisticValues"):
        return [sample_of_statistics(datum["StatisticValues"], at, unit)]
    return [sample_of_value(float(datum.get("Value") or 0.0), 1.0, at, unit)]


class MetricStore:
    """The metrics of one account and region."""

    def __init__(self) -> None:
        self._samples: dict[MetricKey, list[Sample]] = {}

    def __iter__(self) -> Iterator[MetricKey]:
        return iter(self._samples)

    def beside(self, more: dict[MetricKey, list[Sample]]) -> MetricStore:
        """The same metrics, and others in the place of those of the same name."""
        made = MetricStore()
        made._samples = self._samples | more
        return made

    def add(self, key: MetricKey, samples: list[Sample]) -> None:
        """Keep what was published; what comes late is put where it belongs."""
        kept = self._samples.setdefault(key, [])
        for sample in samples:
            if kept and kept[-1].at > sample.at:
                bisect.insort(kept, sample, key=_AT)
            else:
                kept.append(sample)

    def between(self, key: MetricKey, start: float, end: float) -> list[Sample]:
        """The metric's samples from `start` to before `end`."""
        kept = self._samples.get(key, [])
        first = bisect.bisect_left(kept, start, key=_AT)
        return kept[first : bisect.bisect_left(kept, end, lo=first, key=_AT)]

    def latest_at(self, key: MetricKey) -> float | None:
        """When the metric's newest sample is; None where there is none."""
        kept = self._samples.get(key)
        return kept[-1].at if kept else None
