"""What the formats that are zips share: how one is told, and what reading a damaged one may raise."""

from __future__ import annotations

import struct
import zipfile
import zlib
from pathlib import Path

ZIP_MAGIC = b"PK\x03\x04"
_LOCAL_HEADER_BYTES = 30

UNREADABLE_ZIP = (zipfile.BadZipFile, zlib.error, OSError, EOFError, LookupError, ValueError, RuntimeError)
"""What zipfile raises where a byte of a zip is another one; a RuntimeError where it is then taken for encrypted, or for
compressed in a way that is not known (NotImplementedError)."""


def first_member(path: Path) -> str | None:
    """The name of the member that the file begins with, which is there even where the file is cut short.

    None where the file does not begin as a zip.
    """
    with path.open("rb") as stream:
        head = stream.read(_LOCAL_HEADER_BYTES)
        if not head.startswith(ZIP_MAGIC) or len(head) < _LOCAL_HEADER_BYTES:
            return None
        return stream.read(struct.unpack("<H", head[26:28])[0]).decode(errors="replace")


def zip_names(path: Path) -> list[str] | None:
    """The members' names; None where the zip cannot be read."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except UNREADABLE_ZIP:
        return None
