"""Pydantic's complaints in the words of the house: what is wrong, what is allowed, what to change."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel
from pydantic_core import ErrorDetails

from components.specs.violations import Rule, SpecPath, did_you_mean, quote


def complaint(error: ErrorDetails, model: type[BaseModel], path: SpecPath) -> Rule:
    """The rule that `error`, raised while validating `model`, says was broken at `path`."""
    told = _SAID.get(error["type"])
    if told is None:
        message = error["msg"]
        return Rule(path, message[:1].lower() + message[1:], error["input"])
    return told(error, model, path)


def _unknown_key(error: ErrorDetails, model: type[BaseModel], path: SpecPath) -> Rule:
    owner = _model_at(model, error["loc"][:-1])
    known = tuple(owner.model_fields) if owner is not None else ()
    key = str(path[-1])
    fix = did_you_mean(key, known) or "leave it out"
    return Rule(path, f"there is no key {quote(key)}", key, allowed=", ".join(known), fix=fix)


def _missing(error: ErrorDetails, model: type[BaseModel], path: SpecPath) -> Rule:
    field = _field_at(model, error["loc"])
    return Rule(path, "is required", None, _range(field), f"add `{path[-1]}:`, {_first_sentence(field)}")


def _not_text(error: ErrorDetails, _: type[BaseModel], path: SpecPath) -> Rule:
    value = error["input"]
    fix = f"write it in quotes: '{value}'" if isinstance(value, int | float) else ""
    return Rule(path, f"{quote(value)} is not text", value, fix=fix)


def _wrong_type(what: str, allowed: str = "") -> Callable[[ErrorDetails, type[BaseModel], SpecPath], Rule]:
    def told(error: ErrorDetails, model: type[BaseModel], path: SpecPath) -> Rule:
        value = error["input"]
        return Rule(
            path, f"{quote(value)} is not {what}", value, allowed=allowed or _range(_field_at(model, error["loc"]))
        )

    return told


def _out_of_range(error: ErrorDetails, model: type[BaseModel], path: SpecPath) -> Rule:
    value = error["input"]
    return Rule(path, f"{quote(value)} is out of range", value, allowed=_range(_field_at(model, error["loc"])))


def _length(error: ErrorDetails, model: type[BaseModel], path: SpecPath) -> Rule:
    value = error["input"]
    what = "characters" if isinstance(value, str) else "items"
    return Rule(path, f"has {len(value)} {what}", value, allowed=_range(_field_at(model, error["loc"]), what))


def _not_one_of(error: ErrorDetails, model: type[BaseModel], path: SpecPath) -> Rule:
    known = _literals(_annotation_at(model, error["loc"])) or [error["ctx"]["expected"]]
    value = error["input"]
    return Rule(path, f"{quote(value)} is not known here", value, ", ".join(known), did_you_mean(value, known))


def _unknown_kind(error: ErrorDetails, _: type[BaseModel], path: SpecPath) -> Rule:
    known = [tag.strip().strip("'") for tag in error["ctx"]["expected_tags"].split(",")]
    kind = error["ctx"]["tag"]
    return Rule(
        (*path, "kind"), f"{quote(kind)} is not a kind known here", kind, ", ".join(known), did_you_mean(kind, known)
    )


def _missing_kind(error: ErrorDetails, model: type[BaseModel], path: SpecPath) -> Rule:
    known = [kind for member in _models(_annotation_at(model, error["loc"])) for kind in _kinds(member)]
    return Rule((*path, "kind"), "is required", None, ", ".join(known), "add `kind:`")


_SAID: dict[str, Callable[[ErrorDetails, type[BaseModel], SpecPath], Rule]] = {
    "extra_forbidden": _unknown_key,
    "missing": _missing,
    "string_type": _not_text,
    "int_type": _wrong_type("a whole number"),
    "float_type": _wrong_type("a number"),
    "finite_number": _wrong_type("a finite number"),
    "bool_type": _wrong_type("true or false", "true, false"),
    "tuple_type": _wrong_type("a list", "a list: [a, b], or a line with - for each item"),
    "dict_type": _wrong_type("a mapping", "a mapping of keys"),
    "model_type": _wrong_type("a mapping", "a mapping of keys"),
    "greater_than_equal": _out_of_range,
    "greater_than": _out_of_range,
    "less_than_equal": _out_of_range,
    "less_than": _out_of_range,
    "multiple_of": _out_of_range,
    "too_short": _length,
    "too_long": _length,
    "string_too_long": _length,
    "literal_error": _not_one_of,
    "union_tag_invalid": _unknown_kind,
    "union_tag_not_found": _missing_kind,
}


def _model_at(model: type[BaseModel], loc: Sequence[str | int]) -> type[BaseModel] | None:
    if not loc:
        return model
    annotation = _annotation_at(model, loc)
    return next(_models(annotation), None)


def _annotation_at(model: type[BaseModel], loc: Sequence[str | int]) -> Any:
    """The type at pydantic's `loc`; the tag of a union picks its member."""
    current: Any = model
    for part in loc:
        current = _step(current, part)
    return current


