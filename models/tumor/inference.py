"""What the serving container runs: 30 measurements of a cell nucleus in, the probability of a malignant tumor out.

The handlers are those of AWS's scikit-learn container, whose requests go through Flask. It answers every exception of a
handler with 500, so that what is the caller's mistake is returned, as one of Flask's responses.
https://sagemaker.readthedocs.io/en/stable/frameworks/sklearn/using_sklearn.html
"""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from werkzeug import Response

FEATURES = 30
LABELS = ("benign", "malignant")
THRESHOLD = 0.5


class RequestError(Exception):
    """What is wrong with a request, and the status that says so."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def model_fn(model_dir: str) -> onnxruntime.InferenceSession:
    """The ONNX session; one thread, for a container's workers already fill the processors."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    path = Path(model_dir) / "model.onnx"
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def transform_fn(
    session: onnxruntime.InferenceSession, body: str | bytes, content_type: str, accept: str
) -> tuple[str, str] | Response:
    """Body and content type of the answer; a response with 4XX where the request is wrong."""
    try:
        return answer_of(probability_of(rows_of(body, content_type), session), accept)
    except RequestError as error:
        return Response(f"{error}\n", status=error.status, mimetype="text/plain")


def rows_of(body: str | bytes, content_type: str) -> np.ndarray:
    """Rows of float32, shape [rows, 30], of CSV without a header or of JSON (`{"instances": [[…]]}` or `[[…]]`)."""
    text = body.decode(errors="replace") if isinstance(body, bytes) else body
    media_type = content_type.split(";", maxsplit=1)[0].strip().lower()
    if media_type == "text/csv":
        rows = _csv_rows(text)
    elif media_type == "application/json":
        rows = _json_rows(text)
    else:
        raise RequestError(415, f"content type {content_type!r}: send text/csv or application/json")
    return _checked(rows)


def probability_of(rows: np.ndarray, session: onnxruntime.InferenceSession) -> np.ndarray:
    """The probability of `malignant` for each row, shape [rows]."""
    (probabilities,) = session.run(["probabilities"], {"rows": rows})
    return probabilities[:, 1]


def answer_of(probability: np.ndarray, accept: str) -> tuple[str, str]:
    """CSV lines `probability,label`, or JSON `{"predictions": [{"probability": …, "label": …}]}`."""
    answers = [(round(float(one), 6), LABELS[bool(one >= THRESHOLD)]) for one in probability]
    accepted = [one.split(";")[0].strip().lower() for one in accept.split(",")]
    for media_type in accepted:
        if media_type == "text/csv":
            return "".join(f"{number},{label}\n" for number, label in answers), "text/csv"
        if media_type in {"application/json", "*/*"}:
            predictions = [{"probability": number, "label": label} for number, label in answers]
            return json.dumps({"predictions": predictions}), "application/json"
    raise RequestError(406, f"accept {accept!r}: this model answers in application/json or text/csv")


def _csv_rows(text: str) -> list[list[Any]]:
    try:
        return [row for row in csv.reader(io.StringIO(text)) if row]
    except csv.Error as error:
        raise RequestError(400, f"the body is not CSV: {error}") from error


def _json_rows(text: str) -> list[list[Any]]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RequestError(400, f"the body is not JSON: {error}") from error
    rows = content.get("instances") if isinstance(content, dict) else content
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise RequestError(400, 'the body must be {"instances": [[…], …]} or [[…], …]')
    return rows


def _checked(rows: list[list[Any]]) -> np.ndarray:
    if not rows:
        raise RequestError(400, "there is no row in the body")
    wrong = [f"row {number} has {len(row)}" for number, row in enumerate(rows, 1) if len(row) != FEATURES]
    if wrong:
        raise RequestError(400, f"a row has {FEATURES} numbers; {'; '.join(wrong[:5])}")
    try:
        array = np.asarray(rows, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise RequestError(400, f"every value must be a number: {error}") from error
    bad = np.flatnonzero(~np.isfinite(array).all(axis=1)) + 1
    if bad.size:
        raise RequestError(400, f"a value is missing or not finite in row {', '.join(map(str, bad[:5]))}")
    return array
