"""The bodies of the Open Inference Protocol (KServe's v2), as Triton reads and writes them on SageMaker.

JSON, and Triton's binary extension, whose JSON header's length SageMaker's Triton takes from the content type:
`application/vnd.sagemaker-triton.binary+json;json-header-size=N`.

Sources: https://github.com/kserve/open-inference-protocol,
https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md,
https://github.com/triton-inference-server/server/blob/main/src/sagemaker_server.cc
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from model_packaging.media_types import JSON

if TYPE_CHECKING:
    import numpy as np

BINARY_TYPE = "application/vnd.sagemaker-triton.binary+json;json-header-size="

NUMPY_TYPES: Mapping[str, str] = {
    "BOOL": "bool",
    "UINT8": "uint8",
    "UINT16": "uint16",
    "UINT32": "uint32",
    "UINT64": "uint64",
    "INT8": "int8",
    "INT16": "int16",
    "INT32": "int32",
    "INT64": "int64",
    "FP16": "float16",
    "FP32": "float32",
    "FP64": "float64",
    "BYTES": "object",
}
"""The protocol's data types in numpy's words; BF16 has none there."""

LENGTH_BYTES = 4
"""Before each element of a binary BYTES tensor stands its length."""


class InferenceError(Exception):
    """What the server answers with `{"error": …}`."""

    def __init__(self, message: str, status: int = 400) -> None:
        self.status = status
        super().__init__(message)


@dataclass(frozen=True)
class RequestedOutput:
    """An output that the request asks for by name."""

    name: str
    binary: bool


@dataclass(frozen=True)
class InferenceRequest:
    """One request, its tensors read."""

    inputs: Mapping[str, np.ndarray]
    datatypes: Mapping[str, str]
    outputs: tuple[RequestedOutput, ...] = ()
    """Empty: all of them."""
    id: str = ""
    binary_outputs: bool = False
    parameters: Mapping[str, Any] = field(default_factory=dict)


def read_request(body: bytes, content_type: str) -> InferenceRequest:
    """The request in a body.

    Raises:
        InferenceError: it is none.
    """
    size = _header_size(content_type, len(body))
    try:
        content = json.loads(body[:size])
    except (ValueError, UnicodeDecodeError) as error:
        raise InferenceError(f"failed to parse the request JSON buffer: {error}") from error
    if not isinstance(content, dict) or not isinstance(content.get("inputs"), list):
        raise InferenceError("the request is no JSON object with a list 'inputs'")
    rest = _Binary(body[size:])
    tensors = [_input(one, rest) for one in content["inputs"]]
    if rest.left:
        raise InferenceError(f"unexpected additional input data: {rest.left} bytes")
    parameters = content.get("parameters") or {}
    binary = bool(parameters.get("binary_data_output", False))
    return InferenceRequest(
        inputs={name: array for name, _, array in tensors},
        datatypes={name: datatype for name, datatype, _ in tensors},
        outputs=tuple(_requested(content.get("outputs") or [], binary=binary)),
        id=str(content.get("id", "")),
        binary_outputs=binary,
        parameters=parameters,
    )


def write_response(
    request: InferenceRequest, model_name: str, model_version: str, outputs: Sequence[tuple[str, str, np.ndarray]]
) -> tuple[bytes, str]:
    """The body of an answer and its content type.

    Args:
        request: What is answered: its id and which outputs it wants as bytes.
        model_name: The model that answers.
        model_version: Its version.
        outputs: Name, data type and array of each, in order.
    """
    wanted = {one.name: one.binary for one in request.outputs}
    described, data = [], []
    for name, datatype, array in outputs:
        tensor: dict[str, Any] = {"name": name, "datatype": datatype, "shape": list(array.shape)}
        if wanted.get(name, request.binary_outputs):
            raw = _to_bytes(array, datatype)
            tensor["parameters"] = {"binary_data_size": len(raw)}
            data.append(raw)
        else:
            tensor["data"] = [_plain(one) for one in array.reshape(-1).tolist()]
        described.append(tensor)
    content: dict[str, Any] = {"model_name": model_name, "model_version": model_version, "outputs": described}
    if request.id:
        content = {"id": request.id, **content}
    header = json.dumps(content).encode()
    return header + b"".join(data), f"{BINARY_TYPE}{len(header)}" if data else JSON


def _header_size(content_type: str, size: int) -> int:
    if BINARY_TYPE not in content_type:
        return size
    text = content_type.removeprefix(BINARY_TYPE)
    if text == content_type:
        raise InferenceError(f"expect MIME type for binary data starts with '{BINARY_TYPE}', got: {content_type}")
    if not text.isdigit() or int(text) > size:
        raise InferenceError(f"inference header size should be in range (0, {size}), got: {text}")
    return int(text)


class _Binary:
    """The bytes after the JSON header, taken in order."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def take(self, size: int, name: str) -> bytes:
        if size < 0 or size > self.left:
            raise InferenceError(f"unexpected size for input '{name}', expecting {size} bytes, got {self.left}")
        self._at += size
        return self._data[self._at - size : self._at]


