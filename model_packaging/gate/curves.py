"""What the page draws, taken of an outcome: thinned to what a plot shows, rounded to what an eye sees."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from sklearn import metrics as sk

from model_packaging.gate.metrics import Bins, binned, confidences
from model_packaging.gate.outcome import Outcome
from model_packaging.gate.report import CalibrationBin, Confusion, Curve, Histogram, Plots

Array: TypeAlias = "np.ndarray[Any, Any]"

CURVE_POINTS = 200
SHOWN_ROWS = 500
SCORE_BINS = 20
RESIDUAL_BINS = 30
SHOWN_CLASSES = 12
"""More classes than this make no plot that a person reads: the most frequent are shown."""
DIGITS = 5
OTHER = "(other)"


def plots_of(outcome: Outcome, bins: Bins) -> Plots:
    """Everything that can be drawn of it, but for the noise."""
    if outcome.task == "regression":
        return _regression(outcome)
    has_probabilities = outcome.has_probabilities
    curves = _score_curves(outcome)
    return Plots(
        roc={name: one[0] for name, one in curves.items()},
        precision_recall={name: one[1] for name, one in curves.items()},
        calibration=_calibration(outcome, bins) if has_probabilities else (),
        confusion=_confusion(outcome),
        scores=_score_histograms(outcome) if has_probabilities else {},
    )


def _shown_classes(outcome: Outcome) -> list[int]:
    counts = np.bincount(outcome.truth.astype(int), minlength=len(outcome.classes))
    most = np.argsort(-counts, kind="stable")[:SHOWN_CLASSES]
    return sorted(int(one) for one in most)


def _score_curves(outcome: Outcome) -> dict[str, tuple[Curve, Curve]]:
    if outcome.scores is None:
        return {}
    if outcome.task == "binary":
        truths = {outcome.classes[1]: (outcome.truth, outcome.scores)}
    else:
        truths = {
            outcome.classes[one]: (outcome.truth == one, outcome.scores[:, one]) for one in _shown_classes(outcome)
        }
    found: dict[str, tuple[Curve, Curve]] = {}
    for name, (truth, scores) in truths.items():
        if truth.any() and not truth.all():
            false_positives, recall, _ = sk.roc_curve(truth, scores)
            precision, found_share, _ = sk.precision_recall_curve(truth, scores)
            found[name] = (_curve(false_positives, recall), _curve(found_share[::-1], precision[::-1]))
    return found


def _curve(x: Array, y: Array) -> Curve:
    if len(x) > CURVE_POINTS:
        places = np.unique(np.linspace(0, len(x) - 1, CURVE_POINTS).round().astype(int))
        x, y = x[places], y[places]
    return Curve(x=_rounded(x), y=_rounded(y))


def _rounded(values: Array) -> tuple[float, ...]:
    return tuple(float(f"{one:.{DIGITS}g}") for one in np.asarray(values, dtype=np.float64).tolist())


def _calibration(outcome: Outcome, bins: Bins) -> tuple[CalibrationBin, ...]:
    return tuple(
        CalibrationBin(mean_probability=round(mean, DIGITS), positive_share=round(share, DIGITS), rows=rows)
        for mean, share, rows in binned(*confidences(outcome), bins)
    )


def _confusion(outcome: Outcome) -> Confusion | None:
    if outcome.decided is None:
        return None
    truth, decided = outcome.truth.astype(int), outcome.decided.astype(int)
    shown = _shown_classes(outcome)
    has_other = len(shown) < len(outcome.classes) or bool((decided < 0).any())
    place = np.full(len(outcome.classes) + 1, len(shown))  # the last is for a label that is none, -1
    place[shown] = np.arange(len(shown))
    size = len(shown) + has_other
    counts = np.zeros((size, size), dtype=int)
    np.add.at(counts, (place[truth], place[decided]), 1)
    labels = (*(outcome.classes[one] for one in shown), *((OTHER,) if has_other else ()))
    return Confusion(labels=labels, counts=tuple(tuple(int(one) for one in row) for row in counts))


def _score_histograms(outcome: Outcome) -> dict[str, Histogram]:
    edges = np.linspace(0, 1, SCORE_BINS + 1)
    if outcome.task == "binary" and outcome.scores is not None:
        groups = {outcome.classes[one]: outcome.scores[outcome.truth == bool(one)] for one in (0, 1)}
    else:
        probability, came_true = confidences(outcome)
        groups = {"right": probability[came_true == 1], "wrong": probability[came_true == 0]}
    return {name: _histogram(values, edges) for name, values in groups.items()}


def _histogram(values: Array, edges: Array) -> Histogram:
    counts, _ = np.histogram(values, bins=edges)
    return Histogram(edges=_rounded(edges), counts=tuple(int(one) for one in counts))


def _regression(outcome: Outcome) -> Plots:
    if outcome.values is None:
        return Plots()
    errors = outcome.values - outcome.truth
    order = np.argsort(outcome.truth, kind="stable")
    shown = order[np.unique(np.linspace(0, outcome.rows - 1, min(SHOWN_ROWS, outcome.rows)).round().astype(int))]
    shares = np.linspace(0, 1, 101)
    low, high = float(errors.min()), float(errors.max())
    edges = np.linspace(low, high if high > low else low + 1, RESIDUAL_BINS + 1)
    return Plots(
        predicted_and_actual=Curve(x=_rounded(outcome.truth[shown]), y=_rounded(outcome.values[shown])),
        error_quantiles=Curve(x=_rounded(shares), y=_rounded(np.quantile(np.abs(errors), shares))),
        residuals=_histogram(errors, edges),
    )
