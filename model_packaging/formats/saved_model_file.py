"""What a SavedModel says of itself, read from `saved_model.pb` without TensorFlow.

Only the parts that are needed are read; the graph, which may be large, is skipped.

Source: https://github.com/tensorflow/tensorflow/tree/master/tensorflow/core/protobuf (`saved_model.proto`,
`meta_graph.proto`), `tensorflow/core/framework/tensor_shape.proto`
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from model_packaging.formats.protobuf_wire import LENGTH_DELIMITED, WireError, WireField, wire_fields
from model_packaging.release import TensorSpec

SAVED_MODEL = "saved_model.pb"
SERVE = "serve"
"""The tag of the graph that is for serving."""

_META_GRAPH = 2
_META_INFO, _SIGNATURES = 1, 5
_TAGS, _TENSORFLOW_VERSION = 4, 5
_UNKNOWN_RANK = 3

DTYPES: Mapping[int, str] = {
    1: "float32", 2: "float64", 3: "int32", 4: "uint8", 5: "int16", 6: "int8", 7: "str", 8: "complex64", 9: "int64",
    10: "bool", 14: "bfloat16", 17: "uint16", 18: "complex128", 19: "float16", 22: "uint32", 23: "uint64",
}  # fmt: skip
"""TensorFlow's DataType in numpy's words."""


@dataclass(frozen=True)
class SignatureDef:
    """One of the functions that a SavedModel serves."""

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]


@dataclass(frozen=True)
class SavedModelFile:
    """The graph for serving."""

    tags: tuple[str, ...]
    tensorflow_version: str
    signatures: Mapping[str, SignatureDef]


def read_saved_model(path: Path) -> SavedModelFile:
    """Reads the file.

    Raises:
        WireError: it is no SavedModel, is cut short, or has no graph for serving.
    """
    with path.open("rb") as stream:
        graphs = [
            _meta_graph(field, stream)
            for field in wire_fields(stream, 0, path.stat().st_size)
            if field.number == _META_GRAPH and field.wire_type == LENGTH_DELIMITED
        ]
    if not graphs:
        raise WireError("it has no graph")
    serving = [graph for graph in graphs if SERVE in graph.tags]
    if not serving:
        told = "; ".join(", ".join(graph.tags) or "none" for graph in graphs)
        raise WireError(f"none of its graphs is tagged {SERVE!r}; tags: {told}")
    return serving[0]


def _meta_graph(field: WireField, stream: BinaryIO) -> SavedModelFile:
    tags: list[str] = []
    version = ""
    signatures: dict[str, SignatureDef] = {}
    for part in field.fields(stream):
        if part.number == _META_INFO:
            for one in part.fields(stream):
                if one.number == _TAGS:
                    tags.append(one.text(stream))
                elif one.number == _TENSORFLOW_VERSION:
                    version = one.text(stream)
        elif part.number == _SIGNATURES:
            name, value = _entry(part, stream)
            if value is not None:
                signatures[name] = _signature(value, stream)
    return SavedModelFile(tuple(tags), version, signatures)


def _entry(field: WireField, stream: BinaryIO) -> tuple[str, WireField | None]:
    """Key and value of a map's entry."""
    name, value = "", None
    for part in field.fields(stream):
        if part.number == 1:
            name = part.text(stream)
        elif part.number == 2:
            value = part
    return name, value


def _signature(field: WireField, stream: BinaryIO) -> SignatureDef:
    inputs: dict[str, TensorSpec] = {}
    outputs: dict[str, TensorSpec] = {}
    for part in field.fields(stream):
        if part.number in {1, 2}:
            name, value = _entry(part, stream)
            if value is not None:
                (inputs if part.number == 1 else outputs)[name] = _tensor(name, value, stream)
    # A map's entries have no order of their own: by name, the same on every machine.
    return SignatureDef(*(tuple(found[name] for name in sorted(found)) for found in (inputs, outputs)))


def _tensor(name: str, field: WireField, stream: BinaryIO) -> TensorSpec:
    dtype = "unknown"
    shape: tuple[int | None, ...] = ()
    for part in field.fields(stream):
        if part.number == 2:
            dtype = DTYPES.get(part.value, f"TensorFlow type {part.value}")
        elif part.number == 3:
            shape = _shape(part, stream)
    return TensorSpec(name=name, dtype=dtype, shape=shape)


def _shape(field: WireField, stream: BinaryIO) -> tuple[int | None, ...]:
    """Of an unknown rank only the batch is known: `[None]`."""
    sizes: list[int | None] = []
    for part in field.fields(stream):
        if part.number == _UNKNOWN_RANK and part.value:
            return (None,)
        if part.number == 2:
            size = next((one.value for one in part.fields(stream) if one.number == 1), 0)
            sizes.append(size if size < 1 << 63 else None)
    return tuple(sizes)
