"""The data-quality baseline of a file, larger than memory: what `DataQualityBaseline.of` makes of lists.

```python
from model_packaging.baselines import baseline_of_file
baseline = baseline_of_file(Path("train.parquet"), leave_out=["diagnosis"], outputs={"probability": predicted})
```

A monitor joins a captured event's output and input, output first: columns that the model answers come before the
file's (https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-pre-and-post-processing.html).

The two agree: exactly up to as many values as a sketch holds; beyond, sums and deviations in all but the last digits,
and distinct texts as `distinct` says. The sketches are the same at any size. One difference: a list of floats that are
all whole numbers is Integral to the class, and a file's column of such is Fractional, as it is to the container.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from model_packaging.baseline import DataQualityBaseline, Value, monitoring_config
from model_packaging.baselines.column import ColumnStatistics, InferredType, Problem
from model_packaging.baselines.csv_table import CsvTable
from model_packaging.baselines.dataset_format import DatasetFormat
from model_packaging.baselines.errors import BaselineDataError, MissingExtraError
from model_packaging.baselines.json_lines_table import JsonLinesTable
from model_packaging.baselines.parquet_table import ParquetTable
from model_packaging.baselines.table import Table, TableFile
from model_packaging.baselines.text_blocks import Progress
from model_packaging.complaints import did_you_mean
from model_packaging.errors import Violation


@dataclass(frozen=True)
class Dataset:
    """A file of rows and what is to be known of its columns."""

    path: Path
    shown: str
    """How messages name it."""
    dataset_format: DatasetFormat = field(default_factory=DatasetFormat)
    columns: tuple[str, ...] | None = None
    """Those of the baseline, in order; None: all. Of a file without a header: the names of all."""
    leave_out: tuple[str, ...] = ()
    """Columns that no request and no answer holds: the label, an identifier."""
    types: Mapping[str, InferredType] = field(default_factory=dict)
    """Columns whose type is not to be inferred."""

    def table(self, *, progress: Progress | None = None) -> Table:
        """Opens it.

        Raises:
            BaselineDataError: it cannot be read.
            MissingExtraError: Polars is not installed.
        """
        _check_polars()
        found = self.dataset_format.recognised(self.path, self.shown)
        texts = frozenset(name for name, kind in self.types.items() if kind == "String")
        file = TableFile(self.path, self.shown, found, texts, progress)
        if found.kind == "parquet":
            return ParquetTable(file)
        return JsonLinesTable(file) if found.kind == "json_lines" else CsvTable(file, names=self.columns)

    def chosen(self, table: Table) -> tuple[str, ...]:
        """The baseline's columns.

        Raises:
            BaselineDataError: some are not there.
        """
        self.check_names(
            table, {"columns": self.columns or (), "leave out": self.leave_out, "types": tuple(self.types)}
        )
        return tuple(name for name in self.columns or table.names if name not in self.leave_out)

    def check_names(self, table: Table, wanted: Mapping[str, Sequence[str]]) -> None:
        """Whether the columns that a spec names are there.

        Raises:
            BaselineDataError: naming every one that is not.
        """
        violations = []
        for where, names in wanted.items():
            for name in names:
                if name not in table.names:
                    fix = did_you_mean(name, table.names)
                    message = f"there is no column {name!r}"
                    violations.append(Violation(self.shown, None, where, name, message, _some(table.names), fix))
        if violations:
            raise BaselineDataError(violations)


@dataclass(frozen=True)
class FileBaseline:
    """What reading a file gave."""

    baseline: DataQualityBaseline
    rows: int
    typical: Mapping[str, float | str | None]
    """Of each of the file's columns: the median, or the most frequent text."""


def baseline_of_file(
    path: Path,
    *,
    columns: Sequence[str] | None = None,
    dataset_format: DatasetFormat | None = None,
    leave_out: Sequence[str] = (),
    types: Mapping[str, InferredType] | None = None,
    outputs: Mapping[str, Sequence[Value]] | None = None,
    progress: Progress | None = None,
) -> DataQualityBaseline:
    """The baseline of a CSV, Parquet or JSON Lines file; memory does not grow with its rows.

    Args:
        path: The file.
        columns: Those of the baseline, in the order of a request; without it all. They name the columns of CSV without
            a header.
        dataset_format: How to read it; without it told by its first bytes, with a header.
        leave_out: Columns that are in no request: the label.
        types: Columns whose type is not to be inferred.
        outputs: What the model answers for each row, by column; they come before the file's.
        progress: Told of bytes (Parquet: rows) read, and how many there are, once through for each of the two readings.

    Raises:
        BaselineDataError: everything wrong with the file.
        MissingExtraError: Polars is not installed.
    """
    dataset = Dataset(
        path,
        path.as_posix(),
        dataset_format or DatasetFormat(),
        None if columns is None else tuple(columns),
        tuple(leave_out),
        dict(types or {}),
    )
    return read_dataset(dataset, outputs=outputs, progress=progress).baseline


