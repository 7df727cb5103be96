"""A data-quality run: the statistics of what was captured, and where they break the baseline's constraints.

The checks and their thresholds are Model Monitor's; the distance of two distributions is the one of the library that
its container is built on (awslabs/deequ, `analyzers/Distance.scala`): the largest difference of the two cumulative
distributions, of which the robust form takes away what so few samples differ by chance.

Sources: https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-interpreting-violations.html and
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-constraints.html
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from greenroom.sandbox.cloud.monitoring.captured_rows import Cell

Document = Mapping[str, Any]
Columns = Mapping[str, Sequence[Cell]]

_ROBUST_FACTOR: Final = 1.8
"""The two-sample Kolmogorov-Smirnov test's coefficient at a significance of 0.003, as deequ rounds it."""


@dataclass(frozen=True)
class Violation:
    """One entry of `constraint_violations.json`."""

    feature_name: str
    constraint_check_type: str
    description: str

    def document(self) -> dict[str, str]:
        """As it stands in the file."""
        return {
            "feature_name": self.feature_name,
            "constraint_check_type": self.constraint_check_type,
            "description": self.description,
        }


@dataclass(frozen=True)
class Comparison:
    """What a run found: its violations, and each feature's distance from the baseline, from 0 to 1."""

    violations: tuple[Violation, ...]
    distances: Mapping[str, float]


@dataclass(frozen=True)
class Thresholds:
    """`monitoring_config` of the constraints, with the defaults that the container suggests."""

    is_evaluated: bool
    emits_metrics: bool
    datatype_match: float
    domain_match: float
    compares_distributions: bool
    distance: float
    is_robust: bool

    @classmethod
    def of(cls, constraints: Document) -> Thresholds:
        """Those of a constraints document."""
        config: Document = constraints.get("monitoring_config") or {}
        distributions: Document = config.get("distribution_constraints") or {}
        return cls(
            is_evaluated=config.get("evaluate_constraints", "Enabled") == "Enabled",
            emits_metrics=config.get("emit_metrics", "Enabled") == "Enabled",
            datatype_match=float(config.get("datatype_check_threshold", 1.0)),
            domain_match=float(config.get("domain_content_threshold", 1.0)),
            compares_distributions=distributions.get("perform_comparison", "Enabled") == "Enabled",
            distance=float(distributions.get("comparison_threshold", 0.1)),
            is_robust=distributions.get("comparison_method", "Robust") == "Robust",
        )


def compare(columns: Columns, statistics: Document | None, constraints: Document | None) -> Comparison:
    """What the captured columns break.

    Args:
        columns: The captured data.
        statistics: The baseline's `statistics.json`; without it no drift is computed.
        constraints: Its `constraints.json`; without it nothing can be broken.
    """
    constraints = constraints or {}
    thresholds = Thresholds.of(constraints)
    baselines = {one["name"]: one for one in (statistics or {}).get("features", ())}
    distances = {
        name: found
        for name, cells in columns.items()
        if name in baselines and (found := distance(baselines[name], cells, is_robust=thresholds.is_robust)) is not None
    }
    if not thresholds.is_evaluated or not constraints:
        return Comparison((), distances)
    expected = {one["name"]: one for one in constraints.get("features", ())}
    violations = [*_column_violations(columns, expected)]
    for name, cells in columns.items():
        if name in expected:
            violations += _feature_violations(expected[name], cells, thresholds)
        if thresholds.compares_distributions and distances.get(name, 0.0) > thresholds.distance:
            violations.append(_drift(name, distances[name], thresholds.distance))
    return Comparison(tuple(violations), distances)


def _column_violations(columns: Columns, expected: Mapping[str, Any]) -> Iterator[Violation]:
    if len(columns) == len(expected):
        return
    word = "missing" if len(columns) < len(expected) else "extra"
    yield Violation(
        f"{word.capitalize()} columns",  # a guess: the guide's samples name features only
        f"{word}_column_check",
        f"There are {word} columns in current dataset. Number of columns in current dataset: {len(columns)}, Number of "
        f"columns in baseline constraints: {len(expected)}",
    )


