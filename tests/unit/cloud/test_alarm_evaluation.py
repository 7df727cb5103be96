"""An alarm's data points make its state as CloudWatch documents it.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.sandbox.cloud.cloudwatch.evaluation import Datapoint, Rule, evaluate

TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")
VALUES = {"0": 0.0, "X": 2.0, "-": None}


def datapoints(text):
    values = [VALUES[sign] for sign in text.split()]
    return [None if value is None else Datapoint(60 * index, value) for index, value in enumerate(values)]


def rule(periods, to_alarm, treatment="missing"):
    return Rule(periods, to_alarm, "GreaterThanThreshold", 1.0, treatment)


def states(text, periods, to_alarm):
    """The state by each treatment of missing data; None is the state before."""
    return tuple(evaluate(rule(periods, to_alarm, one), datapoints(text)).state for one in TREATMENTS)


NO_DATA = "INSUFFICIENT_DATA"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 - X - X", ("OK", "OK", "OK", "OK")),
        ("0 - - - -", ("OK", "OK", "OK", "OK")),
        ("- - - - -", (NO_DATA, None, "ALARM", "OK")),
        ("0 X X - X", ("ALARM", "ALARM", "ALARM", "ALARM")),
        ("- - X - -", ("ALARM", None, "ALARM", "OK")),
        # The two below are of the table's earlier edition (awsdocs/amazon-cloudwatch-user-guide).
        ("- - - - X", (NO_DATA, None, "ALARM", "OK")),
        ("X - - - -", ("ALARM", None, "ALARM", "OK")),
    ],
)
def test_three_of_three_as_in_the_guides_table(text, expected):
    assert states(text, 3, 3) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 - X - X", ("ALARM", "ALARM", "ALARM", "ALARM")),
        ("0 0 X 0 X", ("ALARM", "ALARM", "ALARM", "ALARM")),
        ("0 - X - -", ("OK", "OK", "ALARM", "OK")),
        ("- - - - 0", ("OK", "OK", "ALARM", "OK")),
        ("- - - X -", ("ALARM", None, "ALARM", "OK")),
    ],
)
def test_two_of_three_as_in_the_guides_table(text, expected):
    assert states(text, 3, 2) == expected


@pytest.mark.parametrize("text", ["- - - - X", "- - - X -", "- - - X 0", "- - X - 0"])
def test_intermittent_data_makes_no_premature_alarm(text):
    """ "the alarm does not go immediately into ALARM state when the data is either `- - - - X` or `- - - X -`"."""
    assert "ALARM" not in states(text, 3, 3)[:2]


@pytest.mark.parametrize(
    ("comparison", "breaching"),
    [
        ("GreaterThanOrEqualToThreshold", [False, True, True]),
        ("GreaterThanThreshold", [False, False, True]),
        ("LessThanThreshold", [True, False, False]),
        ("LessThanOrEqualToThreshold", [True, True, False]),
    ],
)
def test_a_data_point_breaches_as_the_comparison_says(comparison, breaching):
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"""
    asked = Rule(1, 1, comparison, 1.0)
    assert [asked.is_breaching(value) for value in (0.0, 1.0, 2.0)] == breaching


def naive(signs, periods, to_alarm, treatment):
    """The guide's sentences, one after the other, over signs."""
    existing = [sign for sign in signs if sign != "-"]
    if len(existing) >= periods:  # "the value you set for how to treat missing data is not needed and is ignored"
        chosen = existing[len(existing) - periods :]
        return "ALARM" if chosen.count("X") >= to_alarm else "OK"
    gaps = periods - len(existing)
    filler = {"breaching": "X", "notBreaching": "0"}.get(treatment)
    if filler is not None:
        return "ALARM" if (existing + [filler] * gaps).count("X") >= to_alarm else "OK"
    if existing.count("X") >= to_alarm:
        return "ALARM"
    if "0" in existing:
        return "OK"
    if treatment == "ignore":
        return None
    oldest = next((age for age, sign in zip(range(len(signs), 0, -1), signs, strict=True) if sign == "X"), 0)
    return "ALARM" if oldest >= to_alarm else "INSUFFICIENT_DATA"


@st.composite
def cases(draw):
    periods = draw(st.integers(1, 6))
    to_alarm = draw(st.integers(1, periods))
    signs = draw(st.lists(st.sampled_from("0X-"), min_size=periods + 2, max_size=periods + 2))
    return signs, periods, to_alarm, draw(st.sampled_from(TREATMENTS))


@given(cases())
def test_every_range_gives_what_the_guides_sentences_give(case):
    signs, periods, to_alarm, treatment = case
    verdict = evaluate(rule(periods, to_alarm, treatment), datapoints(" ".join(signs)))
    assert verdict.state == naive(signs, periods, to_alarm, treatment)
    assert len(verdict.evaluated) + verdict.filled == periods


@given(cases(), st.integers(0, 7))
def test_one_more_breaching_data_point_never_ends_an_alarm(case, position):
    signs, periods, to_alarm, treatment = case
    worse = ["X" if index == position and sign == "0" else sign for index, sign in enumerate(signs)]
    asked = rule(periods, to_alarm, treatment)
    if evaluate(asked, datapoints(" ".join(signs))).state == "ALARM":
        assert evaluate(asked, datapoints(" ".join(worse))).state == "ALARM"
