"""Metric math gives what the guide's examples give.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.sandbox.cloud.cloudwatch.expression import ExpressionError, parse
from greenroom.sandbox.cloud.cloudwatch.metric_math import Grid, Scope, Series, evaluate


def series(*values):
    return Series({60 * i: float(value) for i, value in enumerate(values) if value is not None}, "m", is_metric=True)


def values_of(expression, length=5, **metrics):
    """The expression's data points, None where there is none; a number as it is."""
    scope = Scope(Grid(range(0, 60 * length, 60)), metrics, tuple(metrics))
    found = evaluate(parse(expression), scope)
    if isinstance(found, float):
        return found
    many = [found] if isinstance(found, Series) else found
    shown = [[one.values.get(60 * i) for i in range(length)] for one in many]
    return shown[0] if isinstance(found, Series) else shown


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("metric1 < metric2", [0, 0, 1, 0]),
        ("metric1 >= 30", [1, 0, 0, 0]),
        ("metric1 > 15 AND metric2 > 15", [1, 0, 0, 0]),
        ("metric1 > 15 && metric2 > 15 || metric1 == 0", [1, 0, 1, 1]),
    ],
)
def test_comparisons_as_in_the_guides_table(expression, expected):
    """metric1 is [30, 20, 0, 0], metric2 [20, -, 20, -]; `&&` and `||` are AND and OR."""
    found = values_of(expression, 4, metric1=series(30, 20, 0, 0), metric2=series(20, None, 20, None))
    assert found == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("IF(metric1, metric2, metric3)", [30, 0, 20, None, None]),
        ("IF(metric1, 5, metric3)", [5, 5, 20, None, None]),
        ("IF(metric1, metric2, 5)", [30, 0, 5, 5, None]),
        ("IF(metric1, metric2)", [30, 0, None, None, None]),
        ("IF(1, metric2, metric3)", [30, None, 0, 0, 30]),
        ("IF(0, metric2)", [None] * 5),
    ],
)
def test_if_as_in_the_guides_tables(expression, expected):
    metrics = {
        "metric1": series(1, 1, 0, 0, None),
        "metric2": series(30, None, 0, 0, 30),
        "metric3": series(0, 0, 20, None, 20),
    }
    assert values_of(expression, **metrics) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a + b", [11, 2, 30]),
        ("a - b * 2", [-19, 2, -60]),
        ("a / b", [0.1, None, 0]),
        ("100 * a", [100, 200, None]),
        ("-a ^ 2", [-1, -4, None]),
        ("2 * -a", [-2, -4, None]),
        ("SUM([a, b])", [11, 2, 30]),
        ("AVG(METRICS())", [5.5, 1, 15]),
        ("MAX([a, b])", [10, 2, 30]),
        ("MIN([a, b])", [1, 2, 30]),
        ("SUM(METRICS('b'))", [10, None, 30]),
        ("DATAPOINT_COUNT([a, b])", [2, 1, 1]),
        ("a / SUM(a)", [1 / 3, 2 / 3, None]),
        ("SUM(a)", 3.0),
        ("AVG(a)", 1.5),
        ("STDDEV(a)", 0.5),
        ("METRIC_COUNT(METRICS())", 2.0),
        ("a * PERIOD(a)", [60, 120, None]),
        ("FILL(a, 9)", [1, 2, 9]),
        ("FILL(a, b)", [1, 2, 30]),
        ("FILL(b, REPEAT)", [10, 10, 30]),
        ("FILL(b, LINEAR)", [10, 20, 30]),
        ("DIFF(b)", [None, None, 20]),
        ("DIFF_TIME(b)", [None, None, 120]),
        ("RATE(b)", [None, None, 20 / 120]),
        ("RUNNING_SUM(b)", [10, None, 40]),
        ("ABS(a - b)", [9, 2, 30]),
        ("CEIL(a / 3) + FLOOR(a / 2)", [1, 2, None]),
        ("LOG10(b)", [1, None, math.log10(30)]),
        ("TIME_SERIES(7)", [7, 7, 7]),
        ("FIRST(SORT(METRICS(), AVG, DESC))", [10, None, 30]),
        ("LAST(SORT(METRICS(), SUM, DESC, 1))", [10, None, 30]),
        ("MINUTE(a)", [0, 1, 2]),
        ("EPOCH(a)", [0, 60, 120]),
    ],
)
def test_functions_give_what_the_guide_says(expression, expected):
    assert values_of(expression, 3, a=series(1, 2, None), b=series(10, None, 30)) == pytest.approx(expected)


def test_an_array_of_time_series_gives_an_array():
    metrics = {"a": series(1, 2, None), "b": series(10, None, 30)}
    assert values_of("SLICE(METRICS(), 1)", 3, **metrics) == [[10, None, 30]]
    assert values_of("METRICS() / 10", 3, **metrics) == [[0.1, 0.2, None], [1, None, 3]]


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("a +", "'a +' ends where a value should be"),
        ("SUM(a", "')' is missing at the end of 'SUM(a'"),
        ("a b", "'b' at character 2 of 'a b', after the expression"),
        ("a $ 2", "'$' at character 1 is nothing that is known"),
        ("nope * 2", "'nope' is no Id of this request: a, b"),
        ("MEDIAN(a)", "'MEDIAN' is no function of metric math"),
        ("SEARCH('x', 'Sum', 60)", "does not offer SEARCH"),
        ("FILL(a)", "FILL takes 2 argument(s), not 1"),
        ("PERIOD(a + 1)", "PERIOD takes a metric, not the result of another expression"),
        ("1 / 0", "a number is divided by zero"),
    ],
)
def test_what_is_no_metric_math_is_refused_saying_where(expression, problem):
    with pytest.raises(ExpressionError) as refused:
        values_of(expression, a=series(1), b=series(2))
    assert problem in str(refused.value)


NUMBERS = st.lists(st.none() | st.integers(-100, 100), min_size=5, max_size=5)


@given(NUMBERS, NUMBERS)
def test_missing_values_are_zero_wherever_either_series_has_a_value(a, b):
    found = values_of("a + b", a=series(*a), b=series(*b))
    expected = [
        None if left is None and right is None else (left or 0) + (right or 0) for left, right in zip(a, b, strict=True)
    ]
    assert found == expected


@given(NUMBERS)
def test_a_filled_series_has_no_gap_and_keeps_what_it_had(a):
    filled = values_of("FILL(a, 0)", a=series(*a))
    assert filled == [value or 0 for value in a]
