"""What form a file of rows has: CSV, Parquet or JSON Lines, told by its first bytes and not by its name."""

from __future__ import annotations

import codecs
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from model_packaging.baselines.errors import BaselineDataError
from model_packaging.errors import Violation

Kind = Literal["csv", "parquet", "json_lines"]

_PARQUET_MAGIC = b"PAR1"
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""The mark of UTF-32 begins with the one of UTF-16: the longer is looked for first."""

_OTHER_FORMS = (
    (b"\x1f\x8b", "compressed by gzip", "gunzip it"),
    (b"\x28\xb5\x2f\xfd", "compressed by Zstandard", "unzstd it"),
    (b"BZh91AY&SY", "compressed by bzip2", "bunzip2 it"),
    (b"\xfd7zXZ\x00", "compressed by xz", "unxz it"),
    (b"PK\x03\x04", "a ZIP archive, or an Excel workbook", "unzip it, or save the sheet as CSV"),
    (b"ARROW1", "an Arrow (Feather) file", "write it as Parquet"),
)
"""What data comes in besides, by its first bytes."""


@dataclass(frozen=True)
class DatasetFormat:
    """How to read a file of rows; what does not concern its kind has no effect."""

    kind: Kind | None = None
    """None: told by the first bytes."""
    header: bool = True
    """CSV: whether the first line names the columns; without it `columns` must."""
    separator: str = ","
    """CSV: between two fields; one ASCII character."""
    quote: str = '"'
    """CSV: around a field that holds separators, quotes (doubled) or line ends; one ASCII character."""
    encoding: str | None = None
    """CSV and JSON Lines: None: told by the byte order mark, UTF-8 without one."""
    missing: tuple[str, ...] = ()
    """What stands for a missing value beside nothing at all (and null): `NA`, `?`; `NaN` for such numbers in Parquet
    and JSON Lines too."""

    def recognised(self, path: Path, shown: str) -> DatasetFormat:
        """This format, with what was left to the file's first bytes filled in.

        Raises:
            BaselineDataError: the file is not there, is empty, or is of a form that is not read here.
        """
        first = _first_bytes(path, shown)
        if not first:
            raise BaselineDataError([Violation(shown, None, "", None, "is empty: it has no rows")])
        kind = self.kind or _kind(first)
        wrong = _other_form(first, kind)
        if wrong is not None:
            raise BaselineDataError([Violation(shown, None, "", None, wrong[0], "CSV, Parquet, JSON Lines", wrong[1])])
        if kind == "parquet":
            return replace(self, kind=kind)
        return replace(self, kind=kind, encoding=self._encoding(first, shown))

    def _encoding(self, first: bytes, shown: str) -> str:
        if self.encoding is None:
            return next((name for mark, name in _BYTE_ORDER_MARKS if first.startswith(mark)), "utf-8")
        try:
            return codecs.lookup(self.encoding).name
        except LookupError as error:
            message = f"{self.encoding!r} is no encoding"
            violation = Violation(shown, None, "encoding", self.encoding, message, "utf-8, cp1252, …")
            raise BaselineDataError([violation]) from error


def _first_bytes(path: Path, shown: str) -> bytes:
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            message = "is a pipe or a device, and the data is read more than once"
            raise BaselineDataError([Violation(shown, None, "", None, message, fix="write it to a file first")])
        with path.open("rb") as file:
            return file.read(4096)
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        raise BaselineDataError([Violation(shown, None, "", None, message, fix="name a file of rows")]) from error


def _other_form(first: bytes, kind: Kind) -> tuple[str, str] | None:
    """Of a file that is none of the three: what it is, and what makes one of them of it."""
    for magic, form, fix in _OTHER_FORMS:
        if first.startswith(magic):
            return f"is {form}", fix
    opening = first.removeprefix(codecs.BOM_UTF8).lstrip()
    if kind != "parquet" and opening.startswith(b"[") and opening[1:].lstrip().startswith(b"{"):
        return "is a JSON array", "write one object a line: jq -c '.[]' FILE > FILE.jsonl"
    return None


def _kind(first: bytes) -> Kind:
    if first.startswith(_PARQUET_MAGIC):
        return "parquet"
    text = first
    for mark, name in _BYTE_ORDER_MARKS:
        if first.startswith(mark):
            text = first[: len(first) // 4 * 4].decode(name, errors="ignore").encode()
            break
    return "json_lines" if text.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") else "csv"
