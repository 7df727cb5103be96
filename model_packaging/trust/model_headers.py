"""What the headers of model files claim, held against the files: safetensors, and ONNX's external data.

A header is read, the weights are passed over: a file of many gigabytes costs as little as a small one.
"""

from __future__ import annotations

import io
import json
from collections.abc import Collection, Iterator
from pathlib import PurePosixPath
from typing import Any

from model_packaging.trust.archives import escape

MAXIMUM_SAFETENSORS_HEADER_BYTES = 100_000_000
"""What the library reads at most
(https://github.com/huggingface/safetensors/blob/main/safetensors/src/tensor.rs)."""
_MAXIMUM_TEXT_BYTES = 64 * 1024


def safetensors_problem(stream: io.BufferedReader, size_bytes: int) -> str | None:
    """What is wrong with a safetensors file; None where nothing is."""
    prefix = stream.read(8)
    length = int.from_bytes(prefix, "little")
    if len(prefix) < 8 or length > size_bytes - 8:
        return f"is cut off: its header is said to have {length:,} bytes, the file has {size_bytes:,}"
    if length > MAXIMUM_SAFETENSORS_HEADER_BYTES:
        return f"has a header of {length:,} bytes; allowed: at most {MAXIMUM_SAFETENSORS_HEADER_BYTES:,}"
    try:
        header = json.loads(stream.read(length))
        spans = sorted(_span(one) for name, one in header.items() if name != "__metadata__")
    except (TypeError, KeyError, AttributeError, ValueError, RecursionError):
        return "has a header that is no JSON object of tensors, each with a type, a shape and a place"
    return _layout_problem(spans, size_bytes - 8 - length)


def _layout_problem(spans: list[tuple[int, int]], data_bytes: int) -> str | None:
    at = 0
    for start, end in spans:
        if start != at or end < start:
            return f"has tensors that overlap or leave a gap at byte {at:,} of the data"
        at = end
    return None if at == data_bytes else f"has tensors of {at:,} bytes, and {data_bytes:,} bytes of data"


def _span(tensor: Any) -> tuple[int, int]:
    start, end = tensor["data_offsets"]
    if not all(isinstance(one, int) and one >= 0 for one in (start, end, *tensor["shape"])):
        raise TypeError
    return int(start), int(end)


# Which fields of onnx.proto lead to tensors that lie in other files: message to field to message.
# https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
_ONNX: dict[str, dict[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {13: "entry"},
    "entry": {},
}
_KEY, _VALUE = 1, 2
_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5


def onnx_problems(stream: io.BufferedReader, size_bytes: int, name: str, files: Collection[str]) -> Iterator[str]:
    """What is wrong with the files that an ONNX model keeps its weights in.

    Args:
        stream: The model.
        size_bytes: Its length.
        name: Its place in the release.
        files: Every place in the release.
    """
    folder = PurePosixPath(name).parent
    try:
        for location in sorted(set(_external_files(stream, size_bytes))):
            if escape(location) is not None:
                yield f"keeps weights outside of its folder: {location!r}"
            elif (folder / location).as_posix() not in files:
                yield f"keeps weights in {location!r}, which is not in the release"
    except (EOFError, ValueError):
        yield "is no ONNX model, or one that is cut off"


def _external_files(stream: io.BufferedReader, size_bytes: int) -> Iterator[str]:
    """Message in message without recursion; the bytes of tensors are passed over."""
    open_messages: list[tuple[str, int]] = [("model", size_bytes)]
    key = ""
    while open_messages:
        message, end = open_messages[-1]
        at = stream.tell()
        if at > end:
            raise ValueError("a message is longer than what holds it")
        if at == end:
            open_messages.pop()
            continue
        tag = _varint(stream)
        field, wire = tag >> 3, tag & 7
        if wire != _BYTES:
            _pass_number(stream, wire)
            continue
        length = _varint(stream)
        if stream.tell() + length > end:
            raise EOFError
        inner = _ONNX[message].get(field)
        if inner is not None and len(open_messages) < 200:
            open_messages.append((inner, stream.tell() + length))
        elif message == "entry" and field in (_KEY, _VALUE):
            text = stream.read(min(length, _MAXIMUM_TEXT_BYTES)).decode("utf-8", "replace")
            stream.seek(max(0, length - _MAXIMUM_TEXT_BYTES), io.SEEK_CUR)
            if field == _VALUE and key == "location":
                yield text
            key = text if field == _KEY else ""
        else:
            stream.seek(length, io.SEEK_CUR)


def _varint(stream: io.BufferedReader) -> int:
    value = 0
    for shift in range(0, 70, 7):
        byte = stream.read(1)
        if not byte:
            raise EOFError
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
    raise ValueError("a number is longer than any")


def _pass_number(stream: io.BufferedReader, wire: int) -> None:
    if wire == _VARINT:
        _varint(stream)
    elif wire in (_FIXED_32, _FIXED_64):
        stream.seek(4 if wire == _FIXED_32 else 8, io.SEEK_CUR)
    else:
        raise ValueError("a field is of no kind that there is")
