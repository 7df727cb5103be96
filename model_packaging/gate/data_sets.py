"""The rows that a gate judges on: tables by polars, arrays by numpy; features, labels, the digest of their bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import polars as pl

from model_packaging.complaints import did_you_mean
from model_packaging.gate.gate_file import Gate
from model_packaging.gate.gate_rules import DEFAULT_LABEL
from model_packaging.gate.gate_spec import ArrayFiles, DataFile, FreeFormTask, RegressionTask, TableFile
from model_packaging.store import file_sha256
from model_packaging.yaml_lines import KeyPath, Rule

Features: TypeAlias = "pl.DataFrame | np.ndarray[Any, Any]"
Labels: TypeAlias = "np.ndarray[Any, Any]"


@dataclass(frozen=True)
class DataSet:
    """Rows of one kind."""

    name: str
    """`test`, `train`, `validation`, or a slice's name."""
    sha256: str
    """Of the files' bytes."""
    features: Features
    """What is sent to the model."""
    labels: Labels | None
    """The truth, a row each: texts for classification, numbers for regression; None where there is none."""
    table: pl.DataFrame | None = None
    """Every column, for slices and groups; None for arrays."""

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self.features)

    @property
    def feature_names(self) -> list[str]:
        """The features' columns; those of an array are `f0`, `f1` and so on."""
        if isinstance(self.features, pl.DataFrame):
            return list(self.features.columns)
        return [f"f{index}" for index in range(int(np.prod(self.features.shape[1:], dtype=int)))]


def read_data_set(gate: Gate, name: str, data: DataFile, path: KeyPath) -> DataSet:
    """The rows of one entry of `data`.

    Raises:
        InvalidPackageError: a file cannot be read, or has not the columns that the gate names.
    """
    match data:
        case TableFile(file=file):
            return _read_table(gate, name, file, (*path, "file"))
        case ArrayFiles():
            return _read_arrays(gate, name, data, path)


def _read_table(gate: Gate, name: str, file: str, path: KeyPath) -> DataSet:
    table = read_table(gate, file, path)
    columns = gate.spec.columns
    label = columns.label or DEFAULT_LABEL
    is_judged = not isinstance(gate.spec.task, FreeFormTask)
    features = list(columns.features or [one for one in table.columns if one not in {label, *columns.not_features}])
    named: list[tuple[KeyPath, str]] = [(("columns", "features", index), one) for index, one in enumerate(features)]
    named += [(("columns", "not_features", index), one) for index, one in enumerate(columns.not_features)]
    named += [(("columns", "label"), label)] if is_judged else []
    named += [(("fairness", index, "group"), one.group) for index, one in enumerate(gate.spec.fairness)]
    absent = [_absent(place, column, table.columns, file) for place, column in named if column not in table.columns]
    if absent:
        raise gate.refused(absent)
    if not features:
        raise gate.refused([Rule(path, file, "has no column to send to the model", fix="write columns.features")])
    labels = _checked_labels(gate, table[label].to_list(), path) if is_judged else None
    return DataSet(name, file_sha256(gate.folder / file), table.select(features), labels, table)


def _absent(path: KeyPath, column: str, there: Sequence[str], file: str) -> Rule:
    shown = ", ".join(there[:20]) + (", …" if len(there) > 20 else "")
    return Rule(path, column, f"{file} has no column {column!r}", shown, did_you_mean(column, there))


def read_table(gate: Gate, file: str, path: KeyPath) -> pl.DataFrame:
    """Every row and column of a table.

    Raises:
        InvalidPackageError: it cannot be read, or has no rows.
    """
    source = gate.folder / file
    try:
        match source.suffix:
            case ".csv":
                table = pl.read_csv(source, infer_schema_length=None)
            case ".parquet":
                table = pl.read_parquet(source)
            case _:
                table = pl.read_ndjson(source, infer_schema_length=None)
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError) as error:
        told = (str(error).strip().splitlines() or ["no more is known"])[0]
        raise gate.refused([Rule(path, file, f"cannot be read as {source.suffix[1:]}: {told}")]) from error
    if table.is_empty():
        raise gate.refused([Rule(path, file, "has no rows", fix="give it some")])
    return table


def _read_arrays(gate: Gate, name: str, data: ArrayFiles, path: KeyPath) -> DataSet:
    rows = _array(gate, data.rows, (*path, "rows"))
    if rows.ndim < 1 or not len(rows):
        raise gate.refused([Rule((*path, "rows"), data.rows, "has no rows", fix="give it some")])
    digest = hashlib.sha256(file_sha256(gate.folder / data.rows).encode())
    if data.labels is None:
        return DataSet(name, digest.hexdigest(), rows, None)
    digest.update(file_sha256(gate.folder / data.labels).encode())
    truth = _array(gate, data.labels, (*path, "labels"))
    if truth.shape != (len(rows),):
        message = f"has the shape {list(truth.shape)}, and there are {len(rows)} rows"
        raise gate.refused([Rule((*path, "labels"), data.labels, message, f"the shape [{len(rows)}]")])
    return DataSet(name, digest.hexdigest(), rows, _checked_labels(gate, truth.tolist(), (*path, "labels")))


def _array(gate: Gate, file: str, path: KeyPath) -> np.ndarray[Any, Any]:
    try:
        array = np.load(gate.folder / file, allow_pickle=False)
    except (ValueError, OSError, EOFError) as error:
        raise gate.refused([Rule(path, file, f"cannot be read as an array: {error}")]) from error
    return np.asarray(array)


def _checked_labels(gate: Gate, values: list[object], path: KeyPath) -> Labels:
    if isinstance(gate.spec.task, RegressionTask):
        return _numbers(gate, values, path)
    missing = [number for number, value in enumerate(values, 1) if value is None or value != value or value == ""]  # noqa: PLR0124 - NaN
    if missing:
        told = ", ".join(map(str, missing[:5]))
        raise gate.refused([Rule(path, None, f"has no label in row {told}", fix="leave out rows without the truth")])
    return np.array([label_text(value) for value in values], dtype=object)


def _numbers(gate: Gate, values: list[object], path: KeyPath) -> Labels:
    try:
        truth = np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    except (TypeError, ValueError) as error:
        number, value = next((number, value) for number, value in enumerate(values, 1) if not _is_number(value))
        message = f"has a label in row {number} that is no number: {value!r}"
        raise gate.refused([Rule(path, None, message, fix="mend it, or leave out that row")]) from error
    bad = np.flatnonzero(~np.isfinite(truth)) + 1
    if bad.size:
        told = ", ".join(map(str, bad[:5]))
        raise gate.refused([Rule(path, None, f"has no finite label in row {told}", fix="leave out those rows")])
    return truth


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return value is None
    return True


def label_text(value: object) -> str:
    """A label as text, the same for `1`, `1.0` and `"1"`, and for `True` and `true`."""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def ordered_labels(labels: Sequence[str]) -> tuple[str, ...]:
    """Each label once: numbers by value, texts by the alphabet, which is how scikit-learn orders classes."""
    distinct = sorted(set(labels))
    try:
        return tuple(sorted(distinct, key=float))
    except ValueError:
        return tuple(distinct)
