"""FlatBuffers, read where they lie and without a schema: tables, their fields, vectors and strings.

https://flatbuffers.dev/internals/
"""

from __future__ import annotations

import struct
from dataclasses import dataclass


class FlatbufferError(ValueError):
    """An offset leads out of the buffer."""


@dataclass(frozen=True)
class Table:
    """A table in a buffer; a field is named by its place in the schema, from 0."""

    buffer: bytes
    position: int

    @classmethod
    def root(cls, buffer: bytes) -> Table:
        """The table that the buffer begins with."""
        return cls(buffer, _unpack("<I", buffer, 0))

    def number(self, field: int, default: int) -> int:
        """A 32-bit integer."""
        at = self._at(field)
        return default if at is None else _unpack("<i", self.buffer, at)

    def byte(self, field: int) -> int:
        """An 8-bit number without a sign; 0 where there is none."""
        at = self._at(field)
        return 0 if at is None else _unpack("<B", self.buffer, at)

    def numbers(self, field: int) -> tuple[int, ...]:
        """A vector of 32-bit integers."""
        start, count = self._vector(field)
        return struct.unpack_from(f"<{count}i", self.buffer, start) if count else ()

    def text(self, field: int) -> str:
        """A string; empty where there is none."""
        at = self._at(field)
        return "" if at is None else self._text(at + _unpack("<I", self.buffer, at))

    def table(self, field: int) -> Table | None:
        """A table; None where there is none."""
        at = self._at(field)
        return None if at is None else Table(self.buffer, at + _unpack("<I", self.buffer, at))

    def tables(self, field: int) -> list[Table]:
        """A vector of tables."""
        start, count = self._vector(field)
        places = range(start, start + 4 * count, 4)
        return [Table(self.buffer, place + _unpack("<I", self.buffer, place)) for place in places]

    def _vector(self, field: int) -> tuple[int, int]:
        """Where its items of 4 bytes begin, and how many there are."""
        at = self._at(field)
        if at is None:
            return 0, 0
        start = at + _unpack("<I", self.buffer, at)
        count = _unpack("<I", self.buffer, start)
        if start + 4 + 4 * count > len(self.buffer):
            raise FlatbufferError(f"a vector of {count} items")
        return start + 4, count

    def _at(self, field: int) -> int | None:
        """Where the field lies; None where the table does not have it."""
        vtable = self.position - _unpack("<i", self.buffer, self.position)
        slot = 4 + 2 * field
        if vtable < 0 or slot >= _unpack("<H", self.buffer, vtable):
            return None
        offset = _unpack("<H", self.buffer, vtable + slot)
        return self.position + offset if offset else None

    def _text(self, start: int) -> str:
        length = _unpack("<I", self.buffer, start)
        data = self.buffer[start + 4 : start + 4 + length]
        if len(data) < length:
            raise FlatbufferError("a string beyond the buffer")
        return data.decode("utf-8", errors="replace")


def _unpack(layout: str, buffer: bytes, at: int) -> int:
    try:
        found: int = struct.unpack_from(layout, buffer, at)[0]
    except struct.error as error:
        raise FlatbufferError(f"an offset beyond the buffer: {at}") from error
    return found
