"""`Outcome`: the truth of some rows beside what the served model said of them, in the numbers that metrics take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from model_packaging.gate.answers import Prediction
from model_packaging.gate.data_sets import ordered_labels
from model_packaging.gate.errors import AnswerError
from model_packaging.gate.gate_spec import BinaryTask, MulticlassTask, RegressionTask, Task
from model_packaging.gate.metric_table import TaskKind

Array: TypeAlias = "np.ndarray[Any, Any]"

SUM_TOLERANCE = 1e-2
"""By how much a row's probabilities may miss 1: models round them."""

DEFAULT_THRESHOLD = 0.5


@dataclass(frozen=True)
class Outcome:
    """Truth and answers, a row each."""

    task: TaskKind
    truth: Array
    """Binary: whether it is positive; multiclass: the class's place; regression: the number."""
    classes: tuple[str, ...] = ()
    """Binary: the negative and the positive label; multiclass: all labels."""
    decided: Array | None = None
    """As `truth`, as the model says it; a label that the data has not is -1."""
    scores: Array | None = None
    """Binary: of the positive class; multiclass: probabilities, a column a class."""
    values: Array | None = None
    """Regression's answers."""
    lower: Array | None = None
    upper: Array | None = None

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.truth)

    @property
    def has_probabilities(self) -> bool:
        """Whether the scores are probabilities."""
        return self.scores is not None and _are_probabilities(self.scores)

    def taken(self, indices: Array) -> Outcome:
        """These rows of it."""

        def rows(array: Array | None) -> Array | None:
            return None if array is None else array[indices]

        return Outcome(
            self.task,
            self.truth[indices],
            self.classes,
            rows(self.decided),
            rows(self.scores),
            rows(self.values),
            rows(self.lower),
            rows(self.upper),
        )


def _are_probabilities(scores: Array) -> bool:
    return bool(((scores >= 0) & (scores <= 1)).all())


def classes_of(task: Task, labels: Sequence[str]) -> tuple[str, ...]:
    """The classes of a classification, the positive one last where there are two.

    Raises:
        ValueError: the labels do not fit the task; says how.
    """
    found = ordered_labels(labels)
    match task:
        case BinaryTask(positive=None):
            if len(found) != 2:
                raise ValueError(f"a binary task has two labels, and the data has {_told(found)}")
            return found
        case BinaryTask(positive=str(positive)):
            others = tuple(one for one in found if one != positive)
            if positive not in found or len(others) != 1:
                raise ValueError(f"a binary task has {positive!r} and one other label, and the data has {_told(found)}")
            return (*others, positive)
        case MulticlassTask(classes=None):
            return found
        case MulticlassTask(classes=tuple(classes)):
            unknown = [one for one in found if one not in classes]
            if unknown:
                raise ValueError(f"the data has labels that are not among the classes: {_told(unknown)}")
            return classes
        case _:
            return ()


def _told(labels: Sequence[str]) -> str:
    shown = ", ".join(map(repr, labels[:10]))
    return f"{len(labels)}: {shown}" + (", …" if len(labels) > 10 else "")


def outcome_of(task: Task, classes: tuple[str, ...], labels: Array, predictions: Sequence[Prediction]) -> Outcome:
    """Truth and predictions of the same rows.

    Raises:
        AnswerError: an answer has not what the task is judged by, is NaN, or names a label that is none.
    """
    match task:
        case RegressionTask():
            return _regression(labels, predictions)
        case BinaryTask(threshold=threshold):
            return _binary(classes, labels, predictions, threshold)
        case _:
            return _multiclass(classes, labels, predictions)


def _regression(truth: Array, predictions: Sequence[Prediction]) -> Outcome:
    numbers = [_number_of(one) for one in predictions]
    values = _finite("prediction", numbers)
    lower = _finite("lower bound", [one.lower for one in predictions])
    upper = _finite("upper bound", [one.upper for one in predictions])
    if values is None and lower is None:
        raise AnswerError("the answers hold no number; say under `answer` where it is: `value: /…`")
    return Outcome("regression", truth, values=values, lower=lower, upper=upper)


def _number_of(one: Prediction) -> float | None:
    return one.score if one.number is None else one.number


def _binary(
    classes: tuple[str, ...], labels: Array, predictions: Sequence[Prediction], threshold: float | None
) -> Outcome:
    negative, positive = classes
    truth = labels == positive
    named = _named(predictions, classes)
    scores = _finite("score", [_positive_score(one, positive, classes) for one in predictions])
    if scores is None and named is None:
        scores = _finite("score", [one.number for one in predictions])
    if scores is None and named is None:
        raise AnswerError("the answers hold neither label nor score; say under `answer` where they are")
    decided = None if named is None else named == positive
    if scores is not None and _are_probabilities(scores) and (decided is None or threshold is not None):
        decided = scores >= (DEFAULT_THRESHOLD if threshold is None else threshold)
    return Outcome("binary", truth, (negative, positive), decided, scores)


