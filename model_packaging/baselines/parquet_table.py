"""Parquet by batches, as Polars' streaming engine hands them out; only the columns that are asked for are read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from model_packaging.baselines.errors import BaselineDataError
from model_packaging.baselines.table import Batch, Place, TableFile
from model_packaging.baselines.typed_cells import typed_cells, without

BATCH_ROWS = 100_000
_MAGIC = b"PAR1"


class ParquetTable:
    """A Parquet file.

    Raises:
        BaselineDataError: it is cut off, or no Parquet file.
    """

    def __init__(self, file: TableFile) -> None:
        import polars as pl

        self._file = file
        self._check_end()
        try:
            self._scan = pl.scan_parquet(file.path)
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

        file, row = self._file, 0
        try:
            for frame in self._scan.select(list(columns)).collect_batches(chunk_size=BATCH_ROWS):
                place = partial(_place, row)
                cells = {}
                for name in columns:
                    series = without(frame[name], file.dataset_format.missing)
                    cells[name] = typed_cells(series, file.shown, name, place, as_text=name in file.texts)
                yield Batch(frame.height, cells)
                row += frame.height
                if file.progress is not None:
                    file.progress(row, self._total)
        except (pl.exceptions.PolarsError, OSError) as error:
            raise self._broken(error) from error

    def _check_end(self) -> None:
        size = self._file.path.stat().st_size
        with self._file.path.open("rb") as stream:
            stream.seek(max(size - len(_MAGIC), 0))
            if stream.read() != _MAGIC:
                message = f"is cut off: its {size} bytes do not end with {_MAGIC.decode()}, as a Parquet file does"
                raise self._file.refused(message, fix="copy it again")

    def _broken(self, error: Exception) -> BaselineDataError:
        told = str(error).splitlines()[0]
        return self._file.refused(f"is damaged: {told}", fix="write it again")


def _place(before: int, index: int) -> Place:
    return Place(before + index + 1, None)
