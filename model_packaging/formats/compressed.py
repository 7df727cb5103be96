"""Reading through what joblib compresses with: zlib, gzip, bz2, xz, lzma, LZ4; told by its magic bytes.

A stream is read on and never held as a whole. What grows beyond measure while it is read is refused: it is a bomb, not
a model.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from model_packaging.formats.lz4_frames import LZ4_MAGIC, Lz4Error, lz4_blocks

CHUNK_BYTES = 1 << 16
BOMB_BYTES = 1 << 30
BOMB_RATIO = 200
"""Arrays of zeros compress by a thousand; a file that becomes more than 1 GiB and 200 times its size is refused."""


class DamagedStreamError(Exception):
    """A compressed stream that is cut short, damaged, or far larger than its file."""


class _Chunks(io.RawIOBase):
    """A readable stream of chunks, which counts what comes out of it."""

    def __init__(self, chunks: Iterator[bytes], compressed_bytes: int) -> None:
        super().__init__()
        self._chunks = chunks
        self._left = b""
        self._limit = max(BOMB_BYTES, BOMB_RATIO * compressed_bytes)

    def readable(self) -> bool:
        return True

    def readinto(self, target: memoryview) -> int:  # type: ignore[override]
        while not self._left:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._left = chunk
        count = min(len(target), len(self._left))
        target[:count] = self._left[:count]
        self._left = self._left[count:]
        self._limit -= count
        if self._limit < 0:
            raise DamagedStreamError("it decompresses to more than 200 times its size: a bomb, not a model")
        return count


def compression_of(path: Path) -> str | None:
    """The name of what the file is compressed with; None where it is not, as far as its first bytes tell."""
    with path.open("rb") as stream:
        head = stream.read(6)
    if head[:1] == b"\x78" and len(head) > 1 and int.from_bytes(head[:2], "big") % 31 == 0:
        return "zlib"  # RFC 1950: the first two bytes are a multiple of 31
    magics = {b"\x1f\x8b": "gzip", b"BZh": "bz2", b"\xfd7zXZ\x00": "xz", b"\x5d\x00\x00": "lzma", LZ4_MAGIC: "lz4"}
    return next((name for magic, name in magics.items() if head.startswith(magic)), None)


def open_decompressed(path: Path, compression: str | None) -> BinaryIO:
    """The file's content, decompressed as it is read; reading raises `DamagedStreamError` where it is damaged."""
    if compression is None:
        return path.open("rb")
    chunks = _told(_READERS[compression], path)
    return io.BufferedReader(_Chunks(chunks, path.stat().st_size), CHUNK_BYTES)


def _told(reader: Callable[[Path], Iterator[bytes]], path: Path) -> Iterator[bytes]:
    try:
        yield from reader(path)
    except (OSError, EOFError, zlib.error, lzma.LZMAError, Lz4Error) as error:
        raise DamagedStreamError(f"the compressed data is cut short or damaged: {error}") from error


def _zlib_chunks(path: Path) -> Iterator[bytes]:
    inflater = zlib.decompressobj()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            yield inflater.decompress(chunk, CHUNK_BYTES)
            while inflater.unconsumed_tail:
                yield inflater.decompress(inflater.unconsumed_tail, CHUNK_BYTES)
    yield inflater.flush()
    if not inflater.eof:
        raise EOFError("the end of the stream is missing")


def _gzip_chunks(path: Path) -> Iterator[bytes]:
    with gzip.open(path) as stream:
        yield from iter(lambda: stream.read(CHUNK_BYTES), b"")


def _bz2_chunks(path: Path) -> Iterator[bytes]:
    with bz2.open(path) as stream:
        yield from iter(lambda: stream.read(CHUNK_BYTES), b"")


def _lzma_chunks(path: Path) -> Iterator[bytes]:
    with lzma.open(path) as stream:  # xz, and the lzma format before it
        yield from iter(lambda: stream.read(CHUNK_BYTES), b"")


def _lz4_chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        yield from lz4_blocks(stream)


_READERS: dict[str, Callable[[Path], Iterator[bytes]]] = {
    "zlib": _zlib_chunks,
    "gzip": _gzip_chunks,
    "bz2": _bz2_chunks,
    "xz": _lzma_chunks,
    "lzma": _lzma_chunks,
    "lz4": _lz4_chunks,
}
