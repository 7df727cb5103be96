"""Every AWS name: within AWS's limits, the same for the same content, another for another."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from components.specs import (
    MAX_NAME_LENGTH,
    Threshold,
    bucket_name,
    content_hash,
    content_name,
    fit,
    slug,
    with_suffix,
)
from components.specs.names import NAME_PATTERN
from model_packaging.release import NAME_PATTERN as RELEASE_NAME_PATTERN
from tests.unit.specs.samples import minimal, violations

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def is_name(text: str) -> bool:
    return len(text) <= MAX_NAME_LENGTH and re.fullmatch(NAME_PATTERN, text) is not None


@given(st.text(), JSON)
def test_trap_17_any_text_makes_a_name_within_awss_limits(text: str, content: object) -> None:
    assert is_name(fit(text))
    assert is_name(content_name(text, content))
    assert is_name(with_suffix(text, "data-quality"))
    assert is_name(with_suffix(content_name(text, content), "data-quality"))


@given(st.text(min_size=1), st.integers(18, 255))
def test_trap_17_a_name_fits_the_limit_it_is_given(text: str, limit: int) -> None:
    for name in (fit(text, limit), content_name(text, text, limit), with_suffix(text, "alarm", limit)):
        assert len(name) <= limit
        assert re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*", name)


def test_trap_17_long_names_with_one_head_stay_apart() -> None:
    head = "the-model-of-the-team-" * 4

    assert fit(head + "a") != fit(head + "b")
    assert content_name(head + "a", {}) != content_name(head + "b", {})
    assert fit(head + "a")[:50] == fit(head + "b")[:50]


def test_trap_17_a_suffix_is_never_cut() -> None:
    assert with_suffix("m" * 63, "data-quality").endswith("-data-quality")
    assert with_suffix("dev-tumor", "p99") == "dev-tumor-p99"
    with pytest.raises(ValueError, match="leaves no room"):
        with_suffix("tumor", "s" * 60)


@given(st.from_regex(r"[a-z]+(-[a-z0-9]+)*", fullmatch=True).filter(lambda text: len(text) <= 63))
def test_a_name_that_is_fine_is_left_alone(name: str) -> None:
    assert slug(name) == name
    assert fit(name) == name


@given(st.text(), JSON, JSON)
def test_same_content_same_name(prefix: str, content: object, other: object) -> None:
    assert content_name(prefix, content) == content_name(prefix, content)
    if content_hash(content) != content_hash(other):
        assert content_name(prefix, content) != content_name(prefix, other)


def test_names_are_pinned_since_a_changed_one_is_a_new_resource() -> None:
    assert content_name("dev-tumor", {"image": "x", "data": "y"}) == "dev-tumor-72a6a515ac"
    assert content_name("dev-tumor", {"data": "y", "image": "x"}) == "dev-tumor-72a6a515ac"
    assert content_hash(Threshold(threshold=1.0)) == content_hash(Threshold(threshold=1.0).model_dump())
    assert fit("dev tumor/ä") == "dev-tumor"
    assert slug("--") == "unnamed"
    assert fit("x" * 70) == "x" * 54 + "-" + fit("x" * 70)[-8:]


def test_content_that_is_not_known_yet_makes_no_name() -> None:
    with pytest.raises(TypeError, match="object has no JSON form"):
        content_hash({"arn": object()})


@pytest.mark.parametrize("owner", ["dev", "prod--fraud", "an-environment-with-a-rather-long-nam"])
def test_a_bucket_name_keeps_account_and_region_whole(owner: str) -> None:
    name = bucket_name("capture", owner, "111122223333", "ap-northeast-1")

    assert name.endswith("-111122223333-ap-northeast-1")
    assert re.fullmatch(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", name)


@given(st.text("aZ0-_", min_size=1, max_size=66))
@example("Fraud")
@example("a--b")
@example("a" * 63)
@example("a" * 64)
def test_a_model_may_be_named_whatever_a_release_of_it_may(name: str) -> None:
    packaged = re.fullmatch(RELEASE_NAME_PATTERN, name) is not None and len(name) <= 63

    assert (violations({**minimal(), "name": name}) == ()) == packaged
