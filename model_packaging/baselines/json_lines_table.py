"""JSON Lines by blocks: one flat object a line, members named as the columns; a member that is not there is missing.

Polars parses a block, and makes texts of a column in which numbers and texts stand together: where that may be so, the
block's values are looked at one by one, for a `"5"` is a text and a `5` is none.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from model_packaging.baselines.errors import BaselineDataError
from model_packaging.baselines.table import Batch, Cells, Place, TableFile, numbers_of
from model_packaging.baselines.text_blocks import Block, Progress
from model_packaging.baselines.typed_cells import typed_cells, without
from model_packaging.errors import Violation

if TYPE_CHECKING:
    import polars as pl

MAXIMUM_TOLD = 10
"""Lines that are no objects that are told of before reading stops."""


class JsonLinesTable:
    """A JSON Lines file; its columns are the members of the first block's objects.

    Raises:
        BaselineDataError: a line of the first block is no object.
    """

    def __init__(self, file: TableFile) -> None:
        self._file = file
        first = next(self._blocks(None), None)
        if first is None:
            raise file.refused("has no rows")
        self.names = tuple(self._parsed(first).columns)

    def batches(self, columns: Sequence[str]) -> Iterator[Batch]:
        """Its rows, a block at a time.

        Raises:
            BaselineDataError: lines are no objects, or hold members that are no single values.
        """
        row = 0
        for block in self._blocks(self._file.progress):
            frame = self._parsed(block)
            places = _Places(block, row)
            cells = {name: self._cells(frame, name, block, places) for name in columns}
            yield Batch(frame.height, cells)
            row += frame.height

    def _blocks(self, progress: Progress | None) -> Iterator[Block]:
        return (block for block in self._file.blocks(quote=None, progress=progress) if block.content.strip())

    def _parsed(self, block: Block) -> pl.DataFrame:
        import polars as pl

        try:
            return pl.read_ndjson(block.content, infer_schema_length=None)
        except pl.exceptions.PolarsError as error:
            wrong = self._wrong_lines(block)
            unread = self._file.refused(f"cannot be read from here on: {error}", line=block.line)
            raise (BaselineDataError(wrong) if wrong else unread) from error

    def _wrong_lines(self, block: Block) -> list[Violation]:
        wrong = []
        for line, text in enumerate(block.content.split(b"\n"), block.line):
            problem = _line_problem(text)
            if problem is not None:
                fix = "write one object a line, null where a number is not there"
                wrong.append(Violation(self._file.shown, line, "", None, problem, fix=fix))
                if len(wrong) == MAXIMUM_TOLD:
                    break
        return wrong

    def _cells(self, frame: pl.DataFrame, name: str, block: Block, places: _Places) -> Cells:
        import polars as pl

        if name not in frame.columns:
            return Cells(frame.height, None, None, is_fractional=False, place=places.of)
        missing, as_text = self._file.dataset_format.missing, name in self._file.texts
        series = without(frame[name], missing)
        if series.dtype == pl.String and not as_text and bool(numbers_of(series).is_not_null().any()):
            return _looked_at(block, name, missing, places)
        return typed_cells(series, self._file.shown, name, places.of, as_text=as_text)


class _Places:
    """Lines of a block's rows; empty lines are none."""

    def __init__(self, block: Block, before: int) -> None:
        self._block, self._before = block, before

    def of(self, index: int) -> Place:
        numbered = enumerate(io.BytesIO(self._block.content), self._block.line)
        rows = (number for number, line in numbered if line.strip())
        return Place(self._before + index + 1, next(islice(rows, index, None)))


def _line_problem(text: bytes) -> str | None:
    if not text.strip():
        return None
    try:
        value = json.loads(text, parse_constant=_no_number)
    except ValueError as error:
        return f"is not JSON: {error}"
    return None if isinstance(value, dict) else f"holds {type(value).__name__}, not an object"


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number of JSON")


def _looked_at(block: Block, name: str, missing: Sequence[str], places: _Places) -> Cells:
    """A column in which Polars may have made texts of numbers."""
    import polars as pl

    values = [json.loads(line).get(name) for line in block.content.split(b"\n") if line.strip()]
    numbers = [None if isinstance(one, str) or one is None else float(one) for one in values]
    texts = [one if isinstance(one, str) and one not in missing else None for one in values]
    has_numbers, has_texts = any(one is not None for one in numbers), any(one is not None for one in texts)
    return Cells(
        len(values),
        pl.Series(name, numbers, dtype=pl.Float64) if has_numbers else None,
        pl.Series(name, texts, dtype=pl.String) if has_texts else None,
        any(isinstance(one, float) for one in values),
        places.of,
    )
