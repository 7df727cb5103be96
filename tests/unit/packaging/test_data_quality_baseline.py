"""The baseline documents are those of Model Monitor's own baseline job."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_packaging.baseline import SKETCH_SIZE, BaselineError, DataQualityBaseline

NUMBERS = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=200)


def numerical(values):
    (feature,) = DataQualityBaseline.of({"x": values}).statistics["features"]
    return feature["numerical_statistics"]


def test_a_small_table_whole():
    baseline = DataQualityBaseline.of(
        {"amount": [1.5, -2.5, None, 4.0], "count": [1, 2, 3, 4], "kind": ["b", "a", "b", None]}
    )
    sketch = {"c": 0.64, "k": 2048.0}
    amount, count, kind = baseline.statistics["features"]
    assert baseline.statistics["dataset"] == {"item_count": 4}
    assert {key: amount["numerical_statistics"][key] for key in ("common", "mean", "sum", "min", "max")} == {
        "common": {"num_present": 3, "num_missing": 1},
        "mean": 1.0,
        "sum": 3.0,
        "min": -2.5,
        "max": 4.0,
    }
    assert amount["numerical_statistics"]["std_dev"] == pytest.approx(math.sqrt(43 / 6))
    assert amount["numerical_statistics"]["distribution"]["kll"]["sketch"] == {
        "parameters": sketch,
        "data": [[1.5, -2.5, 4.0]],
    }
    assert (count["name"], count["inferred_type"]) == ("count", "Integral")
    assert kind == {
        "name": "kind",
        "inferred_type": "String",
        "string_statistics": {
            "common": {"num_present": 3, "num_missing": 1},
            "distinct_count": 2.0,
            "distribution": {"categorical": {"buckets": [{"value": "a", "count": 1}, {"value": "b", "count": 2}]}},
        },
    }
    assert baseline.constraints == {
        "version": 0.0,
        "features": [
            {"name": "amount", "inferred_type": "Fractional", "completeness": 0.75, "num_constraints": {"is_non_negative": False}},
            {"name": "count", "inferred_type": "Integral", "completeness": 1.0, "num_constraints": {"is_non_negative": True}},
            {"name": "kind", "inferred_type": "String", "completeness": 0.75, "string_constraints": {"domains": ["a", "b"]}},
        ],
        "monitoring_config": {
            "evaluate_constraints": "Enabled",
            "emit_metrics": "Enabled",
            "datatype_check_threshold": 1.0,
            "domain_content_threshold": 1.0,
            "distribution_constraints": {
                "perform_comparison": "Enabled",
                "comparison_threshold": 0.1,
                "comparison_method": "Robust",
            },
        },
    }  # fmt: skip
    assert json.loads(baseline.statistics_json()) == baseline.statistics
    assert json.loads(baseline.constraints_json()) == baseline.constraints


def test_a_column_without_a_value_is_of_unknown_type():
    baseline = DataQualityBaseline.of({"x": [None, None]})
    assert baseline.constraints["features"] == [{"name": "x", "inferred_type": "Unknown", "completeness": 0.0}]


def test_a_text_column_of_many_values_has_no_domain():
    (feature,) = DataQualityBaseline.of({"id": [str(one) for one in range(51)]}).constraints["features"]
    assert feature == {"name": "id", "inferred_type": "String", "completeness": 1.0}


@given(NUMBERS)
def test_every_number_is_in_one_of_ten_buckets(values):
    buckets = numerical(values)["distribution"]["kll"]["buckets"]
    assert len(buckets) == 10
    assert sum(bucket["count"] for bucket in buckets) == len(values)
    assert (buckets[0]["lower_bound"], buckets[-1]["upper_bound"]) == (min(values), max(values))


@given(st.integers(1, 12_000))
def test_the_sketch_stands_for_about_every_number_and_keeps_its_size(count):
    levels = numerical([float(one) for one in range(count)])["distribution"]["kll"]["sketch"]["data"]
    weight = sum(len(level) << height for height, level in enumerate(levels))
    assert weight == count
    assert all(len(level) <= SKETCH_SIZE for level in levels)
    if count <= SKETCH_SIZE:
        assert levels == [[float(one) for one in range(count)]]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({}, "a baseline needs at least one column and one row"),
        ({"x": []}, "a baseline needs at least one column and one row"),
        ({"x": [1], "y": [1, 2]}, "columns have different lengths: x 1, y 2"),
        ({"x": [1, "a"], "y": [math.nan, 1.0], "z": [1, 2]}, "mixed types or with numbers that are not finite: x, y;"),
    ],
)
def test_a_table_without_a_baseline_is_told(columns, message):
    with pytest.raises(BaselineError, match=message):
        DataQualityBaseline.of(columns)
