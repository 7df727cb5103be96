"""The body of an answer, read into one `Prediction` a row: as the gate says it, or in the forms that models answer in.

Recognised without a word in the gate: JSON lists, one JSON object of lists, CSV lines, one CSV line for all rows, NPY;
numbers, texts, lists of numbers, and objects with the usual keys. `score` beside a `label` is the score of that label,
as Hugging Face's pipelines answer; `probability`, and a number alone, are of the positive class.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from model_packaging.gate import open_inference
from model_packaging.gate.data_sets import label_text
from model_packaging.gate.errors import AnswerError
from model_packaging.gate.gate_spec import CsvAnswer, JsonAnswer
from model_packaging.media_types import CSV, JSON_LINES, NPY, media_type
from model_packaging.serving import ContainerResponse

LISTS = ("predictions", "outputs", "results", "output", "result")
"""Keys under which answers keep their list."""

KEYS: dict[str, tuple[str, ...]] = {
    "label": ("label", "predicted_label", "class", "predicted_class", "labels", "output_label"),
    "score": ("probability", "positive_probability", "predicted_probability"),
    "label_score": ("score",),
    "probabilities": ("probabilities", "scores", "output_probability", "predict_proba"),
    "number": ("value", "prediction", "predicted_value", "predictions", "variable", "output", "y"),
    "lower": ("lower", "lower_bound"),
    "upper": ("upper", "upper_bound"),
}
"""What a prediction's keys mean, the first found of each."""

HEAD_BYTES = 200


@dataclass(frozen=True)
class Prediction:
    """What the model says of one row, as far as its answer says it."""

    label: str | None = None
    score: float | None = None
    """Of the positive class."""
    label_score: float | None = None
    """Of the label that is answered."""
    probabilities: tuple[float, ...] | dict[str, float] | None = None
    number: float | None = None
    """A number that is not said what: a label, a score, or regression's answer."""
    lower: float | None = None
    upper: float | None = None


def head_of(response: ContainerResponse) -> str:
    """How an answer's body begins."""
    return response.body[:HEAD_BYTES].decode(errors="replace").strip()


def read_predictions(response: ContainerResponse, wanted: JsonAnswer | CsvAnswer | None, rows: int) -> list[Prediction]:
    """The predictions of an answer for so many rows.

    Raises:
        AnswerError: it is not as the gate says, has no known form, or has more or fewer predictions.
    """
    try:
        predictions = _read(response, wanted, rows)
    except (ValueError, KeyError, IndexError, TypeError, csv.Error) as error:
        reason = f"{type(error).__name__}: {error}" if isinstance(error, KeyError | IndexError) else str(error)
        raise AnswerError(
            f"the answer ({response.content_type}) cannot be read: {reason}; it begins {head_of(response)!r}; "
            "say how it is read under `answer`"
        ) from error
    if len(predictions) != rows:
        raise AnswerError(f"{len(predictions)} predictions for {rows} rows")
    return predictions


def _read(response: ContainerResponse, wanted: JsonAnswer | CsvAnswer | None, rows: int) -> list[Prediction]:
    kind = media_type(response.content_type)
    match wanted:
        case JsonAnswer():
            return _json_as_told(json.loads(response.body), wanted)
        case CsvAnswer():
            return [_line_as_told(line, wanted) for line in _lines(response.body)]
    if kind == CSV:
        return _csv_predictions(response.body, rows)
    if kind == NPY:
        array = np.load(io.BytesIO(response.body), allow_pickle=False)
        return [_recognised(one) for one in np.atleast_1d(array).tolist()]
    if kind in {JSON_LINES, "application/jsonlines+json", "application/x-ndjson"}:
        return [_recognised(json.loads(line)) for line in response.body.splitlines() if line.strip()]
    return _json_predictions(json.loads(response.body), rows)


def _json_predictions(content: Any, rows: int) -> list[Prediction]:
    if open_inference.is_answer(content):
        return [_recognised(one) for one in open_inference.predictions(content)]
    if isinstance(content, Mapping):
        key = next((one for one in LISTS if isinstance(content.get(one), list | Mapping)), None)
        if key is not None and not _is_columnar(content, rows, besides=key):
            content = content[key]
    if isinstance(content, Mapping):
        if _is_columnar(content, rows):
            return [_recognised({key: value[row] for key, value in content.items()}) for row in range(rows)]
        content = [content]
    if not isinstance(content, list):
        content = [content]
    return [_recognised(one) for one in content]


def _is_columnar(content: Mapping[str, Any], rows: int, *, besides: str = "") -> bool:
    """Whether it is an object of lists, one entry a row in each; a lone list of predictions is not meant."""
    known = {key for keys in KEYS.values() for key in keys}
    columns = {key: value for key, value in content.items() if key in known}
    others = columns.keys() - {besides}
    is_whole = len(columns) == len(content) and all(
        isinstance(value, list) and len(value) == rows for value in columns.values()
    )
    return bool(others) and is_whole


