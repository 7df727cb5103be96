"""A tar archive as blocks, cut by the files alone: what `archive` compresses on all cores.

A block names the files' ranges that it holds and is filled by whoever compresses it, so that no thread reads for all.
Weights are often noise to a compressor, which then takes most of the time to write and three quarters of it to read.
So a large file is sampled, every 32 MiB of it anew, and what would not shrink by a twentieth is stored as it is.

Names are ordered; times, owners and modes are the same for all; names and sizes that ustar cannot hold are told by a
PAX header, which Python's and GNU's tar, and so SageMaker's containers, read.
"""

from __future__ import annotations

import os
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from model_packaging.errors import ArchiveError
from model_packaging.hashing import FileStamp, changed_meanwhile, opened
from model_packaging.release import checked_path

BLOCK_BYTES = 512 * 1024
"""Compressed at once."""
STORED_BLOCK_BYTES = 4 * BLOCK_BYTES
"""Stored at once: it takes so little that handing it from thread to thread counts."""
REGION_BYTES = 64 * BLOCK_BYTES
"""What one decision to compress is for."""
SAMPLES, SAMPLE_BYTES = 4, 32 * 1024
"""Of a region; one no longer than its samples is compressed unseen."""
WORTH_COMPRESSING = 0.95
"""Of its length: a region that is left with more is stored."""

Compress: TypeAlias = Callable[[bytes], bytes]


@dataclass(frozen=True)
class FileRange:
    """Bytes of a file that is still to be read."""

    path: Path
    stamp: FileStamp
    offset: int
    length: int


@dataclass(frozen=True)
class Block:
    """At most `BLOCK_BYTES` of the tar archive, or `STORED_BLOCK_BYTES` that are to be stored."""

    segments: tuple[bytes | FileRange, ...]
    length: int
    is_stored: bool


def tar_blocks(files: Mapping[str, Path], compress: Compress) -> Iterator[Block]:
    """The tar archive, cut where it is full and where what follows is stored and not compressed, or the reverse."""
    segments: list[bytes | FileRange] = []
    length, stored = 0, False
    for segment, is_stored in _segments(files, compress):
        rest: bytes | FileRange | None = segment
        if segments and is_stored != stored:
            yield Block(tuple(segments), length, stored)
            segments, length = [], 0
        stored, most = is_stored, STORED_BLOCK_BYTES if is_stored else BLOCK_BYTES
        while rest is not None:
            part, rest = _cut(rest, most - length)
            segments.append(part)
            length += _length(part)
            if length == most:
                yield Block(tuple(segments), length, stored)
                segments, length = [], 0
    yield Block(tuple(segments), length, stored)


def _segments(files: Mapping[str, Path], compress: Compress) -> Iterator[tuple[bytes | FileRange, bool]]:
    """The tar archive in order: headers, files, fillings; and whether it is to be stored."""
    written = 0
    for name in sorted(files):
        with opened(files[name]) as descriptor:
            stamp = FileStamp.of(os.fstat(descriptor))
            header = _header(name, stamp.size_bytes)
            yield header, False
            for offset in range(0, stamp.size_bytes, REGION_BYTES):
                length = min(REGION_BYTES, stamp.size_bytes - offset)
                is_stored = not _is_worth_compressing(descriptor, offset, length, compress)
                yield FileRange(files[name], stamp, offset, length), is_stored
        filling = -stamp.size_bytes % tarfile.BLOCKSIZE
        yield bytes(filling), False
        written += len(header) + stamp.size_bytes + filling
    end = 2 * tarfile.BLOCKSIZE
    yield bytes(end + -(written + end) % tarfile.RECORDSIZE), False


def _header(name: str, size_bytes: int) -> bytes:
    member = tarfile.TarInfo()
    try:
        member.name = checked_path(name)
        member.size, member.mode = size_bytes, 0o644
        return member.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict")
    except ValueError as error:  # UnicodeEncodeError is one
        raise ArchiveError(name, str(error)) from error


def _is_worth_compressing(descriptor: int, offset: int, length: int, compress: Compress) -> bool:
    if length <= SAMPLES * SAMPLE_BYTES:
        return True
    step = (length - SAMPLE_BYTES) // (SAMPLES - 1)
    samples = [os.pread(descriptor, SAMPLE_BYTES, offset + index * step) for index in range(SAMPLES)]
    left = sum(len(compress(sample)) for sample in samples)
    return left <= WORTH_COMPRESSING * sum(map(len, samples))


def _cut(segment: bytes | FileRange, length: int) -> tuple[bytes | FileRange, bytes | FileRange | None]:
    if _length(segment) <= length:
        return segment, None
    if isinstance(segment, bytes):
        return segment[:length], segment[length:]
    path, stamp, offset = segment.path, segment.stamp, segment.offset
    return (
        FileRange(path, stamp, offset, length),
        FileRange(path, stamp, offset + length, segment.length - length),
    )


def _length(segment: bytes | FileRange) -> int:
    return len(segment) if isinstance(segment, bytes) else segment.length


def fill(block: Block, *places: memoryview) -> None:
    """Reads the block's bytes into `places`, one after the other.

    Raises:
        SourceFileError: a file cannot be read, or is not what it was when the archive was cut.
    """
    views = list(places)
    for segment in block.segments:
        if isinstance(segment, bytes):
            _put(views, segment)
        else:
            _read_range(views, segment)


def _put(views: list[memoryview], content: bytes) -> None:
    while content:
        count = min(len(content), len(views[0]))
        views[0][:count] = content[:count]
        content = content[count:]
        _advance(views, count)


def _read_range(views: list[memoryview], segment: FileRange) -> None:
    with opened(segment.path) as descriptor:
        if FileStamp.of(os.fstat(descriptor)) != segment.stamp:
            raise changed_meanwhile(segment.path)
        offset, rest = segment.offset, segment.length
        while rest:
            got = os.preadv(descriptor, _first(views, rest), offset)
            if not got:
                raise changed_meanwhile(segment.path)
            _advance(views, got)
            offset, rest = offset + got, rest - got
        if FileStamp.of(os.fstat(descriptor)) != segment.stamp:
            raise changed_meanwhile(segment.path)


def _first(views: list[memoryview], length: int) -> list[memoryview]:
    """The views of the first `length` bytes."""
    chosen: list[memoryview] = []
    for view in views:
        if not length:
            break
        chosen.append(view[:length])
        length -= len(chosen[-1])
    return chosen


def _advance(views: list[memoryview], count: int) -> None:
    """Takes the first `count` bytes off `views`."""
    while count:
        if len(views[0]) <= count:
            count -= len(views.pop(0))
        else:
            views[0] = views[0][count:]
            count = 0
