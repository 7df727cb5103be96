"""A text file in blocks of whole records, as UTF-8: what keeps memory flat whatever the file's size.

A line end inside quotes ends no record: before the end of one stands an even number of quotes, for a quote inside
quotes is doubled (RFC 4180). Line ends are made line feeds, and another encoding is decoded as it is read.

Why blocks of ours, and not a reader of whole files (measured on two cores, 20 million rows, 1.5 GB of CSV; seconds and
peak memory to read every value once): DuckDB's aggregates 5.5 s and 315 MiB, Polars' streaming aggregates 6.7 s and
345 MiB, Polars' batches 5.9 s and 356 MiB, blocks of 8 MiB parsed by Polars 10.5 s and 109 MiB. The first two give no
sketch, DuckDB hands out rows only through another package, and Polars fills a row that is too short with nulls, in
silence. Blocks know their lines, any encoding, and how far they are.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from model_packaging.baselines.errors import BaselineDataError
from model_packaging.errors import Violation

BLOCK_BYTES = 8 * 1024 * 1024
MAXIMUM_RECORD_BYTES = 64 * 1024 * 1024
"""A longer record is one that a quote was left open in."""

Progress = Callable[[int, int], None]
"""Bytes read, and how many there are."""


@dataclass(frozen=True)
class Block:
    """Whole records, each ended by a line end."""

    content: bytes
    line: int
    """Where it begins, from 1."""


def read_blocks(
    path: Path,
    shown: str,
    *,
    encoding: str,
    quote: str | None,
    progress: Progress | None = None,
    block_bytes: int = BLOCK_BYTES,
) -> Iterator[Block]:
    """The file's blocks, in order.

    Args:
        path: The file.
        shown: How messages name it.
        encoding: As Python names it; a byte order mark is left out.
        quote: What a line end inside a record stands between; None where there is no such.
        progress: Told after each read.
        block_bytes: How much is read at a time.

    Raises:
        BaselineDataError: a byte is not of the encoding, or a quote is never closed.
    """
    rest, line = b"", 1
    for text in _decoded(path, shown, encoding, progress, block_bytes):
        rest = rest + text if rest else text
        cut = _record_end(rest, quote)
        if cut == 0 and len(rest) > MAXIMUM_RECORD_BYTES:
            raise BaselineDataError([_open_quote(shown, line)])
        if cut > 0:
            yield Block(rest[:cut], line)
            line += rest.count(b"\n", 0, cut)
            rest = rest[cut:]
    if quote is not None and rest.count(quote.encode()) % 2 == 1:
        raise BaselineDataError([_open_quote(shown, line + _line_of_open_quote(rest, quote.encode()))])
    if rest:
        yield Block(rest if rest.endswith(b"\n") else rest + b"\n", line)


def _record_end(text: bytes, quote: str | None) -> int:
    """Where the last whole record ends: 0 where there is none."""
    end = text.rfind(b"\n")
    if quote is not None and end >= 0:
        mark = quote.encode()
        quotes = text.count(mark, 0, end)
        while end >= 0 and quotes % 2 == 1:
            before = text.rfind(b"\n", 0, end)
            quotes -= text.count(mark, max(before, 0), end)
            end = before
    return end + 1


def _line_of_open_quote(text: bytes, mark: bytes) -> int:
    """How many line ends stand before the record in which a quote stays open."""
    return text.count(b"\n", 0, text.rfind(mark))


def _open_quote(shown: str, line: int) -> Violation:
    return Violation(
        shown, line, "", None, "a quote is never closed: what follows it reads as one field", fix="close or double it"
    )


def _decoded(path: Path, shown: str, encoding: str, progress: Progress | None, block_bytes: int) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    is_utf8 = codecs.lookup(encoding).name == "utf-8"
    total, read, lines = path.stat().st_size, 0, 1
    left = b""
    with path.open("rb") as file:
        while True:
            raw = file.read(block_bytes)
            try:
                text = decoder.decode(raw, final=not raw)
            except UnicodeDecodeError as error:
                raise BaselineDataError([_wrong_encoding(shown, error, encoding, lines)]) from error
            content = left + (raw if is_utf8 and not left and _is_whole(raw, text) else text.encode())
            if read == 0:
                content = content.removeprefix(codecs.BOM_UTF8)
            read += len(raw)
            left = b"\r" if content.endswith(b"\r") and raw else b""  # its line feed may be in the next block
            content = content[: len(content) - len(left)]
            if b"\r" in content:
                content = content.replace(b"\r\n", b"\n")
            lines += content.count(b"\n")
            if content:
                yield content
            if progress is not None:
                progress(read, total)
            if not raw:
                return


def _is_whole(raw: bytes, text: str) -> bool:
    """ASCII is its own UTF-8, and nothing of it waits in the decoder."""
    return text.isascii() and len(raw) == len(text)


def _wrong_encoding(shown: str, error: UnicodeDecodeError, encoding: str, lines: int) -> Violation:
    bad = error.object[error.start : error.start + 1]
    return Violation(
        shown,
        lines + bytes(error.object[: error.start]).count(b"\n"),
        "",
        bad.hex(),
        f"byte 0x{bad.hex()} is not {encoding}",
        fix="say which encoding the file has (`format: {encoding: cp1252}` in baseline.yaml), or write it as UTF-8",
    )
