"""Universal Binary JSON, as XGBoost writes its models, read into Python's own values; long arrays are stepped over.

https://ubjson.org, https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html
"""

from __future__ import annotations

import struct
from typing import Any, BinaryIO

KEPT_ITEMS = 4096
MAXIMUM_DEPTH = 100
MAXIMUM_STRING_BYTES = 1 << 28

_NUMBERS = {b"i": ">b", b"U": ">B", b"I": ">h", b"l": ">i", b"L": ">q", b"d": ">f", b"D": ">d"}
_INTEGERS = frozenset({b"i", b"U", b"I", b"l", b"L"})
_CONSTANTS = {b"Z": None, b"N": None, b"T": True, b"F": False}


class UbjsonError(ValueError):
    """The bytes are not UBJSON, or end in the middle of it."""


def read_ubjson(stream: BinaryIO) -> Any:
    """The value in the stream; an array of more than 4096 numbers of one type is None.

    Raises:
        UbjsonError: it is none, or is cut short.
    """
    return _value(stream, _exactly(stream, 1), 0)


def _value(stream: BinaryIO, marker: bytes, depth: int) -> Any:
    if depth > MAXIMUM_DEPTH:
        raise UbjsonError("nested too deeply")
    if marker in _NUMBERS:
        return _number(stream, marker)
    if marker in _CONSTANTS:
        return _CONSTANTS[marker]
    match marker:
        case b"S" | b"H":
            return _string(stream)
        case b"C":
            return _exactly(stream, 1).decode("latin-1")
        case b"[":
            return _array(stream, depth)
        case b"{":
            return _object(stream, depth)
        case _:
            raise UbjsonError(f"no marker {marker!r}")


def _object(stream: BinaryIO, depth: int) -> dict[str, Any]:
    marker, count, kind = _container(stream)
    found: dict[str, Any] = {}
    while marker != b"}" if count is None else len(found) < count:
        key = _string(stream, marker)
        found[key] = _value(stream, kind or _exactly(stream, 1), depth + 1)
        if count is None or len(found) < count:
            marker = _exactly(stream, 1)
    return found


def _array(stream: BinaryIO, depth: int) -> list[Any] | None:
    marker, count, kind = _container(stream)
    if kind is not None and count is not None and kind in _NUMBERS:
        return _numbers(stream, kind, count)
    found: list[Any] = []
    while marker != b"]" if count is None else len(found) < count:
        found.append(_value(stream, kind or marker, depth + 1))
        if kind is None and (count is None or len(found) < count):
            marker = _exactly(stream, 1)
    return found


def _container(stream: BinaryIO) -> tuple[bytes, int | None, bytes | None]:
    """The marker after the opening, and count and type where they are given before the first item."""
    marker, kind, count = _exactly(stream, 1), None, None
    if marker == b"$":
        kind = _exactly(stream, 1)
        marker = _exactly(stream, 1)
        if marker != b"#":
            raise UbjsonError("a type without a count")
    if marker == b"#":
        count = _length(stream, _exactly(stream, 1))
        marker = b"" if count == 0 or kind is not None else _exactly(stream, 1)
    return marker, count, kind


def _numbers(stream: BinaryIO, kind: bytes, count: int) -> list[Any] | None:
    layout = _NUMBERS[kind]
    size = struct.calcsize(layout)
    if count <= KEPT_ITEMS:
        return list(struct.unpack(f">{count}{layout[1]}", _exactly(stream, count * size)))
    left = count * size
    while left:
        skipped = len(stream.read(min(left, 1 << 20)))
        if not skipped:
            raise UbjsonError("ends within an array")
        left -= skipped
    return None


def _number(stream: BinaryIO, marker: bytes) -> int | float:
    layout = _NUMBERS[marker]
    found: int | float = struct.unpack(layout, _exactly(stream, struct.calcsize(layout)))[0]
    return found


def _string(stream: BinaryIO, marker: bytes | None = None) -> str:
    length = _length(stream, _exactly(stream, 1) if marker is None else marker)
    if length > MAXIMUM_STRING_BYTES:
        raise UbjsonError(f"a string of {length} bytes")
    try:
        return _exactly(stream, length).decode()
    except UnicodeDecodeError as error:
        raise UbjsonError("a string is not UTF-8") from error


def _length(stream: BinaryIO, marker: bytes) -> int:
    if marker not in _INTEGERS:
        raise UbjsonError(f"no length: {marker!r}")
    length = int(_number(stream, marker))
    if length < 0:
        raise UbjsonError("a negative length")
    return length


def _exactly(stream: BinaryIO, count: int) -> bytes:
    data = stream.read(count)
    if len(data) < count:
        raise UbjsonError("ends too early")
    return data
