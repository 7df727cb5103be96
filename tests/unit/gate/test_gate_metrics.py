"""The figures are scikit-learn's; calibration and intervals are ours, and keep their rules."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_packaging.gate.answers import Prediction
from model_packaging.gate.errors import AnswerError
from model_packaging.gate.gate_spec import BinaryTask, MulticlassTask, RegressionTask
from model_packaging.gate.outcome import Outcome, classes_of, outcome_of
from model_packaging.gate.report import SliceFigures, worst_of

pytestmark = pytest.mark.slow  # scikit-learn takes a second to import

RANDOM = np.random.default_rng(11)
BINARY = BinaryTask(kind="binary")


def binary(truth: list[int], scores: list[float]) -> Outcome:
    labels = np.array([str(one) for one in truth], dtype=object)
    return outcome_of(BINARY, ("0", "1"), labels, [Prediction(score=one) for one in scores])


def test_binary_metrics_are_scikit_learns() -> None:
    from sklearn import metrics as sk

    from model_packaging.gate.metrics import Bins, figures

    truth = RANDOM.integers(0, 2, 200)
    scores = np.clip(truth * 0.3 + RANDOM.random(200) * 0.7, 0, 1)
    decided = scores >= 0.5
    found, unavailable = figures(binary(truth.tolist(), scores.tolist()), Bins())
    assert unavailable == {}
    assert {name: value for name, value in found.items() if name != "ece"} == pytest.approx(
        {
            "accuracy": sk.accuracy_score(truth, decided),
            "balanced_accuracy": sk.balanced_accuracy_score(truth, decided),
            "precision": sk.precision_score(truth, decided),
            "recall": sk.recall_score(truth, decided),
            "f1": sk.f1_score(truth, decided),
            "mcc": sk.matthews_corrcoef(truth, decided),
            "roc_auc": sk.roc_auc_score(truth, scores),
            "average_precision": sk.average_precision_score(truth, scores),
            "log_loss": sk.log_loss(truth, scores),
            "brier": sk.brier_score_loss(truth, scores),
        }
    )


def test_multiclass_metrics_are_scikit_learns() -> None:
    from sklearn import metrics as sk

    from model_packaging.gate.metrics import Bins, figures

    truth = RANDOM.integers(0, 3, 300)
    raw = RANDOM.random((300, 3)) + np.eye(3)[truth]
    scores = raw / raw.sum(axis=1, keepdims=True)
    decided = scores.argmax(axis=1)
    labels = np.array([("a", "b", "c")[one] for one in truth], dtype=object)
    predictions = [Prediction(probabilities=tuple(row)) for row in scores.tolist()]
    outcome = outcome_of(MulticlassTask(kind="multiclass"), ("a", "b", "c"), labels, predictions)
    found, unavailable = figures(outcome, Bins())
    assert unavailable == {}
    assert {name: value for name, value in found.items() if name not in {"ece", "brier"}} == pytest.approx(
        {
            "accuracy": sk.accuracy_score(truth, decided),
            "balanced_accuracy": sk.balanced_accuracy_score(truth, decided),
            "precision": sk.precision_score(truth, decided, average="macro"),
            "recall": sk.recall_score(truth, decided, average="macro"),
            "f1": sk.f1_score(truth, decided, average="macro"),
            "mcc": sk.matthews_corrcoef(truth, decided),
            "roc_auc": sk.roc_auc_score(truth, scores, multi_class="ovr"),
            "average_precision": sk.average_precision_score(np.eye(3)[truth], scores),
            "log_loss": sk.log_loss(truth, scores),
        }
    )


def test_regression_metrics_are_scikit_learns() -> None:
    from sklearn import metrics as sk

    from model_packaging.gate.metrics import Bins, figures

    truth = RANDOM.normal(10, 3, 100)
    values = truth + RANDOM.normal(0, 1, 100)
    predictions = [Prediction(number=one, lower=one - 1, upper=one + 1) for one in values.tolist()]
    found, unavailable = figures(outcome_of(RegressionTask(kind="regression"), (), truth, predictions), Bins())
    assert unavailable == {}
    assert found == pytest.approx(
        {
            "rmse": sk.root_mean_squared_error(truth, values),
            "mae": sk.mean_absolute_error(truth, values),
            "median_absolute_error": sk.median_absolute_error(truth, values),
            "mape": sk.mean_absolute_percentage_error(truth, values),
            "r2": sk.r2_score(truth, values),
            "interval_coverage": float(np.mean(np.abs(truth - values) <= 1)),
        }
    )


def test_calibration_is_the_mean_distance_of_probabilities_and_shares() -> None:
    from model_packaging.gate.metrics import Bins, binned, figure

    outcome = binary([0, 0, 1, 1], [0.1, 0.3, 0.6, 1.0])
    bins = binned(np.array([0.125, 0.375, 0.5, 1.0]), np.array([0.0, 0.0, 1.0, 1.0]), Bins(2))
    assert bins == [(0.25, 0.0, 2), (0.75, 1.0, 2)]
    assert figure("ece", outcome, Bins(2)) == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("outcome", "unavailable"),
    [
        (
            binary([1, 1], [0.4, 0.6]),
            dict.fromkeys(
                ("balanced_accuracy", "roc_auc", "average_precision"), "it is not defined on rows of one class"
            ),
        ),
        (
            outcome_of(BINARY, ("0", "1"), np.array(["0", "1"], dtype=object), [Prediction(label="0")] * 2),
            {
                "roc_auc": "it needs a score or a probability for each row, which the answers do not hold",
                "average_precision": "it needs a score or a probability for each row, which the answers do not hold",
            }
            | dict.fromkeys(
                ("log_loss", "brier", "ece"),
                "it needs probabilities between 0 and 1 for each row, which the answers do not hold",
            ),
        ),
        (
            binary([0, 1], [-2.0, 3.0]),
            dict.fromkeys(
                ("accuracy", "balanced_accuracy", "precision", "recall", "f1", "mcc"),
                "it needs a label for each row, which the answers do not hold",
            )
            | dict.fromkeys(
                ("log_loss", "brier", "ece"),
                "it needs probabilities between 0 and 1 for each row, which the answers do not hold",
            ),
        ),
    ],
)
def test_a_metric_that_cannot_be_taken_says_why(outcome: Outcome, unavailable: dict[str, str]) -> None:
    from model_packaging.gate.metrics import Bins, figures

    assert figures(outcome, Bins())[1] == unavailable


def test_an_interval_is_the_same_for_the_same_seed_and_holds_the_figure() -> None:
    from model_packaging.gate.demands import Confidence
    from model_packaging.gate.metrics import Bins, figure, interval

    truth = RANDOM.integers(0, 2, 300)
    outcome = binary(truth.tolist(), np.clip(truth * 0.5 + RANDOM.random(300) * 0.5, 0, 1).tolist())
    found = interval("accuracy", outcome, Bins(), Confidence())
    assert found == interval("accuracy", outcome, Bins(), Confidence())
    assert found is not None
    assert found.low <= figure("accuracy", outcome, Bins()) <= found.high
    assert interval("accuracy", outcome, Bins(), Confidence(resamples=0)) is None


@pytest.mark.parametrize(("rows", "resamples"), [(100, 200), (50_000, 200), (100_000, 100), (10_000_000, 20)])
def test_of_many_rows_fewer_are_drawn(rows: int, resamples: int) -> None:
    from model_packaging.gate.demands import Confidence
    from model_packaging.gate.metrics import resamples_of

    assert resamples_of(rows, Confidence()) == resamples
    assert resamples_of(rows, Confidence(resamples=0)) == 0


ROWS = st.lists(st.tuples(st.integers(0, 1), st.floats(0, 1), st.integers(0, 3)), min_size=2, max_size=60)


@given(ROWS)
def test_the_worst_slice_is_no_better_than_the_whole(rows: list[tuple[int, float, int]]) -> None:
    from model_packaging.gate.metrics import Bins, figure

    outcome = binary([one[0] for one in rows], [one[1] for one in rows])
    part = np.array([one[2] for one in rows])
    for metric, worse in (("accuracy", min), ("brier", max)):
        figures = [
            SliceFigures(
                name=str(one),
                rows=int((part == one).sum()),
                judged=True,
                metrics={metric: figure(metric, outcome.taken(np.flatnonzero(part == one)), Bins())},
            )
            for one in np.unique(part)
        ]
        worst, whole = worst_of(metric, figures).metrics[metric], figure(metric, outcome, Bins())
        assert worst == pytest.approx(worse(worst, whole))


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_gap_is_the_same_from_either_side(one: float, other: float) -> None:
    from model_packaging.gate.overfitting import gap

    assert gap(one, other) == gap(other, one) >= 0


@given(ROWS, st.integers(2, 20), st.sampled_from(["uniform", "quantile"]))
def test_a_calibration_error_is_a_share_and_every_row_is_in_one_bin(
    rows: list[tuple[int, float, int]], count: int, strategy: Any
) -> None:
    from model_packaging.gate.metrics import Bins, binned, confidences, expected_calibration_error

    probability, came_true = confidences(binary([one[0] for one in rows], [one[1] for one in rows]))
    bins = Bins(count, strategy)
    assert sum(part[2] for part in binned(probability, came_true, bins)) == len(rows)
    assert 0 <= expected_calibration_error(probability, came_true, bins) <= 1


@pytest.mark.parametrize(
    ("predictions", "decided", "scores"),
    [
        ([Prediction(number=0.0), Prediction(number=1.0)], [False, True], None),
        ([Prediction(number=0.2), Prediction(number=0.9)], [False, True], [0.2, 0.9]),
        ([Prediction(probabilities=(0.9, 0.1)), Prediction(probabilities=(0.3, 0.7))], [False, True], [0.1, 0.7]),
        ([Prediction(label="1", label_score=0.8), Prediction(label="0", label_score=0.6)], [True, False], [0.8, 0.4]),
        ([Prediction(label="1", score=0.4), Prediction(label="0", score=0.3)], [True, False], [0.4, 0.3]),
    ],
)
def test_what_is_answered_becomes_labels_and_scores(
    predictions: list[Prediction], decided: list[bool], scores: list[float] | None
) -> None:
    outcome = outcome_of(BINARY, ("0", "1"), np.array(["0", "1"], dtype=object), predictions)
    assert outcome.decided is not None
    assert outcome.decided.tolist() == decided
    assert (None if outcome.scores is None else outcome.scores.tolist()) == (
        None if scores is None else pytest.approx(scores)
    )


def test_a_threshold_in_the_gate_is_stronger_than_labels() -> None:
    task = BinaryTask(kind="binary", threshold=0.35)
    predictions = [Prediction(label="0", score=0.4), Prediction(label="0", score=0.3)]
    outcome = outcome_of(task, ("0", "1"), np.array(["0", "1"], dtype=object), predictions)
    assert outcome.decided is not None
    assert outcome.decided.tolist() == [True, False]


@pytest.mark.parametrize(
    ("predictions", "message"),
    [
        ([Prediction(score=0.5), Prediction(score=float("nan"))], "row 2: the score is nan"),
        ([Prediction(label="0"), Prediction(label="7")], "the answers name 1: '7', and the data's labels are '0', '1'"),
        (
            [Prediction(probabilities=(0.5, 2.0)), Prediction(probabilities=(0.5, 0.5))],
            "row 1: the probabilities [0.5, 2.0] do not sum to 1; say under `answer` what the numbers are",
        ),
        ([Prediction(probabilities=(0.2, 0.2, 0.6))] * 2, "3 probabilities a row for two classes"),
        ([Prediction(lower=1.0)] * 2, "the answers hold neither label nor score; say under `answer` where they are"),
    ],
)
def test_answers_that_cannot_be_judged_are_refused_by_row(predictions: list[Prediction], message: str) -> None:
    with pytest.raises(AnswerError) as refused:
        outcome_of(BINARY, ("0", "1"), np.array(["0", "1"], dtype=object), predictions)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("task", "labels", "classes"),
    [
        (BINARY, ["1", "0", "1"], ("0", "1")),
        (BinaryTask(kind="binary", positive="no"), ["yes", "no"], ("yes", "no")),
        (MulticlassTask(kind="multiclass"), ["10", "9", "1"], ("1", "9", "10")),
        (MulticlassTask(kind="multiclass", classes=("c", "a", "b")), ["a", "b"], ("c", "a", "b")),
    ],
)
def test_classes_are_ordered_as_scikit_learn_orders_them(
    task: Any, labels: list[str], classes: tuple[str, ...]
) -> None:
    assert classes_of(task, labels) == classes
