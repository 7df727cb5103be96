"""SHA-256 of files, on all cores and in little memory.

hashlib releases the GIL while it works, so threads are enough: each file is one thread's, read once in blocks that stay
in a core's cache. What a sparse file leaves out is hashed as the zeros that it stands for, without reading them.

The same loop copies while it hashes (`copy_file`), so that a file which goes into a store is read once. A file that
changes while it is read is told, for its digest would be of bytes that never were a file; `FileStamp` tells the same
of a file that was read earlier.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import mmap
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from model_packaging.errors import SourceFileError
from model_packaging.machine import vcpus

BLOCK_BYTES = 256 * 1024
"""Read at once: fits a core's second-level cache, so that hashing finds there what reading left."""

FICLONE = 0x40049409
"""ioctl_ficlone(2): the target shares the source's blocks until one of them is written."""

_ZEROS = bytes(BLOCK_BYTES)

Item = TypeVar("Item")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class FileStamp:
    """What differs when a file was written to, or replaced, since the stamp was taken."""

    device: int
    inode: int
    size_bytes: int
    mtime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> FileStamp:
        """The stamp of a file that was looked at."""
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


@dataclass(frozen=True)
class FileDigest:
    """A file's bytes, as one read of it found them."""

    sha256: str
    """Hexadecimal."""
    size_bytes: int
    stamp: FileStamp
    """The file that was read."""


def on_all_cores(work: Callable[[Item], Answer], items: Iterable[Item], *, threads: int | None = None) -> list[Answer]:
    """`work` of every item, in the items' order; after the first failure nothing more is begun."""
    with ThreadPoolExecutor(threads or vcpus(), thread_name_prefix="packaging") as pool:
        futures = [pool.submit(work, item) for item in items]
        try:
            return [future.result() for future in futures]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def hash_files(paths: Iterable[Path], *, threads: int | None = None) -> dict[Path, FileDigest]:
    """The digest of every file, on all cores; the largest are begun first.

    Raises:
        SourceFileError: one cannot be read, is no regular file, or changed meanwhile.
    """
    ordered = sorted(set(paths), key=lambda path: (-size_or_zero(path), path))
    return dict(zip(ordered, on_all_cores(hash_file, ordered, threads=threads), strict=True))


def hash_file(path: Path) -> FileDigest:
    """The digest of one file.

    Raises:
        SourceFileError: it cannot be read, is no regular file, or changed meanwhile.
    """
    with opened(path) as source:
        return _read(path, source, None)


def copy_file(source: Path, target: Path) -> FileDigest:
    """Copies a file and takes its digest in one read; where the file system can share blocks nothing is copied.

    Holes stay holes. The target is a new file of the same bytes, with nothing of the source's owner, mode or times.

    Raises:
        SourceFileError: the source cannot be read, is no regular file, or changed meanwhile.
        OSError: the target cannot be written.
    """
    with opened(source) as reader:
        writer = os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        try:
            if _cloned(reader, writer):
                return _read(target, writer, None)
            return _read(source, reader, writer)
        finally:
            os.close(writer)


@contextmanager
def opened(path: Path) -> Iterator[int]:
    """A descriptor of a regular file.

    Raises:
        SourceFileError: it cannot be opened, or is something else: opening a pipe would wait for ever.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise SourceFileError(path, f"cannot be read: {error.strerror}") from error
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise SourceFileError(path, "is no regular file, and nothing else goes into a release")
        yield descriptor
    finally:
        os.close(descriptor)


def _read(path: Path, source: int, target: int | None) -> FileDigest:
    """Hashes a file, and writes it where there is a target."""
    before = os.fstat(source)
    digest, count = hashlib.sha256(), 0

    def take(content: memoryview) -> None:
        digest.update(content)
        if target is not None:
            write_all(target, content)

    buffer = read_buffer(min(BLOCK_BYTES, before.st_size + 1))
    for is_hole, length in _extents(source, before):
        if is_hole:
            _skip(digest.update, length, target)
            count += length
        else:
            count += _read_extent(path, source, length, buffer, take)
    if target is not None and before.st_blocks * 512 < before.st_size:
        os.ftruncate(target, before.st_size)  # a hole at the end has nothing written behind it
    if FileStamp.of(os.fstat(source)) != FileStamp.of(before) or count != before.st_size:
        raise changed_meanwhile(path)
    return FileDigest(digest.hexdigest(), count, FileStamp.of(before))


def read_buffer(size_bytes: int) -> memoryview:
    """Memory to read files into; where it is large it begins where a page does, as a file's blocks in memory do.

    malloc's begins 16 bytes behind, where AMD's Zen 3 and 4 copy what the kernel gives at a fifth of their speed:
    https://lunnova.dev/articles/ryzen-slow-short-rep-mov/. Of little memory pages are not worth their system calls.
    """
    return memoryview(bytearray(size_bytes) if size_bytes < BLOCK_BYTES else mmap.mmap(-1, size_bytes))


def changed_meanwhile(path: Path) -> SourceFileError:
    """The error of a file that is not what it was when it was looked at first."""
    return SourceFileError(path, "changed while it was read; try again when nothing writes to it")


def _read_extent(path: Path, source: int, length: int, buffer: memoryview, take: Callable[[memoryview], None]) -> int:
    count = 0
    while count < length:
        try:
            got = os.readv(source, [buffer[: min(len(buffer), length - count)]])
        except OSError as error:
            raise SourceFileError(path, f"cannot be read: {error.strerror}") from error
        if not got:
            break
        take(buffer[:got])
        count += got
    return count


def write_all(target: int, content: memoryview) -> None:
    """Writes all of it: write(2) may take less than it is given."""
    while content:
        content = content[os.write(target, content) :]


def _skip(update: Callable[[bytes], None], length: int, target: int | None) -> None:
    if target is not None:
        os.lseek(target, length, os.SEEK_CUR)
    whole, rest = divmod(length, len(_ZEROS))
    for _ in range(whole):
        update(_ZEROS)
    update(_ZEROS[:rest])


def _extents(source: int, status: os.stat_result) -> Iterator[tuple[bool, int]]:
    """Whether it is a hole, and how long it is: of every extent, in order; the source stands at the extent's start."""
    size = status.st_size
    if not hasattr(os, "SEEK_DATA") or status.st_blocks * 512 >= size:
        yield False, size
        return
    offset = 0
    while offset < size:
        data = _seek(source, offset, os.SEEK_DATA, size)
        if data > offset:
            yield True, data - offset
        hole = _seek(source, data, os.SEEK_HOLE, size) if data < size else size
        os.lseek(source, data, os.SEEK_SET)
        if hole > data:
            yield False, hole - data
        offset = hole


def _seek(source: int, offset: int, whence: int, size: int) -> int:
    try:
        return min(os.lseek(source, offset, whence), size)
    except OSError as error:
        if error.errno == errno.ENXIO:  # lseek(2): no data behind it
            return size
        return offset if whence == os.SEEK_DATA else size  # the file system tells nothing: all of it is data


def _cloned(source: int, target: int) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    import fcntl

    with contextlib.suppress(OSError):  # ext4 and others cannot, and two file systems never can
        fcntl.ioctl(target, FICLONE, source)
        return True
    return False


def size_or_zero(path: Path) -> int:
    """How long the file is, to put it in an order; 0 where it cannot be looked at, which opening it tells."""
    try:
        return path.stat().st_size
    except OSError:
        return 0
