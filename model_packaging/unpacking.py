"""Unpacks a `model.tar.gz` that somebody else made: what it holds is not to be trusted.

Only plain files and folders below the target; no links, no devices, no path that leads elsewhere, nothing twice, and
never more than a limit, in bytes and in proportion to the archive's length. Whole or not at all: the files are written
beside the target, which is renamed into its place when all of the archive was read and its checksum is right.
"""

from __future__ import annotations

import gzip
import importlib
import importlib.util
import shutil
import tarfile
import tempfile
import zlib
from pathlib import Path
from typing import IO, Any

from model_packaging.errors import ArchiveError
from model_packaging.release import checked_path
from model_packaging.staging import store_writes

GIB = 1024**3
LIMIT_BYTES = 512 * GIB
"""Of the files together. The largest volume of an endpoint's instance, in GiB: ProductionVariant, VolumeSizeInGB."""
LIMIT_RATIO, FREE_BYTES = 200, GIB // 4
"""How many times its own length an archive may unpack to; so much is never too much. Deflate gets to 1,032."""
LIMIT_MEMBERS = 1_000_000
LIMIT_HEADER_BYTES = 1024 * 1024
"""Of a PAX or GNU header, which is held in memory."""
BUFFER_BYTES = 1024 * 1024


def unpack(
    archive: Path, target: Path, *, limit_bytes: int = LIMIT_BYTES, limit_ratio: int = LIMIT_RATIO
) -> tuple[str, ...]:
    """Unpacks `archive` into the new folder `target`; the paths of its files, ordered.

    Raises:
        ArchiveError: it holds what may not be in it, unpacks to more than a limit, is cut off or damaged, or `target`
            is there already.
        StoreError: `target` cannot be written.
    """
    if target.exists():
        raise ArchiveError(str(archive), f"{target} is there already; name a folder that is not")
    if not archive.is_file():
        raise ArchiveError(str(archive), "is no file")
    most = min(limit_bytes, limit_ratio * archive.stat().st_size + FREE_BYTES)
    with store_writes(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        paths = _unpack(archive, draft, most)
        with store_writes(target):
            draft.chmod(0o755)  # mkdtemp makes it private
            draft.rename(target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return paths


def _unpack(archive: Path, folder: Path, most: int) -> tuple[str, ...]:
    paths: dict[str, None] = {}
    try:
        with archive.open("rb") as file, _decompressed(file) as plain:
            stream: Any = _Limited(plain, archive, most)
            with tarfile.open(fileobj=stream, mode="r|", bufsize=BUFFER_BYTES, tarinfo=_Member) as tar:
                for member in tar:
                    vars(tar)["members"].clear()  # or every header stays in memory
                    path = _checked(archive, member, paths)
                    if path is not None:
                        _write(tar, member, folder / path)
            while stream.read(BUFFER_BYTES):  # to the end, where the checksum is
                pass
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, UnicodeError) as error:
        raise ArchiveError(str(archive), f"is cut off or damaged: {error}") from error
    except _HeaderError as error:
        raise ArchiveError(str(archive), str(error)) from error
    return tuple(sorted(paths))


def _checked(archive: Path, member: tarfile.TarInfo, paths: dict[str, None]) -> str | None:
    """The member's path; None for a folder.

    Raises:
        ArchiveError: it may not be in an archive.
    """
    name = member.name.removeprefix("./")
    if member.isdir() and name in {"", "."}:
        return None
    try:
        path = checked_path(name)
    except ValueError as error:
        raise ArchiveError(str(archive), str(error)) from error
    if member.isdir():
        return None
    if not member.isreg() or member.issparse():
        kind = "a link" if member.issym() or member.islnk() else "a device, a pipe or a sparse file"
        raise ArchiveError(str(archive), f"{path!r} is {kind}; allowed: files and folders")
    if path in paths:
        raise ArchiveError(str(archive), f"{path!r} is in it twice")
    paths[path] = None
    if len(paths) > LIMIT_MEMBERS:
        raise ArchiveError(str(archive), f"has more than {LIMIT_MEMBERS:,} files")
    return path


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    source = tar.extractfile(member)
    if source is None:
        raise EOFError(member.name)
    with store_writes(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        writer = target.open("xb", buffering=0)
    with source, writer:
        rest = member.size
        while rest:
            content = source.read(min(rest, BUFFER_BYTES))
            if not content:
                raise EOFError(f"{member.name} ends {rest} bytes too soon")
            rest -= len(content)
            with store_writes(target):
                writer.write(content)


def _decompressed(file: IO[bytes]) -> gzip.GzipFile:
    if importlib.util.find_spec("isal") is None:
        return gzip.GzipFile(fileobj=file, mode="rb")
    igzip: Any = importlib.import_module("isal.igzip")
    faster: gzip.GzipFile = igzip.IGzipFile(fileobj=file, mode="rb")
    return faster


class _Limited:
    """What tarfile reads of: no more than there may be."""

    def __init__(self, source: gzip.GzipFile, archive: Path, most: int) -> None:
        self._source, self._archive, self._most = source, archive, most
        self._count = 0

    def read(self, size: int) -> bytes:
        content = self._source.read(size)
        self._count += len(content)
        if self._count > self._most:
            raise ArchiveError(
                str(self._archive),
                f"unpacks to more than {self._most / GIB:.2f} GiB from {self._archive.stat().st_size:,} bytes, "
                "as a zip bomb does; where it is none, give `limit_bytes` and `limit_ratio`",
            )
        return content


class _HeaderError(Exception):
    pass


class _Member(tarfile.TarInfo):
    """A member whose extended header is not of any size."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Any:
        member = super().frombuf(buf, encoding, errors)
        is_header = member.type in {tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE}
        is_name = member.type in {tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK}
        if (is_header or is_name) and member.size > LIMIT_HEADER_BYTES:
            raise _HeaderError(f"{member.name!r} is a header of {member.size:,} bytes")
        return member
