"""Every request is checked against all that botocore's service model says, before it is sent.

botocore itself checks types, required and unknown members, and minima. The service model says more: patterns,
enumerations, maxima, and which strings stand in a URL and so cannot be empty. AWS enforces them all, and answers
minutes into a deployment; this module enforces them in `check`, so that a preview already refuses. Values that a
preview does not know are passed over.

The patterns are ECMA-flavoured and mean the whole string (https://smithy.io/2.0/spec/constraint-traits.html#pattern-trait
leaves anchoring to the author; AWS's services match all of it). `re` cannot read about 63 of them: `regex` can.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

from botocore.model import Shape
from botocore.validate import ParamValidator, ValidationErrors

from greenroom.sandbox.provider.errors import Violation
from greenroom.sandbox.provider.values import UNKNOWN

# How Java writes "all of Unicode beyond the first plane", and how Python does.
SURROGATE_PAIRS = (r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF")
LONGEST_LIST_OF_ALLOWED = 12


class _Pattern(Protocol):
    def fullmatch(self, text: str, /) -> object | None: ...


@functools.lru_cache(maxsize=4096)
def compiled(pattern: str) -> _Pattern:
    """A service model's pattern, ready to match a whole string."""
    python_pattern = pattern.replace(*SURROGATE_PAIRS)
    try:
        return re.compile(python_pattern, re.ASCII)
    except re.error:
        import regex

        return regex.compile(python_pattern)  # type: ignore[no-any-return]


class Violations(ValidationErrors):
    """What botocore's validator reports, kept as data: the request's path and the reason, with value and allowed."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []

    def report(self, name: str, reason: str, **details: Any) -> None:
        """Called by botocore's own checks and by ours; `name` is the request's path, e.g. `.Tags[0].Key`."""
        if reason == "missing required field":
            name = f"{name}.{details['required_name']}"
        elif reason == "unknown field":
            name = f"{name}.{details['unknown_param']}"
        self.found.append((name, details.get("text") or _botocore_reason(reason, details)))


def _botocore_reason(reason: str, details: Mapping[str, Any]) -> str:
    tell = BOTOCORE_REASONS.get(reason)
    return f"{reason}: {details.get('type_error', details.get('param'))}" if tell is None else tell(details)


def _wrong_type(details: Mapping[str, Any]) -> str:
    value = details["param"]
    wanted = " or ".join(name.split("'")[1] if "'" in name else name for name in details["valid_types"])
    return f"{value!r} is of type {type(value).__name__}; allowed: {wanted}"


BOTOCORE_REASONS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "missing required field": lambda _: "is required and is missing",
    "unknown field": lambda details: f"is not known to AWS; allowed: {', '.join(details['valid_names'])}",
    "invalid type": _wrong_type,
    "invalid type for document": _wrong_type,
    "invalid range": lambda details: f"{details['param']} is too small; allowed: {details['min_allowed']} or more",
    "invalid length": lambda details: f"length {details['param']}; allowed: {details['min_allowed']} or more",
    "more than one input": lambda details: f"has several; allowed: exactly one of {', '.join(details['members'])}",
    "empty input": lambda details: f"is empty; allowed: exactly one of {', '.join(details['members'])}",
}


class ServiceModelValidator(ParamValidator):
    """botocore's validator, made to check every constraint that a shape carries."""

    def validate(self, params: Any, shape: Shape) -> Violations:
        """All violations of `shape` by `params`; unknown values violate nothing."""
        violations = Violations()
        self._validate(params, shape, violations, name="")
        return violations

    def _shape_has_constraints(self, shape: Shape) -> bool:  # noqa: ARG002
        # botocore takes a short cut through lists of plain scalars; ours must see each item.
        return True

    def _validate(self, params: Any, shape: Shape, errors: Violations, name: str) -> None:
        if params is UNKNOWN:
            return
        before = len(errors.found)
        params = _with_tokens_to_come(params, shape)
        super()._validate(params, shape, errors, name)  # type: ignore[misc]
        if len(errors.found) > before and not isinstance(params, Mapping | list | tuple):
            return
        for text in _broken_constraints(params, shape):
            errors.report(name, "constraint", text=text)


