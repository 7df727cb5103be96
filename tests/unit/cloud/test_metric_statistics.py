"""Statistics of samples.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html
"""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.sandbox.cloud.cloudwatch.metric_store import (
    MetricKey,
    MetricStore,
    sample_of_statistics,
    sample_of_value,
)
from greenroom.sandbox.cloud.cloudwatch.statistics import UnknownStatisticError, needed_samples, statistic

TEN = [sample_of_value(float(value), 1.0, 0.0, None) for value in range(1, 11)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Sum", 55.0),
        ("Average", 5.5),
        ("Minimum", 1.0),
        ("Maximum", 10.0),
        ("SampleCount", 10.0),
        ("p50", 5.0),
        ("p90", 9.0),
        ("p99.9", 10.0),
        ("p0", 1.0),
        ("p100", 10.0),
        ("tm90", 5.0),
        ("TM(2:4)", 3.5),
        ("tc90", 9.0),
        ("ts90", 45.0),
        ("wm90", 5.4),
        ("PR(:3)", 30.0),
        ("IQM", 6.0),
    ],
)
def test_each_statistic_is_what_the_guide_defines(name, expected):
    assert statistic(name)(TEN) == pytest.approx(expected)


@pytest.mark.parametrize("name", ["sum", "p101", "p", "tm", "TM(:)", "median", ""])
def test_a_statistic_that_is_none_is_refused(name):
    with pytest.raises(UnknownStatisticError, match="is no statistic"):
        statistic(name)


def test_a_statistic_set_has_percentiles_only_where_its_values_are_known():
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html"""
    known = sample_of_statistics({"SampleCount": 4, "Sum": 8, "Minimum": 2, "Maximum": 2}, 0.0, None)
    unknown = sample_of_statistics({"SampleCount": 4, "Sum": 8, "Minimum": 1, "Maximum": 3}, 0.0, None)
    assert (statistic("p50")([known]), statistic("p50")([unknown])) == (2.0, None)
    assert statistic("Average")([unknown]) == 2.0


@pytest.mark.parametrize(("percentile", "samples"), [(99, 1000), (90, 100), (50, 20), (10, 100), (100, math.inf)])
def test_how_many_samples_a_percentile_needs(percentile, samples):
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/percentiles-with-low-samples.html"""
    assert needed_samples(percentile) == samples


@given(st.lists(st.integers(-50, 50), min_size=1, max_size=30), st.integers(0, 100))
def test_a_percentile_is_a_sample_that_as_many_are_not_above(values, percent):
    found = statistic(f"p{percent}")([sample_of_value(float(one), 1.0, 0.0, None) for one in values])
    assert found in values
    assert sum(one <= found for one in values) >= len(values) * percent / 100 - 1e-9


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 100)), max_size=40), st.integers(0, 20))
def test_samples_are_found_by_their_time_however_late_they_came(published, start):
    store, key = MetricStore(), MetricKey("n", "m", ())
    for at, value in published:
        store.add(key, [sample_of_value(float(value), 1.0, float(at), None)])
    found = [one.at for one in store.between(key, start, start + 5)]
    assert found == sorted(at for at, _ in published if start <= at < start + 5)