def _input(content: Any, binary: _Binary) -> tuple[str, str, np.ndarray]:
    import numpy as np

    name, datatype, shape = _description(content)
    size = (content.get("parameters") or {}).get("binary_data_size")
    if size is not None:
        array = _from_bytes(binary.take(int(size), name), datatype, shape, name)
        return name, datatype, array
    if "data" not in content:
        raise InferenceError(f"input '{name}' has no 'data'")
    flat = list(_flattened(content["data"]))
    if len(flat) != math.prod(shape):
        raise InferenceError(f"unexpected size for input '{name}': shape {shape} has {math.prod(shape)} elements, "
                             f"'data' has {len(flat)}")  # fmt: skip
    if datatype == "BYTES":
        values = [one.encode() if isinstance(one, str) else one for one in flat]
        if not all(isinstance(one, bytes) for one in values):
            raise InferenceError(f"input '{name}' is BYTES, and has an element that is no text")
        array = np.empty(len(values), dtype=object)
        array[:] = values
        return name, datatype, array.reshape(shape)
    try:
        return name, datatype, _numbers(flat, datatype).reshape(shape)
    except (TypeError, ValueError, OverflowError) as error:
        raise InferenceError(f"input '{name}': an element is no {datatype}: {error}") from error


def _numbers(flat: list[Any], datatype: str) -> np.ndarray:
    import numpy as np

    wrong = str | dict | None if datatype == "BOOL" else str | dict | bool | None
    if any(isinstance(one, wrong) for one in flat):
        raise TypeError("it is neither number nor truth value")
    if not datatype.startswith("FP") and any(isinstance(one, float) for one in flat):
        raise TypeError("it is no whole number")
    return np.asarray(flat, dtype=NUMPY_TYPES[datatype])


def _description(content: Any) -> tuple[str, str, list[int]]:
    if not isinstance(content, dict):
        raise InferenceError("an input is no JSON object")
    name, datatype, shape = content.get("name"), content.get("datatype"), content.get("shape")
    if not isinstance(name, str):
        raise InferenceError("an input has no 'name'")
    if datatype not in NUMPY_TYPES:
        raise InferenceError(f"input '{name}' has datatype {datatype!r}; known: {', '.join(NUMPY_TYPES)}")
    whole = isinstance(shape, list) and all(isinstance(one, int) and one >= 0 for one in shape)
    if not whole or shape is None:
        raise InferenceError(f"input '{name}' has shape {shape!r}, which is no list of whole numbers")
    return name, str(datatype), shape


def _flattened(data: Any) -> Iterator[Any]:
    if isinstance(data, list):
        for one in data:
            yield from _flattened(one)
    else:
        yield data


def _requested(outputs: Any, *, binary: bool) -> Iterator[RequestedOutput]:
    for one in outputs:
        if not isinstance(one, dict) or not isinstance(one.get("name"), str):
            raise InferenceError("a requested output has no 'name'")
        parameters = one.get("parameters") or {}
        if "classification" in parameters:
            raise InferenceError("the classification extension is not served on this machine", 501)
        yield RequestedOutput(one["name"], bool(parameters.get("binary_data", binary)))


def _from_bytes(raw: bytes, datatype: str, shape: list[int], name: str) -> np.ndarray:
    import numpy as np

    if datatype != "BYTES":
        expected = np.dtype(NUMPY_TYPES[datatype]).itemsize * math.prod(shape)
        if len(raw) != expected:
            raise InferenceError(f"unexpected size for input '{name}', expecting {expected} bytes, got {len(raw)}")
        return np.frombuffer(raw, dtype=np.dtype(NUMPY_TYPES[datatype]).newbyteorder("<")).reshape(shape)
    elements = list(_elements(raw, name))
    if len(elements) != math.prod(shape):
        raise InferenceError(f"unexpected number of elements for input '{name}': {len(elements)} for shape {shape}")
    array = np.empty(len(elements), dtype=object)
    array[:] = elements
    return array.reshape(shape)


def _elements(raw: bytes, name: str) -> Iterator[bytes]:
    at = 0
    while at < len(raw):
        if at + LENGTH_BYTES > len(raw):
            raise InferenceError(f"input '{name}' ends within an element's length")
        (length,) = struct.unpack_from("<I", raw, at)
        at += LENGTH_BYTES
        if at + length > len(raw):
            raise InferenceError(f"input '{name}' ends within an element")
        yield raw[at : at + length]
        at += length


def _to_bytes(array: np.ndarray, datatype: str) -> bytes:
    import numpy as np

    if datatype != "BYTES":
        return np.ascontiguousarray(array).astype(np.dtype(NUMPY_TYPES[datatype]).newbyteorder("<")).tobytes()
    elements = [one if isinstance(one, bytes) else str(one).encode() for one in array.reshape(-1).tolist()]
    return b"".join(struct.pack("<I", len(one)) + one for one in elements)


def _plain(value: Any) -> Any:
    return value.decode(errors="replace") if isinstance(value, bytes) else value
