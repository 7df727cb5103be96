"""Bytes read once, forwards: files, parts of files, and what is packed in them, with a limit to how far it unpacks.

Nothing is held that is not looked at: a file of weights is skipped by seeking, a compressed one in pieces.
"""

from __future__ import annotations

import bz2
import io
import lzma
import zlib
from collections.abc import Callable
from typing import Any, BinaryIO, Protocol

CHUNK_BYTES = 1024 * 1024
MINIMUM_EXPANSION_BYTES = 256 * 1024 * 1024
MAXIMUM_RATIO = 100
"""Weights do not compress; what grows more than a hundredfold is a bomb, or the wrong way to keep zeros."""


class ExpandsTooFarError(Exception):
    """A compressed file unpacks to more than is let through."""


class Budget:
    """How many bytes a file may unpack to, with all that is packed within it."""

    def __init__(self, packed_bytes: int) -> None:
        """The budget of a file of `packed_bytes`."""
        self.limit_bytes = max(MINIMUM_EXPANSION_BYTES, MAXIMUM_RATIO * packed_bytes)
        self.spent_bytes = 0

    def spend(self, count: int) -> None:
        """Counts bytes that came out of a compressed part.

        Raises:
            ExpandsTooFarError: there are more than the file's size justifies.
        """
        self.spent_bytes += count
        if self.spent_bytes > self.limit_bytes:
            raise ExpandsTooFarError


class Window(io.RawIOBase):
    """A part of a file, from `start`, `size_bytes` long."""

    def __init__(self, file: BinaryIO, start: int, size_bytes: int) -> None:
        """The file stays its owner's to close."""
        self._file, self._start, self._size, self._at = file, start, size_bytes, 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Moves in the part; beyond its end there is nothing."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """Bytes from the part's start."""
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Reads what is left, at most the buffer's length."""
        wanted = max(0, min(len(buffer), self._size - self._at))
        self._file.seek(self._start + self._at)
        data = self._file.read(wanted)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


class Decompressor(Protocol):
    """zlib's, bz2's and lzma's decompressors, as far as they are the same."""

    eof: bool
    unused_data: bytes

    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes:
        """At most `max_length` bytes of what the data unpack to."""


class Unpacked(io.RawIOBase):
    """What a compressed stream unpacks to, member after member, within a budget."""

    def __init__(self, packed: BinaryIO, make: Callable[[], Any], budget: Budget) -> None:
        """Reads `packed` from where it stands."""
        self._packed, self._make, self._budget = packed, make, budget
        self._decompressor: Any = make()
        self._waiting = b""
        self._at = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """Bytes unpacked so far."""
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Unpacks at most the buffer's length.

        Raises:
            ExpandsTooFarError: the budget is spent.
            ValueError: the stream is broken or cut off.
        """
        try:
            data = self._next(len(buffer))
        except (zlib.error, lzma.LZMAError, OSError, EOFError) as error:
            raise ValueError(f"the compressed data are broken: {error}") from error
        buffer[: len(data)] = data
        self._at += len(data)
        self._budget.spend(len(data))
        return len(data)

    def _next(self, wanted: int) -> bytes:
        while True:
            if self._decompressor.eof:
                self._waiting = self._decompressor.unused_data or self._packed.read(CHUNK_BYTES)
                if not self._waiting.strip(b"\0"):
                    return b""
                self._decompressor = self._make()
            data: bytes = self._step(wanted)
            if data:
                return data

    def _step(self, wanted: int) -> bytes:
        ended = False
        if not self._waiting and getattr(self._decompressor, "needs_input", True):
            self._waiting = self._packed.read(CHUNK_BYTES)
            ended = not self._waiting
        data: bytes = self._decompressor.decompress(self._waiting, wanted)
        self._waiting = getattr(self._decompressor, "unconsumed_tail", b"")
        if ended and not data and not self._decompressor.eof:
            raise EOFError("it is cut off")
        return data


GZIP_BITS, ZLIB_BITS, RAW_BITS = 31, 15, -15
"""zlib's word for which frame is around the data (https://docs.python.org/3/library/zlib.html#zlib.decompressobj)."""


def unpacked(packed: BinaryIO, kind: str, budget: Budget) -> io.BufferedReader:
    """The unpacked bytes of a `gzip`, `zlib`, `deflate`, `bz2` or `xz` stream."""
    makers: dict[str, Callable[[], Any]] = {
        "gzip": lambda: zlib.decompressobj(GZIP_BITS),
        "zlib": lambda: zlib.decompressobj(ZLIB_BITS),
        "deflate": lambda: zlib.decompressobj(RAW_BITS),
        "bz2": bz2.BZ2Decompressor,
        "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_AUTO),
    }
    return io.BufferedReader(Unpacked(packed, makers[kind], budget), 64 * 1024)


class ByteReader:
    """A stream read forwards, with what a pickle's reader needs: lines, and skipping."""

    def __init__(self, stream: io.BufferedReader) -> None:
        """Counts from where the stream stands."""
        self._stream = stream
        self.position = 0

    def read(self, count: int) -> bytes:
        """Exactly `count` bytes.

        Raises:
            EOFError: there are fewer.
        """
        data = self._stream.read(count)
        self.position += len(data)
        if len(data) < count:
            raise EOFError
        return data

    def line(self, limit: int) -> bytes:
        """To the next line's end, without it.

        Raises:
            EOFError: the line does not end, or is longer than `limit`.
        """
        data = self._stream.readline(limit)
        self.position += len(data)
        if not data.endswith(b"\n"):
            raise EOFError
        return data[:-1]

    def at_end(self) -> bool:
        """Whether nothing is left."""
        return not self._stream.peek(1)

    def peek(self, count: int) -> bytes:
        """The next bytes, at most `count`, left where they are."""
        return self._stream.peek(count)[:count]

    def skip(self, count: int) -> None:
        """Passes over `count` bytes.

        Raises:
            EOFError: there are fewer.
        """
        if count <= 0:
            return
        if self._stream.seekable():
            here = self._stream.tell()
            end = self._stream.seek(0, io.SEEK_END)
            self._stream.seek(min(here + count, end))
            self.position += min(count, end - here)
            if here + count > end:
                raise EOFError
            return
        left = count
        while left > 0:
            left -= len(self.read(min(left, CHUNK_BYTES)))
