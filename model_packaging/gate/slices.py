"""Parts of the data, judged by themselves, and the worst of them: an average hides who pays for it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from model_packaging.gate.data_sets import DataSet, label_text, read_data_set
from model_packaging.gate.demands import ColumnSlices, FileSlice, Slices, WhereSlice
from model_packaging.gate.gate_file import Gate
from model_packaging.gate.gate_spec import TableFile
from model_packaging.gate.metrics import Bins, MetricUnavailableError, figure
from model_packaging.gate.outcome import Outcome
from model_packaging.gate.report import GateResult, SliceFigures, judged, not_judged, worst_of
from model_packaging.yaml_lines import KeyPath, Rule

MAXIMUM_VALUES = 50
"""More values than this make no slices that a person looks at."""

MISSING = "(missing)"


@dataclass(frozen=True)
class RowSlice:
    """Rows of the test data."""

    name: str
    indices: np.ndarray[Any, Any]


def read_file_slice(gate: Gate, index: int, one: FileSlice) -> DataSet:
    """The test set of its own that stands at `slices.of[index]`.

    Raises:
        InvalidPackageError: it cannot be read.
    """
    return read_data_set(gate, one.name or one.file, TableFile(file=one.file), ("slices", "of", index))


def read_row_slices(gate: Gate, index: int, one: WhereSlice | ColumnSlices, test: pl.DataFrame) -> list[RowSlice]:
    """The slices of the test data's own rows that stand at `slices.of[index]`.

    Raises:
        InvalidPackageError: the expression or the column is none of the data's.
    """
    path: KeyPath = ("slices", "of", index)
    match one:
        case WhereSlice():
            return [_where(gate, one, test, path)]
        case ColumnSlices():
            return _of_column(gate, one, test, path)


def _where(gate: Gate, one: WhereSlice, table: pl.DataFrame, path: KeyPath) -> RowSlice:
    try:
        holds = table.select(pl.sql_expr(one.where).alias("holds"))["holds"]
    except (pl.exceptions.PolarsError, ValueError) as error:
        told = str(error).strip().splitlines()[0]
        columns = ", ".join(table.columns[:20])
        message = f"{one.where!r} is no condition over the data: {told}"
        raise gate.refused([Rule((*path, "where"), one.where, message, f"conditions over {columns}")]) from error
    if holds.dtype != pl.Boolean or len(holds) != len(table):
        message = f"{one.where!r} is not true or false for each row"
        raise gate.refused([Rule((*path, "where"), one.where, message, "a condition such as age >= 65")])
    return RowSlice(one.name or one.where, np.flatnonzero(holds.fill_null(value=False).to_numpy()))


def _of_column(gate: Gate, one: ColumnSlices, table: pl.DataFrame, path: KeyPath) -> list[RowSlice]:
    if one.column not in table.columns:
        allowed = ", ".join(table.columns[:20])
        message = f"the test data has no column {one.column!r}"
        raise gate.refused([Rule((*path, "column"), one.column, message, allowed)])
    column = table[one.column]
    if one.edges is not None:
        if not column.dtype.is_numeric():
            message = f"{one.column!r} has no numbers to cut at edges"
            raise gate.refused([Rule((*path, "edges"), list(one.edges), message, fix="take the edges out")])
        return list(_between(one.column, column, one.edges))
    if column.n_unique() > MAXIMUM_VALUES:
        message = f"{one.column!r} has {column.n_unique()} values, which are too many slices"
        raise gate.refused([Rule((*path, "column"), one.column, message, f"at most {MAXIMUM_VALUES}", "write edges")])
    values = np.array([group_name(value) for value in column.to_list()], dtype=object)
    return [RowSlice(f"{one.column} = {value}", np.flatnonzero(values == value)) for value in sorted(set(values))]


def _between(name: str, column: pl.Series, edges: tuple[float, ...]) -> Iterator[RowSlice]:
    numbers = column.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    bounds = [-np.inf, *edges, np.inf]
    for low, high in itertools.pairwise(bounds):
        told = (
            f"{name} < {high:g}" if low == -np.inf else f"{low:g} ≤ {name}" + ("" if high == np.inf else f" < {high:g}")
        )
        yield RowSlice(told, np.flatnonzero((numbers >= low) & (numbers < high)))


def group_name(value: object) -> str:
    """How a value of a column is named as a slice or group."""
    return MISSING if value is None or value != value else label_text(value)  # noqa: PLR0124 - NaN


def slice_figures(wanted: Slices, parts: list[tuple[str, Outcome]], bins: Bins) -> tuple[SliceFigures, ...]:
    """Each slice with the metrics it is judged by; one with too few rows, or that lacks a metric, is not judged."""
    return tuple(_figures(wanted, name, outcome, bins) for name, outcome in parts)


def _figures(wanted: Slices, name: str, outcome: Outcome, bins: Bins) -> SliceFigures:
    found: dict[str, float] = {}
    for metric in wanted.worst if outcome.rows else ():
        try:
            found[metric] = figure(metric, outcome, bins)
        except MetricUnavailableError:
            continue
    is_judged = outcome.rows >= wanted.minimum_rows and bool(found)
    return SliceFigures(name=name, rows=outcome.rows, judged=is_judged, metrics=found)


def worst_results(wanted: Slices, slices: tuple[SliceFigures, ...]) -> Iterator[GateResult]:
    """What the worst slice of each metric comes to."""
    for name, bounds in wanted.worst.items():
        candidates = [one for one in slices if one.judged and name in one.metrics]
        if not candidates:
            told = f"no slice has {wanted.minimum_rows} rows on which {name} is defined"
            yield not_judged("slices", name, told)
            continue
        worst = worst_of(name, candidates)
        for comparison, threshold in bounds.demanded:
            told = f"the worst of {len(candidates)} slices"
            title = f"{name} of {worst.name}"
            yield judged("slices", title, worst.metrics[name], comparison, threshold, rows=worst.rows, told=told)
