"""A file of rows by batches of columns, whatever form the file has.

A cell is a number, a text or missing; a column of a batch says which of its cells are what, and in which row and line
of the file they stand: a message can name them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from model_packaging.baselines.dataset_format import DatasetFormat
from model_packaging.baselines.errors import BaselineDataError
from model_packaging.baselines.text_blocks import BLOCK_BYTES, Block, Progress, read_blocks
from model_packaging.errors import Violation

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class Place:
    """Where a cell stands."""

    row: int
    """From 1, the header not counted."""
    line: int | None
    """From 1; None where the file has no lines."""

    def __str__(self) -> str:
        return f"row {self.row}" if self.line is None else f"line {self.line}"


@dataclass(frozen=True)
class Cells:
    """One column of a batch."""

    rows: int
    numbers: pl.Series | None
    """Float64, null where the cell is no number; None where none is."""
    texts: pl.Series | None
    """String, null where the cell is no text; None where none is."""
    is_fractional: bool
    """Whether a number is written, or stored, as a fractional one: `1.0` is."""
    place: Callable[[int], Place]
    """Of a cell, by its index in the batch."""


@dataclass(frozen=True)
class Batch:
    """Some rows."""

    rows: int
    columns: Mapping[str, Cells]


@dataclass(frozen=True)
class TableFile:
    """A file of rows that is to be read."""

    path: Path
    shown: str
    """How messages name it."""
    dataset_format: DatasetFormat
    """Recognised."""
    texts: frozenset[str] = frozenset()
    """Columns that are text whatever they look like."""
    progress: Progress | None = None
    """Told as the file is read."""
    block_bytes: int = BLOCK_BYTES
    """How much of a text file is read at a time."""

    def blocks(self, *, quote: str | None, progress: Progress | None) -> Iterator[Block]:
        """A text file's blocks; see `read_blocks`."""
        encoding = self.dataset_format.encoding or "utf-8"
        return read_blocks(
            self.path, self.shown, encoding=encoding, quote=quote, progress=progress, block_bytes=self.block_bytes
        )

    def refused(self, message: str, *, line: int | None = None, column: str = "", fix: str = "") -> BaselineDataError:
        """The error for what is wrong with it."""
        return BaselineDataError([Violation(self.shown, line, column, None, message, fix=fix)])


class Table(Protocol):
    """A file of rows; it may be read more than once."""

    @property
    def names(self) -> tuple[str, ...]:
        """All its columns."""

    def batches(self, columns: Sequence[str]) -> Iterator[Batch]:
        """Its rows, in order."""
        ...


def numbers_of(texts: pl.Series) -> pl.Series:
    """Of untyped text: its numbers as Float64, null where it is none; `nan` and `inf` are read as what they say."""
    import polars as pl

    return texts.str.strip_chars().cast(pl.Float64, strict=False)


def untyped_cells(texts: pl.Series, place: Callable[[int], Place]) -> Cells:
    """A column of a file without types: numbers where all of it reads as numbers, else texts and what are numbers."""
    import polars as pl

    numbers = numbers_of(texts)
    present = len(texts) - texts.null_count()
    if present == len(numbers) - numbers.null_count():
        whole = texts.str.strip_chars().cast(pl.Int64, strict=False)
        is_fractional = len(whole) - whole.null_count() < present and _has_fractional_form(texts)
        return Cells(len(texts), numbers if present else None, None, is_fractional, place)
    finite = numbers.is_finite().fill_null(value=False)
    is_mixed = bool(finite.any())
    return Cells(
        len(texts),
        _where(numbers, finite) if is_mixed else None,
        _where(texts, ~finite) if is_mixed else texts,
        is_mixed and _has_fractional_form(_where(texts, finite)),
        place,
    )


def _has_fractional_form(texts: pl.Series) -> bool:
    """A point, an exponent, or one of the words: what is a whole number to awslabs/deequ has digits and a sign only."""
    return bool(texts.str.contains(r"[.eEnNiI]").any())


def _where(series: pl.Series, mask: pl.Series) -> pl.Series:
    import polars as pl

    return pl.select(pl.when(mask).then(series).otherwise(None)).to_series()
