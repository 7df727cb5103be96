"""From what was read to specs: pydantic's complaints and our broken rules as violations with a file and a line.

Pydantic stops before the rules between fields where a field is wrong. So that all violations are told at once, what is
wrong is taken out (where it is a single value or an unknown key) and the rest is checked again for its rules.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from components.specs.complaints import complaint
from components.specs.merging import Layer, trace
from components.specs.violations import RULES, Rule, SpecError, SpecPath, Violation, dotted, quote

M = TypeVar("M", bound=BaseModel)


def validate(model: type[M], layer: Layer) -> M:
    """`layer`'s value as a `model`.

    Raises:
        SpecError: all that is wrong with it.
    """
    try:
        return model.model_validate(layer.value)
    except ValidationError as error:
        raise spec_error(error, model, layer.value, (layer,)) from None


def spec_error(error: ValidationError, model: type[BaseModel], data: Any, layers: tuple[Layer, ...] = ()) -> SpecError:
    """What `error` says of `data`, and the rules that it hid, each at the place in `layers` that wrote the value."""
    errors = error.errors(include_url=False)
    return SpecError(
        violation_of(rule, layers) for rule in (*_rules(errors, model, data), *_hidden_rules(errors, model, data))
    )


def violation_of(rule: Rule, layers: tuple[Layer, ...] = ()) -> Violation:
    """`rule` at the place in `layers` where its value was written, or would be."""
    if not layers:
        return Violation("", None, None, dotted(rule.path), rule.value, rule.message, rule.allowed, rule.fix)
    place = trace(layers, rule.path)
    if place.document is None:
        return Violation("", None, None, dotted(place.path), rule.value, rule.message, rule.allowed, rule.fix)
    line, column = place.document.position(place.path, at_key=rule.value == (rule.path or (None,))[-1])
    return Violation(
        place.document.file, line, column, dotted(place.path), rule.value, rule.message, rule.allowed, rule.fix
    )


def _rules(errors: Sequence[ErrorDetails], model: type[BaseModel], data: Any) -> Iterator[Rule]:
    for error in errors:
        path = data_path(error["loc"], data)
        if error["type"] in {"too_short", "too_long"} and _has_wrong_item(errors, error):
            continue
        if error["type"] != RULES:
            yield complaint(error, model, path)
            continue
        for rule in error["ctx"]["rules"]:
            value = error["input"] if rule.path == () and rule.value is None else rule.value
            yield Rule((*path, *rule.path), rule.message, value, rule.allowed, rule.fix)


def _has_wrong_item(errors: Sequence[ErrorDetails], listed: ErrorDetails) -> bool:
    """Pydantic counts a list's valid items; where an item is wrong, that is what is to be said."""
    depth = len(listed["loc"])
    return any(len(error["loc"]) > depth and error["loc"][:depth] == listed["loc"] for error in errors)


def _hidden_rules(errors: Sequence[ErrorDetails], model: type[BaseModel], data: Any) -> Iterator[Rule]:
    pruned, taken_out = copy.deepcopy(data), False
    for error in errors:
        if error["type"] == RULES and any(rule.path for rule in error["ctx"]["rules"]):
            continue
        if not _take_out(pruned, data_path(error["loc"], data)):
            return
        taken_out = True
    if not taken_out:
        return
    try:
        model.model_validate(pruned)
    except ValidationError as error:
        known = {dotted(rule.path) + rule.message for rule in _rules(errors, model, data)}
        found = [one for one in error.errors(include_url=False) if one["type"] == RULES]
        yield from (rule for rule in _rules(found, model, pruned) if dotted(rule.path) + rule.message not in known)


def _take_out(data: Any, path: SpecPath) -> bool:
    """Removes the single value at `path`; whether the rest can be judged without it."""
    *parents, last = path or (0,)
    for part in parents:
        data = data[part]
    if not isinstance(data, dict) or last not in data or isinstance(data[last], dict | list | tuple):
        return False
    del data[last]
    return True


def data_path(loc: Sequence[str | int], data: Any) -> SpecPath:
    """Pydantic's `loc` without what is not in the data: the tags of unions and the marks of keys."""
    path: list[str | int] = []
    for part in loc:
        if isinstance(data, Mapping) and part not in data and (data.get("kind") == part or part == "[key]"):
            continue
        if part == "[key]":
            continue
        path.append(part)
        data = _below(data, part)
    return tuple(path)


def _below(data: Any, part: str | int) -> Any:
    if isinstance(data, Mapping):
        return data.get(part)
    if isinstance(data, list | tuple) and isinstance(part, int) and part < len(data):
        return data[part]
    return None


def expect_mapping(layer: Layer) -> Rule | None:
    """A file that is no mapping of keys is no spec."""
    if isinstance(layer.value, dict):
        return None
    return Rule((), f"{quote(layer.value)} is not a mapping of keys", layer.value, fix="write `key: value` lines")
