"""LZ4 frames decoded in Python, for a joblib file that was compressed with LZ4 where the lz4 package is not installed.

https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md and lz4_Block_format.md. Checksums are skipped: what is
decoded is looked at, not run.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

LZ4_MAGIC = b"\x04\x22\x4d\x18"
HISTORY_BYTES = 1 << 16
MAXIMUM_BLOCK_BYTES = 1 << 22


class Lz4Error(ValueError):
    """The bytes are not LZ4 frames, or end in the middle of one."""


def lz4_blocks(stream: BinaryIO) -> Iterator[bytes]:
    """The decoded blocks of every frame in the stream."""
    while magic := stream.read(4):
        if magic != LZ4_MAGIC:
            raise Lz4Error("not an LZ4 frame")
        yield from _frame(stream)


def _frame(stream: BinaryIO) -> Iterator[bytes]:
    flags, _ = _exactly(stream, 2)
    _exactly(stream, (8 if flags & 0x08 else 0) + (4 if flags & 0x01 else 0) + 1)  # size, dictionary, header checksum
    history = b""
    while size := struct.unpack("<I", _exactly(stream, 4))[0]:
        length = size & 0x7FFFFFFF
        if length > MAXIMUM_BLOCK_BYTES:
            raise Lz4Error(f"a block of {length} bytes")
        data = _exactly(stream, length)
        block = data if size & 0x80000000 else _block(data, history)
        if flags & 0x10:
            _exactly(stream, 4)  # block checksum
        history = (history + block)[-HISTORY_BYTES:] if not flags & 0x20 else b""
        yield block
    if flags & 0x04:
        _exactly(stream, 4)  # content checksum


def _block(data: bytes, history: bytes) -> bytes:
    """One block: runs of literals, each followed by a copy of what came before."""
    out = bytearray(history)
    at, end = 0, len(data)
    try:
        while at < end:
            token = data[at]
            count, at = _length(data, at + 1, token >> 4)
            if at + count > end:
                raise Lz4Error("literals beyond the block's end")
            out += data[at : at + count]
            at += count
            if at == end:
                break
            offset = data[at] | data[at + 1] << 8
            count, at = _length(data, at + 2, token & 15)
            _copy(out, offset, count + 4)
    except IndexError as error:
        raise Lz4Error("ends within a sequence") from error
    return bytes(out[len(history) :])


def _length(data: bytes, at: int, count: int) -> tuple[int, int]:
    if count == 15:
        while data[at] == 255:
            count += 255
            at += 1
        count += data[at]
        at += 1
    return count, at


def _copy(out: bytearray, offset: int, count: int) -> None:
    if not 0 < offset <= len(out):
        raise Lz4Error("a copy from before the beginning")
    if len(out) + count > HISTORY_BYTES + MAXIMUM_BLOCK_BYTES:
        raise Lz4Error("a block larger than LZ4 allows")
    start = len(out) - offset
    if offset >= count:
        out += out[start : start + count]
        return
    pattern = bytes(out[start:])
    out += (pattern * (count // offset + 1))[:count]


def _exactly(stream: BinaryIO, count: int) -> bytes:
    data = stream.read(count)
    if len(data) < count:
        raise Lz4Error("ends within a frame")
    return data
