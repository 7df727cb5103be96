"""Model quality is measured, and written, as in the guide's examples.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-metrics.html
"""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta, timezone
from pathlib import PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_packaging.baselines.errors import PredictionsError
from model_packaging.baselines.ground_truth import TrueLabel, ground_truth_files, ground_truth_records
from model_packaging.baselines.model_quality import model_quality_baseline

pytest.importorskip("numpy")


def values(section):
    return {name: one["value"] for name, one in section.items() if "value" in one}


def test_a_binary_classification_has_the_guides_figures():
    made = model_quality_baseline("BinaryClassification", [0, 0, 0, 1], predicted=[0, 1, 1, 1])
    metrics = made.statistics["binary_classification_metrics"]
    assert metrics["confusion_matrix"] == {"0": {"0": 1, "1": 2}, "1": {"0": 0, "1": 1}}
    assert values(metrics) == pytest.approx(
        {
            "recall": 1.0,
            "precision": 0.3333333333333333,
            "accuracy": 0.5,
            "recall_best_constant_classifier": 1.0,
            "precision_best_constant_classifier": 0.25,
            "accuracy_best_constant_classifier": 0.25,
            "true_positive_rate": 1.0,
            "true_negative_rate": 0.33333333333333337,
            "false_positive_rate": 0.6666666666666666,
            "false_negative_rate": 0.0,
            "f0_5": 0.3846153846153846,
            "f1": 0.5,
            "f2": 0.7142857142857143,
            "f0_5_best_constant_classifier": 0.29411764705882354,
            "f1_best_constant_classifier": 0.4,
            "f2_best_constant_classifier": 0.625,
        }
    )
    assert {one["standard_deviation"] for one in metrics.values() if "value" in one} == {"NaN"}
    assert made.constraints["binary_classification_constraints"]["recall"] == {
        "threshold": 1.0,
        "comparison_operator": "LessThanThreshold",
    }
    assert made.constraints["binary_classification_constraints"]["false_positive_rate"] == {
        "threshold": 2 / 3,
        "comparison_operator": "GreaterThanThreshold",
    }
    assert not [name for name in made.constraints["binary_classification_constraints"] if "constant" in name]


def test_several_classes_have_the_guides_figures():
    cells = {("0", "0"): 1180, ("0", "1"): 510, ("1", "0"): 268, ("1", "1"): 138}
    rows = [pair for pair, count in cells.items() for _ in range(count)]
    made = model_quality_baseline(
        "MulticlassClassification", [actual for actual, _ in rows], predicted=[predicted for _, predicted in rows]
    )
    metrics = made.statistics["multiclass_classification_metrics"]
    assert metrics["confusion_matrix"] == {"0": {"0": 1180, "1": 510}, "1": {"0": 268, "1": 138}}
    assert values(metrics) == pytest.approx(
        {
            "accuracy": 0.6288167938931297,
            "weighted_recall": 0.6288167938931297,
            "weighted_precision": 0.6983172269629505,
            "weighted_f0_5": 0.6803947317178771,
            "weighted_f1": 0.6571162346664904,
            "weighted_f2": 0.6384024354394601,
        }
    )
    spread = [one["standard_deviation"] for name, one in metrics.items() if name != "confusion_matrix"]
    assert all(0 < one < 0.02 for one in spread)  # from 200 rows on; the guide's are 0.004 to 0.006


def test_a_regression_has_thresholds_that_errors_may_not_exceed():
    made = model_quality_baseline("Regression", [1.0, 3.0, 3.0], predicted=[1.0, 2.0, 4.0])
    assert made.constraints == {
        "version": 0.0,
        "regression_constraints": {
            "mae": {"threshold": 2 / 3, "comparison_operator": "GreaterThanThreshold"},
            "mse": {"threshold": 2 / 3, "comparison_operator": "GreaterThanThreshold"},
            "rmse": {"threshold": math.sqrt(2 / 3), "comparison_operator": "GreaterThanThreshold"},
            "r2": {"threshold": 0.25, "comparison_operator": "LessThanThreshold"},
        },
    }
    assert json.loads(made.statistics_json()) == made.statistics
    assert json.loads(made.constraints_json()) == made.constraints