def _feature_violations(expected: Document, cells: Sequence[Cell], thresholds: Thresholds) -> Iterator[Violation]:
    name = expected["name"]
    present = [cell for cell in cells if cell is not None]
    completeness = len(present) / len(cells)
    wanted = float(expected.get("completeness", 0.0))
    if completeness < wanted:
        yield Violation(
            name,
            "completeness_check",
            f"Value: {completeness} does not meet the constraint requirement! Expected completeness: {wanted}",
        )
    kind = expected.get("inferred_type", "Unknown")
    matching = _share(is_of_type(cell, kind) for cell in present)
    if kind != "Unknown" and matching < thresholds.datatype_match:
        yield Violation(
            name,
            "data_type_check",
            f"Data type match requirement is not met. Expected data type: {kind}, Expected match: "
            f"{thresholds.datatype_match:.1%}. Observed: Only {matching * 100}% of data is {kind}.",
        )
    domain = (expected.get("string_constraints") or {}).get("domains")
    known = _share(str(cell) in (domain or ()) for cell in present)
    if domain and known < thresholds.domain_match:
        yield Violation(
            name,
            "categorical_values_check",
            "Value domain requirement is not met. Expected match: "
            f"{thresholds.domain_match:.1%}. Observed: Only {known * 100}% of values are in the domain.",
        )


def _drift(name: str, found: float, threshold: float) -> Violation:
    description = f"Baseline drift distance: {found} exceeds threshold: {threshold}"
    return Violation(name, "baseline_drift_check", description)


def _share(answers: Iterator[bool]) -> float:
    found = list(answers)
    return sum(found) / len(found) if found else 1.0


def is_of_type(cell: Cell, kind: str) -> bool:
    """Whether a present cell is of a baseline's type: a whole number is fractional too, and anything is a text."""
    if kind == "String":
        return True
    if isinstance(cell, str) or cell is None:
        return False
    return kind == "Fractional" or float(cell).is_integer()


def distance(baseline: Document, cells: Sequence[Cell], *, is_robust: bool) -> float | None:
    """How far the captured values are from a feature's baseline: 0 to 1; None where there is nothing to compare."""
    before: list[tuple[Any, float]]
    now: list[tuple[Any, float]]
    if "numerical_statistics" in baseline:
        before = _sketched(baseline["numerical_statistics"])
        now = [(float(cell), 1.0) for cell in cells if isinstance(cell, int | float)]
        difference = _largest_difference(before, now)
    else:
        before = _categories(baseline)
        now = [(value, float(count)) for value, count in Counter(str(one) for one in cells if one is not None).items()]
        difference = _largest_share_difference(before, now)
    if not before or not now:
        return None
    samples, captured = (sum(weight for _, weight in side) for side in (before, now))
    if is_robust:
        difference -= _ROBUST_FACTOR * math.sqrt((samples + captured) / (samples * captured))
    return max(difference, 0.0)


def _sketched(statistics: Document) -> list[tuple[Any, float]]:
    """The samples of a KLL sketch: one on level n stands for 2ⁿ values."""
    levels = statistics["distribution"]["kll"]["sketch"]["data"]
    return [(float(value), float(2**level)) for level, values in enumerate(levels) for value in values]


def _categories(baseline: Document) -> list[tuple[Any, float]]:
    buckets = ((baseline.get("string_statistics") or {}).get("distribution") or {}).get("categorical", {})
    return [(str(one["value"]), float(one["count"])) for one in buckets.get("buckets", ())]


def _largest_difference(before: list[tuple[Any, float]], now: list[tuple[Any, float]]) -> float:
    """L∞ of the two cumulative distributions."""
    if not before or not now:
        return 0.0
    first, second = _Cumulative(before), _Cumulative(now)
    return max(abs(first.at(value) - second.at(value)) for value in {*first.values, *second.values})


class _Cumulative:
    def __init__(self, samples: list[tuple[Any, float]]) -> None:
        ordered = sorted(samples)
        self.values = [value for value, _ in ordered]
        total = sum(weight for _, weight in ordered)
        running = 0.0
        self._shares = [0.0]
        for _, weight in ordered:
            running += weight
            self._shares.append(running / total)

    def at(self, value: float) -> float:
        return self._shares[bisect_right(self.values, value)]


def _largest_share_difference(before: list[tuple[Any, float]], now: list[tuple[Any, float]]) -> float:
    """L∞ of the two shares of each category."""
    shares = [{value: weight / sum(one for _, one in side) for value, weight in side} for side in (before, now)]
    names = {*shares[0], *shares[1]}
    return max((abs(shares[0].get(name, 0.0) - shares[1].get(name, 0.0)) for name in names), default=0.0)
