"""Bias metrics are those of Clarify's own library, by its definitions."""

from __future__ import annotations

import json
from math import log, sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_packaging.baselines.bias import FacetColumn, Selection, bias_baseline, bias_baseline_json
from model_packaging.baselines.bias_metrics import DESCRIPTIONS
from model_packaging.baselines.errors import PredictionsError

pytest.importorskip("numpy")

SENSITIVE = ["f", "f", "f", "f", "m", "m", "m", "m", "m", "m"]
ACTUAL = [1, 0, 0, 1, 1, 1, 0, 1, 0, 1]
PREDICTED = [1, 0, 1, 0, 1, 1, 1, 1, 0, 0]
GROUP = ["x", "y", "x", "y", "x", "y", "x", "y", "x", "y"]
FEMALE = Selection(("f",))
PAID = Selection((1,))


def metrics(document, stage, facet="sex"):
    (report,) = document[f"{stage}_bias_metrics"]["facets"][facet]
    return {one["name"]: one["value"] for one in report["metrics"]}


def test_every_metric_of_a_small_table():
    """Of f: TP 1, FP 1, FN 1, TN 1; of m: TP 3, FP 1, FN 1, TN 1."""
    made = bias_baseline(
        "paid", PAID, ACTUAL, [FacetColumn("sex", SENSITIVE, FEMALE)], predicted=PREDICTED, group=GROUP
    )
    assert metrics(made, "pre_training") == pytest.approx(
        {
            "CI": (6 - 4) / 10,
            "DPL": 4 / 6 - 2 / 4,
            "KL": 2 / 3 * log(4 / 3) + 1 / 3 * log(2 / 3),
            "JS": (2 / 3 * log(8 / 7) + 1 / 3 * log(4 / 5) + 1 / 2 * log(6 / 7) + 1 / 2 * log(6 / 5)) / 2,
            "LP": sqrt(2 * (1 / 6) ** 2),
            "TVD": 1 / 6,
            "KS": 1 / 6,
            # x: rejected 1 f of 3, accepted 1 f of 2; y: rejected 1 of 1, accepted 1 of 4; five rows each
            "CDDL": ((1 / 3 - 1 / 2) + (1 - 1 / 4)) / 2,
        }
    )
    assert metrics(made, "post_training") == pytest.approx(
        {
            "DPPL": 4 / 6 - 2 / 4,
            "DI": (2 / 4) / (4 / 6),
            "DCA": 4 / 4 - 2 / 2,
            "DCR": 2 / 2 - 2 / 2,
            "RD": 3 / 4 - 1 / 2,
            "SD": 1 / 2 - 1 / 2,
            "DAR": 3 / 4 - 1 / 2,
            "DRR": 1 / 2 - 1 / 2,
            "AD": 4 / 6 - 2 / 4,
            "TE": 1 / 1 - 1 / 1,
            # x: rejected 0 f of 1, accepted 2 f of 4; y: rejected 2 f of 3, accepted 0 of 2
            "CDDPL": ((0 - 2 / 4) + (2 / 3 - 0)) / 2,
            # benefits: 6 right (1), 2 wrongly accepted (2), 2 missed (0); their mean is 1
            "GE": (6 * 1 + 2 * 4 - 10) / (2 * 10),
        }
    )
    assert made["pre_training_bias_metrics"]["label_value_or_threshold"] == "1"
    assert set(metrics(made, "pre_training")) | set(metrics(made, "post_training")) == set(DESCRIPTIONS)
    assert json.loads(bias_baseline_json(made)) == made


def test_without_answers_or_a_group_what_needs_them_is_left_out():
    made = bias_baseline("paid", PAID, ACTUAL, [FacetColumn("sex", SENSITIVE, FEMALE)])
    assert "post_training_bias_metrics" not in made
    assert "CDDL" not in metrics(made, "pre_training")


def test_a_facet_without_values_takes_each_in_turn_and_a_number_is_a_bound():
    ages = [20, 30, 40, 50, 60, 70, 25.5, 35, 45, 55]
    facets = [FacetColumn("sex", SENSITIVE), FacetColumn("age", ages, Selection(above=40))]
    made = bias_baseline("paid", PAID, ACTUAL, facets, pre_training=["CI"])
    found = made["pre_training_bias_metrics"]["facets"]
    assert [(one["value_or_threshold"], one["metrics"][0]["value"]) for one in found["sex"]] == [
        ("f", 0.2),
        ("m", -0.2),
    ]
    assert [(one["value_or_threshold"], one["metrics"][0]["value"]) for one in found["age"]] == [("(40.0, 70.0]", 0.0)]


def test_infinity_is_written_as_clarify_does():
    made = bias_baseline(
        "y", PAID, [1, 0, 0, 1], [FacetColumn("s", [1, 1, 0, 0], PAID)], predicted=[1, 1, 0, 0], post_training=["DI"]
    )
    assert metrics(made, "post_training", "s") == {"DI": "Infinity"}


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), min_size=4, max_size=50))
def test_looked_at_from_the_other_side_a_difference_changes_its_sign(rows):
    sensitive, actual, predicted = ([int(one) for one in column] for column in zip(*rows, strict=True))
    if len(set(sensitive)) < 2:
        return
    names = ["CI", "DPL"], ["DPPL", "RD", "SD", "DAR", "DRR", "AD"]
    one, other = (
        bias_baseline(
            "y",
            PAID,
            actual,
            [FacetColumn("s", sensitive, Selection((value,)))],
            predicted=predicted,
            pre_training=names[0],
            post_training=names[1],
        )
        for value in (0, 1)
    )
    for stage in ("pre_training", "post_training"):
        mirrored = {name: -value for name, value in metrics(other, stage, "s").items()}
        assert metrics(one, stage, "s") == pytest.approx(mirrored)


@pytest.mark.parametrize(
    ("facet", "told"),
    [
        (FacetColumn("s", [1, 1], Selection((2,))), "facet s: no row is in the sensitive group 2; it takes two groups to compare"),
        (FacetColumn("s", [1, 1], Selection((1,))), "facet s: every row is in the sensitive group 1; it takes two groups to compare"),
        (FacetColumn("s", [1], Selection((1,))), "s: 1 values for 2 rows; give one for each row"),
        (FacetColumn("s", [1, None], Selection((1,))), "s: row 2 has no value; leave such rows out, or name a value for them"),
        (FacetColumn("s", ["a", 1], Selection(above=1)), "s: above 1, but not all values are numbers: could not convert string to float: 'a'"),
    ],
)  # fmt: skip
def test_groups_that_cannot_be_compared_are_told(facet, told):
    with pytest.raises(PredictionsError) as raised:
        bias_baseline("y", PAID, [0, 1], [facet])
    assert str(raised.value) == told
