"""Property values: what they are, how they compare, how they travel."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi.provider.experimental.property_value import PropertyValue

from greenroom.sandbox.engine import wire
from greenroom.sandbox.engine.state import value_from_json, value_to_json
from greenroom.sandbox.engine.values import (
    SIGNATURE_KEY,
    UNKNOWN,
    Reference,
    Secret,
    equal,
    has_secret,
    has_unknown,
    plain,
    redact,
    unwrap,
)

keys = st.text(max_size=8).filter(lambda key: key != SIGNATURE_KEY)
scalars = st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12)
values = st.recursive(
    scalars | st.just(UNKNOWN) | st.builds(Reference, st.text(min_size=1, max_size=8), st.none() | st.just("id-1")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3) | st.builds(Secret, scalars),
    max_leaves=12,
)


@given(st.dictionaries(keys, values, max_size=4))
def test_a_value_survives_the_sdk_s_wire(properties: dict[str, Any]) -> None:
    assert wire.from_struct(wire.to_struct(properties)) == properties


@given(st.dictionaries(keys, values, max_size=4))
def test_a_value_survives_a_provider(properties: dict[str, Any]) -> None:
    assert wire.from_provider(wire.to_provider(properties)) == properties


@given(values)
def test_a_value_survives_the_state_s_json(value: Any) -> None:
    sealed: dict[str, str] = {}

    def encrypt(place: str, text: str) -> str:
        sealed[f"{place}:{len(sealed)}"] = text
        return f"{place}:{len(sealed) - 1}"

    document = json.loads(json.dumps(value_to_json(value, "here", encrypt)))
    assert equal(value_from_json(document, "here", lambda _place, cipher: sealed[cipher]), value)


@given(values)
def test_what_is_shown_hides_every_secret(value: Any) -> None:
    assert not has_secret(redact(value))
    assert not has_secret(unwrap(value))
    json.dumps(plain(value))


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (True, 1.0, False),
        ([True], [1.0], False),
        (1.0, 1, True),
        ({"a": [1.0]}, {"a": [1.0]}, True),
        ({"a": 1.0}, {"a": 1.0, "b": None}, False),
        (Secret("x"), "x", False),
        (Secret("x"), Secret("x"), True),
        (UNKNOWN, UNKNOWN, True),
    ],
)
def test_equality_is_deep_and_tells_true_from_one(left: Any, right: Any, same: bool) -> None:
    assert equal(left, right) is same


def test_a_secret_hides_in_its_repr() -> None:
    assert "hush" not in repr({"a": [Secret("hush")]})


def test_unknowns_are_found_however_deep() -> None:
    assert has_unknown({"a": [Secret({"b": UNKNOWN})]})
    assert not has_unknown({"a": [Secret({"b": 1.0})]})


def test_a_provider_s_sentinel_string_is_unknown() -> None:
    answered = {"a": PropertyValue("04da6b54-80e4-46f7-96ec-b56ff0331ba9"), "b": PropertyValue.computed()}
    assert wire.from_provider(answered) == {"a": UNKNOWN, "b": UNKNOWN}


def test_a_provider_that_takes_no_secrets_nor_references_gets_neither() -> None:
    given_ = {"s": Secret([Secret("x")]), "r": Reference("urn:x", "id-1"), "c": Reference("urn:c")}
    sent = wire.to_provider(given_, secrets=False, references=False)
    assert wire.from_provider(sent) == {"s": ["x"], "r": "id-1", "c": "urn:c"}
