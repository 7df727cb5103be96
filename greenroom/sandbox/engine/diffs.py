"""Differences of properties: what a provider reports, and what the engine finds where the provider does not say.

https://www.pulumi.com/docs/iac/concepts/how-pulumi-works/#the-detailed-diff
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from greenroom.sandbox.engine import property_path
from greenroom.sandbox.engine.values import PropertyMap, Value, equal, unwrap


class DiffKind(Enum):
    """The kind of one property's difference, in the words of `pulumi preview --json`."""

    ADD = "add"
    ADD_REPLACE = "add-replace"
    DELETE = "delete"
    DELETE_REPLACE = "delete-replace"
    UPDATE = "update"
    UPDATE_REPLACE = "update-replace"

    @property
    def replaces(self) -> bool:
        """Whether the difference makes a new resource necessary."""
        return self in (DiffKind.ADD_REPLACE, DiffKind.DELETE_REPLACE, DiffKind.UPDATE_REPLACE)

    def to_replace(self) -> DiffKind:
        """The same difference, replacing."""
        return self if self.replaces else DiffKind(f"{self.value}-replace")

    def inverted(self) -> DiffKind:
        """The difference seen from the other side."""
        return _INVERSE.get(self, self)


_INVERSE = {
    DiffKind.ADD: DiffKind.DELETE,
    DiffKind.ADD_REPLACE: DiffKind.DELETE_REPLACE,
    DiffKind.DELETE: DiffKind.ADD,
    DiffKind.DELETE_REPLACE: DiffKind.ADD_REPLACE,
}


@dataclass(frozen=True, slots=True)
class PropertyDiff:
    """One property's difference. `old` and `new` are for display: None where there is none; secrets stay `Secret`."""

    kind: DiffKind
    input_diff: bool
    old: Value = None
    new: Value = None


@dataclass(frozen=True, slots=True)
class Diff:
    """A provider's answer: whether there are changes (None: it does not say), where, and whether they replace.

    `is_forced` marks a replacement that no property asks for (a replacement trigger).
    """

    changes: bool | None
    replace_keys: tuple[str, ...] = ()
    changed_keys: tuple[str, ...] = ()
    detailed: Mapping[str, PropertyDiff] | None = None
    delete_before_replace: bool = False
    is_forced: bool = False

    @property
    def replaces(self) -> bool:
        """Whether the resource must be made anew."""
        return (
            self.is_forced
            or bool(self.replace_keys)
            or any(item.kind.replaces for item in (self.detailed or {}).values())
        )


def compare(old: PropertyMap, new: PropertyMap) -> Diff:
    """The difference of two property maps, secrets compared by what they hide."""
    bare_old, bare_new = unwrap(old), unwrap(new)
    assert isinstance(bare_old, dict)  # noqa: S101  # unwrap keeps the shape
    assert isinstance(bare_new, dict)  # noqa: S101
    changed = [key for key in sorted(bare_old.keys() | bare_new.keys()) if not _same(bare_old, bare_new, key)]
    detailed: dict[str, PropertyDiff] = {}
    for key in changed:
        for path, kind in _walk((key,), bare_old.get(key, _ABSENT), bare_new.get(key, _ABSENT)):
            detailed[property_path.render(path)] = PropertyDiff(kind, input_diff=True)
    return Diff(bool(changed), changed_keys=tuple(changed), detailed=detailed if changed else None)


_ABSENT = object()


def _same(old: PropertyMap, new: PropertyMap, key: str) -> bool:
    return key in old and key in new and equal(old[key], new[key])


def _walk(path: property_path.Path, old: Any, new: Any) -> Iterator[tuple[property_path.Path, DiffKind]]:
    if old is _ABSENT:
        yield path, DiffKind.ADD
    elif new is _ABSENT:
        yield path, DiffKind.DELETE
    elif isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from _walk((*path, key), old.get(key, _ABSENT), new.get(key, _ABSENT))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            yield from _walk((*path, index), _at(old, index), _at(new, index))
    elif not equal(old, new):
        yield path, DiffKind.UPDATE


def _at(items: list[Any], index: int) -> Any:
    return items[index] if index < len(items) else _ABSENT


def force_replace(diff: Diff, replace_on_changes: Sequence[str]) -> Diff:
    """The difference, where every change under one of the paths replaces (the option `replace_on_changes`)."""
    if not diff.changes or not replace_on_changes:
        return diff
    paths = [property_path.parse(text) for text in replace_on_changes]

    def forced(text: str) -> bool:
        return any(property_path.covers(path, property_path.parse(text)) for path in paths)

    detailed = diff.detailed and {
        key: replace(item, kind=item.kind.to_replace()) if forced(key) else item for key, item in diff.detailed.items()
    }
    keys = dict.fromkeys((*diff.replace_keys, *(key for key in diff.changed_keys if forced(key))))
    return replace(diff, replace_keys=tuple(keys), detailed=detailed)


def with_values(
    diff: Diff, old_inputs: PropertyMap, old_outputs: PropertyMap, new_inputs: PropertyMap
) -> Mapping[str, PropertyDiff]:
    """The detailed difference with the values on both sides, for display; keys alone where there is no detail."""
    detailed = diff.detailed
    if not detailed:
        replacing = set(diff.replace_keys)
        keys = dict.fromkeys((*diff.changed_keys, *diff.replace_keys))
        detailed = {
            key: PropertyDiff(
                kind.to_replace() if key in replacing else kind, input_diff=key in old_inputs or key in new_inputs
            )
            for key in keys
            for kind in [_kind_of(key, old_inputs, new_inputs)]
        }
    result = {}
    for text, item in detailed.items():
        path = property_path.parse(text)
        before = property_path.get(old_inputs if item.input_diff else old_outputs, path)
        if before is None:
            before = property_path.get(old_inputs, path)
        result[text] = replace(item, old=before, new=property_path.get(new_inputs, path))
    return result


def _kind_of(key: str, old: PropertyMap, new: PropertyMap) -> DiffKind:
    if key in old and key not in new:
        return DiffKind.DELETE
    return DiffKind.ADD if key in new and key not in old else DiffKind.UPDATE
