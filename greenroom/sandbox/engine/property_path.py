"""Property paths: where in a resource's properties a change lies, or is to be ignored.

``a.b``, ``a[0].b``, ``a["b.c"]`` and the wildcard ``a[*].b`` or ``a.*``.
https://www.pulumi.com/docs/iac/concepts/resources/options/ignorechanges/
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, TypeAlias

from greenroom.sandbox.engine.errors import RegistrationError
from greenroom.sandbox.engine.values import PropertyMap, Secret, Value

Path: TypeAlias = "tuple[str | int, ...]"
WILDCARD = "*"
_TOKEN = re.compile(r"""\[(?P<index>\d+)\]|\[(?P<star>\*)\]|\["(?P<quoted>(?:[^"\\]|\\.)*)"\]|\.?(?P<name>[^.\[\]]+)""")
_MISSING = object()


def parse(text: str) -> Path:
    """The path that the text spells.

    Raises:
        RegistrationError: it spells none.
    """
    steps: list[str | int] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise RegistrationError(f"{text!r} is not a property path", fix='write a.b, a[0].b, a["b.c"] or a[*].b')
        position = match.end()
        steps.append(_step(match))
    return tuple(steps)


def _step(match: re.Match[str]) -> str | int:
    if match["index"] is not None:
        return int(match["index"])
    if match["star"] is not None:
        return WILDCARD
    if match["quoted"] is not None:
        return re.sub(r"\\(.)", r"\1", match["quoted"])
    return match["name"]


def render(path: Sequence[str | int]) -> str:
    """The text of a path."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif re.fullmatch(r"[A-Za-z_$][\w$]*", step):
            text += f".{step}" if text else step
        else:
            escaped = step.replace("\\", "\\\\").replace('"', '\\"')
            text += f'["{escaped}"]' if text or not re.fullmatch(r"[^.\[\]]+", step) else step
    return text


def covers(path: Path, other: Path) -> bool:
    """Whether the first path is the other or one above it; a wildcard stands for any one step."""
    if len(other) < len(path):
        return False
    return all(WILDCARD in (mine, theirs) or mine == theirs for mine, theirs in zip(path, other, strict=False))


def get(properties: Value, path: Path) -> Value:
    """The value at the path; None where there is none. Secrets on the way are looked into and stay secret."""
    value: Any = properties
    is_secret = False
    for step in path:
        if isinstance(value, Secret):
            value, is_secret = value.value, True
        value = _child(value, step)
        if value is _MISSING:
            return None
    return Secret(value) if is_secret and not isinstance(value, Secret) else value


def _child(value: Any, step: str | int) -> Any:
    if isinstance(value, dict):
        return value.get(str(step), _MISSING)
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return value[step]
    return _MISSING


def restore(inputs: PropertyMap, old_inputs: PropertyMap, ignored: Sequence[str]) -> tuple[PropertyMap, list[str]]:
    """The inputs with every ignored path put back to its old value.

    Returns:
        The inputs, and those paths that could not be ignored, since an element on their way was added or removed.
    """
    result: PropertyMap = dict(inputs)
    failed: list[str] = []
    for text in ignored:
        restored = _restore(result, old_inputs, parse(text))
        if restored is _MISSING:
            failed.append(text)
        else:
            result = restored
    return result, failed


def _restore(new: Any, old: Any, path: Path) -> Any:
    """`new` with the value at the path taken from `old`; _MISSING where the path leads nowhere in one of them."""
    if isinstance(new, Secret) or isinstance(old, Secret):
        bare_new = new.value if isinstance(new, Secret) else new
        bare_old = old.value if isinstance(old, Secret) else old
        restored = _restore(bare_new, bare_old, path)
        return restored if restored is _MISSING else Secret(restored)
    step, rest = path[0], path[1:]
    if step == WILDCARD:
        return _restore_each(new, old, rest)
    if not rest:
        return _replace_child(new, step, _child(old, step))
    new_child, old_child = _child(new, step), _child(old, step)
    if new_child is _MISSING and old_child is _MISSING:
        return new
    if new_child is _MISSING or old_child is _MISSING:
        return _MISSING
    restored = _restore(new_child, old_child, rest)
    return restored if restored is _MISSING else _replace_child(new, step, restored)


def _restore_each(new: Any, old: Any, rest: Path) -> Any:
    keys: list[str | int]
    if isinstance(new, dict) and isinstance(old, dict):
        keys = sorted(new.keys() | old.keys()) if not rest else sorted(new.keys() & old.keys())
    elif isinstance(new, list) and isinstance(old, list) and len(new) == len(old):
        keys = list(range(len(new)))
    else:
        return _MISSING
    for key in keys:
        new = _restore(new, old, (key, *rest))
        if new is _MISSING:
            return _MISSING
    return new


def _replace_child(value: Any, step: str | int, child: Any) -> Any:
    if isinstance(value, dict):
        without = {key: item for key, item in value.items() if key != step}
        return without if child is _MISSING else {**without, str(step): child}
    if isinstance(value, list) and isinstance(step, int) and step < len(value) and child is not _MISSING:
        return [child if index == step else item for index, item in enumerate(value)]
    return _MISSING
