"""Sample requests: read with the line of every row, compared with a signature, or making one where the model has none.

Only rows are read here: CSV, JSON `{"instances": […]}` or `[…]`, NPY. A body of another kind (an image, a document,
named tensors) is for the container to judge, when packaging sends it.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from model_packaging.errors import InvalidPackageError, Violation
from model_packaging.formats.model_format import NPY, SampleFile
from model_packaging.formats.npy_header import NpyHeaderError, read_npy_header
from model_packaging.release import Signature, TensorSpec

MAXIMUM_TOLD = 5
"""How many rows of a file are told."""


@dataclass(frozen=True)
class SampleRow:
    """A row, and where it begins in its file."""

    line: int
    values: tuple[Any, ...]
    names: tuple[str, ...] | None
    """Where the row names its columns."""


@dataclass(frozen=True)
class Rows:
    """The rows of a sample."""

    sample: SampleFile
    rows: tuple[SampleRow, ...]


def read_rows(sample: SampleFile) -> Rows | None:
    """The sample's rows; None where it holds none, but a body of another kind.

    Raises:
        InvalidPackageError: it is not what its content type says.
    """
    try:
        match sample.content_type:
            case "text/csv":
                return Rows(sample, tuple(_csv_rows(sample.path.read_text(encoding="utf-8"))))
            case "application/json":
                found = _json_rows(sample.path.read_text(encoding="utf-8"))
                return None if found is None else Rows(sample, tuple(found))
            case _:
                return None
    except json.JSONDecodeError as error:
        raise _broken(sample, error.lineno, f"is not JSON: {error.msg}") from error
    except (UnicodeDecodeError, csv.Error, RecursionError) as error:
        raise _broken(sample, None, f"is not {sample.content_type}: {error}") from error


def check_samples(samples: Sequence[SampleFile], signature: Signature) -> None:
    """Compares every sample's rows with the signature.

    Raises:
        InvalidPackageError: with every row that does not fit, by file and line.
    """
    columns = tabular_columns(signature)
    if columns is None:
        return
    violations: list[Violation] = []
    for sample in samples:
        try:
            violations += list(_misfits(sample, columns))[:MAXIMUM_TOLD]
        except InvalidPackageError as error:
            violations += error.violations
    if violations:
        raise InvalidPackageError(violations)


def tabular_columns(signature: Signature) -> tuple[TensorSpec, ...] | None:
    """A tensor a column: of one input [rows, columns] without names; None where the model does not read rows."""
    inputs = signature.inputs
    if len(inputs) == 1 and len(inputs[0].shape) == 2:
        width = inputs[0].shape[1]
        if width is None:
            return None
        return tuple(TensorSpec(name="", dtype=inputs[0].dtype, shape=(None,)) for _ in range(width))
    return inputs if all(one.shape[1:] in {(), (1,)} and len(one.shape) > 0 for one in inputs) else None


def inputs_of_samples(samples: Sequence[SampleFile], *, names: Sequence[str] = ()) -> tuple[TensorSpec, ...] | None:
    """The inputs that the first sample of rows shows; None where there is none.

    Columns that have names (a header, objects by name, or `names`) are an input each; others are one input of rows.
    """
    for sample in samples:
        if sample.content_type == NPY:
            shape, dtype = npy_of(sample)
            if len(shape) == 2:
                return (TensorSpec(name="rows", dtype=dtype, shape=(None, shape[1])),)
        found = read_rows(sample)
        if found is not None and found.rows:
            return _inputs(found, tuple(names))
    return None


def _inputs(found: Rows, names: tuple[str, ...]) -> tuple[TensorSpec, ...]:
    rows, header = _without_header(found.rows, names)
    header = names or header or next((row.names for row in rows if row.names is not None), ())
    width = max((len(row.values) for row in rows), default=len(header))
    columns = [[row.values[index] for row in rows if index < len(row.values)] for index in range(width)]
    dtypes = ["float64" if all(_is_number(one) for one in column) else "str" for column in columns]
    if not header and set(dtypes) <= {"float64"}:
        return (TensorSpec(name="rows", dtype="float64", shape=(None, width)),)
    if not header:
        header = ("text",) if width == 1 else tuple(f"column_{number}" for number in range(1, width + 1))
    return tuple(TensorSpec(name=name, dtype=dtype, shape=(None,)) for name, dtype in zip(header, dtypes, strict=False))


def _without_header(
    rows: tuple[SampleRow, ...], names: tuple[str, ...]
) -> tuple[tuple[SampleRow, ...], tuple[str, ...]]:
    """A first line that is the names, or that alone has text where every other row has numbers, is a header."""
    first = rows[0]
    if first.names is not None or len(rows) < 2:
        return rows, ()
    told = tuple(str(one) for one in first.values)
    texts = all(isinstance(one, str) and one and not _is_number(one) for one in first.values)
    below = any(_is_number(one) for one in rows[1].values)
    return (rows[1:], told) if told == names or (texts and below) else (rows, ())


def _misfits(sample: SampleFile, columns: tuple[TensorSpec, ...]) -> Iterator[Violation]:
    if sample.content_type == NPY:
        shape, _ = npy_of(sample)
        if len(shape) != 2 or shape[1] != len(columns):
            yield _violation(sample, None, f"has shape {list(shape)}", f"[rows, {len(columns)}]")
        return
    found = read_rows(sample)
    if found is None:
        return
    if not found.rows:
        yield _violation(sample, None, "holds no row", "at least one")
        return
    names = tuple(one.name for one in columns)
    rows, _ = _without_header(found.rows, names) if names[0] else (found.rows, ())
    for row in rows:
        yield from _row_misfits(sample, row, columns)


def _row_misfits(sample: SampleFile, row: SampleRow, columns: tuple[TensorSpec, ...]) -> Iterator[Violation]:
    values = row.values
    if row.names is not None:
        names = [one.name for one in columns]
        odd = sorted({*names} ^ {*row.names})
        if odd:
            told = ", ".join(odd[:MAXIMUM_TOLD])
            yield _violation(sample, row.line, f"names other columns than the signature: {told}", ", ".join(names[:20]))
            return
        values = tuple(dict(zip(row.names, values, strict=True))[name] for name in names)
    if len(values) != len(columns):
        message = f"has {len(values)} values; the signature has {len(columns)} columns"
        yield _violation(sample, row.line, message, f"{len(columns)} values a row")
        return
    for index, (value, column) in enumerate(zip(values, columns, strict=True)):
        if column.dtype != "str" and not _is_number(value):
            name = column.name or f"column {index + 1}"
            yield _violation(sample, row.line, f"{name}: {value!r} is no number", column.dtype)


def _is_number(value: Any) -> bool:
    if value is None or value == "":
        return True  # a missing value
    if isinstance(value, str):
        try:
            return not math.isinf(float(value))
        except ValueError:
            return False
    return isinstance(value, int | float)


def _csv_rows(text: str) -> Iterator[SampleRow]:
    reader = csv.reader(io.StringIO(text))
    line = 1
    for cells in reader:
        if cells:
            yield SampleRow(line, tuple(cells), None)
        line = reader.line_num + 1


def _json_rows(text: str) -> list[SampleRow] | None:
    """Items of the array that the document is, or of its `instances`; None where it has neither."""
    content = json.loads(text)
    if isinstance(content, dict):
        if not isinstance(content.get("instances"), list):
            return None
        start = text.index("[", text.index('"instances"'))
    elif isinstance(content, list):
        start = text.index("[")
    else:
        return None
    items = list(_json_items(text, start + 1))
    if any(isinstance(cell, list | dict) for _, item in items if isinstance(item, list) for cell in item):
        return None  # tensors of more than two dimensions
    return [_json_row(line, item) for line, item in items]


def _json_items(text: str, position: int) -> Iterator[tuple[int, Any]]:
    decoder = json.JSONDecoder()
    while True:
        while text[position] in " \t\r\n,":
            position += 1
        if text[position] == "]":
            return
        item, end = decoder.raw_decode(text, position)
        yield text.count("\n", 0, position) + 1, item
        position = end


def _json_row(line: int, item: Any) -> SampleRow:
    if isinstance(item, dict):
        return SampleRow(line, tuple(item.values()), tuple(map(str, item)))
    return SampleRow(line, tuple(item) if isinstance(item, list) else (item,), None)


def npy_of(sample: SampleFile) -> tuple[tuple[int, ...], str]:
    """Shape and dtype of the array that the sample is.

    Raises:
        InvalidPackageError: it is not NPY.
    """
    try:
        with sample.path.open("rb") as stream:
            header = read_npy_header(stream)
    except NpyHeaderError as error:
        raise _broken(sample, None, f"is not NPY: {error}") from error
    return header.shape, header.dtype


def _violation(sample: SampleFile, line: int | None, message: str, allowed: str) -> Violation:
    fix = "make the sample a request that the model answers"
    return Violation(sample.shown, line, "", None, message, allowed, fix)


def _broken(sample: SampleFile, line: int | None, message: str) -> InvalidPackageError:
    return InvalidPackageError([Violation(sample.shown, line, "", None, message, fix="write it anew")])
