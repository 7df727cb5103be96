"""`model.tar.gz`: deterministic, on all cores, each file read once, in memory that does not grow with the model.

The kinds of serving that take no uncompressed prefix want one (`needs_archive`). A tar archive is cut into blocks; each
is read, compressed and checked by one thread, and the pieces go out in order as one gzip member of many deflate blocks:
any reader of gzip reads it. The cuts depend on the files alone, so that the number of cores changes nothing: the same
files and the same release of ISA-L give the same bytes.

What compresses is compressed and what does not is stored as it is (RFC 1951, section 3.2.4): `tar_blocks` samples it.
"""

from __future__ import annotations

import contextlib
import os
import struct
import tempfile
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from model_packaging.errors import PackagingError
from model_packaging.hashing import read_buffer, write_all
from model_packaging.machine import vcpus
from model_packaging.staging import store_writes
from model_packaging.tar_blocks import BLOCK_BYTES, STORED_BLOCK_BYTES, Block, fill, tar_blocks

ARCHIVE = "model.tar.gz"

LEVEL = 1
"""ISA-L's; its higher ones gain nothing on weights."""

GZIP_HEADER = b"\x1f\x8b\x08\x00" + b"\0\0\0\0" + b"\x00\xff"
"""RFC 1952, section 2.3: deflate, no name, no time, no system."""
LAST_BLOCK = b"\x03\x00"
"""An empty deflate block, and the last."""
STORED_BYTES = 65535
"""The longest stored block of RFC 1951; the first of every `BLOCK_BYTES` begins there."""
STORED_HEADER = struct.Struct("<BHH")
"""Not the last block, stored; its length, and the length's complement."""
STORED_OFFSET = 64
"""Where a piece of stored blocks begins in its memory: each block lies a few bytes further into its page than into the
file's, and the first few are what `read_buffer` avoids."""
MOST_THREADS = 16
"""They make more than one thread hashes and writes; others would only hold memory."""
GOOD_FOR = 8
"""How many more pieces may be asked for until one's memory is used again."""

NEEDS_ARCHIVE = frozenset({"serverless", "multi_model", "batch_transform", "marketplace"})
"""The API reference's ContainerDefinition: ModelDataSource cannot be used with these.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ContainerDefinition.html"""


@dataclass(frozen=True)
class Archived:
    """An archive that was written."""

    sha256: str
    """Of its bytes, hexadecimal."""
    size_bytes: int
    content_bytes: int
    """The length of the files in it."""


@dataclass(frozen=True)
class _Piece:
    """A block as deflate has it: it ends at a whole byte, and refers to nothing before it."""

    content: bytes | memoryview
    crc: int
    length: int
    buffer: memoryview | None = None
    """What `content` lies in, to be used again."""


def needs_archive(serving_kind: str) -> bool:
    """Whether that kind of serving takes the model as `model.tar.gz` alone, and not as an uncompressed prefix."""
    return serving_kind in NEEDS_ARCHIVE


def write_archive(files: Mapping[str, Path], target: Path, *, threads: int | None = None) -> Archived:
    """Writes the archive of `files` to `target`, whole or not at all.

    Args:
        files: Place in the archive, as below `/opt/ml/model`, to file.
        target: Where it goes; what was there is replaced when it is whole.
        threads: How many, up to `MOST_THREADS`; as many as there are cores without it. The bytes are the same.

    Raises:
        ArchiveError: a place is none: absolute, `..`, ….
        SourceFileError: a file cannot be read, is no regular file, or changed while it was read.
        StoreError: `target` cannot be written.
        PackagingError: `isal` is not installed.
    """
    pieces = archive_pieces(files, threads=threads)
    with store_writes(target):
        handle, draft = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with contextlib.closing(HashedBeside()) as hashed:
            for piece in pieces:
                hashed.update(piece)
                with store_writes(target):
                    write_all(handle, memoryview(piece))
        os.fchmod(handle, 0o644)  # mkstemp makes it private
        size_bytes = os.fstat(handle).st_size
        with store_writes(target):
            Path(draft).replace(target)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    finally:
        os.close(handle)
    return Archived(hashed.hexdigest(), size_bytes, content_bytes(files))


def content_bytes(files: Mapping[str, Path]) -> int:
    """The length of the files together."""
    return sum(path.stat().st_size for path in files.values())


