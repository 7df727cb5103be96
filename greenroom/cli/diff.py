"""One step's difference of properties, as lines: old and new by path, secrets and unknowns by name.

Values read as Pulumi's own display has them: `[secret]` for what is secret, `output<string>` for what is known only
after an operation. A string that holds JSON (a policy, a dashboard) is compared as what it holds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from greenroom.sandbox.engine.values import REDACTED, UNKNOWN, equal, plain

if TYPE_CHECKING:
    from greenroom.sandbox.engine.diffs import PropertyDiff

VALUE_WIDTH = 110
"""Characters of one value that are shown; the rest is in `--json`."""

_ABSENT: Any = object()
_UNKNOWN = plain(UNKNOWN)


def difference_lines(detailed: Mapping[str, PropertyDiff]) -> list[str]:
    """The lines of a step's detailed difference, `~ path: old => new`."""
    lines: list[str] = []
    for path, item in detailed.items():
        suffix = click.style("  forces replacement", fg="magenta") if item.kind.replaces else ""
        kind = item.kind.value.removesuffix("-replace")
        old = _ABSENT if kind == "add" else plain(item.old)
        new = _ABSENT if kind == "delete" else plain(item.new)
        if kind == "update" and equal(old, new):
            lines.append(_line("~", "yellow", path, _told_alike(old, new)) + suffix)
        else:
            lines += [line + suffix for line in _compare(path, old, new)]
    return lines


def _told_alike(old: Any, new: Any) -> str:
    """Values that differ and look the same: secrets, or what a resource takes from another one that is replaced."""
    if REDACTED in show(old):
        return f"{show(old)} => {show(new)}"
    return f"{show(old)}, anew from what is replaced"


def input_lines(inputs: Mapping[str, Any], op: str) -> list[str]:
    """Every input of a resource that is created, read or deleted, a line a property."""
    mark, colour = ("-", "red") if op.startswith("delete") else ("+", "green")
    shown = {key: plain(value) for key, value in inputs.items() if not key.startswith("__")}
    return [_input_line(mark, colour, key, value) for key, value in shown.items() if value is not None]


def _input_line(mark: str, colour: str, key: str, value: Any) -> str:
    parsed = _parsed(value)
    if parsed is None:
        return _line(mark, colour, key, show(value))
    return _line(mark, colour, f"{key} (json)", show(parsed))


def show(value: Any) -> str:
    """A value on one line."""
    if value is _ABSENT:
        return ""
    text = json.dumps(value, ensure_ascii=False, default=str)
    text = text.replace(f'"{_UNKNOWN}"', "output<string>").replace(f'"{REDACTED}"', REDACTED)
    return text if len(text) <= VALUE_WIDTH else f"{text[: VALUE_WIDTH - 1]}…"


def _line(mark: str, colour: str, path: str, text: str) -> str:
    return f"{click.style(mark, fg=colour)} {path}: {text}"


def _compare(path: str, old: Any, new: Any) -> Iterator[str]:
    old_json, new_json = _parsed(old), _parsed(new)
    if old_json is not None and new_json is not None:
        path, old, new = f"{path} (json)", old_json, new_json
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            yield from _compare(f"{path}.{key}", old.get(key, _ABSENT), new.get(key, _ABSENT))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            pair = (items[index] if index < len(items) else _ABSENT for items in (old, new))
            yield from _compare(f"{path}[{index}]", *pair)
    elif old is _ABSENT:
        yield _line("+", "green", path, show(new))
    elif new is _ABSENT:
        yield _line("-", "red", path, show(old))
    elif not equal(old, new):
        yield _line("~", "yellow", path, f"{show(old)} => {show(new)}")


def _parsed(value: Any) -> Any:
    """What a string of JSON holds; `None` for every other value."""
    if not isinstance(value, str) or value[:1] not in {"{", "["}:
        return None
    try:
        return json.loads(value)
    except ValueError:
        return None
