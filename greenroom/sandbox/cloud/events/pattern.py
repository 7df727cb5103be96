"""Whether an event matches a rule's pattern.

A pattern is an object of the event's shape: a leaf is a list of what its value may be, values or comparisons. Every
field of the pattern must match, any entry of a leaf suffices, and where the event's value is a list, any of its values
suffices. `$or` takes patterns of which one must match.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

import ipaddress
import operator
import re
from collections.abc import Callable
from typing import Any, Final

_ABSENT: Final = object()
_ORDERS: Final[dict[str, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
}


def matches(pattern: dict[str, Any], event: dict[str, Any]) -> bool:
    """Whether every field of `pattern` takes the event's."""
    return all(_field(name, wanted, event) for name, wanted in pattern.items())


def _field(name: str, wanted: Any, event: dict[str, Any]) -> bool:
    if name == "$or" and isinstance(wanted, list):
        return any(matches(one, event) for one in wanted)
    value = event.get(name, _ABSENT)
    if isinstance(wanted, list):
        return any(_entry(entry, value) for entry in wanted)
    if isinstance(value, list):  # objects in a list: one of them must match as a whole
        return any(isinstance(one, dict) and matches(wanted, one) for one in value)
    if isinstance(value, dict):
        return matches(wanted, value)
    return matches(wanted, {})  # only `exists: false` can match what is not there


def _entry(entry: Any, value: Any) -> bool:
    if isinstance(entry, dict):
        ((comparison, argument),) = entry.items()
        if comparison == "exists":
            return (value is not _ABSENT) is bool(argument)
        return _any_of(value, lambda one: _COMPARISONS[comparison](argument, one))
    return _any_of(value, lambda one: _is_same(entry, one))


def _any_of(value: Any, test: Callable[[Any], bool]) -> bool:
    if value is _ABSENT:
        return False
    return any(test(one) for one in value) if isinstance(value, list) else test(value)


def _is_same(wanted: Any, value: Any) -> bool:
    # 1 and true are different in JSON, and the same in Python
    return wanted == value and isinstance(wanted, bool) == isinstance(value, bool)


def _text(test: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    """A comparison of texts; `{"equals-ignore-case": …}` as its argument makes it one of folded texts."""

    def compare(argument: Any, value: Any) -> bool:
        if not isinstance(value, str):
            return False
        if isinstance(argument, dict):
            (folded,) = argument.values()
            return test(value.casefold(), folded.casefold())
        return test(value, argument)

    return compare


def _wildcard(value: str, pattern: str) -> bool:
    parts = re.split(r"(\\\*|\\\\|\*)", pattern)
    expression = "".join(".*" if part == "*" else re.escape(part[-1:] if part[:1] == "\\" else part) for part in parts)
    return re.fullmatch(expression, value, re.DOTALL) is not None


def _numeric(argument: list[Any], value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return all(_ORDERS[order](value, bound) for order, bound in zip(argument[::2], argument[1::2], strict=True))


def _cidr(argument: str, value: Any) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(argument)
    except ValueError:
        return False


def _anything_but(argument: Any, value: Any) -> bool:
    if isinstance(argument, dict):
        ((comparison, inner),) = argument.items()
        return not any(_COMPARISONS[comparison](one, value) for one in (inner if isinstance(inner, list) else [inner]))
    return not any(_is_same(one, value) for one in (argument if isinstance(argument, list) else [argument]))


_COMPARISONS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "prefix": _text(str.startswith),
    "suffix": _text(str.endswith),
    "equals-ignore-case": _text(lambda value, wanted: value.casefold() == wanted.casefold()),
    "wildcard": _text(_wildcard),
    "numeric": _numeric,
    "cidr": _cidr,
    "anything-but": _anything_but,
}


def problems(pattern: Any, path: str = "") -> list[str]:
    """What is wrong with a pattern, each with its path; nothing where it is sound."""
    if not isinstance(pattern, dict) or not pattern:
        return [f"{path or 'the pattern'}: must be an object with a field at least"]
    found: list[str] = []
    for name, wanted in pattern.items():
        here = f"{path}.{name}".lstrip(".")
        if name == "$or" and isinstance(wanted, list):
            found += [problem for one in wanted for problem in problems(one, here)]
        elif isinstance(wanted, dict):
            found += problems(wanted, here)
        elif not isinstance(wanted, list) or not wanted:
            found.append(f"{here}: must be an object or an array with an entry at least")
        else:
            found += [f"{here}: {problem}" for entry in wanted for problem in _entry_problems(entry)]
    return found


def _entry_problems(entry: Any) -> list[str]:
    if not isinstance(entry, dict):
        return []
    if len(entry) != 1:
        return ["a comparison is an object of one field"]
    ((comparison, argument),) = entry.items()
    if comparison != "exists" and comparison not in _COMPARISONS:
        return [f"unknown comparison {comparison!r}; there are exists, {', '.join(_COMPARISONS)}"]
    if comparison == "numeric":
        return _numeric_problems(argument)
    if comparison == "anything-but" and isinstance(argument, dict):
        return _entry_problems(argument)
    return []


def _numeric_problems(argument: Any) -> list[str]:
    sound = (
        isinstance(argument, list)
        and len(argument) in {2, 4}
        and all(order in _ORDERS for order in argument[::2])
        and all(isinstance(bound, int | float) and not isinstance(bound, bool) for bound in argument[1::2])
    )
    return [] if sound else [f'numeric takes ["<", 5] or [">", 0, "<=", 5], not {argument!r}']