def archive_pieces(files: Mapping[str, Path], *, threads: int | None = None) -> Iterator[bytes | memoryview]:
    """The archive's bytes in order, as they are made; no more than a few MiB of them are made ahead.

    A piece is good until `GOOD_FOR` more were asked for.

    Raises:
        ArchiveError: a place is none: absolute, `..`, ….
        SourceFileError: a file cannot be read, is no regular file, or changed while it was read.
        PackagingError: `isal` is not installed.
    """
    codec = _isal()
    yield GZIP_HEADER
    crc = length = 0
    for piece in _pieces(files, min(threads or vcpus(), MOST_THREADS), codec):
        yield piece.content
        crc, length = codec.crc32_combine(crc, piece.crc, piece.length), length + piece.length
    yield LAST_BLOCK + struct.pack("<II", crc, length & 0xFFFFFFFF)


class HashedBeside:
    """A SHA-256 that is taken in a thread of its own, while the same bytes are written or sent."""

    AHEAD = 4
    """Pieces that wait, at most; fewer than `GOOD_FOR`."""

    def __init__(self) -> None:
        self._digest = sha256()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sha256")
        self._waiting: deque[Future[None]] = deque()

    def update(self, content: bytes | memoryview) -> None:
        """Takes the next bytes; they must not change afterwards."""
        self._waiting.append(self._thread.submit(self._digest.update, content))
        if len(self._waiting) > self.AHEAD:
            self._waiting.popleft().result()

    def hexdigest(self) -> str:
        """The digest of all there was."""
        while self._waiting:
            self._waiting.popleft().result()
        return self._digest.hexdigest()

    def close(self) -> None:
        """Ends the thread."""
        self._thread.shutdown()


def _pieces(files: Mapping[str, Path], threads: int, codec: Any) -> Iterator[_Piece]:
    waiting: deque[Future[_Piece]] = deque()
    out: deque[_Piece] = deque()
    buffers: deque[memoryview] = deque()  # new memory for every block costs as much as reading it
    with ThreadPoolExecutor(threads, thread_name_prefix="archive") as pool:
        try:
            for block in tar_blocks(files, lambda sample: codec.compress(sample, LEVEL, -15)):
                waiting.append(pool.submit(_stored if block.is_stored else _compressed, block, codec, buffers))
                if len(waiting) > 2 * threads:
                    out.append(waiting.popleft().result())
                    yield out[-1]
                if len(out) > GOOD_FOR and (buffer := out.popleft().buffer) is not None:
                    buffers.append(buffer)
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _compressed(block: Block, codec: Any, buffers: deque[memoryview]) -> _Piece:
    buffer = _buffer(buffers)
    content = buffer[: block.length]
    fill(block, content)
    deflate = codec.compressobj(LEVEL, codec.DEFLATED, -15)
    piece = deflate.compress(content) + deflate.flush(codec.Z_SYNC_FLUSH)
    crc = codec.crc32(content)
    buffers.append(buffer)
    return _Piece(piece, crc, block.length)


def _stored(block: Block, codec: Any, buffers: deque[memoryview]) -> _Piece:
    """The block's bytes, read to where they lie between the headers of stored blocks."""
    buffer = _buffer(buffers)
    whole, views, place = buffer[STORED_OFFSET:], [], 0
    for length in _stored_lengths(block.length):
        STORED_HEADER.pack_into(whole, place, 0, length, length ^ 0xFFFF)
        place += STORED_HEADER.size
        views.append(whole[place : place + length])
        place += length
    fill(block, *views)
    crc = 0
    for view in views:
        crc = codec.crc32(view, crc)
    return _Piece(whole[:place], crc, block.length, buffer)


def _stored_lengths(block_bytes: int) -> Iterator[int]:
    for start in range(0, block_bytes, BLOCK_BYTES):
        rest = min(BLOCK_BYTES, block_bytes - start)
        while rest:
            yield min(STORED_BYTES, rest)
            rest -= min(STORED_BYTES, rest)


def _buffer(buffers: deque[memoryview]) -> memoryview:
    try:
        return buffers.pop()
    except IndexError:
        headers = sum(STORED_HEADER.size for _ in _stored_lengths(STORED_BLOCK_BYTES))
        return read_buffer(STORED_OFFSET + STORED_BLOCK_BYTES + headers)


def _isal() -> Any:
    try:
        from isal import isal_zlib
    except ImportError as error:
        raise PackagingError(f"{ARCHIVE} needs isal; pip install 'greenroom[package]'") from error
    return isal_zlib
