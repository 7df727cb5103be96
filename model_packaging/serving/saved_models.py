"""SavedModels in TensorFlow, behind the paths and bodies of TensorFlow Serving's REST API (`:predict`).

Row format: `{"instances": […]}` is answered with `{"predictions": […]}`; column format: `{"inputs": …}` with
`{"outputs": …}`; `"signature_name"` picks a signature, `serving_default` without it. Bytes stand in JSON as
`{"b64": …}`, and come back so where the output's name ends in `_bytes`.

Source: https://www.tensorflow.org/tfx/serving/api_rest#predict_api
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from model_packaging.media_types import JSON
from model_packaging.serving.kinds import CannotStartError

DEFAULT_SIGNATURE = "serving_default"
SAVED_MODEL = "saved_model.pb"
_PATH = re.compile(r"/v1/models/(?P<name>[^/:]+)(?:/versions/(?P<version>\d+))?:(?P<method>\w+)")


class RestError(Exception):
    """What TensorFlow Serving answers with `{"error": …}`."""

    def __init__(self, message: str, status: int = 400) -> None:
        self.status = status
        super().__init__(message)


@dataclass(frozen=True)
class SavedModels:
    """Model name to version to what TensorFlow loaded."""

    models: Mapping[str, Mapping[int, Any]]

    @property
    def first(self) -> str:
        """The model that answers where none is named."""
        return next(iter(self.models))

    @classmethod
    def load(cls, folder: Path) -> SavedModels:
        """Every `[NAME/]VERSION/saved_model.pb` under the folder.

        Raises:
            CannotStartError: there is none, TensorFlow is not installed, or it cannot load one.
        """
        found = saved_model_folders(folder)
        if not found:
            raise CannotStartError(
                f"no SavedModel bundles found in {folder}: TensorFlow Serving wants VERSION/{SAVED_MODEL} in it, "
                "VERSION a number, or NAME/VERSION/saved_model.pb"
            )
        tensorflow = _tensorflow()
        models: dict[str, dict[int, Any]] = {}
        for name, version, path in found:
            try:
                models.setdefault(name, {})[version] = tensorflow.saved_model.load(str(path))
            except (OSError, ValueError, RuntimeError) as error:
                raise CannotStartError(f"TensorFlow cannot load {path}: {error}") from error
        return cls(models)


def saved_model_folders(folder: Path) -> list[tuple[str, int, Path]]:
    """Name, version and folder of each SavedModel that TensorFlow Serving would find."""
    found = sorted(path.parent for path in folder.rglob(SAVED_MODEL) if path.parent.name.isdigit())
    here = folder.resolve()
    # Directly in the model data the model has that folder's own name, which is `model` in AWS.
    return [("model" if path.parent.resolve() == here else path.parent.name, int(path.name), path) for path in found]


class RestApi:
    """TensorFlow Serving's answers."""

    def __init__(self, models: SavedModels) -> None:
        self._models = models.models

    def answer(self, name: str, version: str, method: str, body: str) -> tuple[int, bytes]:
        """Status and body for one request.

        Args:
            name: The model.
            version: Its version; empty for the greatest.
            method: `predict`; the other two are not served here.
            body: The request.
        """
        try:
            signature, content = self._request(name, version, method, body)
            if "instances" in content:
                return 200, _json(_predictions(signature, content["instances"]))
            return 200, _json({"outputs": _unwrapped(_run(signature, _columns(signature, content["inputs"])))})
        except RestError as error:
            return error.status, json.dumps({"error": str(error)}).encode()

    def _request(self, name: str, version: str, method: str, body: str) -> tuple[Any, dict[str, Any]]:
        versions = self._models.get(name)
        if versions is None or (version and int(version) not in versions):
            wanted = f"Specific({name}, {version})" if version else f"Latest({name})"
            raise RestError(f"Servable not found for request: {wanted}", 404)
        if method != "predict":
            raise RestError(f"method '{method}' is not served on this machine; 'predict' is", 501)
        try:
            content = json.loads(body)
        except ValueError as error:
            raise RestError(f"JSON Parse error: {error}") from error
        if not isinstance(content, dict):
            raise RestError("JSON Value: the request is no object")
        if ("instances" in content) == ("inputs" in content):
            raise RestError("JSON Value: the request must have 'instances' or 'inputs', one of them")
        loaded = versions[int(version) if version else max(versions)]
        wanted = content.get("signature_name") or DEFAULT_SIGNATURE
        if wanted not in loaded.signatures:
            known = ", ".join(loaded.signatures)
            raise RestError(f'Serving signature name: "{wanted}" not found in signature def; it has: {known}')
        return loaded.signatures[wanted], content


