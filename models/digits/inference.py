"""What the serving container runs: a handwritten digit in, as an image or as rows of pixels; which digit it is out.

The handlers are those of AWS's scikit-learn container. It answers every exception of a handler with 500, so that what
is the caller's mistake is returned, as one of Flask's responses.
https://sagemaker.readthedocs.io/en/stable/frameworks/sklearn/using_sklearn.html
"""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from werkzeug import Response

SIDE = 8
PIXELS = SIDE * SIDE
WHITE = 16
"""Pixels are from 0, black, to 16, white."""
GRAYMAP_HEADER = re.compile(
    rb"(?P<kind>P[25])\s+(?:#[^\n]*\n\s*)*(?P<width>\d{1,5})\s+(?P<height>\d{1,5})\s+(?P<white>\d{1,5})\s"
)


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
        rows = rows_of(body, content_type)
        (probabilities,) = session.run(["probabilities"], {session.get_inputs()[0].name: rows})
        return answer_of(probabilities, accept)
    except RequestError as error:
        return Response(f"{error}\n", status=error.status, mimetype="text/plain")


def rows_of(body: str | bytes, content_type: str) -> np.ndarray:
    """Rows of float32, shape [rows, 64], of an image (portable graymap, 8 by 8), of CSV, or of JSON."""
    media_type = content_type.split(";", maxsplit=1)[0].strip().lower()
    if media_type == "image/x-portable-graymap":
        return _checked([_graymap(body.encode() if isinstance(body, str) else body)])
    text = body.decode(errors="replace") if isinstance(body, bytes) else body
    if media_type == "text/csv":
        return _checked(_csv_rows(text))
    if media_type == "application/json":
        return _checked(_json_rows(text))
    raise RequestError(
        415, f"content type {content_type!r}: send image/x-portable-graymap, text/csv or application/json"
    )


def answer_of(probabilities: np.ndarray, accept: str) -> tuple[str, str]:
    """JSON `{"predictions": [{"digit": …, "probabilities": […]}]}`, or CSV lines of the digit and ten probabilities."""
    answers = [(int(row.argmax()), [round(float(one), 6) for one in row]) for row in probabilities]
    for media_type in (one.split(";")[0].strip().lower() for one in accept.split(",")):
        if media_type == "text/csv":
            return "".join(f"{digit},{','.join(map(str, row))}\n" for digit, row in answers), "text/csv"
        if media_type in {"application/json", "*/*"}:
            predictions = [{"digit": digit, "probabilities": row} for digit, row in answers]
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
    except ValueError as error:
        raise RequestError(400, f"the body is not JSON: {error}") from error
    rows = content.get("instances") if isinstance(content, dict) else content
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise RequestError(400, 'the body must be {"instances": [[…], …]} or [[…], …]')
    return rows


def _graymap(body: bytes) -> list[float]:
    """The pixels of a portable graymap, plain (P2) or raw (P5), on our scale.

    https://netpbm.sourceforge.net/doc/pgm.html
    """
    header = GRAYMAP_HEADER.match(body)
    if header is None:
        raise RequestError(400, "the body is not a portable graymap: P2 or P5, width, height, white, pixels")
    width, height, white = (int(header[name]) for name in ("width", "height", "white"))
    if (width, height) != (SIDE, SIDE) or not 0 < white <= 255:
        raise RequestError(
            400, f"the image is {width} x {height}, white is {white}; allowed: {SIDE} x {SIDE}, 1 to 255"
        )
    pixels = list(body[header.end() :]) if header["kind"] == b"P5" else _numbers(body[header.end() :])
    if len(pixels) != PIXELS or max(pixels) > white:
        raise RequestError(400, f"the image must have {PIXELS} pixels of at most {white}; it has {len(pixels)}")
    return [one * WHITE / white for one in pixels]


def _numbers(text: bytes) -> list[int]:
    parts = text.split()
    wrong = [part for part in parts if not part.isdigit() or len(part) > 3]
    if wrong:
        raise RequestError(400, f"{wrong[0][:20]!r} is not a pixel")
    return [int(part) for part in parts]


def _checked(rows: list[list[Any]]) -> np.ndarray:
    if not rows:
        raise RequestError(400, "there is no row in the body")
    wrong = [f"row {number} has {len(row)}" for number, row in enumerate(rows, 1) if len(row) != PIXELS]
    if wrong:
        raise RequestError(400, f"a row has {PIXELS} pixels; {'; '.join(wrong[:5])}")
    try:
        array = np.asarray(rows, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise RequestError(400, f"every pixel must be a number: {error}") from error
    bad = np.flatnonzero(~(np.isfinite(array) & (array >= 0) & (array <= WHITE)).all(axis=1)) + 1
    if bad.size:
        raise RequestError(400, f"a pixel is not from 0 to {WHITE} in row {', '.join(map(str, bad[:5]))}")
    return array
