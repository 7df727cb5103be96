"""Property values as plain Python, and back.

The SDK's `PropertyValue` wraps every value with secretness and dependencies. Inside this package a value is
what JSON would hold (`dict`, `list`, `str`, `float`, `bool`, `None`), or `UNKNOWN`: what a preview does not know yet.
Secretness is kept a top-level property wide: a property that holds a secret anywhere is secret as a whole, as the
engine itself does for providers that do not mark their outputs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pulumi
from pulumi.provider.experimental.property_value import Computed, PropertyValue, ResourceReference
from pulumi.runtime.rpc import UNKNOWN as UNKNOWN_ON_THE_WIRE

from greenroom.sandbox.provider.content import Content
from greenroom.sandbox.sdk_values import SCALARS, mapping, scalar, sequence


class Unknown:
    """The type of `UNKNOWN`; it compares equal to nothing but itself and has no truth value."""

    def __repr__(self) -> str:
        return "unknown"

    def __bool__(self) -> bool:
        raise TypeError("an unknown value is neither true nor false")

    def __copy__(self) -> Unknown:
        return self

    def __deepcopy__(self, _memo: dict[int, Any]) -> Unknown:
        return self


UNKNOWN: Final = Unknown()


def plain(value: PropertyValue) -> Any:  # noqa: PLR0911  # one a kind
    """A `PropertyValue` as plain Python; the wire's and the SDK's unknowns become `UNKNOWN`."""
    if type(value.value) in SCALARS:
        return UNKNOWN if value.value == UNKNOWN_ON_THE_WIRE else value.value
    match value.value:
        case Computed():
            return UNKNOWN
        case str() as text:
            return UNKNOWN if text == UNKNOWN_ON_THE_WIRE else text
        case ResourceReference() as reference:
            return None if reference.resource_id is None else plain(reference.resource_id)
        case pulumi.Asset() | pulumi.Archive() as source:
            return Content(source)
        case Mapping() as mapping:
            return {key: plain(item) for key, item in mapping.items()}
        case Sequence() as sequence:
            return [plain(item) for item in sequence]
        case other:
            return other


def plain_map(properties: Mapping[str, PropertyValue]) -> dict[str, Any]:
    """All properties of a request as plain Python."""
    return {key: plain(value) for key, value in properties.items()}


def secret_keys(properties: Mapping[str, PropertyValue]) -> frozenset[str]:
    """The top-level properties that are secret, or hold a secret anywhere inside."""
    return frozenset(key for key, value in properties.items() if value.contains_secret())


def secret_outputs(outputs: Mapping[str, Any], inputs: Mapping[str, PropertyValue]) -> frozenset[str]:
    """The outputs that are to be secret: their inputs are, or a secret of the inputs can be read in them.

    So `tagsAll` and `arn` tell nothing of secret `tags` and a secret `name`. Texts of one or two letters do not count.
    """
    texts = {text for value in inputs.values() for text in _secret_texts(value, within=False)}
    return secret_keys(inputs) | {key for key, value in outputs.items() if any(_holds(value, text) for text in texts)}


def _secret_texts(value: PropertyValue, *, within: bool) -> set[str]:
    within = within or value.is_secret
    match value.value:
        case str() as text:
            return {text} if within and len(text) > 2 else set()
        case Mapping() as mapping:
            return set().union(*(_secret_texts(item, within=within) for item in mapping.values()))
        case Sequence() as sequence:
            return set().union(*(_secret_texts(item, within=within) for item in sequence))
        case _:
            return set()


def _holds(value: Any, text: str) -> bool:
    match value:
        case str():
            return text in value
        case Mapping():
            return any(_holds(item, text) for item in value.values())
        case list() | tuple():
            return any(_holds(item, text) for item in value)
        case _:
            return False


def property_value(value: Any) -> PropertyValue:  # noqa: PLR0911  # one a kind
    """Plain Python as a `PropertyValue`; numbers are floats there, as in Pulumi."""
    if type(value) in SCALARS:
        return scalar(value)
    if type(value) is dict:
        return mapping({str(key): property_value(item) for key, item in value.items()})
    match value:
        case Unknown():
            return PropertyValue.computed()
        case bool() | str() | None:
            return PropertyValue(value)
        case Content():
            return PropertyValue(value.source)
        case int() | float():
            return PropertyValue(float(value))
        case Mapping():
            return PropertyValue({str(key): property_value(item) for key, item in value.items()})
        case list() | tuple():
            return sequence([property_value(item) for item in value])
        case _:
            return PropertyValue(value)


def property_values(properties: Mapping[str, Any], secret: frozenset[str] = frozenset()) -> dict[str, PropertyValue]:
    """Plain properties as `PropertyValue`s, those named in `secret` marked so."""
    return {
        key: property_value(value).with_secret(True) if key in secret else property_value(value)
        for key, value in properties.items()
    }


def has_unknown(value: Any) -> bool:
    """Whether a preview does not know this value, or a part of it."""
    if type(value) in SCALARS:
        return False
    match value:
        case Unknown():
            return True
        case Mapping():
            return any(has_unknown(item) for item in value.values())
        case list() | tuple():
            return any(has_unknown(item) for item in value)
        case _:
            return False


def without_nulls(value: Any) -> Any:
    """The same value without members that are null: for AWS they are as good as absent."""
    if type(value) in SCALARS:
        return value
    match value:
        case Mapping():
            return {key: without_nulls(item) for key, item in value.items() if item is not None}
        case list() | tuple():
            return [without_nulls(item) for item in value]
        case _:
            return value


def as_json(text: str) -> Any:
    """What a JSON document in a string says; the string itself where it is none. Policies are such documents."""
    if text[:1] not in "{[" or not text:
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def same(one: Any, other: Any) -> bool:
    """Whether two values mean the same to AWS: JSON documents are compared by what they say, numbers by their value."""
    if one is UNKNOWN or other is UNKNOWN:
        return False
    if isinstance(one, str) and isinstance(other, str):
        return one == other or (one[:1] in "{[" and as_json(one) == as_json(other))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return bool(one == other)


def joined(path: str, step: str | int) -> str:
    """A property path one step further: `a`, `a.b`, `a[0]`, `a["b.c"]`, as Pulumi writes it."""
    if isinstance(step, int):
        return f"{path}[{step}]"
    if not step or not all(character.isalnum() or character in "_-$" for character in step):
        return f'{path}["{step}"]'
    return f"{path}.{step}" if path else step


def as_whole_number(value: Any) -> Any:
    """A float that is whole as an integer: Pulumi's numbers are floats, and AWS's counts are not."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def whole_numbers(value: Any) -> Any:
    """The same value with its whole floats as integers, at any depth: how a JSON document is written."""
    match value:
        case Mapping():
            return {key: whole_numbers(item) for key, item in value.items()}
        case list():
            return [whole_numbers(item) for item in value]
        case _:
            return as_whole_number(value)