def _with_tokens_to_come(params: Any, shape: Any) -> Any:
    """A request with the idempotency tokens that botocore puts in itself, once we have looked at it."""
    if not _structure(shape) or not isinstance(params, Mapping):
        return params
    tokens = {name for name in shape.required_members if shape.members[name].metadata.get("idempotencyToken")}
    return {**dict.fromkeys(tokens, UNKNOWN), **params} if tokens - params.keys() else params


def _broken_constraints(value: Any, shape: Shape) -> Iterable[str]:
    match value:
        case bool():
            if shape.type_name != "boolean":
                yield f"{value} is a bool; allowed: {shape.type_name}"
        case str():
            yield from _broken_by_string(value, shape)
        case int() | float():
            yield from _broken_by_number(value, shape)
        case Mapping() | Sequence() | bytes():
            if not _structure(shape):
                yield from _broken_length(len(value), shape, "items")
        case _:
            return


def _structure(shape: Shape) -> bool:
    return bool(shape.type_name == "structure")


def _broken_by_string(value: str, shape: Shape) -> Iterable[str]:
    if shape.type_name not in {"string", "blob"}:
        return
    metadata = shape.metadata
    yield from _broken_length(len(value), shape, f"characters ({_short(value)})")
    enum = metadata.get("enum")
    if enum and value not in enum:
        yield f"{_short(value)} is not allowed; allowed: {_allowed(value, enum)}"
    pattern = metadata.get("pattern")
    if pattern and compiled(pattern).fullmatch(value) is None:
        yield f"{_short(value)} does not match; allowed: {pattern}"
    location = getattr(shape, "serialization", {})
    if not value and (location.get("location") == "uri" or location.get("hostLabel")):
        yield "is empty; allowed: at least 1 character"


def _broken_by_number(value: float, shape: Shape) -> Iterable[str]:
    if not math.isfinite(value):
        yield f"{value} is not a number that AWS can read"
    maximum = shape.metadata.get("max")
    if maximum is not None and shape.type_name in {"integer", "long", "float", "double"} and value > maximum:
        yield f"{value} is too large; allowed: {_range(shape)}"


def _broken_length(length: int, shape: Shape, unit: str) -> Iterable[str]:
    minimum, maximum = shape.metadata.get("min"), shape.metadata.get("max")
    if maximum is not None and length > maximum:
        yield f"{length} {unit}; allowed: {_range(shape)}"
    # botocore sees to the minima of strings and lists, not to those of maps and blobs.
    if minimum is not None and length < minimum and shape.type_name in {"map", "blob"}:
        yield f"{length} {unit}; allowed: {_range(shape)}"


def _range(shape: Shape) -> str:
    minimum, maximum = shape.metadata.get("min"), shape.metadata.get("max")
    return f"at most {maximum}" if minimum is None else f"{minimum} to {maximum}"


def _short(value: str) -> str:
    return repr(value if len(value) <= 80 else value[:77] + "...")


def _allowed(value: str, enum: Sequence[str]) -> str:
    if len(enum) <= LONGEST_LIST_OF_ALLOWED:
        return ", ".join(enum)
    import difflib

    near = difflib.get_close_matches(value, enum, n=5, cutoff=0.5)
    return f"{', '.join(near)}, … ({len(enum)} values)" if near else f"{', '.join(enum[:5])}, … ({len(enum)} values)"


def violations_of(request: Any, shape: Shape, sources: Mapping[str, str]) -> list[Violation]:
    """All violations of a request, each at the property that the member came from.

    `sources` maps a request's path (`.ProductionVariants[0].InstanceType`) to the property's path
    (`productionVariants[0].instanceType`); a member that came from no property is named as AWS names it.
    """
    found = ServiceModelValidator().validate(request, shape).found
    return [Violation(property_path(name, sources), reason) for name, reason in found]


def property_path(name: str, sources: Mapping[str, str]) -> str:
    """The property behind a request's path: itself, or its nearest known parent with AWS's names after it."""
    parent, rest = name, ""
    while parent:
        if parent in sources:
            return sources[parent] + _camel_case(rest)
        cut = max(parent.rfind("."), parent.rfind("["), parent.rfind(" (key:"), 0)
        rest = parent[cut:] + rest
        parent = parent[:cut]
    return _camel_case(rest).lstrip(".")


def _camel_case(rest: str) -> str:
    return re.sub(r"\.([A-Z])(?![A-Z])", lambda start: "." + start[1].lower(), rest)
