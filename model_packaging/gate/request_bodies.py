"""Rows as the body of a `POST /invocations`: CSV, JSON in its usual forms, JSON Lines, NPY.

A missing value is an empty field in CSV, `null` in JSON and NaN in NPY. Which form the model reads is told by the gate,
or by the first of the release's samples.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import polars as pl

from model_packaging.gate import open_inference
from model_packaging.gate.data_sets import Features
from model_packaging.gate.gate_spec import (
    CsvRequest,
    JsonForm,
    JsonLinesRequest,
    JsonRequest,
    NpyRequest,
    Request,
)
from model_packaging.media_types import CSV, JSON, JSON_LINES, NPY, media_type
from model_packaging.release import Release, TensorSpec

Body: TypeAlias = CsvRequest | JsonRequest | JsonLinesRequest | NpyRequest

CONTENT_TYPES = {"csv": CSV, "json": JSON, "jsonlines": JSON_LINES, "npy": NPY}
BODIES: dict[str, Body] = {
    CSV: CsvRequest(kind="csv"),
    JSON: JsonRequest(kind="json"),
    JSON_LINES: JsonLinesRequest(kind="jsonlines"),
    NPY: NpyRequest(kind="npy"),
}
ACCEPTS = {"csv": CSV, "json": JSON, "jsonlines": JSON, "npy": NPY}


@dataclass(frozen=True)
class RequestForm:
    """How rows are written."""

    body: Body
    content_type: str
    accept: str
    inputs: tuple[TensorSpec, ...] = ()
    """What the model reads, for a protocol that names it."""

    def written(self, rows: Features) -> bytes:
        """These rows as a body."""
        match self.body:
            case CsvRequest(header=header):
                return _csv(rows, header=header)
            case JsonRequest(form="open_inference"):
                return json.dumps(open_inference.request(rows, self.inputs), allow_nan=False).encode()
            case JsonRequest(form=form):
                return json.dumps(_json(rows, form), allow_nan=False, separators=(",", ":")).encode()
            case JsonLinesRequest():
                lines = (json.dumps({"features": row}, allow_nan=False) for row in _rows(rows))
                return "".join(f"{line}\n" for line in lines).encode()
            case NpyRequest():
                buffer = io.BytesIO()
                array = rows.to_numpy() if isinstance(rows, pl.DataFrame) else rows
                np.save(buffer, np.ascontiguousarray(array), allow_pickle=False)
                return buffer.getvalue()


def request_form(wanted: Request, release: Release, samples: Mapping[str, bytes]) -> RequestForm:
    """How the gate, or else the first sample that is of a known form, or else the release's content types, say it.

    Args:
        wanted: What the gate says of requests.
        release: The release.
        samples: Path in the release to bytes of its samples.
    """
    body, content_type = wanted.body, wanted.content_type
    if body is None:
        body, told = _form_of_release(release, samples, content_type)
        content_type = content_type or told
    accept = wanted.accept or _accept(body, release)
    return RequestForm(body, content_type or CONTENT_TYPES[body.kind], accept, release.signature.inputs)


def _accept(body: Body, release: Release) -> str:
    """JSON of a model that speaks it: it names labels and probabilities, which a line of CSV leaves to guess."""
    media_types = {media_type(one) for one in release.content_types or ()}
    return JSON if JSON in media_types else ACCEPTS[body.kind]


def _form_of_release(
    release: Release, samples: Mapping[str, bytes], content_type: str | None
) -> tuple[Body, str | None]:
    for sample in release.samples or ():
        if content_type in {None, sample.content_type} and media_type(sample.content_type) in BODIES:
            return _form_of_sample(samples.get(sample.file), sample.content_type), sample.content_type
    for one in (content_type, *(release.content_types or ())):
        if one is not None and media_type(one) in BODIES:
            return BODIES[media_type(one)], one
    return BODIES[CSV], None


def _form_of_sample(body: bytes | None, content_type: str) -> Body:
    kind = media_type(content_type)
    if body is not None and kind == JSON:
        return _json_form_of(body)
    if body is not None and kind == CSV:
        return CsvRequest(kind="csv", header=_has_header(body))
    return BODIES[kind]


def _json_form_of(body: bytes) -> Body:
    try:
        content = json.loads(body)
    except ValueError:
        return BODIES[JSON]
    return JsonRequest(kind="json", form=_form_of_content(content))


def _form_of_content(content: object) -> JsonForm:
    form: JsonForm = "instances"
    match content:
        case list():
            form = "rows"
        case {"dataframe_split": _}:
            form = "dataframe_split"
        case {"instances": [dict(), *_]}:
            form = "records"
        case {"inputs": [{"name": _, "shape": _, "datatype": _}, *_]}:
            form = "open_inference"
        case {"inputs": _}:
            form = "inputs"
    return form


def _has_header(body: bytes) -> bool:
    """Whether the first line has no number and the second has one."""
    lines = list(csv.reader(io.StringIO(body.decode(errors="replace"))))[:2]
    return len(lines) == 2 and not any(map(_is_number, lines[0])) and any(map(_is_number, lines[1]))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _csv(rows: Features, *, header: bool) -> bytes:
    if isinstance(rows, pl.DataFrame) and rows.width > 1:
        frame = rows.with_columns(pl.selectors.float().fill_nan(None))
        return frame.write_csv(include_header=header).encode()
    # A missing value alone on its line must be quoted: readers skip a line that is empty. Python's writer does.
    flat = rows if isinstance(rows, pl.DataFrame) else rows.reshape(len(rows), -1)
    names = rows.columns if isinstance(rows, pl.DataFrame) else [f"f{index}" for index in range(flat.shape[1])]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([names] if header else [])
    writer.writerows(_rows(flat))
    return text.getvalue().encode()


def _json(rows: Features, form: str) -> Any:
    values = _rows(rows)
    names = list(rows.columns) if isinstance(rows, pl.DataFrame) else []
    match form:
        case "rows":
            return values
        case "records" if names:
            return {"instances": [dict(zip(names, row, strict=True)) for row in values]}
        case "inputs":
            return {"inputs": [row[0] for row in values] if len(names) == 1 else values}
        case "dataframe_split":
            return {"dataframe_split": {"columns": names or list(range(len(values[0]))), "data": values}}
        case _:
            return {"instances": values}


def _rows(rows: Features) -> list[Any]:
    if isinstance(rows, pl.DataFrame):
        return [[_plain(value) for value in row] for row in rows.rows()]
    if np.issubdtype(rows.dtype, np.floating) and np.isnan(rows).any():
        return [_without_nan(row) for row in rows.tolist()]
    return list(rows.tolist())


def _without_nan(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_nan(one) for one in value]
    return _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, int | str | bool | list) else str(value)
