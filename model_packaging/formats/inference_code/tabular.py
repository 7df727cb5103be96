"""Rows in, predictions out: what the inference modules of tabular models share.

A request is CSV (without a header, or with the columns' names as its first line), JSON (`{"instances": [[…], …]}`,
`[[…], …]`, or objects by column name where the columns have names) or NPY. What does not fit the model's signature is
refused with 400, an unknown content type with 415, an unknown accept with 406. `signature.json` beside this file says
how many columns there are, and of which types.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

SHOWN = 5
"""How many rows a refusal names."""


class RequestError(Exception):
    """What is wrong with a request, and the status that says so."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def answered(transform: Callable[[], tuple[str, str]]) -> Any:
    """What `transform` answers; where it refuses the request, that, as the container understands it.

    The PyTorch and XGBoost containers answer an error of the SageMaker inference toolkit with its status
    (https://github.com/aws/sagemaker-inference-toolkit, `transformer.py`). The scikit-learn one answers every exception
    with 500, and takes a response of Flask's instead.
    """
    try:
        return transform()
    except RequestError as error:
        try:
            from sagemaker_inference.errors import GenericInferenceToolkitError
        except ImportError:
            from werkzeug import Response

            return Response(f"{error}\n", status=error.status, mimetype="text/plain")
        raise GenericInferenceToolkitError(error.status, str(error)) from error


@dataclass(frozen=True)
class Columns:
    """What a row is made of."""

    names: tuple[str, ...]
    """Empty where the columns have none."""
    dtypes: tuple[str, ...]
    """In numpy's words, one a column; `str` is text."""

    @property
    def width(self) -> int:
        """How many there are."""
        return len(self.dtypes)

    @property
    def are_numbers(self) -> bool:
        """Whether no column is text."""
        return "str" not in self.dtypes


def read_columns() -> Columns:
    """The columns that `signature.json` says: one input a column, or one input of rows."""
    content = json.loads(Path(__file__).with_name("signature.json").read_text(encoding="utf-8"))
    inputs = content["inputs"]
    if len(inputs) == 1 and len(inputs[0]["shape"]) == 2:
        return Columns((), (inputs[0]["dtype"],) * inputs[0]["shape"][1])
    return Columns(tuple(one["name"] for one in inputs), tuple(one["dtype"] for one in inputs))


def read_rows(body: str | bytes, content_type: str, columns: Columns) -> list[list[Any]]:
    """The rows of a request, each as wide as the model wants it."""
    media_type = content_type.split(";", maxsplit=1)[0].strip().lower()
    if media_type == "text/csv":
        rows = _csv_rows(_text(body), columns)
    elif media_type == "application/json":
        rows = _json_rows(_text(body), columns)
    elif media_type == "application/x-npy":
        rows = _npy_rows(body)
    else:
        message = f"content type {content_type!r}: send text/csv, application/json or application/x-npy"
        raise RequestError(415, message)
    if not rows:
        raise RequestError(400, "there is no row in the body")
    wrong = [f"row {number} has {len(row)}" for number, row in enumerate(rows, 1) if len(row) != columns.width]
    if wrong:
        raise RequestError(400, f"a row has {columns.width} values; {'; '.join(wrong[:SHOWN])}")
    return rows


def numbers(rows: list[list[Any]], *, dtype: str = "float64", missing_allowed: bool) -> np.ndarray:
    """The rows as an array [rows, columns]; an empty cell or `null` is a missing value (NaN)."""
    try:
        array = np.array([[np.nan if one is None or one == "" else one for one in row] for row in rows], dtype=dtype)
    except (TypeError, ValueError, OverflowError) as error:
        raise RequestError(400, f"every value must be a number: {error}") from error
    bad = np.isinf(array) if missing_allowed else ~np.isfinite(array)
    where = np.flatnonzero(bad.any(axis=1)) + 1
    if where.size:
        what = "infinite" if missing_allowed else "missing or not finite"
        raise RequestError(400, f"a value is {what} in row {', '.join(map(str, where[:SHOWN]))}")
    return array


def by_name(rows: list[list[Any]], columns: Columns) -> dict[str, Any]:
    """The values of each column by its name: numbers as numbers (a missing one is NaN), text as text (or None)."""
    values: dict[str, Any] = {}
    for index, (name, dtype) in enumerate(zip(columns.names, columns.dtypes, strict=True)):
        column = [row[index] for row in rows]
        if dtype == "str":
            values[name] = [None if one is None or one == "" else str(one) for one in column]
        else:
            values[name] = _column_of_numbers(name, dtype, column)
    return values


