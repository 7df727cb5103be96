"""Archives as their readers see them: every member of a zip or tar file, and what is wrong with the archive itself.

A zip is read by its central directory, as Python, torch and every other reader do; checksums and flags are left alone,
because torch's reader (miniz) leaves them alone too: a member with a wrong checksum is loaded all the same. What two
readers could read differently (an archive that does not begin where the file does, members that overlap, a member by a
method that is not read here) is refused.

https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
"""

from __future__ import annotations

import io
import itertools
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import BinaryIO, cast

from model_packaging.trust.streams import Budget, Window, unpacked

_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_BROKEN = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    tarfile.TarError,
    struct.error,
    ValueError,
    NotImplementedError,
    OverflowError,
    EOFError,
    RuntimeError,
)


class BrokenArchiveError(Exception):
    """No reader would get through the archive, or two would read it differently."""


@dataclass(frozen=True)
class Member:
    """A file in an archive."""

    name: str
    open: Callable[[], io.BufferedReader]
    """Its bytes, from the beginning."""
    problem: str | None = None
    """What is wrong with it as a member; None where nothing is."""


def zip_members(file: BinaryIO, budget: Budget) -> Iterator[Member]:
    """Every member of a zip archive, folders aside.

    Raises:
        BrokenArchiveError: it cannot be read in one way only.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            infos = archive.infolist()
    except _BROKEN as error:
        raise BrokenArchiveError(f"is a zip archive that cannot be read: {error}") from error
    starts = _check_layout(file, infos, budget)
    for info, start in zip(infos, starts, strict=True):
        if info.is_dir():
            continue
        yield Member(info.filename, _opener(file, info, start, budget), _problem(info))


def is_zip_at_its_end(file: BinaryIO) -> bool:
    """Whether a file that begins as something else ends as a zip archive with members."""
    try:
        with zipfile.ZipFile(file) as archive:
            return bool(archive.infolist())
    except (*_BROKEN, OSError):
        return False


def _check_layout(file: BinaryIO, infos: list[zipfile.ZipInfo], budget: Budget) -> list[int]:
    """Where each member's data begin; they lie one after another, from the file's beginning."""
    starts = []
    for info in infos:
        file.seek(info.header_offset)
        header = file.read(_LOCAL_HEADER.size)
        if len(header) < _LOCAL_HEADER.size or header[:4] != b"PK\x03\x04":
            raise BrokenArchiveError(f"is a zip archive whose member {info.filename!r} is not where it should be")
        fields = _LOCAL_HEADER.unpack(header)
        starts.append(info.header_offset + _LOCAL_HEADER.size + fields[9] + fields[10])
    spans = zip(infos, starts, strict=True)
    ordered = sorted((info.header_offset, start + info.compress_size) for info, start in spans)
    if ordered and ordered[0][0] != 0:
        raise BrokenArchiveError("is a zip archive that begins in the middle of the file, behind something else")
    if any(end > following for (_, end), (following, _) in itertools.pairwise(ordered)):
        raise BrokenArchiveError("is a zip archive whose members overlap: a zip bomb")
    expanded = sum(info.file_size for info in infos)
    if expanded > budget.limit_bytes:
        raise BrokenArchiveError(f"is a zip archive that unpacks to {expanded:,} bytes: a zip bomb")
    return starts


def _opener(file: BinaryIO, info: zipfile.ZipInfo, start: int, budget: Budget) -> Callable[[], io.BufferedReader]:
    def stored() -> io.BufferedReader:
        return io.BufferedReader(Window(file, start, info.compress_size), 64 * 1024)

    def deflated() -> io.BufferedReader:
        return unpacked(cast("BinaryIO", stored()), "deflate", budget)

    return deflated if info.compress_type == zipfile.ZIP_DEFLATED else stored


def _problem(info: zipfile.ZipInfo) -> str | None:
    if stat.S_ISLNK(info.external_attr >> 16):
        return "is a symbolic link"
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        return f"is compressed by method {info.compress_type}, which is not read here (allowed: stored, deflate)"
    if info.compress_type == zipfile.ZIP_STORED and info.compress_size != info.file_size:
        return "is stored, and has two lengths"
    return escape(info.filename)


def tar_members(file: BinaryIO) -> Iterator[Member]:
    """Every member of a tar archive, folders aside.

    Raises:
        BrokenArchiveError: it cannot be read.
    """
    try:
        with tarfile.open(fileobj=file, mode="r:") as archive:
            for info in archive:
                if info.isdir():
                    continue
                window = (info.offset_data, info.size)
                yield Member(info.name, lambda at=window: _window(file, *at), _tar_problem(info))  # type: ignore[misc]
    except _BROKEN as error:
        raise BrokenArchiveError(f"is a tar archive that cannot be read: {error}") from error


def _window(file: BinaryIO, start: int, size_bytes: int) -> io.BufferedReader:
    return io.BufferedReader(Window(file, start, size_bytes), 64 * 1024)


def _tar_problem(info: tarfile.TarInfo) -> str | None:
    if info.issym() or info.islnk():
        return f"is a link, to {info.linkname!r}"
    if not info.isreg():
        return "is no file: a device, a pipe or a socket"
    if info.issparse():
        return "is a sparse file, whose length costs nothing: a tar bomb"
    return escape(info.name)


def escape(name: str) -> str | None:
    """How a name in an archive, or in a model, leads out of its folder; None where it does not."""
    pure = PurePosixPath(name.replace("\\", "/"))
    if pure.is_absolute() or name[1:2] == ":" or ".." in pure.parts:
        return f"has a path that leads out of its folder: {name!r}"
    return None
