"""The data-quality baseline of a release: what Model Monitor's own baseline job would write of the training data.

Two documents in SageMaker Model Monitor's schema: `statistics.json` (count, mean, spread, a histogram and a KLL
sketch a column) and `constraints.json` (type, completeness, sign or domain a column, and how strictly a monitor
compares). Columns come in the order in which the monitor meets them: it joins a captured event's output and input.

Sources:
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-interpreting-statistics.html
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-constraints.html
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

BUCKETS = 10
"""Model Monitor materializes a distribution in ten buckets."""

SKETCH_SIZE = 2048
SKETCH_SHAPE = 0.64
"""`k` and `c` of the KLL sketch, as the baseline job sets them."""

MAXIMUM_DOMAIN = 50
"""A text column with more distinct values than this is no category: its values are no constraint."""

Value = float | int | str | None
"""One cell; None where it is missing."""

Document = dict[str, Any]


class BaselineError(ValueError):
    """The data has no baseline: no columns, columns of different lengths, or mixed types in one."""


@dataclass(frozen=True)
class DataQualityBaseline:
    """Both documents, as plain JSON values."""

    statistics: Document
    constraints: Document

    @classmethod
    def of(cls, columns: Mapping[str, Sequence[Value]]) -> DataQualityBaseline:
        """The baseline of a table given by columns.

        Args:
            columns: Name to values, all of one length: numbers (`Integral`, `Fractional`) or text (`String`).

        Raises:
            BaselineError: saying which columns are wrong, all at once.
        """
        _check(columns)
        count = len(next(iter(columns.values())))
        features = {name: _Feature(name, tuple(values)) for name, values in columns.items()}
        return cls(
            statistics={
                "version": 0.0,
                "dataset": {"item_count": count},
                "features": [feature.statistics() for feature in features.values()],
            },
            constraints={
                "version": 0.0,
                "features": [feature.constraints() for feature in features.values()],
                "monitoring_config": monitoring_config(),
            },
        )

    def statistics_json(self) -> bytes:
        """`statistics.json`."""
        return _document(self.statistics)

    def constraints_json(self) -> bytes:
        """`constraints.json`."""
        return _document(self.constraints)


@dataclass(frozen=True)
class _Feature:
    name: str
    values: tuple[Value, ...]

    @property
    def numbers(self) -> list[float]:
        return [float(value) for value in self.values if isinstance(value, int | float)]

    @property
    def texts(self) -> list[str]:
        return [value for value in self.values if isinstance(value, str)]

    @property
    def inferred_type(self) -> str:
        present = [value for value in self.values if value is not None]
        if not present:
            return "Unknown"
        if any(isinstance(value, str) for value in present):
            return "String"
        return "Integral" if all(float(number).is_integer() for number in self.numbers) else "Fractional"

    def statistics(self) -> Document:
        missing = sum(value is None for value in self.values)
        common = {"num_present": len(self.values) - missing, "num_missing": missing}
        feature: Document = {"name": self.name, "inferred_type": self.inferred_type}
        match self.inferred_type:
            case "String":
                feature["string_statistics"] = _string_statistics(common, self.texts)
            case "Integral" | "Fractional":
                feature["numerical_statistics"] = _numerical_statistics(common, self.numbers)
            case _:
                feature["string_statistics"] = {"common": common, "distinct_count": 0.0}
        return feature

    def constraints(self) -> Document:
        present = sum(value is not None for value in self.values)
        feature: Document = {
            "name": self.name,
            "inferred_type": self.inferred_type,
            "completeness": present / len(self.values),
        }
        if self.inferred_type in {"Integral", "Fractional"}:
            feature["num_constraints"] = {"is_non_negative": min(self.numbers) >= 0}
        domain = sorted(set(self.texts))
        if self.inferred_type == "String" and len(domain) <= MAXIMUM_DOMAIN:
            feature["string_constraints"] = {"domains": domain}
        return feature


def _numerical_statistics(common: Mapping[str, int], numbers: list[float]) -> Document:
    total = math.fsum(numbers)
    mean = total / len(numbers)
    return {
        "common": dict(common),
        "mean": mean,
        "sum": total,
        "std_dev": math.sqrt(math.fsum((number - mean) ** 2 for number in numbers) / len(numbers)),
        "min": min(numbers),
        "max": max(numbers),
        "distribution": {
            "kll": {
                "buckets": _buckets(numbers),
                "sketch": {
                    "parameters": {"c": SKETCH_SHAPE, "k": float(SKETCH_SIZE)},
                    "data": _sketch(numbers),
                },
            }
        },
    }


def _string_statistics(common: Mapping[str, int], texts: list[str]) -> Document:
    counts = Counter(texts)
    return {
        "common": dict(common),
        "distinct_count": float(len(counts)),
        "distribution": {
            "categorical": {"buckets": [{"value": value, "count": counts[value]} for value in sorted(counts)]}
        },
    }


def _buckets(numbers: list[float]) -> list[Document]:
    low, high = min(numbers), max(numbers)
    width = (high - low) / BUCKETS
    counts = [0] * BUCKETS
    for number in numbers:
        counts[min(int((number - low) / width), BUCKETS - 1) if width > 0 else 0] += 1
    bounds = [low + index * width for index in range(BUCKETS)] + [high]
    return [
        {"lower_bound": bounds[index], "upper_bound": bounds[index + 1], "count": float(count)}
        for index, count in enumerate(counts)
    ]


def _sketch(numbers: list[float]) -> list[list[float]]:
    """The sketch's levels: a value on level n stands for 2ⁿ; up to its size a sketch holds every value.

    A full level is sorted and every other value moves up (first the even ones, then the odd, in turn, where
    KLL tosses a coin: the same data has the same baseline).
    """
    levels: list[list[float]] = [[]]
    odd = 0
    for number in numbers:
        levels[0].append(number)
        level = 0
        while len(levels[level]) > SKETCH_SIZE:
            if level + 1 == len(levels):
                levels.append([])
            ordered = sorted(levels[level])
            left_over = ordered[len(ordered) // 2 * 2 :]
            levels[level + 1].extend(ordered[odd : len(ordered) // 2 * 2 : 2])
            levels[level] = left_over
            odd, level = 1 - odd, level + 1
    return levels


def monitoring_config() -> Document:
    """The configuration that Model Monitor's baseline job suggests."""
    return {
        "evaluate_constraints": "Enabled",
        "emit_metrics": "Enabled",
        "datatype_check_threshold": 1.0,
        "domain_content_threshold": 1.0,
        "distribution_constraints": {
            "perform_comparison": "Enabled",
            "comparison_threshold": 0.1,
            "comparison_method": "Robust",
        },
    }


def _check(columns: Mapping[str, Sequence[Value]]) -> None:
    lengths = {len(values) for values in columns.values()}
    if not columns or 0 in lengths:
        raise BaselineError("a baseline needs at least one column and one row")
    if len(lengths) > 1:
        told = ", ".join(f"{name} {len(values)}" for name, values in columns.items())
        raise BaselineError(f"columns have different lengths: {told}")
    wrong = [name for name, values in columns.items() if _is_wrong(values)]
    if wrong:
        raise BaselineError(
            f"columns of mixed types or with numbers that are not finite: {', '.join(wrong)}; "
            "a column is numbers or text, with None where a value is missing"
        )


def _is_wrong(values: Sequence[Value]) -> bool:
    numbers = [value for value in values if isinstance(value, int | float)]
    has_text = any(isinstance(value, str) for value in values)
    return (has_text and bool(numbers)) or any(not math.isfinite(number) for number in numbers)


def _document(content: Document) -> bytes:
    return (json.dumps(content, ensure_ascii=False, allow_nan=False) + "\n").encode()
