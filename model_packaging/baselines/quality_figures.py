"""Figures of a model's quality that are formulas of counts: of a confusion matrix, whoever counted it.

The baseline (`model_quality`) counts arrays; the local AWS's monitors count what endpoints captured, and need no array
library for it. What a baseline has a threshold for, a monitor measures: both take it from here.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-metrics.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

ProblemType = Literal["BinaryClassification", "MulticlassClassification", "Regression"]
"""`ProblemType` of `ModelQualityAppSpecification`."""

SECTIONS: Mapping[str, str] = {
    "BinaryClassification": "binary_classification",
    "MulticlassClassification": "multiclass_classification",
    "Regression": "regression",
}
"""By `ProblemType`, what its metrics and constraints are called in the documents."""

F_SCORES = (("f0_5", 0.5), ("f1", 1.0), ("f2", 2.0))
"""Name and beta."""


@dataclass(frozen=True)
class ClassCounts:
    """Rows of one of several classes."""

    actual: float
    """Of which it is true."""
    predicted: float
    """Of which it was predicted."""
    hits: float
    """Both."""


def binary_figures(*, rejections: float, false_alarms: float, misses: float, hits: float) -> dict[str, float]:
    """Of a classification into two."""
    precision, recall = ratio(hits, hits + false_alarms), ratio(hits, hits + misses)
    return {
        "recall": recall,
        "precision": precision,
        "accuracy": ratio(hits + rejections, hits + rejections + misses + false_alarms),
        "true_positive_rate": recall,
        "true_negative_rate": ratio(rejections, rejections + false_alarms),
        "false_positive_rate": ratio(false_alarms, rejections + false_alarms),
        "false_negative_rate": ratio(misses, hits + misses),
        **{name: f_beta(precision, recall, beta) for name, beta in F_SCORES},
    }


def multiclass_figures(classes: Iterable[ClassCounts]) -> dict[str, float]:
    """Of a classification into several: each class's figures, weighted by its share of the truth."""
    counted = tuple(classes)
    rows = sum(one.actual for one in counted)
    weighted = dict.fromkeys(("recall", "precision", *(name for name, _ in F_SCORES)), 0.0)
    for one in counted:
        precision, recall, weight = ratio(one.hits, one.predicted), ratio(one.hits, one.actual), one.actual / rows
        weighted["recall"] += recall * weight
        weighted["precision"] += precision * weight
        for name, beta in F_SCORES:
            weighted[name] += f_beta(precision, recall, beta) * weight
    accuracy = sum(one.hits for one in counted) / rows
    return {"accuracy": accuracy, **{f"weighted_{name}": value for name, value in weighted.items()}}


def ratio(part: float, whole: float) -> float:
    """A share; 0 of nothing."""
    return float(part / whole) if whole else 0.0


def f_beta(precision: float, recall: float, beta: float) -> float:
    """The mean of the two that counts recall `beta` times as much."""
    return ratio((1 + beta**2) * precision * recall, beta**2 * precision + recall)
