"""Protobuf's wire format, read field by field without a schema and without reading what is skipped.

https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

VARINT, FIXED64, LENGTH_DELIMITED, FIXED32 = 0, 1, 2, 5

MAXIMUM_VARINT_BYTES = 10


class WireError(ValueError):
    """The bytes are not a protobuf message, or end in the middle of one."""


@dataclass(frozen=True)
class WireField:
    """One field: a number, or a span of the file that `read` brings."""

    number: int
    wire_type: int
    value: int
    """The number itself; of a span, its length in bytes."""
    offset: int
    """Where a span begins in the file."""

    @property
    def end(self) -> int:
        """Where a span ends in the file."""
        return self.offset + self.value

    def read(self, stream: BinaryIO) -> bytes:
        """The bytes of a span."""
        if self.wire_type != LENGTH_DELIMITED:
            raise WireError(f"field {self.number} is a number where bytes are expected")
        stream.seek(self.offset)
        return stream.read(self.value)

    def text(self, stream: BinaryIO) -> str:
        """The text of a span."""
        try:
            return self.read(stream).decode()
        except UnicodeDecodeError as error:
            raise WireError(f"field {self.number} is not UTF-8") from error

    def fields(self, stream: BinaryIO) -> Iterator[WireField]:
        """The fields of a span that is a message itself."""
        if self.wire_type != LENGTH_DELIMITED:
            raise WireError(f"field {self.number} is a number where a message is expected")
        return wire_fields(stream, self.offset, self.end)


def wire_fields(stream: BinaryIO, start: int, end: int) -> Iterator[WireField]:
    """The fields of the message in `stream` from byte `start` to byte `end`.

    Raises:
        WireError: while it goes on, where the bytes are no message or end too early.
    """
    position = start
    while position < end:
        stream.seek(position)
        key, position = _varint(stream, position, end)
        number, wire_type = key >> 3, key & 7
        if number == 0:
            raise WireError(f"field number 0 at byte {position}")
        match wire_type:
            case 0:
                value, position = _varint(stream, position, end)
                yield WireField(number, wire_type, value, position)
            case 2:
                length, position = _varint(stream, position, end)
                if position + length > end:
                    missing = position + length - end
                    raise WireError(f"field {number} at byte {position} is {missing} bytes longer than what is there")
                yield WireField(number, wire_type, length, position)
                position += length
            case 1 | 5:
                size = 8 if wire_type == FIXED64 else 4
                raw = stream.read(size)
                if len(raw) < size or position + size > end:
                    raise WireError(f"ends within field {number}")
                yield WireField(number, wire_type, struct.unpack("<Q" if size == 8 else "<I", raw)[0], position)
                position += size
            case _:
                raise WireError(f"wire type {wire_type} at byte {position}")


def _varint(stream: BinaryIO, position: int, end: int) -> tuple[int, int]:
    value = 0
    for index in range(MAXIMUM_VARINT_BYTES):
        raw = stream.read(1)
        if not raw or position >= end:
            raise WireError("ends within a number")
        position += 1
        value |= (raw[0] & 0x7F) << (7 * index)
        if raw[0] < 0x80:
            return value, position
    raise WireError(f"a number longer than {MAXIMUM_VARINT_BYTES} bytes")
