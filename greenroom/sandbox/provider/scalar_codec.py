"""One value's way to AWS and back: strings, numbers, booleans, times; and the trace of where each member came from.

Pulumi holds every number as a float, and botocore wants what the shape says; some strings of a program are numbers for
AWS, some numbers strings. While a value is encoded it is noted which property each member of the request came from, so
that a violation can be told in the program's terms.
"""

from __future__ import annotations

import datetime as dt
import decimal
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from greenroom.sandbox.provider.errors import Violation
from greenroom.sandbox.provider.values import UNKNOWN, as_json, has_unknown, joined, whole_numbers


@dataclass(frozen=True)
class Place:
    """Where a value stands: its path in the program and its path in the request."""

    property: str = ""
    member: str = ""

    def into(self, property_step: str | int | None, member_step: str | int | None) -> Place:
        """One step further on either side, or on one side only."""
        member = self.member
        if isinstance(member_step, int):
            member = f"{member}[{member_step}]"
        elif member_step is not None:
            member = f"{member}.{member_step}"
        return Place(self.property if property_step is None else joined(self.property, property_step), member)


@dataclass
class Trace:
    """What encoding found out on its way."""

    sources: dict[str, str] = field(default_factory=dict)
    violations: list[Violation] = field(default_factory=list)

    def note(self, place: Place) -> None:
        """This member came from this property."""
        self.sources[place.member] = place.property

    def refuse(self, place: Place, reason: str) -> None:
        """This property cannot become a member."""
        self.violations.append(Violation(place.property, reason))


class Codec:
    """One value's way to AWS and back; the base passes it on unchanged."""

    def encode(self, value: Any, place: Place, trace: Trace) -> Any:
        """The member for a property; `UNKNOWN` stays so."""
        trace.note(place)
        return value

    def decode(self, value: Any) -> Any:
        """The property for a member."""
        return value


@dataclass(frozen=True)
class ScalarCodec(Codec):
    """Strings, numbers, booleans and times."""

    python_type: type
    wire_type: str

    def encode(self, value: Any, place: Place, trace: Trace) -> Any:
        """As the shape wants it; what cannot be converted is left for the validator to refuse."""
        trace.note(place)
        convert = TO_WIRE.get(self.wire_type)
        return value if convert is None else convert(value)

    def decode(self, value: Any) -> Any:
        """As the SDK's declared type wants it."""
        value = _as_json_value(value)
        if self.python_type is str and isinstance(value, bool | int | float):
            return _as_text(value)
        if self.python_type in {int, float} and isinstance(value, str):
            return _as_float(value)
        if self.python_type is bool and isinstance(value, str):
            return value.lower() == "true"
        return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


@dataclass(frozen=True)
class DocumentCodec(Codec):
    """A JSON document: an object or a text in the program, a text for AWS, an object in the outputs (aws-native)."""

    def encode(self, value: Any, place: Place, trace: Trace) -> Any:
        """The text of an object; a text as it is."""
        trace.note(place)
        if has_unknown(value):
            return UNKNOWN
        return value if isinstance(value, str) else json.dumps(whole_numbers(value))

    def decode(self, value: Any) -> Any:
        """The object that a text says."""
        value = _as_json_value(value)
        return as_json(value) if isinstance(value, str) else value


@dataclass(frozen=True)
class PresenceCodec(Codec):
    """A boolean in the program, for AWS a structure without members that is there or is not (`Parquet: {}`)."""

    def encode(self, value: Any, place: Place, trace: Trace) -> Any:
        """An empty structure for true."""
        trace.note(place)
        return {True: {}, False: None}[value] if isinstance(value, bool) else value

    def decode(self, value: Any) -> Any:  # noqa: ARG002  # that it is there says all
        """It is there."""
        return True


def _as_json_value(value: Any) -> Any:
    """What botocore parsed further than JSON goes; IAM's policy documents it parses on its own."""
    match value:
        case dt.datetime():
            return _as_rfc3339(value)
        case bytes():
            return value.decode(errors="replace")
        case decimal.Decimal():
            return float(value)
        case dict() | list():
            return json.dumps(value)
        case _:
            return value


def _as_rfc3339(time: dt.datetime) -> str:
    """In UTC, in whole seconds, with a `Z`: as the official providers tell times."""
    return time.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _as_integer(value: Any) -> Any:
    value = _as_float(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _as_float(value: Any) -> Any:
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _as_boolean(value: Any) -> Any:
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


def _as_text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(int(value)) if float(value).is_integer() else str(value)
    return value


TO_WIRE: Mapping[str, Callable[[Any], Any]] = {
    "integer": _as_integer,
    "long": _as_integer,
    "double": _as_float,
    "float": _as_float,
    "boolean": _as_boolean,
    "string": _as_text,
}
