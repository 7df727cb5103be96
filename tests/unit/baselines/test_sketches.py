"""What is estimated of large columns is as good as it is said to be."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_packaging.baseline import SKETCH_SIZE, DataQualityBaseline
from model_packaging.baselines.distinct import MAXIMUM_CATEGORIES, Categories, HyperLogLog
from model_packaging.baselines.sketch import KllSketch

np = pytest.importorskip("numpy")


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(st.integers(1, 6 * SKETCH_SIZE), st.integers(1, 5000), st.integers(0, 2**32))
def test_a_sketch_is_the_one_of_the_list_however_it_is_cut(count, cut, seed):
    values = np.random.default_rng(seed).normal(size=count)
    sketch = KllSketch()
    for start in range(0, count, cut):
        sketch.add(values[start : start + cut])
    (feature,) = DataQualityBaseline.of({"x": values.tolist()}).statistics["features"]
    assert sketch.levels() == feature["numerical_statistics"]["distribution"]["kll"]["sketch"]["data"]


@pytest.mark.parametrize("kind", ["normal", "sorted", "sawtooth"])
def test_a_rank_is_off_by_less_than_a_thousandth(kind):
    count = 200_000
    values = {
        "normal": np.random.default_rng(0).normal(size=count),
        "sorted": np.arange(count, dtype=float),
        "sawtooth": np.tile(np.arange(1000.0), count // 1000),
    }[kind]
    sketch = KllSketch()
    sketch.add(values)
    for share in (0.01, 0.25, 0.5, 0.75, 0.99):
        found = sketch.quantile(share)
        assert np.mean(values < found) - 0.001 <= share <= np.mean(values <= found) + 0.001


def test_few_texts_are_counted_and_many_are_estimated():
    categories = Categories()
    categories.add((f"t{index}", 2) for index in range(MAXIMUM_CATEGORIES))
    assert categories.distinct == MAXIMUM_CATEGORIES
    assert categories.counts is not None
    assert categories.counts["t7"] == 2
    categories.add((f"t{index}", 1) for index in range(5, 3 * MAXIMUM_CATEGORIES))
    assert categories.counts is None
    assert categories.distinct == pytest.approx(3 * MAXIMUM_CATEGORIES, rel=0.03)


@pytest.mark.slow
def test_the_estimate_has_the_error_that_is_told():
    errors = []
    for run in range(24):
        estimate = HyperLogLog()
        estimate.add(f"{run}-{index}" for index in range(30_000))
        errors.append(estimate.estimate() / 30_000 - 1)
    assert np.std(errors) < 0.012
    assert abs(np.mean(errors)) < 0.006