def _named(predictions: Sequence[Prediction], classes: tuple[str, ...]) -> Array | None:
    """The labels in the answers; numbers are labels where every one is."""
    named = [one.label for one in predictions]
    if all(one is None for one in named):
        named = [None if one.number is None else _as_label(one.number) for one in predictions]
        if not all(one in classes for one in named):
            return None
    unknown = sorted({one for one in named if one is not None and one not in classes})
    if unknown:
        raise AnswerError(
            f"the answers name {_told(unknown)}, and the data's labels are {', '.join(map(repr, classes))}"
        )
    if any(one is None for one in named):
        raise AnswerError(f"row {named.index(None) + 1}: the answer has no label, and others have")
    return np.array(named, dtype=object)


def _as_label(number: float) -> str:
    return str(int(number)) if float(number).is_integer() else str(number)


def _positive_score(one: Prediction, positive: str, classes: tuple[str, ...]) -> float | None:
    if one.score is not None:
        return one.score
    if isinstance(one.probabilities, dict):
        if positive not in one.probabilities:
            raise AnswerError(f"the probabilities are of {_told(list(one.probabilities))}, not of {positive!r}")
        return one.probabilities[positive]
    if one.probabilities is not None:
        if len(one.probabilities) != 2:
            raise AnswerError(f"{len(one.probabilities)} probabilities a row for two classes")
        _check_sums(np.array([one.probabilities]))
        return one.probabilities[ordered_labels(classes).index(positive)]
    if one.label_score is not None and one.label is not None:
        return one.label_score if one.label == positive else 1 - one.label_score
    return None


def _multiclass(classes: tuple[str, ...], labels: Array, predictions: Sequence[Prediction]) -> Outcome:
    place = {label: index for index, label in enumerate(classes)}
    truth = np.array([place[label] for label in labels])
    scores = _class_probabilities(classes, predictions)
    named = [one.label if one.label is not None or one.number is None else _as_label(one.number) for one in predictions]
    if all(one is not None for one in named):
        decided: Array | None = np.array([place.get(one, -1) for one in named if one is not None])
    else:
        decided = None if scores is None else scores.argmax(axis=1)
    if decided is None:
        raise AnswerError("the answers hold neither labels nor probabilities; say under `answer` where they are")
    return Outcome("multiclass", truth, classes, decided, scores)


def _class_probabilities(classes: tuple[str, ...], predictions: Sequence[Prediction]) -> Array | None:
    rows = [one.probabilities for one in predictions]
    if any(one is None for one in rows):
        return None
    ordered = [[one.get(label, 0.0) for label in classes] if isinstance(one, dict) else list(one or ()) for one in rows]
    wrong = next((number for number, one in enumerate(ordered, 1) if len(one) != len(classes)), None)
    if wrong is not None:
        raise AnswerError(f"row {wrong}: {len(ordered[wrong - 1])} probabilities for {len(classes)} classes")
    array = np.array(ordered, dtype=np.float64)
    _check_finite("probabilities", array.sum(axis=1))
    _check_sums(array)
    shares: Array = array / array.sum(axis=1, keepdims=True)
    return shares


def _check_sums(probabilities: Array) -> None:
    sums = probabilities.sum(axis=1)
    bad = np.flatnonzero((np.abs(sums - 1) > SUM_TOLERANCE) | (probabilities < -SUM_TOLERANCE).any(axis=1))
    if bad.size and np.isfinite(sums).all():
        raise AnswerError(
            f"row {bad[0] + 1}: the probabilities {probabilities[bad[0]].tolist()} do not sum to 1; "
            "say under `answer` what the numbers are"
        )


def _finite(said: str, numbers: Sequence[float | None]) -> Array | None:
    if all(one is None for one in numbers):
        return None
    array = np.array([np.nan if one is None else one for one in numbers], dtype=np.float64)
    _check_finite(said, array)
    return array


def _check_finite(said: str, array: Array) -> None:
    bad = np.flatnonzero(~np.isfinite(array)) + 1
    if bad.size:
        more = f" and {bad.size - 1} more" if bad.size > 1 else ""
        raise AnswerError(f"row {bad[0]}{more}: the {said} is {array[bad[0] - 1]}")