def _step(annotation: Any, part: str | int) -> Any:
    for member in _models(annotation):
        if part in member.model_fields:
            field = member.model_fields[str(part)]
            return Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
        if part in _kinds(member):
            return member
    return next((item for item in _items(annotation)), None)


def _field_at(model: type[BaseModel], loc: Sequence[str | int]) -> tuple[Any, str]:
    """The type and the description of the field at `loc`."""
    owner = _model_at(model, loc[:-1])
    description = ""
    if owner is not None and loc and loc[-1] in owner.model_fields:
        description = owner.model_fields[str(loc[-1])].description or ""
    return _annotation_at(model, loc), description


def _parts(annotation: Any) -> Iterator[Any]:
    """The annotation, and what it is made of where that is a union or an annotated type."""
    yield annotation
    if get_origin(annotation) is Annotated:
        yield from _parts(get_args(annotation)[0])
    elif get_origin(annotation) in {Union, types.UnionType}:
        for member in get_args(annotation):
            yield from _parts(member)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    return (part for part in _parts(annotation) if isinstance(part, type) and issubclass(part, BaseModel))


def _items(annotation: Any) -> Iterator[Any]:
    """What the lists and mappings in an annotation hold."""
    for part in _parts(annotation):
        if get_origin(part) is tuple:
            yield get_args(part)[0]
        elif get_origin(part) is dict:
            yield get_args(part)[1]


def _kinds(model: type[BaseModel]) -> tuple[str, ...]:
    field = model.model_fields.get("kind")
    return () if field is None else get_args(field.annotation)


def _literals(annotation: Any) -> list[str]:
    return [str(value) for part in _parts(annotation) if get_origin(part) is Literal for value in get_args(part)]


def _range(field: tuple[Any, str], unit: str = "") -> str:
    """The bounds on a field, in words: `60 to 3600`, `at least 1`."""
    low, high, step = _bounds(field[0])
    words = {
        (True, True): f"{low} to {high}",
        (True, False): f"at least {low}",
        (False, True): f"at most {high}",
        (False, False): "",
    }[low is not None, high is not None]
    return " ".join(part for part in (words, f"in steps of {step}" if step else "", unit if words else "") if part)


def _bounds(annotation: Any) -> tuple[Any, Any, Any]:
    low: Any = None
    high: Any = None
    step: Any = None
    for constraint in _constraints(annotation):
        match constraint:
            case annotated_types.Ge(ge=bound):
                low = bound
            case annotated_types.Gt(gt=bound):
                low = f"more than {bound}"
            case annotated_types.MinLen(min_length=bound):
                low = bound
            case annotated_types.Le(le=bound):
                high = bound
            case annotated_types.MaxLen(max_length=bound):
                high = bound
            case annotated_types.MultipleOf(multiple_of=bound):
                step = bound
            case _:
                pass
    return low, high, step


def _constraints(annotation: Any) -> Iterator[Any]:
    for part in _parts(annotation):
        if get_origin(part) is Annotated:
            for meta in get_args(part)[1:]:
                yield from getattr(meta, "metadata", (meta,))


def _first_sentence(field: tuple[Any, str]) -> str:
    sentence = " ".join(field[1].split()).split(". ")[0].rstrip(".")
    return sentence[:1].lower() + sentence[1:]
