"""Parquet by batches, as Polars' streaming engine hands them out; only the columns that are asked for are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from model_packaging.baselines.dataset_format import DatasetFormat
from model_packaging.baselines.errors import BaselineDataError
from model_packaging.baselines.table import Batch, Place
from model_packaging.baselines.text_blocks import Progress
from model_packaging.baselines.typed_cells import typed_cells, without
from model_packaging.errors import Violation

BATCH_ROWS = 100_000
_MAGIC = b"PAR1"


class ParquetTable:
    """A Parquet file.

    Raises:
        BaselineDataError: it is cut off, or no Parquet file.
    """

    def __init__(
        self,
        path: Path,
        shown: str,
        dataset_format: DatasetFormat,
        *,
        texts: Sequence[str] = (),
        progress: Progress | None = None,
        batch_rows: int = BATCH_ROWS,
    ) -> None:
        import polars as pl

        self._path, self._shown, self._format = path, shown, dataset_format
        self._texts, self._progress, self._batch_rows = frozenset(texts), progress, batch_rows
        self._check_end()
        try:
            self._scan = pl.scan_parquet(path)
            self.names = tuple(self._scan.collect_schema())
            self._total = int(self._scan.select(pl.len()).collect().item())
        except (pl.exceptions.PolarsError, OSError) as error:
            raise self._broken(error) from error

    def batches(self, columns: Sequence[str]) -> Iterator[Batch]:
        """Its rows, in order.

        Raises:
            BaselineDataError: a page of it is damaged, or a column holds no single values.
        """
        import polars as pl

        row = 0
        try:
            for frame in self._scan.select(list(columns)).collect_batches(chunk_size=self._batch_rows):
                place = partial(_place, row)
                cells = {}
                for name in columns:
                    series = without(frame[name], self._format.missing)
                    cells[name] = typed_cells(series, self._shown, name, place, as_text=name in self._texts)
                yield Batch(frame.height, cells)
                row += frame.height
                if self._progress is not None:
                    self._progress(row, self._total)
        except (pl.exceptions.PolarsError, OSError) as error:
            raise self._broken(error) from error

    def _check_end(self) -> None:
        size = self._path.stat().st_size
        with self._path.open("rb") as file:
            file.seek(max(size - len(_MAGIC), 0))
            if file.read() != _MAGIC:
                message = f"is cut off: its {size} bytes do not end with {_MAGIC.decode()}, as a Parquet file does"
                raise BaselineDataError([Violation(self._shown, None, "", None, message, fix="copy it again")])

    def _broken(self, error: Exception) -> BaselineDataError:
        told = str(error).splitlines()[0]
        return BaselineDataError([Violation(self._shown, None, "", None, f"is damaged: {told}", fix="write it again")])


def _place(before: int, index: int) -> Place:
    return Place(before + index + 1, None)