class _Rest(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api: RestApi

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode(errors="replace")
        found = _PATH.fullmatch(self.path)
        if found is None:
            status, answer = 404, b'{"error": "Malformed request"}'
        else:
            status, answer = self.api.answer(found["name"], found["version"] or "", found["method"], body)
        self.send_response(status)
        self.send_header("Content-Type", JSON)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Says nothing: the container's own line stands for the request."""


def start_rest_server(api: RestApi) -> int:
    """Serves the REST API on a free loopback port, for handlers that post to it; it ends with the process."""
    handler = type("_RestOfApi", (_Rest,), {"api": api})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="tensorflow serving", daemon=True).start()
    return int(server.server_address[1])


def _tensorflow() -> Any:
    try:
        import tensorflow as tf
    except ImportError as error:
        message = "a SavedModel is served with TensorFlow here: pip install 'greenroom[tensorflow]'"
        raise CannotStartError(message) from error
    return tf


def _inputs_of(signature: Any) -> dict[str, Any]:
    """Name to tensor specification."""
    return dict(signature.structured_input_signature[1])


def _predictions(signature: Any, instances: Any) -> dict[str, Any]:
    if not isinstance(instances, list) or not instances:
        raise RestError("JSON Value: 'instances' must be a non-empty list")
    outputs = _run(signature, _columns(signature, _by_name(signature, instances)))
    sizes = {array.shape[0] if array.ndim else None for array in outputs.values()}
    if len(sizes) != 1 or None in sizes:
        raise RestError("Tensor name: outputs have inconsistent batch sizes; ask in the column format, with 'inputs'")
    plain = {name: _json_values(name, array) for name, array in outputs.items()}
    if len(plain) == 1:
        return {"predictions": next(iter(plain.values()))}
    return {"predictions": [dict(zip(plain, row, strict=True)) for row in zip(*plain.values(), strict=True)]}


def _by_name(signature: Any, instances: Sequence[Any]) -> Any:
    names = _inputs_of(signature)
    named = [isinstance(one, dict) and "b64" not in one for one in instances]
    if not any(named):
        return instances
    if not all(named) or any(set(one) != set(names) for one in instances):
        raise RestError(f"JSON Value: every instance must be an object of: {', '.join(names)}")
    return {name: [one[name] for one in instances] for name in names}


def _columns(signature: Any, inputs: Any) -> dict[str, Any]:
    names = _inputs_of(signature)
    if isinstance(inputs, dict) and "b64" not in inputs:
        if set(inputs) != set(names):
            raise RestError(f"JSON Value: the inputs are {', '.join(inputs)}; the signature has: {', '.join(names)}")
        return {name: _tensor(name, inputs[name], spec) for name, spec in names.items()}
    if len(names) != 1:
        raise RestError(f"JSON Value: the signature has {len(names)} inputs, name them: {', '.join(names)}")
    name, spec = next(iter(names.items()))
    return {name: _tensor(name, inputs, spec)}


def _tensor(name: str, value: Any, spec: Any) -> Any:
    import numpy as np

    tensorflow = _tensorflow()
    try:
        if spec.dtype == tensorflow.string:
            tensor = tensorflow.constant(_decoded(value), dtype=tensorflow.string)
        else:
            tensor = tensorflow.constant(_numbers(np.asarray(value), spec), dtype=spec.dtype)
    except (TypeError, ValueError) as error:
        raise RestError(f"Failed to process element of '{name}': not a tensor of {spec.dtype.name}: {error}") from error
    if not spec.shape.is_compatible_with(tensor.shape):
        raise RestError(f"input '{name}' must have shape {spec.shape}, and has {tensor.shape}")
    return tensor


def _numbers(array: Any, spec: Any) -> Any:
    if array.dtype.kind not in "biuf" or (array.dtype.kind == "f" and spec.dtype.is_integer):
        raise ValueError(f"it is {array.dtype}")
    return array


def _decoded(value: Any) -> Any:
    if isinstance(value, list):
        return [_decoded(one) for one in value]
    if isinstance(value, dict) and set(value) == {"b64"}:
        return base64.b64decode(value["b64"])
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value.encode()


def _run(signature: Any, columns: Mapping[str, Any]) -> dict[str, Any]:
    tensorflow = _tensorflow()
    try:
        answer = signature(**columns)
    except tensorflow.errors.InvalidArgumentError as error:
        raise RestError(str(error.message)) from error
    return {name: tensor.numpy() for name, tensor in answer.items()}


def _unwrapped(outputs: Mapping[str, Any]) -> Any:
    plain = {name: _json_values(name, array) for name, array in outputs.items()}
    return next(iter(plain.values())) if len(plain) == 1 else plain


def _json_values(name: str, array: Any) -> Any:
    return _texts(array.tolist(), as_bytes=name.endswith("_bytes")) if array.dtype.kind == "O" else array.tolist()


def _texts(value: Any, *, as_bytes: bool) -> Any:
    if isinstance(value, list):
        return [_texts(one, as_bytes=as_bytes) for one in value]
    return {"b64": base64.b64encode(value).decode()} if as_bytes else value.decode(errors="replace")


def _json(content: Any) -> bytes:
    return json.dumps(content).encode()