def read_dataset(
    dataset: Dataset,
    *,
    output_columns: Sequence[str] = (),
    outputs: Mapping[str, Sequence[Value]] | None = None,
    progress: Progress | None = None,
) -> FileBaseline:
    """Reads a file twice.

    Args:
        dataset: The file.
        output_columns: Columns of it that the model answers: they come first.
        outputs: More of such, that are not in the file.
        progress: See `baseline_of_file`.
    """
    table = dataset.table(progress=progress)
    names = dataset.chosen(table)
    dataset.check_names(table, {"outputs": output_columns})
    ordered = [*output_columns, *(name for name in names if name not in output_columns)]
    if not ordered:
        raise BaselineDataError([Violation(dataset.shown, None, "columns", None, "no column is left for a baseline")])
    columns = {name: ColumnStatistics(name, dataset.types.get(name)) for name in ordered}
    rows = _read(table, columns)
    _check(dataset, rows, (problem for column in columns.values() for problem in column.problems()))
    _check(dataset, rows, _overflows(columns))
    _read_again(table, columns)
    _check(dataset, rows, _overflows(columns))
    joined = joined_outputs(outputs or {}, columns, rows, dataset.shown)
    statistics = [*joined.statistics.get("features", ()), *(one.statistics() for one in columns.values())]
    constraints = [*joined.constraints.get("features", ()), *(one.constraints() for one in columns.values())]
    baseline = DataQualityBaseline(
        statistics={"version": 0.0, "dataset": {"item_count": rows}, "features": statistics},
        constraints={"version": 0.0, "features": constraints, "monitoring_config": monitoring_config()},
    )
    return FileBaseline(baseline, rows, {name: column.typical() for name, column in columns.items()})


def joined_outputs(
    outputs: Mapping[str, Sequence[Value]], columns: Mapping[str, object], rows: int, shown: str
) -> DataQualityBaseline:
    """The part of a baseline that the model's answers are.

    Raises:
        BaselineDataError: an answer is not there for every row, or is named as a column of the data.
    """
    violations = [
        Violation(shown, None, name, len(values), f"{len(values)} answers for {rows} rows", fix="give one for each row")
        for name, values in outputs.items()
        if len(values) != rows
    ]
    violations += [
        Violation(shown, None, name, name, "is an answer's name and a column's, too", fix="name one differently")
        for name in outputs
        if name in columns
    ]
    if violations:
        raise BaselineDataError(violations)
    if not outputs:
        return DataQualityBaseline({}, {})
    try:
        return DataQualityBaseline.of({name: _plain(values) for name, values in outputs.items()})
    except ValueError as error:
        raise BaselineDataError([Violation(shown, None, "outputs", None, str(error))]) from error


def _plain(values: Sequence[Value]) -> list[Value]:
    """Of an array: its items as Python's own numbers and texts."""
    listed: object = getattr(values, "tolist", lambda: list(values))()
    return list(listed) if isinstance(listed, list) else [listed]  # type: ignore[list-item]


def _read(table: Table, columns: Mapping[str, ColumnStatistics]) -> int:
    rows = 0
    for batch in table.batches(list(columns)):
        rows += batch.rows
        for name, column in columns.items():
            column.add(batch.columns[name])
    return rows


def _read_again(table: Table, columns: Mapping[str, ColumnStatistics]) -> None:
    numeric = [name for name, column in columns.items() if column.has_numbers]
    if numeric:
        for batch in table.batches(numeric):
            for name in numeric:
                columns[name].add_again(batch.columns[name])


def _overflows(columns: Mapping[str, ColumnStatistics]) -> Iterator[Problem]:
    return (one for column in columns.values() if (one := column.overflow()) is not None)


def _check(dataset: Dataset, rows: int, problems: Iterator[Problem]) -> None:
    if rows == 0:
        raise BaselineDataError([Violation(dataset.shown, None, "", None, "has no rows", fix="a baseline needs some")])
    violations = [
        Violation(
            dataset.shown,
            None if problem.place is None else problem.place.line,
            problem.column,
            problem.value,
            problem.message,
            fix=problem.fix,
        )
        for problem in problems
    ]
    if violations:
        raise BaselineDataError(violations)


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:20])
    return shown if len(names) <= 20 else f"{shown}, … ({len(names)} columns)"


def _check_polars() -> None:
    try:
        import numpy as np
        import polars as pl
    except ImportError as error:
        raise MissingExtraError(error.name or "polars") from error
    del np, pl
