"""What an ONNX file says of itself, read from its protobuf without onnx or onnxruntime.

The numbers of the fields are those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto. Weights are skipped, not
read: a file of gigabytes costs no more than its graph.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from model_packaging.formats.protobuf_wire import LENGTH_DELIMITED, VARINT, WireError, WireField, wire_fields

IR_VERSION = 1
KNOWN_MODEL_FIELDS = {1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25, 26}
NEWEST_PLAUSIBLE_IR_VERSION = 64
"""ONNX 1.19 writes 12; a first varint above this is not an IR version."""

NODE_OPERATOR, TENSOR_NAME, TENSOR_EXTERNAL_DATA = 4, 8, 13

ELEMENT_TYPES = {
    1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 8: "str", 9: "bool",
    10: "float16", 11: "float64", 12: "uint32", 13: "uint64", 14: "complex64", 15: "complex128", 16: "bfloat16",
}  # fmt: skip
"""TensorProto.DataType in numpy's words."""


@dataclass(frozen=True)
class OnnxValue:
    """An input or output of the graph."""

    name: str
    dtype: str | None
    """None where it is not a tensor."""
    kind: str
    """`tensor`, or what else it is: `sequence`, `map`, `optional`, `sparse tensor`."""
    shape: tuple[int | None, ...]


@dataclass(frozen=True)
class OnnxFile:
    """The parts of a model that packaging needs."""

    opsets: dict[str, int]
    """Operator domain to version; the empty domain is ONNX's own."""
    inputs: tuple[OnnxValue, ...]
    outputs: tuple[OnnxValue, ...]
    operators: frozenset[str]
    external_data: tuple[str, ...]
    """Files beside the model that hold its weights."""

    @property
    def opset(self) -> int | None:
        """The version of ONNX's own operators; None where only other domains are used."""
        return self.opsets.get("", self.opsets.get("ai.onnx"))


def looks_like_onnx(path: Path) -> bool:
    """Whether the file begins as ONNX files do: with a plausible IR version, then a field that a model has."""
    with path.open("rb") as stream:
        head = stream.read(3)
    plausible = len(head) == 3 and head[0] == IR_VERSION << 3 and 0 < head[1] <= NEWEST_PLAUSIBLE_IR_VERSION
    return plausible and head[2] >> 3 in KNOWN_MODEL_FIELDS and head[2] & 7 in {VARINT, LENGTH_DELIMITED}


def read_onnx_file(path: Path) -> OnnxFile:
    """Reads the file.

    Raises:
        WireError: it is not an ONNX model, or is cut short.
    """
    with path.open("rb") as stream:
        return _read_model(stream, path.stat().st_size)


def _read_model(stream: BinaryIO, size: int) -> OnnxFile:
    ir_version, graph, opsets = 0, None, {}
    for field in wire_fields(stream, 0, size):
        match field.number, field.wire_type:
            case (1, 0):
                ir_version = field.value
            case (7, 2):
                graph = field
            case (8, 2):
                domain, version = _opset(field, stream)
                opsets[domain] = version
    if not ir_version or graph is None or not opsets:
        raise WireError("has no graph, IR version or opset")
    return _with_graph(graph, stream, opsets)


def _opset(field: WireField, stream: BinaryIO) -> tuple[str, int]:
    domain, version = "", 0
    for part in field.fields(stream):
        if part.number == 1:
            domain = part.text(stream)
        elif part.number == 2:
            version = part.value
    return domain, version


def _with_graph(graph: WireField, stream: BinaryIO, opsets: dict[str, int]) -> OnnxFile:
    initializers: set[str] = set()
    external: set[str] = set()
    operators: set[str] = set()
    inputs: list[OnnxValue] = []
    outputs: list[OnnxValue] = []
    for field in graph.fields(stream):
        match field.number:
            case 1:
                operators |= {part.text(stream) for part in field.fields(stream) if part.number == NODE_OPERATOR}
            case 5:
                names, files = _initializer(field, stream)
                initializers |= names
                external |= files
            case 11:
                inputs.append(_value(field, stream))
            case 12:
                outputs.append(_value(field, stream))
    return OnnxFile(
        opsets=opsets,
        inputs=tuple(one for one in inputs if one.name not in initializers),
        outputs=tuple(outputs),
        operators=frozenset(operators),
        external_data=tuple(sorted(external)),
    )


def _initializer(field: WireField, stream: BinaryIO) -> tuple[set[str], set[str]]:
    """Its name, and the file its data is in where that is another one."""
    names: set[str] = set()
    files: set[str] = set()
    for part in field.fields(stream):
        if part.number == TENSOR_NAME:
            names.add(part.text(stream))
        elif part.number == TENSOR_EXTERNAL_DATA:
            entry = {one.number: one.text(stream) for one in part.fields(stream)}
            if entry.get(1) == "location":
                files.add(entry.get(2, ""))
    return names, files


def _value(field: WireField, stream: BinaryIO) -> OnnxValue:
    name, kind = "", "value without a type"
    dtype: str | None = None
    shape: tuple[int | None, ...] = ()
    for part in field.fields(stream):
        if part.number == 1:
            name = part.text(stream)
        elif part.number == 2:
            kind, dtype, shape = _type(part, stream)
    return OnnxValue(name, dtype, kind, shape)


def _type(field: WireField, stream: BinaryIO) -> tuple[str, str | None, tuple[int | None, ...]]:
    kinds = {1: "tensor", 4: "sequence", 5: "map", 8: "sparse tensor", 9: "optional"}
    for part in field.fields(stream):
        if part.number == 1:
            return "tensor", *_tensor(part, stream)
        if part.number in kinds:
            return kinds[part.number], None, ()
    return "value without a type", None, ()


def _tensor(field: WireField, stream: BinaryIO) -> tuple[str | None, tuple[int | None, ...]]:
    dtype: str | None = None
    shape: tuple[int | None, ...] = ()
    for part in field.fields(stream):
        if part.number == 1:
            dtype = ELEMENT_TYPES.get(part.value)
        elif part.number == 2:
            shape = tuple(_dimensions(part, stream))
    return dtype, shape


def _dimensions(field: WireField, stream: BinaryIO) -> Iterator[int | None]:
    for dimension in field.fields(stream):
        fixed = [one.value for one in dimension.fields(stream) if one.number == 1 and one.wire_type == VARINT]
        yield fixed[0] if fixed and fixed[0] < 1 << 63 else None
