"""CSV by blocks: Polars parses, and this module sees to what Polars passes over.

A row with too few fields is filled with nulls by Polars, so that rows are counted here first. The first block is read
as text; what reads as whole numbers, or as numbers, is parsed as such from then on, and a block that does not fit is
read as text again: a column's type is settled by all of the file, at the speed of a typed one.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from model_packaging.baselines.errors import BaselineDataError
from model_packaging.baselines.table import Batch, Cells, Place, TableFile, untyped_cells
from model_packaging.baselines.text_blocks import MAXIMUM_RECORD_BYTES, Block
from model_packaging.errors import Violation

if TYPE_CHECKING:
    import polars as pl

_SEPARATORS = (",", ";", "\t", "|")
_NOT_A_NUMBER = ("nan", "NaN", "NAN", "Nan")

MAXIMUM_TOLD = 10
"""Rows of a wrong length that are told of before reading stops."""


class CsvTable:
    """A CSV file.

    Args:
        file: Where, and how it is written.
        names: The columns of a file without a header.

    Raises:
        BaselineDataError: the header is not one.
    """

    def __init__(self, file: TableFile, *, names: Sequence[str] | None = None) -> None:
        self._file, self._format = file, file.dataset_format
        self._types: dict[str, str] = {}
        self._header_lines = 0
        self.names = self._read_header() if self._format.header else tuple(names or ())
        if not self.names:
            message = "has no header, and its columns are not named"
            raise file.refused(message, column="columns", fix="name every column")

    def batches(self, columns: Sequence[str]) -> Iterator[Batch]:
        """Its rows, a block at a time.

        Raises:
            BaselineDataError: rows have another number of fields than the header.
        """
        row = 0
        told: list[Violation] = []
        for block in self._blocks():
            told += self._ragged(block)
            if len(told) >= MAXIMUM_TOLD:
                break
            if told:
                continue
            frame = self._parsed(block, columns)
            place = partial(self._place, block, row)
            yield Batch(frame.height, {name: self._cells(frame[name], place) for name in columns})
            row += frame.height
        if told:
            raise BaselineDataError(told[:MAXIMUM_TOLD])

    def _blocks(self) -> Iterator[Block]:
        """The file's blocks without its header and without empty lines at its end."""
        skip, blank = self._header_lines, b""
        for block in self._file.blocks(quote=self._format.quote, progress=self._file.progress):
            content, line = block.content, block.line
            while skip > 0 and content:
                content, line, skip = content[content.index(b"\n") + 1 :], line + 1, skip - 1
            content, line = blank + content, line - len(blank)
            kept = content.rstrip(b"\n")
            blank = content[len(kept) + 1 :] if kept else content  # an end of file makes nothing of them
            if kept:
                yield Block(kept + b"\n", line)

    def _read_header(self) -> tuple[str, ...]:
        first = next(self._file.blocks(quote=self._format.quote, progress=None), None)
        content = b"" if first is None else first.content
        if b"\r" in content and content.count(b"\n") == 1:  # its last, which every block has
            raise self._file.refused("ends its lines with carriage returns", fix="tr '\\r' '\\n' < FILE > NEW_FILE")
        with self._rows(content) as rows:
            names = [name.strip() for name in next(rows, [])]
            self._header_lines = rows.line_num
        if not names:
            raise self._file.refused("begins with an empty line, and no header", line=1, fix="take it out")
        wrong = _header_problem(names, self._format.separator)
        if wrong is not None:
            raise self._file.refused(wrong[0], line=1, fix=wrong[1])
        return tuple(names)

    @contextmanager
    def _rows(self, content: bytes) -> Iterator[Any]:
        """The `csv.reader` of a text, whose fields may be as long as a record."""
        text = io.StringIO(content.decode(), newline="")
        before = csv.field_size_limit(MAXIMUM_RECORD_BYTES)  # of the process; by itself it is 128 KiB
        try:
            yield csv.reader(text, delimiter=self._format.separator, quotechar=self._format.quote)
        finally:
            csv.field_size_limit(before)

    def _ragged(self, block: Block) -> list[Violation]:
        """Rows whose number of fields is not the header's."""
        if self._is_regular(block.content):
            return []
        wrong = []
        line = block.line
        with self._rows(block.content) as rows:
            for fields in rows:
                count = max(len(fields), 1)
                if count != len(self.names):
                    message = f"has {count} field{'s' * (count != 1)}, the {self._length_of()} {len(self.names)}"
                    fix = "quote a field with a separator in it" if fields else "take the empty line out"
                    wrong.append(Violation(self._file.shown, line, "", None, message, fix=fix))
                    if len(wrong) == MAXIMUM_TOLD:
                        break
                line = block.line + rows.line_num
        return wrong

    def _length_of(self) -> str:
        return "header" if self._format.header else "columns are"

    def _is_regular(self, content: bytes) -> bool:
        """Whether, without quotes, every line has as many separators as it should: a few passes over the bytes."""
        import numpy as np

        if self._format.quote.encode() in content:
            return False
        codes = np.frombuffer(content, dtype=np.uint8)
        ends = np.flatnonzero(codes == ord("\n"))
        separators = np.flatnonzero(codes == ord(self._format.separator))
        wanted = len(self.names) - 1
        if len(separators) != len(ends) * wanted:
            return False
        if wanted == 0:
            return True
        by_line = separators.reshape(len(ends), wanted)
        return bool((by_line[:, -1] < ends).all() and (by_line[1:, 0] > ends[:-1]).all())

    def _parsed(self, block: Block, columns: Sequence[str]) -> pl.DataFrame:
        import polars as pl

        typed = {name: getattr(pl, self._types[name]) for name in columns if name in self._types}
        if typed:
            try:
                return self._parse(block, typed)
            except pl.exceptions.ComputeError:
                pass  # a value that does not fit: this block is read as text
        try:
            frame = self._parse(block, {})
        except pl.exceptions.PolarsError as error:
            told = f"cannot be read from here on: {str(error).splitlines()[0]}"
            fix = "quote fields that hold quotes, and double these"
            raise self._file.refused(told, line=block.line, fix=fix) from error
        for name in columns:
            self._settle(frame, name)
        return frame

    def _parse(self, block: Block, typed: dict[str, type[pl.DataType]]) -> pl.DataFrame:
        import polars as pl

        return pl.read_csv(
            block.content,
            has_header=False,
            schema={name: typed.get(name, pl.String) for name in self.names},
            separator=self._format.separator,
            quote_char=self._format.quote,
            null_values=self._missing() or None,
        )

    def _missing(self) -> list[str]:
        """`NaN` stands for however that is written, as numbers are read."""
        missing = list(self._format.missing)
        return [*missing, *_NOT_A_NUMBER] if any(one.lower() == "nan" for one in missing) else missing

    def _settle(self, frame: pl.DataFrame, name: str) -> None:
        """How the next blocks' column is parsed: as the widest that any block asked for."""
        cells = self._cells(frame[name], _nowhere)
        if cells.numbers is None and cells.texts is None:
            return
        found = "String" if cells.texts is not None else "Float64" if cells.is_fractional else "Int64"
        widest = max(self._types.get(name, found), found, key=("Int64", "Float64", "String").index)
        self._types[name] = widest

    def _cells(self, series: pl.Series, place: Callable[[int], Place]) -> Cells:
        import polars as pl

        if series.dtype != pl.String:
            return Cells(len(series), series.cast(pl.Float64), None, series.dtype == pl.Float64, place)
        texts = pl.select(pl.when(series != "").then(series)).to_series()  # a quoted nothing is nothing, too
        if series.name in self._file.texts:
            return Cells(len(series), None, texts, is_fractional=False, place=place)
        return untyped_cells(texts, place)

    def _place(self, block: Block, before: int, index: int) -> Place:
        if self._format.quote.encode() not in block.content:
            return Place(before + index + 1, block.line + index)
        with self._rows(block.content) as rows:
            for _ in range(index):
                next(rows)
            return Place(before + index + 1, block.line + rows.line_num)


def _nowhere(index: int) -> Place:
    return Place(index, None)


def _header_problem(names: Sequence[str], separator: str) -> tuple[str, str] | None:
    """What is wrong with a header, and what mends it."""
    fix = "name every column once in the first line, or say `header: false` and give `columns`"
    other = next((mark for mark in _SEPARATORS if mark != separator and mark in names[0]), None)
    if len(names) == 1 and other is not None:
        message = f"the header is one column, {names[0]!r}: its fields are not between {separator!r}"
        return message, f"say `format: {{separator: {json.dumps(other)}}}` in baseline.yaml, or give it another name"
    if any(not name for name in names):
        return "a column has no name in the header", fix
    twice = sorted({name for name, following in pairwise(sorted(names)) if name == following})
    if twice:
        return f"the header names twice: {', '.join(twice)}", fix
    if all(_is_number(name) for name in names):
        return f"the first line holds numbers only ({', '.join(names[:3])}, …), and is no header", fix
    return None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
