"""The metrics that a gate may name: for which task, what they can be at all, which way is better, what they need.

No numbers are computed here (`metrics` does), so that a gate is read and checked without numpy or scikit-learn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TaskKind = Literal["binary", "multiclass", "regression", "free_form"]

Comparison = Literal["at_least", "at_most"]
"""How a figure is compared with what is demanded of it."""

Needs = Literal["labels", "scores", "probabilities", "values", "interval"]

NEEDS_SAID: dict[Needs, str] = {
    "labels": "a label for each row",
    "scores": "a score or a probability for each row",
    "probabilities": "probabilities between 0 and 1 for each row",
    "values": "a number for each row",
    "interval": "a lower and an upper bound for each row",
}

_CLASSIFICATION: frozenset[TaskKind] = frozenset({"binary", "multiclass"})
_REGRESSION: frozenset[TaskKind] = frozenset({"regression"})


@dataclass(frozen=True)
class Metric:
    """One metric."""

    name: str
    said: str
    """What it is, in a line of the report."""
    tasks: frozenset[TaskKind]
    needs: Needs
    """What has to be in the model's answers."""
    greater_is_better: bool = True
    lowest: float | None = 0.0
    """What it is at least by its definition; None where nothing bounds it."""
    highest: float | None = 1.0
    """What it is at most by its definition; None where nothing bounds it."""

    @property
    def range_said(self) -> str:
        """`0 to 1`, `0 or more`, `1 or less`."""
        if self.lowest is not None and self.highest is not None:
            return f"{self.lowest:g} to {self.highest:g}"
        return f"{self.lowest:g} or more" if self.lowest is not None else f"{self.highest:g} or less"

    def can_be(self, value: float) -> bool:
        """Whether the metric can have that value at all."""
        return (self.lowest is None or value >= self.lowest) and (self.highest is None or value <= self.highest)

    def worse_by(self, value: float, than: float) -> float:
        """By how much `value` is worse than `than`; negative where it is better."""
        return than - value if self.greater_is_better else value - than

    @property
    def spread(self) -> float | None:
        """The widest difference two values can have; None where nothing bounds it."""
        return None if self.lowest is None or self.highest is None else self.highest - self.lowest


def _table(*metrics: Metric) -> dict[str, Metric]:
    return {one.name: one for one in metrics}


METRICS: dict[str, Metric] = _table(
    Metric("accuracy", "share of rows with the right label", _CLASSIFICATION, "labels"),
    Metric("balanced_accuracy", "recall, averaged over the classes", _CLASSIFICATION, "labels"),
    Metric("precision", "share of the rows named positive that are", _CLASSIFICATION, "labels"),
    Metric("recall", "share of the positive rows that are named so", _CLASSIFICATION, "labels"),
    Metric("f1", "harmonic mean of precision and recall", _CLASSIFICATION, "labels"),
    Metric("mcc", "Matthews correlation of labels and truth", _CLASSIFICATION, "labels", lowest=-1.0),
    Metric("roc_auc", "area under the ROC curve", _CLASSIFICATION, "scores"),
    Metric("average_precision", "area under the precision-recall curve", _CLASSIFICATION, "scores"),
    Metric(
        "log_loss", "cross-entropy of the probabilities", _CLASSIFICATION, "probabilities", greater_is_better=False,
        highest=None,
    ),
    Metric(
        "brier", "mean squared error of the probabilities", _CLASSIFICATION, "probabilities", greater_is_better=False
    ),
    Metric("ece", "expected calibration error", _CLASSIFICATION, "probabilities", greater_is_better=False),
    Metric("rmse", "root of the mean squared error", _REGRESSION, "values", greater_is_better=False, highest=None),
    Metric("mae", "mean absolute error", _REGRESSION, "values", greater_is_better=False, highest=None),
    Metric(
        "median_absolute_error", "median absolute error", _REGRESSION, "values", greater_is_better=False, highest=None
    ),
    Metric(
        "mape", "mean absolute error relative to the truth", _REGRESSION, "values", greater_is_better=False,
        highest=None,
    ),
    Metric("r2", "share of the variance that is explained", _REGRESSION, "values", lowest=None),
    Metric("interval_coverage", "share of rows whose truth lies between the bounds", _REGRESSION, "interval"),
)  # fmt: skip


def metrics_of(task: TaskKind) -> dict[str, Metric]:
    """Those that fit the task, in the order of the table."""
    return {name: metric for name, metric in METRICS.items() if task in metric.tasks}


@dataclass(frozen=True)
class FairnessMetric:
    """A figure that compares groups of rows."""

    name: str
    said: str
    tasks: frozenset[TaskKind]
    highest: float | None = 1.0
    is_ratio: bool = False
    """Whether 1 is best and a gate says `at_least`; otherwise it is a difference, 0 is best, and it says `at_most`."""


_BINARY: frozenset[TaskKind] = frozenset({"binary"})

FAIRNESS_METRICS: dict[str, FairnessMetric] = {
    one.name: one
    for one in (
        FairnessMetric("selection_rate_difference", "widest difference of the shares named positive", _BINARY),
        FairnessMetric("selection_rate_ratio", "lowest share named positive over the highest", _BINARY, is_ratio=True),
        FairnessMetric("equal_opportunity_difference", "widest difference of recall", _BINARY),
        FairnessMetric("predictive_parity_difference", "widest difference of precision", _BINARY),
        FairnessMetric("accuracy_difference", "widest difference of accuracy", _CLASSIFICATION),
        FairnessMetric("mae_difference", "widest difference of the mean absolute error", _REGRESSION, highest=None),
        FairnessMetric("mean_error_difference", "widest difference of the mean error", _REGRESSION, highest=None),
    )
}