def test_probabilities_give_answers_curves_and_the_area_under_them():
    made = model_quality_baseline(
        "BinaryClassification",
        ["sick", "well", "sick", "well"],
        probability=[0.9, 0.6, 0.4, 0.4],
        positive="sick",
    )
    metrics = made.statistics["binary_classification_metrics"]
    assert metrics["auc"]["value"] == 0.625  # of four pairs two in order, one against, one tied: (2 + 0.5) / 4
    assert metrics["receiver_operating_characteristic_curve"] == {
        "false_positive_rates": [0.0, 0.0, 0.5, 1.0],
        "true_positive_rates": [0.0, 0.5, 0.5, 1.0],
    }
    assert metrics["precision_recall_curve"] == {"precisions": [1.0, 1.0, 0.5, 0.5], "recalls": [0.0, 0.5, 0.5, 1.0]}
    assert metrics["confusion_matrix"] == {"0": {"0": 1, "1": 1}, "1": {"0": 1, "1": 1}}


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 10)), min_size=2, max_size=40))
def test_the_area_is_the_share_of_pairs_in_order(rows):
    positives = [score for is_positive, score in rows if is_positive]
    negatives = [score for is_positive, score in rows if not is_positive]
    if not positives or not negatives:
        return
    made = model_quality_baseline(
        "BinaryClassification", [int(one) for one, _ in rows], probability=[score / 10 for _, score in rows]
    )
    wins = sum((high > low) + 0.5 * (high == low) for high in positives for low in negatives)
    area = made.statistics["binary_classification_metrics"]["auc"]["value"]
    assert area == pytest.approx(wins / (len(positives) * len(negatives)))


def test_the_same_rows_have_the_same_deviations():
    actual, predicted = [n % 3 == 0 for n in range(500)], [n % 4 == 0 for n in range(500)]
    first, second = (model_quality_baseline("BinaryClassification", actual, predicted=predicted) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("Regression", []), "there are no rows to measure a model on"),
        (("Regression", [1.0]), "predicted: a regression is measured by the numbers that the model answered"),
        (("BinaryClassification", [0, 1]), "predicted: give what the model answered, or its probability of the positive label"),
        (("MulticlassClassification", ["a"]), "predicted: several classes are measured by the labels that the model answered"),
    ],
)  # fmt: skip
def test_what_cannot_be_measured_is_told(arguments, told):
    with pytest.raises(PredictionsError) as raised:
        model_quality_baseline(*arguments)
    assert str(raised.value) == told


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"predicted": [1]}, "predicted: 1 values for 2 rows; give one for each row"),
        ({"probability": [0.1, math.nan]}, "probability: 1 missing or not finite, first in row 2"),
        ({"predicted": [1, 0], "positive": "yes"}, "positive: no row's true label is 'yes'; true labels: 0, 1"),
    ],
)
def test_rows_that_do_not_fit_are_told(more, told):
    with pytest.raises(PredictionsError) as raised:
        model_quality_baseline("BinaryClassification", [0, 1], **more)
    assert str(raised.value) == told


def test_ground_truth_lies_in_the_hour_of_the_prediction():
    """https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-merge.html."""
    noon = datetime(2026, 1, 31, 23, 59, tzinfo=UTC)
    elsewhere = datetime(2026, 2, 1, 1, 0, tzinfo=timezone(timedelta(hours=1)))
    files = ground_truth_files([TrueLabel("a", 1, noon), TrueLabel("b", "x, y", noon), TrueLabel("a", 0, elsewhere)])
    assert files == {
        PurePosixPath("2026/01/31/23/ground-truth.jsonl"): ground_truth_records({"a": 1, "b": "x, y"}),
        PurePosixPath("2026/02/01/00/ground-truth.jsonl"): ground_truth_records({"a": 0}),
    }
    first, second = files[PurePosixPath("2026/01/31/23/ground-truth.jsonl")].splitlines()
    assert json.loads(first) == {
        "groundTruthData": {"data": "1", "encoding": "CSV"},
        "eventMetadata": {"eventId": "a"},
        "eventVersion": "0",
    }
    assert json.loads(second)["groundTruthData"]["data"] == '"x, y"'


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        ([TrueLabel("a", 1, datetime(2026, 1, 1))], "has no time zone"),  # noqa: DTZ001
        ([TrueLabel("a", 1, datetime(2026, 1, 1, tzinfo=UTC))] * 2, "has two labels in one hour"),
        ([TrueLabel("", 1, datetime(2026, 1, 1, tzinfo=UTC))], "cannot be joined with a prediction"),
    ],
)
def test_ground_truth_that_cannot_be_joined_is_told(labels, told):
    with pytest.raises(PredictionsError, match=told):
        ground_truth_files(labels)
