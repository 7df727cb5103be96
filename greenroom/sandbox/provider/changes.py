"""What differs between the inputs that made a resource and the ones wanted now, property path by property path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from greenroom.sandbox.provider.values import has_unknown, joined, same


class ChangeKind(Enum):
    """What happens to a value."""

    ADD = "add"
    DELETE = "delete"
    UPDATE = "update"


@dataclass(frozen=True)
class Change:
    """One value that differs.

    Attributes:
        path: e.g. `productionVariants[0].instanceType`.
        property: the input it belongs to, e.g. `productionVariants`.
    """

    path: str
    property: str
    kind: ChangeKind


class _Absent:
    def __repr__(self) -> str:
        return "absent"


ABSENT: Final = _Absent()


def input_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """All differences, in the order of the new inputs, then of what is gone; internal keys (`__…`) are no inputs."""
    keys = [key for key in (*new, *(key for key in old if key not in new)) if not key.startswith("__")]
    return [
        Change(path, key, kind)
        for key in keys
        for path, kind in _differences(key, old.get(key, ABSENT), new.get(key, ABSENT))
    ]


def _differences(path: str, old: Any, new: Any) -> Iterator[tuple[str, ChangeKind]]:
    if old is ABSENT or new is ABSENT:
        if old is not new:
            yield path, ChangeKind.ADD if old is ABSENT else ChangeKind.DELETE
    elif isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys((*new, *old)):
            yield from _differences(joined(path, key), old.get(key, ABSENT), new.get(key, ABSENT))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            item_old = old[index] if index < len(old) else ABSENT
            item_new = new[index] if index < len(new) else ABSENT
            yield from _differences(joined(path, index), item_old, item_new)
    elif has_unknown(new) or not same(old, new):
        yield path, ChangeKind.UPDATE
