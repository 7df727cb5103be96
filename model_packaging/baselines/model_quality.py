"""The baseline of a model-quality monitor: how good the model was where the truth is known.

`statistics.json` holds each metric with its standard deviation over five random samples of 80 % of the rows, "NaN"
below 200 rows, and the confusion matrix by true, then predicted label; `constraints.json` holds each metric as the
threshold that a run may not fall below, or exceed. A baseline job suggests the metric itself; loosen it in the file.

`*_best_constant_classifier` are those of always answering the positive label, as in the guide's example (there 1 of 4
rows is positive, and precision and accuracy are 0.25). For several classes they are left out: in the guide's example
the constant is the rarer of two labels, and by which rule it was chosen is not told. They have no thresholds anyway.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-metrics.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from model_packaging.baselines.errors import PredictionsError
from model_packaging.baselines.labels import label_text
from model_packaging.baselines.quality_figures import (
    F_SCORES,
    SECTIONS,
    ClassCounts,
    ProblemType,
    binary_figures,
    f_beta,
    multiclass_figures,
    ratio,
)

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[tuple[int], np.dtype[Any]]

Document = dict[str, Any]
_WORSE_WHEN_LARGER = frozenset({"mae", "mse", "rmse", "false_positive_rate", "false_negative_rate"})
_SAMPLES, _SAMPLE_SHARE, _LEAST_ROWS = 5, 0.8, 200
_SEED = 0
_CURVE_POINTS = 101


@dataclass(frozen=True)
class ModelQualityBaseline:
    """Both documents, as plain JSON values."""

    statistics: Document
    constraints: Document

    def statistics_json(self) -> bytes:
        """`statistics.json`."""
        return _document(self.statistics)

    def constraints_json(self) -> bytes:
        """`constraints.json`."""
        return _document(self.constraints)


def model_quality_baseline(
    problem_type: ProblemType,
    actual: Sequence[Any],
    *,
    predicted: Sequence[Any] | None = None,
    probability: Sequence[float] | None = None,
    positive: str | float | None = None,
    threshold: float = 0.5,
) -> ModelQualityBaseline:
    """The baseline of predictions.

    Args:
        problem_type: Which metrics.
        actual: What was true, row by row: labels, or numbers for a regression.
        predicted: What the model answered; of a binary classification it may be left to `probability`.
        probability: Of the positive label, for a binary classification: gives the curves and the area under them.
        positive: The positive label of a binary classification; without it `1`.
        threshold: From which probability on the answer is the positive label.

    Raises:
        PredictionsError: the rows do not fit together.
    """
    import numpy as np

    columns = _Columns.of(problem_type, actual, predicted, probability, positive, threshold)
    measure = _MEASURES[problem_type]
    metrics = measure(columns)
    samples: list[dict[str, float]] = []
    if columns.rows >= _LEAST_ROWS:
        chance = np.random.default_rng(_SEED)
        size = int(columns.rows * _SAMPLE_SHARE)
        samples = [measure(columns.sample(chance.permutation(columns.rows)[:size])) for _ in range(_SAMPLES)]
    described: Document = {
        name: {"value": value, "standard_deviation": _spread([sample[name] for sample in samples])}
        for name, value in metrics.items()
    }
    section = SECTIONS[problem_type]
    constraints = {
        name: {
            "threshold": value,
            "comparison_operator": "GreaterThanThreshold" if name in _WORSE_WHEN_LARGER else "LessThanThreshold",
        }
        for name, value in metrics.items()
        if not name.endswith("_best_constant_classifier")
    }
    return ModelQualityBaseline(
        {
            "version": 0.0,
            "dataset": {"item_count": columns.rows},
            f"{section}_metrics": {**columns.confusion(problem_type), **described, **columns.curves()},
        },
        {"version": 0.0, f"{section}_constraints": constraints},
    )


@dataclass(frozen=True)
class _Columns:
    """Rows: labels as their codes (binary: 1 is the positive one), or numbers."""

    actual: Array
    predicted: Array
    probability: Array | None
    labels: tuple[str, ...]

    @classmethod
    def of(  # noqa: PLR0917 - what a caller may give, as it was given
        cls,
        problem_type: ProblemType,
        actual: Sequence[Any],
        predicted: Sequence[Any] | None,
        probability: Sequence[float] | None,
        positive: str | float | None,
        threshold: float,
    ) -> _Columns:
        import numpy as np

        scores = None if probability is None else _numbers(probability, "probability")
        for name, given in (("predicted", predicted), ("probability", probability)):
            if given is not None and len(given) != len(actual):
                raise PredictionsError(f"{name}: {len(given)} values for {len(actual)} rows; give one for each row")
        if len(actual) == 0:
            raise PredictionsError("there are no rows to measure a model on")
        if problem_type == "Regression":
            if predicted is None:
                raise PredictionsError("predicted: a regression is measured by the numbers that the model answered")
            return cls(_numbers(actual, "actual"), _numbers(predicted, "predicted"), None, ())
        truth = [label_text(one) for one in actual]
        if problem_type == "BinaryClassification":
            wanted = label_text(1 if positive is None else positive)
            answers = _answers(predicted, scores, threshold, wanted)
            if wanted not in truth:
                labels = ", ".join(sorted(set(truth))[:5])
                raise PredictionsError(f"positive: no row's true label is {wanted!r}; true labels: {labels}")
            return cls(_codes(truth, wanted), answers, scores, ("0", "1"))
        if predicted is None:
            raise PredictionsError("predicted: several classes are measured by the labels that the model answered")
        said = [label_text(one) for one in predicted]
        known = tuple(sorted({*truth, *said}))
        code = {label: index for index, label in enumerate(known)}
        return cls(np.array([code[one] for one in truth]), np.array([code[one] for one in said]), None, known)

    @property
    def rows(self) -> int:
        return len(self.actual)

    def sample(self, rows: Array) -> _Columns:
        probability = None if self.probability is None else self.probability[rows]
        return _Columns(self.actual[rows], self.predicted[rows], probability, self.labels)

    def counts(self) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
        """Rows by true label, then predicted one."""
        import numpy as np

        size = len(self.labels)
        return np.bincount(self.actual * size + self.predicted, minlength=size * size).reshape(size, size)

    def confusion(self, problem_type: ProblemType) -> Document:
        if problem_type == "Regression":
            return {}
        return {
            "confusion_matrix": {
                label: dict(zip(self.labels, row.tolist(), strict=True))
                for label, row in zip(self.labels, self.counts(), strict=True)
            }
        }

    def curves(self) -> Document:
        """ROC and precision by recall, thinned evenly; nothing without probabilities, or with one true label only."""
        import numpy as np

        if self.probability is None or len(set(self.actual.tolist())) < 2:
            return {}
        order = np.argsort(-self.probability, kind="stable")
        scores, truth = self.probability[order], self.actual[order]
        ends = np.flatnonzero(np.append(np.diff(scores) != 0, True))  # a score's rows are answered alike
        hits, alarms = np.cumsum(truth)[ends], np.cumsum(1 - truth)[ends]
        chosen = np.unique(np.linspace(0, len(ends) - 1, min(_CURVE_POINTS, len(ends))).astype(int))
        recalls, falls = (hits / hits[-1])[chosen].tolist(), (alarms / alarms[-1])[chosen].tolist()
        precisions = (hits / (hits + alarms))[chosen].tolist()
        return {
            "receiver_operating_characteristic_curve": {
                "false_positive_rates": [0.0, *falls],
                "true_positive_rates": [0.0, *recalls],
            },
            "precision_recall_curve": {"precisions": [1.0, *precisions], "recalls": [0.0, *recalls]},
        }


def _answers(predicted: Sequence[Any] | None, scores: Array | None, threshold: float, positive: str) -> Array:
    import numpy as np

    if predicted is not None:
        return _codes([label_text(one) for one in predicted], positive)
    if scores is None:
        raise PredictionsError("predicted: give what the model answered, or its probability of the positive label")
    answers: Array = (scores >= threshold).astype(np.int64)
    return answers


def _binary(columns: _Columns) -> dict[str, float]:
    (rejections, false_alarms), (misses, hits) = columns.counts().tolist()
    metrics = binary_figures(rejections=rejections, false_alarms=false_alarms, misses=misses, hits=hits)
    if columns.probability is not None:
        metrics["auc"] = _auc(columns.probability, columns.actual)
    share = ratio(hits + misses, columns.rows)  # of always answering the positive label: its precision and accuracy
    recall = 1.0 if share > 0 else 0.0
    constant = {"recall": recall, "precision": share, "accuracy": share}
    constant |= {name: f_beta(share, recall, beta) for name, beta in F_SCORES}
    return metrics | {f"{name}_best_constant_classifier": value for name, value in constant.items()}


def _multiclass(columns: _Columns) -> dict[str, float]:
    counts = columns.counts()
    table = (counts.sum(axis=1).tolist(), counts.sum(axis=0).tolist(), counts.diagonal().tolist())
    return multiclass_figures(ClassCounts(*one) for one in zip(*table, strict=True))


def _regression(columns: _Columns) -> dict[str, float]:
    import numpy as np

    errors = columns.predicted - columns.actual
    squared = float(np.mean(errors**2))
    spread = float(np.mean((columns.actual - columns.actual.mean()) ** 2))
    return {
        "mae": float(np.mean(np.abs(errors))),
        "mse": squared,
        "rmse": float(np.sqrt(squared)),
        "r2": 1.0 - squared / spread if spread > 0 else 0.0,
    }


_MEASURES: Mapping[ProblemType, Callable[[_Columns], dict[str, float]]] = {
    "BinaryClassification": _binary,
    "MulticlassClassification": _multiclass,
    "Regression": _regression,
}


def _auc(scores: Array, actual: Array) -> float:
    """The share of pairs of a positive and a negative row that the scores put in order; ties count half."""
    import numpy as np

    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    positives = int(actual.sum())
    pairs = positives * (len(actual) - positives)
    return ratio(float(ranks[actual == 1].sum()) - positives * (positives + 1) / 2, pairs)


def _spread(values: Sequence[float]) -> float | str:
    """The standard deviation of a metric's samples; "NaN", as AWS writes it, where there are none."""
    import numpy as np

    return float(np.std(values)) if values else "NaN"


def _codes(labels: Sequence[str], positive: str) -> Array:
    import numpy as np

    return np.array([label == positive for label in labels], dtype=np.int64)


def _numbers(values: Sequence[Any], name: str) -> Array:
    import numpy as np

    try:
        numbers = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise PredictionsError(f"{name}: not all are numbers: {error}") from error
    wrong = np.flatnonzero(~np.isfinite(numbers))
    if len(wrong) > 0:
        rows = ", ".join(str(row + 1) for row in wrong[:5].tolist())
        raise PredictionsError(f"{name}: {len(wrong)} missing or not finite, first in row {rows}")
    return numbers


def _document(content: Document) -> bytes:
    return (json.dumps(content, ensure_ascii=False, allow_nan=False) + "\n").encode()
