"""Traffic goes to variants in proportion to their weights, and none to a weight of 0."""

from __future__ import annotations

import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from greenroom.sandbox.cloud.hosting.endpoint_host import choose_variant

WEIGHTS = st.dictionaries(st.sampled_from("abcde"), st.just(0.0) | st.floats(1e-6, 1e6), min_size=1)


class Fixed:
    def __init__(self, number: float) -> None:
        self.number = number

    def random(self) -> float:
        return self.number


@given(WEIGHTS, st.floats(0, 1, exclude_max=True))
def test_a_weight_of_0_is_never_chosen(weights, number):
    chosen = choose_variant(weights, Fixed(number))
    assert chosen is None if sum(weights.values()) == 0 else weights[chosen] > 0


def test_each_gets_its_share():
    rng = random.Random(7)
    counts = Counter(choose_variant({"blue": 9, "green": 1, "shadow": 0}, rng) for _ in range(10_000))
    assert set(counts) == {"blue", "green"}
    assert abs(counts["green"] - 1000) < 100


def test_the_point_decides_in_the_order_of_the_variants():
    weights = {"a": 1.0, "b": 0.0, "c": 3.0}
    assert [choose_variant(weights, Fixed(number)) for number in (0, 0.2499, 0.25, 0.9999)] == ["a", "a", "c", "c"]
