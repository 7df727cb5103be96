"""The figures: scikit-learn's metrics over an `Outcome`, with their bootstrap intervals.

A metric that the answers or the rows do not allow (a ROC curve of one class) is `MetricUnavailableError`, which says
why.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import sklearn
from sklearn import metrics as sk

from model_packaging.gate.demands import Calibration, Confidence
from model_packaging.gate.metric_table import METRICS, NEEDS_SAID, Needs, metrics_of
from model_packaging.gate.outcome import Outcome
from model_packaging.gate.report import Interval

Array: TypeAlias = "np.ndarray[Any, Any]"

DRAWN_ROWS = 10_000_000
FEWEST_RESAMPLES = 20

_TWO_CLASSES = frozenset({"balanced_accuracy", "roc_auc", "average_precision"})
"""Not defined on rows of one class."""


class MetricUnavailableError(Exception):
    """The metric is not defined on these rows, or the answers have not what it needs."""


@dataclass(frozen=True)
class Bins:
    """How probabilities are put into bins."""

    count: int = 10
    strategy: Literal["uniform", "quantile"] = "uniform"

    @classmethod
    def of(cls, calibration: Calibration | None) -> Bins:
        """Those that the gate says, or ten even ones."""
        return cls() if calibration is None else cls(calibration.bins, calibration.strategy)


def figure(name: str, outcome: Outcome, bins: Bins) -> float:
    """One metric.

    Raises:
        MetricUnavailableError: it cannot be taken of these rows or answers.
    """
    _check_available(name, outcome)
    with sklearn.config_context(assume_finite=True, skip_parameter_validation=True):
        return float(_figure(name, outcome, bins))


def figures(outcome: Outcome, bins: Bins) -> tuple[dict[str, float], dict[str, str]]:
    """Every metric of the task, and for those that cannot be taken, why."""
    found: dict[str, float] = {}
    unavailable: dict[str, str] = {}
    for name in metrics_of(outcome.task):
        try:
            found[name] = figure(name, outcome, bins)
        except MetricUnavailableError as error:
            unavailable[name] = str(error)
    return found, unavailable


def interval(name: str, outcome: Outcome, bins: Bins, confidence: Confidence) -> Interval | None:
    """Where the metric lies when rows are drawn anew, with replacement, from a fixed seed (percentile bootstrap).

    None where it is not asked for, or where the metric is defined on no resample.
    """
    random = np.random.default_rng(confidence.seed)
    found: list[float] = []
    for _ in range(resamples_of(outcome.rows, confidence)):
        drawn = outcome.taken(random.integers(0, outcome.rows, outcome.rows))
        try:
            found.append(figure(name, drawn, bins))
        except MetricUnavailableError:
            continue
    if not found:
        return None
    tail = (1 - confidence.level) / 2
    low, high = np.quantile(found, [tail, 1 - tail])
    return Interval(low=float(low), high=float(high), level=confidence.level)


def resamples_of(rows: int, confidence: Confidence) -> int:
    """How often so many rows are drawn anew: of many rows, fewer draws tell as much."""
    return min(confidence.resamples, max(FEWEST_RESAMPLES, DRAWN_ROWS // rows))


def _check_available(name: str, outcome: Outcome) -> None:
    metric = METRICS[name]
    if outcome.task not in metric.tasks:
        raise MetricUnavailableError(f"it is no metric of a {outcome.task} task")
    if not _has(outcome, metric.needs):
        raise MetricUnavailableError(f"it needs {NEEDS_SAID[metric.needs]}, which the answers do not hold")
    if name in _TWO_CLASSES:
        there = np.unique(outcome.truth)
        if len(there) < 2:
            raise MetricUnavailableError("it is not defined on rows of one class")
        if outcome.task == "multiclass" and name != "balanced_accuracy" and len(there) < len(outcome.classes):
            raise MetricUnavailableError("it is not defined on rows that lack a class")
    if name == "r2" and (outcome.rows < 2 or np.ptp(outcome.truth) == 0):
        raise MetricUnavailableError("it is not defined on rows of one truth")
    if name == "mape" and (outcome.truth == 0).any():
        raise MetricUnavailableError("it is not defined on rows whose truth is 0")


def _has(outcome: Outcome, needs: Needs) -> bool:
    match needs:
        case "labels":
            return outcome.decided is not None
        case "scores":
            return outcome.scores is not None
        case "probabilities":
            return outcome.has_probabilities
        case "values":
            return outcome.values is not None
        case "interval":
            return outcome.lower is not None and outcome.upper is not None


def _there(array: Array | None) -> Array:
    if array is None:
        raise MetricUnavailableError("the answers do not hold what it needs")
    return array


def _figure(name: str, outcome: Outcome, bins: Bins) -> float:
    if name == "ece":
        return expected_calibration_error(*confidences(outcome), bins)
    if outcome.task == "regression":
        return _regression(name, outcome)
    if METRICS[name].needs == "labels":
        return _of_labels(name, outcome)
    return _of_binary_scores(name, outcome) if outcome.task == "binary" else _of_probabilities(name, outcome)


_REGRESSION: dict[str, Callable[[Array, Array], float]] = {
    "rmse": sk.root_mean_squared_error,
    "mae": sk.mean_absolute_error,
    "median_absolute_error": sk.median_absolute_error,
    "mape": sk.mean_absolute_percentage_error,
    "r2": sk.r2_score,
}


def _regression(name: str, outcome: Outcome) -> float:
    if name == "interval_coverage":
        lower, upper = _there(outcome.lower), _there(outcome.upper)
        return float(np.mean((lower <= outcome.truth) & (outcome.truth <= upper)))
    return _REGRESSION[name](outcome.truth, _there(outcome.values))


def _of_labels(name: str, outcome: Outcome) -> float:
    truth, decided = outcome.truth, _there(outcome.decided)
    if name == "accuracy":
        return float(np.mean(truth == decided))
    if name == "mcc":
        return float(sk.matthews_corrcoef(truth, decided))
    if name == "balanced_accuracy":
        return float(np.mean([np.mean(decided[truth == one] == one) for one in np.unique(truth)]))
    metric = {"precision": sk.precision_score, "recall": sk.recall_score, "f1": sk.f1_score}[name]
    if outcome.task == "binary":
        return float(metric(truth, decided, zero_division=0.0))
    return float(metric(truth, decided, average="macro", labels=np.unique(truth), zero_division=0.0))


def _of_binary_scores(name: str, outcome: Outcome) -> float:
    truth, scores = outcome.truth.astype(int), outcome.scores
    match name:
        case "roc_auc":
            return float(sk.roc_auc_score(truth, scores))
        case "average_precision":
            return float(sk.average_precision_score(truth, scores))
        case "log_loss":
            return float(sk.log_loss(truth, scores, labels=[0, 1]))
        case _:
            return float(sk.brier_score_loss(truth, scores, pos_label=1))


def _of_probabilities(name: str, outcome: Outcome) -> float:
    truth, scores = outcome.truth, _there(outcome.scores)
    labels = range(len(outcome.classes))
    match name:
        case "roc_auc":
            return float(sk.roc_auc_score(truth, scores, multi_class="ovr", labels=list(labels)))
        case "average_precision":
            columns = [sk.average_precision_score(truth == one, scores[:, one]) for one in labels]
            return float(np.mean(columns))
        case "log_loss":
            return float(sk.log_loss(truth, scores, labels=list(labels)))
        case _:
            # Half of the sum over the classes, so that it lies between 0 and 1 as the binary one does.
            return float(np.mean(((scores - np.eye(len(labels))[truth]) ** 2).sum(axis=1)) / 2)


def confidences(outcome: Outcome) -> tuple[Array, Array]:
    """Probabilities, and whether what they are of came true: the positive class, or the likeliest one."""
    scores = outcome.scores
    if scores is None:
        raise MetricUnavailableError("the answers hold no probabilities")
    if outcome.task == "binary":
        return scores, outcome.truth.astype(float)
    return scores.max(axis=1), (scores.argmax(axis=1) == outcome.truth).astype(float)


def binned(probability: Array, came_true: Array, bins: Bins) -> list[tuple[float, float, int]]:
    """Mean probability, share that came true, and rows of each bin that has any."""
    edges = np.linspace(0, 1, bins.count + 1)
    if bins.strategy == "quantile":
        edges = np.quantile(probability, edges)
    place = np.searchsorted(edges[1:-1], probability, side="right")
    return [
        (float(probability[place == one].mean()), float(came_true[place == one].mean()), int((place == one).sum()))
        for one in range(bins.count)
        if (place == one).any()
    ]


def expected_calibration_error(probability: Array, came_true: Array, bins: Bins) -> float:
    """How far probabilities are from shares, averaged over the rows (Guo et al. 2017, https://arxiv.org/abs/1706.04599)."""
    parts: Sequence[tuple[float, float, int]] = binned(probability, came_true, bins)
    return sum(abs(mean - share) * rows for mean, share, rows in parts) / len(probability)
