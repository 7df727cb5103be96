"""Merging fragments of a spec: later wins, mappings are merged key by key, everything else is replaced.

A block with a `kind` is one of several alternatives; a fragment that names another kind replaces the whole block, so
that no key of the old kind is left behind.

The merge itself keeps no record of where a value came from. When the result turns out to be wrong, `trace` finds the
fragment that wrote the offending value: a valid project, which is nearly every one, pays nothing for its lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:
    from components.specs.documents import Document
    from components.specs.violations import SpecPath


@dataclass(frozen=True)
class Layer:
    """One fragment, and where it stands."""

    value: Any
    document: Document | None = None
    """The file it was read from; `None`: it was made in Python."""
    path: SpecPath = ()
    """Its place in the document."""


def merge(base: Any, over: Any) -> Any:
    """`base` with `over` on top; neither is changed."""
    if not _merges(base, over):
        return over
    merged = dict(base)
    for key, value in over.items():
        merged[key] = merge(merged[key], value) if key in merged else value
    return merged


def explicit(spec: BaseModel) -> dict[str, Any]:
    """What was written of `spec`: fields left to their defaults are absent; a block's `kind` is always there."""
    fields = type(spec).model_fields
    return {
        name: _explicit_value(getattr(spec, name)) for name in fields if name in spec.model_fields_set or name == "kind"
    }


def trace(layers: tuple[Layer, ...], path: SpecPath) -> Layer:
    """The place that wrote what stands at `path` of the merged layers; for what nobody wrote, where it would stand."""
    active = _joined(layers)
    for depth, part in enumerate(path):
        below = tuple(
            Layer(layer.value[part], layer.document, (*layer.path, part)) for layer in active if _has(layer.value, part)
        )
        if not below:
            top = active[-1]
            return Layer(None, top.document, (*top.path, *path[depth:]))
        active = _joined(below)
    return active[-1]


def _joined(layers: tuple[Layer, ...]) -> tuple[Layer, ...]:
    """The layers that have a part in the merged value: from the last that replaced all before it."""
    written = tuple(layer for layer in layers if layer.value != {}) or layers[-1:]
    start = 0
    merged: Any = written[0].value
    for index, layer in enumerate(written[1:], start=1):
        if not _merges(merged, layer.value):
            start = index
        merged = merge(merged, layer.value)
    return written[start:]


def _merges(base: Any, over: Any) -> bool:
    if not (isinstance(base, Mapping) and isinstance(over, Mapping)):
        return False
    return "kind" not in over or "kind" not in base or bool(base["kind"] == over["kind"])


def _has(value: Any, part: str | int) -> bool:
    if isinstance(value, Mapping):
        return part in value
    return isinstance(value, list | tuple) and isinstance(part, int) and part < len(value)


def _explicit_value(value: Any) -> Any:
    match value:
        case BaseModel():
            return explicit(value)
        case tuple() | list():
            return tuple(_explicit_value(item) for item in value)
        case dict():
            return {key: _explicit_value(item) for key, item in value.items()}
        case _:
            return value
