"""The bodies that AWS's framework containers read and write when a release brings no handler of its own.

JSON, CSV and NPY, to and from a numpy array, as in the SageMaker inference toolkit
(https://github.com/aws/sagemaker-inference-toolkit, `decoder.py`, `encoder.py`), with one difference:
a pickled NPY array is refused, for it would run the caller's code.
"""

from __future__ import annotations

import io
import json
from typing import Any

from model_packaging.media_types import CSV, JSON, NPY

TEXT_TYPES = (JSON, CSV)
"""Content types whose body the toolkit hands to `input_fn` as text, not as bytes."""


class UnsupportedContentTypeError(Exception):
    """The request's body is of a type that no default handler reads: 415."""

    status_code = 415

    def __init__(self, content_type: str) -> None:
        super().__init__(f"content type {content_type!r} is not supported; supported: {JSON}, {CSV}, {NPY}")


class UnsupportedAcceptError(Exception):
    """The caller accepts a type that no default handler writes: 406."""

    status_code = 406

    def __init__(self, accept: str) -> None:
        super().__init__(f"accept {accept!r} is not supported; supported: {JSON}, {CSV}, {NPY}")


def decode(body: str | bytes, content_type: str) -> Any:
    """A numpy array of a request's body.

    Raises:
        UnsupportedContentTypeError: for anything but JSON, CSV and NPY.
    """
    import numpy as np

    match content_type:
        case "application/json":
            return np.asarray(json.loads(body), dtype=np.float32)
        case "text/csv":
            text = body if isinstance(body, str) else body.decode()
            return np.atleast_2d(np.genfromtxt(io.StringIO(text), dtype=np.float32, delimiter=","))
        case "application/x-npy":
            return np.load(io.BytesIO(body if isinstance(body, bytes) else body.encode()), allow_pickle=False)
        case _:
            raise UnsupportedContentTypeError(content_type)


def encode(prediction: Any, accept: str) -> str | bytes:
    """A response's body of a prediction.

    Raises:
        UnsupportedAcceptError: for anything but JSON, CSV and NPY.
    """
    import numpy as np

    match accept:
        case "application/json":
            return json.dumps(prediction, default=_plain)
        case "text/csv":
            stream = io.StringIO()
            np.savetxt(stream, np.atleast_1d(np.asarray(prediction)), delimiter=",", fmt="%s")
            return stream.getvalue()
        case "application/x-npy":
            buffer = io.BytesIO()
            np.save(buffer, np.asarray(prediction), allow_pickle=False)
            return buffer.getvalue()
        case _:
            raise UnsupportedAcceptError(accept)


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(
        f"a {type(value).__name__} in the prediction is not JSON; write an output_fn that says how it reads"
    )
