"""YAML is read so that every value can be pointed at, and nothing in it is passed over silently."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from components.specs.documents import Document, read_document


def read(tmp_path: Path, text: str) -> Document:
    (tmp_path / "spec.yaml").write_text(text)
    document = read_document(tmp_path, tmp_path / "spec.yaml")
    assert isinstance(document, Document), document
    return document


def refused(tmp_path: Path, text: str) -> list[str]:
    (tmp_path / "spec.yaml").write_text(text)
    violations = read_document(tmp_path, tmp_path / "spec.yaml")
    assert isinstance(violations, list)
    return [str(violation) for violation in violations]


NESTED = """\
serving:
  production_variants:
    - name: a
    - name: b
      weight:   2
tags: {team: x}
"""


@pytest.mark.parametrize(
    ("path", "position"),
    [
        ((), (1, 1)),
        (("serving",), (1, 1)),
        (("serving", "production_variants"), (2, 3)),
        (("serving", "production_variants", 1), (4, 7)),
        (("serving", "production_variants", 1, "weight"), (5, 17)),
        (("tags", "team"), (6, 14)),
        (("tags", "owner"), (6, 1)),
        (("serving", "kind"), (1, 1)),
        (("serving", "production_variants", 7), (2, 3)),
        (("rollout", "kind"), (1, 1)),
    ],
)
def test_a_value_is_pointed_at_and_a_missing_one_at_its_place(tmp_path: Path, path, position) -> None:
    assert read(tmp_path, NESTED).position(path) == position


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1", 1),
        ("-3", -3),
        ("0x10", 16),
        ("1_000", 1000),
        ("1.5", 1.5),
        ("1.5e+3", 1500.0),
        ("true", True),
        ("no", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("'1'", "1"),
        ("012345670123", "012345670123"),
        ("12:30:45", "12:30:45"),
        ("2026-01-02", "2026-01-02"),
        ("[1, [a]]", (1, ("a",))),
        ("{a: {b: 1}}", {"a": {"b": 1}}),
        ("!!str 5", "5"),
        ("!!float oops", "oops"),
    ],
)
def test_scalars_are_read_as_people_mean_them(tmp_path: Path, written: str, value: object) -> None:
    made = read(tmp_path, f"key: {written}\n").value["key"]

    assert made == value
    assert type(made) is type(value)


def test_anchors_and_merge_keys_bring_values_and_their_places(tmp_path: Path) -> None:
    document = read(
        tmp_path,
        "base: &base {a: 1, b: 2}\nother: &other {b: 3, c: 4}\nmade:\n  <<: [*base, *other]\n  a: 9\nsame: *base\n",
    )

    assert document.value["made"] == {"a": 9, "b": 2, "c": 4}
    assert document.value["same"] == {"a": 1, "b": 2}
    assert document.position(("made", "a")) == (5, 6)
    assert document.position(("made", "c")) == (2, 25)


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        (
            "a: 1\nb: {c: 1, c: 2}\na: 3\n",
            [
                "spec.yaml:2: b.c: 'c' is given twice, first on line 2; keep one of them",
                "spec.yaml:3: a: 'a' is given twice, first on line 1; keep one of them",
            ],
        ),
        ("1: a\n", ["spec.yaml:1: the key 1 is not text; write the key in quotes"]),
        ("no: a\n", ["spec.yaml:1: the key no is not text; write the key in quotes"]),
        ("[a]: b\n", ["spec.yaml:1: the key a list or mapping is not text; write the key in quotes"]),
        ("a: !secret x\n", ["spec.yaml:1: a: the tag !secret means nothing here; leave the tag out"]),
        ("a: &loop [*loop]\n", ["spec.yaml:1: a[0]: an anchor that contains itself; write the value out"]),
        ("<<: 3\n", ["spec.yaml:1: `<<` merges a mapping; point it at an anchor on a mapping"]),
        (
            "a: 1\n---\nb: 2\n",
            [
                (
                    "spec.yaml:2: this is not YAML: expected a single document in the stream but found another document; "
                    "mend the file at this place"
                )
            ],
        ),
        ("\n", ["spec.yaml:1: the file is empty; write the keys that its schema asks for"]),
    ],
)
def test_what_yaml_passes_over_is_refused(tmp_path: Path, text: str, messages: list[str]) -> None:
    assert refused(tmp_path, text) == messages


def test_nesting_without_end_is_refused(tmp_path: Path) -> None:
    (message,) = refused(tmp_path, "[" * 100_000)

    assert message.startswith("spec.yaml:1: this is n")


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text("abc xyz-_:0123456789", max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abcdef", min_size=1), inner, max_size=3),
    max_leaves=12,
)


@given(PLAIN)
def test_what_yaml_writes_is_read_back(tmp_path_factory: pytest.TempPathFactory, value: object) -> None:
    def tuples(one: object) -> object:
        if isinstance(one, list):
            return tuple(tuples(item) for item in one)
        return {key: tuples(item) for key, item in one.items()} if isinstance(one, dict) else one

    folder = tmp_path_factory.mktemp("yaml")

    assert read(folder, yaml.safe_dump({"key": value})).value == {"key": tuples(value)}