def answer(predictions: list[Any], accept: str) -> tuple[str, str]:
    """The response: JSON `{"predictions": […]}`, or CSV with a line a prediction."""
    for one in accept.split(","):
        media_type = one.split(";")[0].strip().lower()
        if media_type == "text/csv":
            stream = io.StringIO()
            csv.writer(stream, lineterminator="\n").writerows(_cells(row) for row in predictions)
            return stream.getvalue(), "text/csv"
        if media_type in {"application/json", "*/*", ""}:
            return json.dumps({"predictions": predictions}, allow_nan=False), "application/json"
    raise RequestError(406, f"accept {accept!r}: this model answers in application/json or text/csv")


def classified(labels: Any, probabilities: Any, classes: Any) -> list[Any]:
    """One prediction a row: of two classes the second's probability, of more those of all of them, by label."""
    answers = plain(np.asarray(labels).reshape(-1))  # CatBoost gives a column of them
    if probabilities is None:
        return [{"label": label} for label in answers]
    names = plain(classes)
    pairs = zip(answers, plain(probabilities), strict=True)
    if len(names) == 2:
        return [{"probability": row[1], "label": label} for label, row in pairs]
    return [
        {"label": label, "probabilities": {str(name): one for name, one in zip(names, row, strict=True)}}
        for label, row in pairs
    ]


def plain(values: Any) -> list[Any]:
    """An array as Python's own lists, numbers and strings."""
    found = np.asarray(values).tolist()
    return found if isinstance(found, list) else [found]


def _text(body: str | bytes) -> str:
    if isinstance(body, str):
        return body
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise RequestError(400, f"the body is not UTF-8 text: {error}") from error


def _csv_rows(text: str, columns: Columns) -> list[list[Any]]:
    try:
        rows: list[list[Any]] = [row for row in csv.reader(io.StringIO(text)) if row]
    except csv.Error as error:
        raise RequestError(400, f"the body is not CSV: {error}") from error
    if rows and columns.names and tuple(rows[0]) == columns.names:
        return rows[1:]
    return rows


def _json_rows(text: str, columns: Columns) -> list[list[Any]]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RequestError(400, f"the body is not JSON: {error}") from error
    rows = content.get("instances") if isinstance(content, dict) else content
    if not isinstance(rows, list):
        raise RequestError(400, 'the body must be {"instances": [[…], …]} or [[…], …]')
    return [_json_row(row, number, columns) for number, row in enumerate(rows, 1)]


def _json_row(row: Any, number: int, columns: Columns) -> list[Any]:
    if isinstance(row, dict) and columns.names:
        odd = sorted({*columns.names} ^ {*row})
        if odd:
            names = ", ".join(map(str, odd[:SHOWN]))
            raise RequestError(400, f"row {number}: not the model's columns, missing or too much: {names}")
        row = [row[name] for name in columns.names]
    if columns.width == 1 and not isinstance(row, list):
        row = [row]
    if not isinstance(row, list) or any(isinstance(one, list | dict) for one in row):
        shape = "[…] or an object by column name" if columns.names else "[…]"
        raise RequestError(400, f"row {number} must be {shape}, of numbers and strings")
    return row


def _npy_rows(body: str | bytes) -> list[list[Any]]:
    try:
        array = np.load(io.BytesIO(body if isinstance(body, bytes) else body.encode()), allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise RequestError(400, f"the body is not NPY: {error}") from error
    if array.ndim != 2:
        raise RequestError(400, f"an NPY body holds rows, [rows, columns]; this one has {array.ndim} dimensions")
    return plain(array)


def _column_of_numbers(name: str, dtype: str, column: list[Any]) -> Any:
    try:
        values = np.array([np.nan if one is None or one == "" else one for one in column], dtype="float64")
    except (TypeError, ValueError, OverflowError) as error:
        raise RequestError(400, f"column {name!r} must be numbers: {error}") from error
    if np.isinf(values).any():
        raise RequestError(400, f"column {name!r}: a value is infinite")
    return values.astype(dtype) if np.isfinite(values).all() else values


def _cells(row: Any) -> list[Any]:
    if isinstance(row, dict):
        return [cell for one in row.values() for cell in _cells(one)]
    return [cell for one in row for cell in _cells(one)] if isinstance(row, list) else [row]
