"""Captured data becomes a table, and what breaks a baseline's constraints is told as Model Monitor tells it.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-interpreting-violations.html
"""

from __future__ import annotations

import base64
import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.sandbox.cloud.monitoring.analysis import AnalysisError, JobInputs, analyze
from greenroom.sandbox.cloud.monitoring.captured_rows import read_events, table
from greenroom.sandbox.cloud.monitoring.data_quality import compare, distance
from model_packaging.baseline import DataQualityBaseline


def line(given, answered, encoding="CSV", event_id="e", answered_encoding=None, **metadata):
    def part(text, encoding=encoding):
        return {"data": text, "encoding": encoding, "observedContentType": "x/y"}

    return json.dumps(
        {
            "captureData": {
                "endpointInput": part(given),
                "endpointOutput": part(answered, answered_encoding or encoding),
            },
            "eventMetadata": {"eventId": event_id, **metadata},
            "eventVersion": "0",
        }
    )


@pytest.mark.parametrize(
    ("captured", "names", "expected"),
    [
        # CSV without a header: the answer's columns first, named by the baseline
        (
            line("1,2.5\n3,\n", "0.9,yes\n0.1,no\n"),
            ("p", "label", "a", "b"),
            {"p": [0.9, 0.1], "label": ["yes", "no"], "a": [1, 3], "b": [2.5, None]},
        ),
        (line("1,x\n", "0.9\n"), (), {"_c0": [0.9], "_c1": [1], "_c2": ["x"]}),
        (line("1,x\n", "0.9\n"), ("only", "two"), {"_c0": [0.9], "_c1": [1], "_c2": ["x"]}),
        (
            line('{"instances": [[1, 2], [3, 4]]}', '{"predictions": [{"p": 0.9}, {"p": 0.1}]}', "JSON"),
            (),
            {"p": [0.9, 0.1], "_c1": [1, 3], "_c2": [2, 4]},
        ),
        (line('{"a": 1}\n{"a": null}', '{"p": true}\n{"p": false}', "JSON"), (), {"p": [1.0, 0.0], "a": [1, None]}),
        (line("[1, 2]", "0.5", "JSON"), ("p", "a", "b"), {"p": [0.5], "a": [1], "b": [2]}),
    ],
)
def test_captured_bodies_become_one_table(captured, names, expected):
    assert table(read_events([captured, ""]), names) == expected


@pytest.mark.parametrize(
    ("captured", "says"),
    [
        (line(base64.b64encode(b"x").decode(), "", "BASE64"), "is captured in BASE64: name its content type (x/y)"),
        (line("1\n2\n", "1\n"), "event e has 2 rows of input and 1 of output"),
        (line('{"a": {"b": 1}}', "{}", "JSON"), "a is nested; a monitor reads flat JSON"),
        (line("{", "{}", "JSON"), "neither JSON nor JSON Lines"),
        # https://github.com/aws/sagemaker-python-sdk/issues/2785
        (
            line("1,2\n", '{"p": 0.9}', answered_encoding="JSON"),
            "Encoding mismatch: Encoding is CSV for endpointInput, but Encoding is JSON for endpointOutput. We currently",
        ),
        ("", "Job inputs had no data"),
    ],
)
def test_what_no_table_can_be_made_of_fails_the_job_and_says_why(captured, says):
    with pytest.raises(AnalysisError) as failed:
        analyze(JobInputs("DataQuality", {}, [captured]))
    assert says in str(failed.value)


def test_a_monitor_that_needs_clarify_fails_by_name():
    with pytest.raises(AnalysisError, match="ModelBias needs SageMaker Clarify"):
        analyze(JobInputs("ModelBias", {}, []))


COLUMNS: dict[str, Any] = {
    "age": [float(n % 50) for n in range(400)],
    "count": list(range(400)),
    "colour": ["red", "blue"] * 200,
}
BASELINE = DataQualityBaseline.of(COLUMNS)


def violations(columns, **changes):
    constraints = {**BASELINE.constraints, **changes}
    found = compare(columns, BASELINE.statistics, constraints).violations
    return [(one.feature_name, one.constraint_check_type, one.description) for one in found]


def test_the_data_of_the_baseline_breaks_nothing():
    assert violations(COLUMNS) == []


def test_each_check_of_aws_is_made():
    """The six of https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-interpreting-violations.html."""
    changed = {
        "age": [*COLUMNS["age"][:-100], *["old"] * 100],
        "count": [*COLUMNS["count"][:-40], *[None] * 40],
        "colour": [*COLUMNS["colour"][:-4], *["green"] * 4],
    }
    assert violations(changed) == [
        (
            "age",
            "data_type_check",
            (
                "Data type match requirement is not met. Expected data type: Integral, Expected match: 100.0%. Observed: "
                "Only 75.0% of data is Integral."
            ),
        ),
        (
            "count",
            "completeness_check",
            "Value: 0.9 does not meet the constraint requirement! Expected completeness: 1.0",
        ),
        (
            "colour",
            "categorical_values_check",
            (
                "Value domain requirement is not met. Expected match: 100.0%. Observed: Only 99.0% of values are in the "
                "domain."
            ),
        ),
    ]
    drifted = {**COLUMNS, "age": [one + 25 for one in COLUMNS["age"]]}
    assert violations(drifted) == [
        ("age", "baseline_drift_check", "Baseline drift distance: 0.37272077938642145 exceeds threshold: 0.1")
    ]
    fewer = {name: cells for name, cells in COLUMNS.items() if name != "age"}
    told = "columns in current dataset. Number of columns in current dataset: "
    assert violations(fewer) == [
        (
            "Missing columns",
            "missing_column_check",
            f"There are missing {told}2, Number of columns in baseline constraints: 3",
        )
    ]
    assert violations({**COLUMNS, "new": COLUMNS["age"]}) == [
        (
            "Extra columns",
            "extra_column_check",
            f"There are extra {told}4, Number of columns in baseline constraints: 3",
        )
    ]


