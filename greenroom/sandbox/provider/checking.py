"""Check: what a program gives is completed, and refused where AWS would refuse it.

All violations are told at once, each at its property. Those of the SDK's declared types come first and alone: a
request cannot be made of inputs that are of the wrong kind.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.content import Content, ContentError
from greenroom.sandbox.provider.errors import InvalidInputsError, Violation
from greenroom.sandbox.provider.naming import named
from greenroom.sandbox.provider.property_types import ListOf, MapOf, PropertyType, Scalar, Structure
from greenroom.sandbox.provider.resource_type import ResourceType
from greenroom.sandbox.provider.tags_property import effective_tags, tags_of, tags_value
from greenroom.sandbox.provider.values import UNKNOWN, has_unknown, joined, whole_numbers, without_nulls


@dataclass(frozen=True)
class Checked:
    """The inputs to go on with, and what is wrong with them."""

    inputs: dict[str, Any]
    violations: list[Violation]


def check(
    kind: ResourceType,
    session: AccountSession,
    inputs: Mapping[str, Any],
    old_inputs: Mapping[str, Any],
    *,
    logical_name: str,
    random_seed: bytes,
) -> Checked:
    """Names what has no name, and refuses what the SDK's types, or AWS's service model, do not allow."""
    given = {name: value for name, value in without_nulls(inputs).items() if not name.startswith("__")}
    given = _documents_as_text(given, kind.structure)
    declared = [*_declared_violations(given, kind.structure, ""), *_unreadable(given)]
    if kind.autoname is not None:
        try:
            given = named(kind.autoname, given, old_inputs, logical_name, random_seed)
        except InvalidInputsError as error:
            declared += error.violations
    if kind.package == "aws-native" and session.default_tags and "tags" in kind.structure.properties:
        given = {**given, "tags": tags_value(kind, effective_tags(session, given))}
    if declared:
        return Checked(given, declared)
    return Checked(given, kind.violations(given, tags_of(kind, session, given)))


def _unreadable(given: Mapping[str, Any]) -> Iterator[Violation]:
    """Assets and archives whose files are not there."""
    for name, value in given.items():
        if isinstance(value, Content):
            try:
                _ = value.digest
            except ContentError as error:
                yield Violation(name, str(error))


def _documents_as_text(value: Any, declared: PropertyType) -> Any:
    """JSON documents that the program gives as objects, where AWS wants the text; as the real provider does it."""
    match declared, value:
        case Scalar(python_type=python_type), Mapping() | list() if python_type is str:
            return UNKNOWN if has_unknown(value) else json.dumps(whole_numbers(value))
        case Structure(), Mapping():
            properties = declared.properties
            return {
                name: _documents_as_text(item, properties[name]) if name in properties else item
                for name, item in value.items()
            }
        case (ListOf(item=item_type), list()):
            return [_documents_as_text(item, item_type) for item in value]
        case _:
            return value


def _declared_violations(value: Any, declared: PropertyType, path: str) -> list[Violation]:
    """Properties that the SDK does not know, and required ones that are missing, at any depth."""
    match declared, value:
        case Structure(), Mapping():
            found = [
                Violation(joined(path, name), _unknown_property(name, declared))
                for name in value
                if name not in declared.properties
            ]
            found += [
                Violation(joined(path, name), "is required and is missing")
                for name in sorted(declared.required)
                if name not in value
            ]
            for name, item in value.items():
                if name in declared.properties:
                    found += _declared_violations(item, declared.properties[name], joined(path, name))
            return found
        case ListOf(item=item_type), list():
            return [
                violation
                for index, item in enumerate(value)
                for violation in _declared_violations(item, item_type, joined(path, index))
            ]
        case MapOf(item=item_type), Mapping():
            return [
                violation
                for key, item in value.items()
                for violation in _declared_violations(item, item_type, joined(path, key))
            ]
        case (Structure() | MapOf(), list() | str() | float() | bool()) | (
            ListOf(),
            Mapping() | str() | float() | bool(),
        ):
            wanted = "a list" if isinstance(declared, ListOf) else "an object"
            return [Violation(path, f"{value!r} is of the wrong type; allowed: {wanted}")]
        case _:
            return []


def _unknown_property(name: str, declared: Structure) -> str:
    near = difflib.get_close_matches(name, declared.properties, n=1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    return f"is no property of this type; {hint}allowed: {', '.join(sorted(declared.properties))}"
