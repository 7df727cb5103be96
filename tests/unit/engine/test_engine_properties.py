"""Paths and differences of properties."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.sandbox.engine.diffs import Diff, DiffKind, PropertyDiff, compare, force_replace, with_values
from greenroom.sandbox.engine.errors import RegistrationError
from greenroom.sandbox.engine.property_path import covers, get, parse, render, restore
from greenroom.sandbox.engine.values import Secret


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a", ("a",)),
        ("a.b", ("a", "b")),
        ("a[0].b", ("a", 0, "b")),
        ('a["b.c"]', ("a", "b.c")),
        ('["x y"].z', ("x y", "z")),
        ("a[*].b", ("a", "*", "b")),
        ("a.*", ("a", "*")),
        (r'a["q\"q"]', ("a", 'q"q')),
        ("", ()),
    ],
)
def test_paths_are_read(text: str, path: tuple[str | int, ...]) -> None:
    assert parse(text) == path


@given(
    st.lists(st.text(min_size=1, max_size=5) | st.integers(0, 99), min_size=1, max_size=4).filter(
        lambda p: isinstance(p[0], str)
    )
)
def test_a_rendered_path_reads_back(path: list[str | int]) -> None:
    assert parse(render(path)) == tuple(path)


@pytest.mark.parametrize("text", ["a[", "a[x]", 'a["', "a..b[", "[-1]"])
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(RegistrationError, match="is not a property path"):
        parse(text)


@pytest.mark.parametrize(
    ("path", "other", "is_covered"),
    [
        ("a", "a", True),
        ("a", "a.b[1]", True),
        ("a.b", "a", False),
        ("a[*].b", "a[3].b.c", True),
        ("*", "x", True),
        ("a", "b", False),
    ],
)
def test_a_path_covers_what_lies_beneath_it(path: str, other: str, is_covered: bool) -> None:
    assert covers(parse(path), parse(other)) is is_covered


@pytest.mark.parametrize(
    ("new", "old", "ignored", "restored", "failed"),
    [
        ({"a": 2, "b": 2}, {"a": 1, "b": 1}, ["a"], {"a": 1, "b": 2}, []),
        ({"a": 2}, {}, ["a"], {}, []),
        ({}, {"a": 1}, ["a"], {"a": 1}, []),
        ({"a": {"x": 2, "y": 2}}, {"a": {"x": 1, "y": 1}}, ["a.x"], {"a": {"x": 1, "y": 2}}, []),
        ({"a": [{"x": 2}, {"x": 3}]}, {"a": [{"x": 1}, {"x": 1}]}, ["a[*].x"], {"a": [{"x": 1}, {"x": 1}]}, []),
        ({"a": [1, 2, 3]}, {"a": [1]}, ["a[*]"], {"a": [1, 2, 3]}, ["a[*]"]),
        ({"a": [1]}, {"a": [5, 6]}, ["a[1]"], {"a": [1]}, ["a[1]"]),
        ({"a": {"x": 2}}, {}, ["a.x"], {"a": {"x": 2}}, ["a.x"]),
        ({"a": Secret({"x": 2})}, {"a": Secret({"x": 1})}, ["a.x"], {"a": Secret({"x": 1})}, []),
        ({"a": 2}, {"a": 1}, ["*"], {"a": 1}, []),
        ({"a": 1}, {"a": 1}, ["b.c"], {"a": 1}, []),
    ],
)
def test_ignored_changes_are_put_back(new: Any, old: Any, ignored: list[str], restored: Any, failed: list[str]) -> None:
    assert restore(new, old, ignored) == (restored, failed)


def test_a_value_within_a_secret_is_secret() -> None:
    assert get({"a": Secret({"b": 1})}, ("a", "b")) == Secret(1)
    assert get({"a": [1]}, ("a", 4)) is None


def test_a_comparison_names_the_deepest_difference() -> None:
    old = {"same": 1.0, "gone": 1.0, "deep": {"list": [1.0, {"x": 1.0}, 3.0]}, "secret": Secret("a")}
    new = {"same": 1.0, "new": 1.0, "deep": {"list": [1.0, {"x": 2.0}]}, "secret": "a"}
    diff = compare(old, new)
    assert (diff.changes, diff.changed_keys) == (True, ("deep", "gone", "new"))
    assert diff.detailed == {
        "deep.list[1].x": PropertyDiff(DiffKind.UPDATE, input_diff=True),
        "deep.list[2]": PropertyDiff(DiffKind.DELETE, input_diff=True),
        "gone": PropertyDiff(DiffKind.DELETE, input_diff=True),
        "new": PropertyDiff(DiffKind.ADD, input_diff=True),
    }


def test_nothing_differs_from_itself() -> None:
    assert compare({"a": [1.0]}, {"a": [1.0]}) == Diff(False)


def test_replace_on_changes_turns_updates_into_replacements() -> None:
    update = PropertyDiff(DiffKind.UPDATE, input_diff=True)
    diff = Diff(True, changed_keys=("a", "b"), detailed={"a.x": update, "b": update})
    forced = force_replace(diff, ["a"])
    assert (forced.replaces, forced.replace_keys) == (True, ("a",))
    assert forced.detailed == {"a.x": PropertyDiff(DiffKind.UPDATE_REPLACE, input_diff=True), "b": update}
    assert force_replace(diff, ["c"]).replaces is False
    assert force_replace(Diff(False), ["*"]) == Diff(False)


def test_a_difference_is_shown_with_both_values_or_by_key_alone() -> None:
    diff = Diff(True, replace_keys=("a",), changed_keys=("a", "b"))
    assert with_values(diff, {"a": 1.0}, {"a": 1.0}, {"a": 2.0, "b": 3.0}) == {
        "a": PropertyDiff(DiffKind.UPDATE_REPLACE, input_diff=True, old=1.0, new=2.0),
        "b": PropertyDiff(DiffKind.ADD, input_diff=True, old=None, new=3.0),
    }


@pytest.mark.parametrize("kind", list(DiffKind))
def test_a_difference_seen_from_the_other_side_and_back_is_the_same(kind: DiffKind) -> None:
    assert kind.inverted().inverted() is kind
    assert kind.inverted().replaces is kind.replaces
    assert kind.to_replace().replaces