@pytest.mark.parametrize(
    "config",
    [
        {"evaluate_constraints": "Disabled"},
        {"distribution_constraints": {"perform_comparison": "Disabled"}},
        {"distribution_constraints": {"comparison_threshold": 0.5}},
    ],
)
def test_the_baselines_own_configuration_decides(config):
    drifted = {**COLUMNS, "age": [one + 25 for one in COLUMNS["age"]]}
    assert violations(drifted, monitoring_config=config) == []


NUMBERS = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60)


@given(before=NUMBERS, now=NUMBERS)
def test_a_distance_is_between_0_and_1_and_the_robust_one_no_larger(before, now):
    (feature,) = DataQualityBaseline.of({"x": before}).statistics["features"]
    simple, robust = (distance(feature, now, is_robust=one) for one in (False, True))
    assert robust is not None
    assert simple is not None
    assert 0 <= robust <= simple <= 1
    assert distance(feature, before, is_robust=False) == 0


def test_the_robust_distance_of_the_same_distribution_is_below_the_threshold_mostly():
    """A significance of 0.003: of 200 comparisons of like samples, hardly one says that they differ."""
    rng = random.Random(7)
    told = 0
    for _ in range(200):
        (feature,) = DataQualityBaseline.of({"x": [rng.gauss(0, 1) for _ in range(100)]}).statistics["features"]
        told += distance(feature, [rng.gauss(0, 1) for _ in range(40)], is_robust=True) != 0
    assert told <= 4


def truth(data, event_id):
    return json.dumps({"groundTruthData": {"data": data, "encoding": "CSV"}, "eventMetadata": {"eventId": event_id}})


def test_model_quality_joins_ground_truth_and_compares_with_the_constraints():
    """https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-metrics.html."""
    scores, actual = [0.9, 0.8, 0.3, 0.6, 0.1], [1, 1, 1, 0, 0]
    inputs = JobInputs(
        "ModelQuality",
        {"ProbabilityAttribute": "0", "ProbabilityThresholdAttribute": 0.5},
        [line("x\n", f"{score}\n", event_id=f"e{n}", inferenceId=f"i{n}") for n, score in enumerate(scores)],
        "BinaryClassification",
        [truth(str(one), f"i{n}") for n, one in enumerate(actual)] + [truth("1", "unknown")],
        constraints={
            "binary_classification_constraints": {
                "recall": {"threshold": 0.7, "comparison_operator": "LessThanThreshold"},
                "accuracy": {"threshold": 0.5, "comparison_operator": "LessThanThreshold"},
            }
        },
    )
    report = analyze(inputs)
    assert {name: round(value, 4) for name, value, _ in report.metrics} == {
        "accuracy": 0.6,
        "precision": 0.6667,
        "recall": 0.6667,
        "true_positive_rate": 0.6667,
        "true_negative_rate": 0.5,
        "false_positive_rate": 0.5,
        "false_negative_rate": 0.3333,
        "f0_5": 0.6667,
        "f1": 0.6667,
        "f2": 0.6667,
        "auc": 0.8333,
    }
    (violation,) = report.violations
    assert violation.document() == {
        "feature_name": "recall",
        "constraint_check_type": "LessThanThreshold",
        "description": "Metric recall with 0.6666666666666666 was LessThanThreshold 0.7",
    }


def test_regression_and_many_classes_have_their_own_metrics():
    events = [line("x\n", f"{one}\n", event_id=f"e{n}") for n, one in enumerate([1.0, 2.0, 4.0])]
    regression = JobInputs(
        "ModelQuality",
        {"InferenceAttribute": "0"},
        events,
        "Regression",
        [truth(str(one), f"e{n}") for n, one in enumerate([1.0, 3.0, 3.0])],
    )
    metrics = {name: round(value, 4) for name, value, _ in analyze(regression).metrics}
    assert metrics == {"mae": 0.6667, "mse": 0.6667, "rmse": 0.8165, "r2": 0.25}
    events = [line("x\n", f"{one}\n", event_id=f"e{n}") for n, one in enumerate("abca")]
    classes = JobInputs(
        "ModelQuality",
        {"InferenceAttribute": "_c0"},
        events,
        "MulticlassClassification",
        [truth(one, f"e{n}") for n, one in enumerate("abcb")],
    )
    metrics = {name: round(value, 4) for name, value, _ in analyze(classes).metrics}
    assert metrics == {
        "accuracy": 0.75,
        "weighted_recall": 0.75,
        "weighted_precision": 0.875,
        "weighted_f0_5": 0.8056,
        "weighted_f1": 0.75,
        "weighted_f2": 0.7361,
    }