def _recognised(one: Any) -> Prediction:
    match one:
        case bool() | str():
            return Prediction(label=label_text(one))
        case None:
            return Prediction(number=math.nan)
        case int() | float():
            return Prediction(number=float(one))
        case [only]:
            return _recognised(only)
        case list():
            return Prediction(probabilities=_numbers(one))
        case Mapping():
            return _recognised_object(one)
        case _:
            raise ValueError(f"a prediction of type {type(one).__name__} has no known form")


def _recognised_object(one: Mapping[str, Any]) -> Prediction:
    found = {
        part: next((one[key] for key in keys if key in one), None)
        for part, keys in KEYS.items()
        if any(key in one for key in keys)
    }
    if not found:
        raise ValueError(f"a prediction has the keys {', '.join(map(repr, one))}, of which none is known")
    if "score" not in found and "label" not in found and "label_score" in found:
        found["score"] = found.pop("label_score")  # alone, it can only be of what is looked for
    label = found.get("label")
    if isinstance(found.get("number"), str):
        label, found["number"] = found["number"] if label is None else label, None
    return Prediction(
        label=None if label is None else label_text(_alone(label)),
        score=_number(found, "score"),
        label_score=_number(found, "label_score"),
        probabilities=_probabilities(found.get("probabilities")),
        number=_number(found, "number"),
        lower=_number(found, "lower"),
        upper=_number(found, "upper"),
    )


def _alone(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _number(found: Mapping[str, Any], key: str) -> float | None:
    if key not in found or (key == "number" and found[key] is None):
        return None
    value = _alone(found[key])
    return math.nan if value is None else float(value)


def _probabilities(value: Any) -> tuple[float, ...] | dict[str, float] | None:
    if value is None:
        return None
    if isinstance(value, Mapping):
        return {label_text(key): math.nan if one is None else float(one) for key, one in value.items()}
    return _numbers(value)


def _numbers(values: Sequence[Any]) -> tuple[float, ...]:
    return tuple(math.nan if one is None else float(one) for one in values)


def _lines(body: bytes) -> list[list[str]]:
    return [line for line in csv.reader(io.StringIO(body.decode())) if line]


def _csv_predictions(body: bytes, rows: int) -> list[Prediction]:
    lines = _lines(body)
    if len(lines) == 1 and rows > 1 and len(lines[0]) == rows:
        lines = [[field] for field in lines[0]]  # XGBoost's container answers in one line
    return [_recognised_line(line) for line in lines]


def _recognised_line(line: Sequence[str]) -> Prediction:
    numbers: list[float] = []
    texts: list[str] = []
    for field in line:
        try:
            numbers.append(float(field or "nan"))
        except ValueError:
            texts.append(field.strip())
    if len(texts) > 1:
        raise ValueError(f"the line {','.join(line)!r} has {len(texts)} texts")
    label = texts[0] if texts else None
    match numbers:
        case []:
            return Prediction(label=label)
        case [only]:
            return Prediction(number=only) if label is None else Prediction(label=label, score=only)
        case _:
            return Prediction(label=label, probabilities=tuple(numbers))


def _line_as_told(line: Sequence[str], told: CsvAnswer) -> Prediction:
    def number(column: int | None) -> float | None:
        return None if column is None else float(line[column] or "nan")

    return Prediction(
        label=None if told.label is None else _label_of_field(line[told.label]),
        score=number(told.score),
        probabilities=None if told.probabilities is None else tuple(float(line[one]) for one in told.probabilities),
        number=number(told.value),
        lower=number(told.lower),
        upper=number(told.upper),
    )


def _label_of_field(field: str) -> str:
    try:
        return label_text(float(field))
    except ValueError:
        return field.strip()


def _json_as_told(content: Any, told: JsonAnswer) -> list[Prediction]:
    if open_inference.is_answer(content):
        content = open_inference.predictions(content)
    elif told.predictions is not None:
        content = _at(content, told.predictions)
    elif isinstance(content, Mapping):
        content = next((content[key] for key in LISTS if isinstance(content.get(key), list)), content)
    if not isinstance(content, list):
        content = [content]
    return [_one_as_told(one, told) for one in content]


def _one_as_told(one: Any, told: JsonAnswer) -> Prediction:
    parts = {"score": told.score, "number": told.value, "lower": told.lower, "upper": told.upper}
    found = {part: _at(one, pointer) for part, pointer in parts.items() if pointer is not None}
    return Prediction(
        label=None if told.label is None else label_text(_alone(_at(one, told.label))),
        score=_number(found, "score"),
        probabilities=None if told.probabilities is None else _probabilities(_at(one, told.probabilities)),
        number=math.nan if "number" in found and found["number"] is None else _number(found, "number"),
        lower=_number(found, "lower"),
        upper=_number(found, "upper"),
    )


def _at(content: Any, pointer: str) -> Any:
    """What a JSON pointer (RFC 6901) leads to."""
    for escaped in pointer.split("/")[1:]:
        part = escaped.replace("~1", "/").replace("~0", "~")
        try:
            content = content[int(part)] if isinstance(content, list) else content[part]
        except (KeyError, IndexError, TypeError, ValueError):
            raise ValueError(f"there is nothing at {pointer!r}") from None
    return content
