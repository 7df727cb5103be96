"""AWS's TensorFlow Serving container (`tensorflow-inference`): it serves SavedModels, and their own handlers if any.

Models lie under `/opt/ml/model` as `[NAME/]VERSION/saved_model.pb`. Without `code/inference.py` the container's proxy
turns JSON, JSON lines and CSV into requests of TensorFlow Serving's REST API, and says 415 to anything else, content
types with parameters included. With it, its `input_handler` and `output_handler`, or its one `handler`, do that, and
whatever they raise is answered with 500. TensorFlow itself stands for TensorFlow Serving here, behind the same REST
paths on a loopback port; there is no gRPC.

Sources: https://github.com/aws/sagemaker-tensorflow-serving-container (`docker/build_artifacts/sagemaker/serve.py`,
`python_service.py`, `tfs_utils.py`, `tensorflowServing.js`), https://www.tensorflow.org/tfx/serving/api_rest
"""

from __future__ import annotations

import importlib
import io
import json
import re
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from model_packaging.media_types import CSV, JSON, JSON_LINES
from model_packaging.serving.framework_container import require
from model_packaging.serving.handlers import HandlerResponse, module_at
from model_packaging.serving.kinds import CannotStartError
from model_packaging.serving.saved_models import RestApi, RestError, SavedModels, start_rest_server

DEFAULT_MODEL = "SAGEMAKER_TFS_DEFAULT_MODEL_NAME"
CUSTOM_ATTRIBUTES = "x-amzn-sagemaker-custom-attributes"
JSON_LINES_TYPES = (JSON_LINES, "application/jsons")


class Context(NamedTuple):
    """What the container tells handlers of a request; the fields and their order are the container's."""

    model_name: str | None
    model_version: str | None
    method: str | None
    rest_uri: str
    grpc_port: str | None
    channel: object
    custom_attributes: str | None
    request_content_type: str
    accept_header: str
    content_length: int


def load(folder: Path, environment: Mapping[str, str]) -> ProxyService | PythonService:
    """Every SavedModel of the folder, loaded.

    Raises:
        CannotStartError: there is none, TensorFlow is not here or cannot load one, or `code/inference.py` has not the
            handlers it must have.
    """
    models = SavedModels.load(folder)
    default = environment.get(DEFAULT_MODEL, "") or models.first
    code = folder / "code" / "inference.py"
    if not code.is_file():
        return ProxyService(RestApi(models), default)
    require(code.parent / "requirements.txt")
    return PythonService(RestApi(models), default, _handler_of(code))


class ProxyService:
    """The container without code of the release's: its proxy's rules, then the REST API."""

    def __init__(self, api: RestApi, default_model: str) -> None:
        self._api, self._default = api, default_model

    def invoke(self, body: bytes, headers: Mapping[str, str]) -> HandlerResponse:
        """TensorFlow Serving's answer, whatever its status."""
        lowered = {name.lower(): value for name, value in headers.items()}
        try:
            request = as_tfs_request(body, lowered.get("content-type", ""))
            attributes = custom_attributes(lowered.get(CUSTOM_ATTRIBUTES))
            status, answer = self._api.answer(*_target(attributes, self._default), request)
        except RestError as error:
            return _error(error.status, str(error))
        return HandlerResponse(status, answer, _content_type(lowered.get("accept", "")))


class PythonService:
    """The container with the release's `code/inference.py`."""

    def __init__(self, api: RestApi, default_model: str, handler: Callable[[Any, Any], Any]) -> None:
        self._default, self._handler = default_model, handler
        self._port = start_rest_server(api)
        self._one_at_a_time = threading.Lock()

    def invoke(self, body: bytes, headers: Mapping[str, str]) -> HandlerResponse:
        """The handlers' answer; 500 where they raise, as in the container."""
        lowered = {name.lower(): value for name, value in headers.items()}
        context = self._context(body, lowered)
        try:
            with self._one_at_a_time:
                answer, content_type = self._handler(io.BytesIO(body), context)
        except Exception as error:  # noqa: BLE001 - the release's code may raise anything
            traceback.print_exc(file=sys.stderr)
            return _error(500, str(error))
        return HandlerResponse(200, answer.encode() if isinstance(answer, str) else bytes(answer), content_type)

    def _context(self, body: bytes, headers: Mapping[str, str]) -> Context:
        attributes = custom_attributes(headers.get(CUSTOM_ATTRIBUTES))
        name, version, method = _target(attributes, self._default)
        versioned = f"/versions/{version}" if version else ""
        accept = headers.get("accept", JSON)
        return Context(
            model_name=attributes.get("tfs-model-name"),
            model_version=attributes.get("tfs-model-version"),
            method=attributes.get("tfs-method"),
            rest_uri=f"http://localhost:{self._port}/v1/models/{name}{versioned}:{method}",
            grpc_port=None,
            channel=None,
            custom_attributes=headers.get(CUSTOM_ATTRIBUTES),
            request_content_type=headers.get("content-type") or JSON,
            accept_header=JSON if accept == "*/*" else accept,
            content_length=len(body),
        )


def custom_attributes(header: str | None) -> dict[str, str]:
    """`tfs-model-name`, `tfs-model-version` and `tfs-method` of a request's custom attributes."""
    found = re.findall(r"tfs-[a-z\-]+=[^,]+", header or "")
    return dict(one.split("=", maxsplit=1) for one in found)


def _target(attributes: Mapping[str, str], default: str) -> tuple[str, str, str]:
    """Model, version (empty: the greatest) and method."""
    name = attributes.get("tfs-model-name", default)
    return name, attributes.get("tfs-model-version", ""), attributes.get("tfs-method", "predict")


def as_tfs_request(body: bytes, content_type: str) -> str:
    """What the container's proxy makes of a body: a request of the REST API.

    Raises:
        RestError: of such a content type it makes none.
    """
    text = body.decode(errors="replace")
    if content_type == CSV:
        return _csv_request(text)
    if content_type != JSON and content_type not in JSON_LINES_TYPES:
        raise RestError(f"Unsupported Media Type: {content_type or 'Unknown'}", 415)
    if re.search(r'"(instances|inputs|examples)"\s*:', text):
        return text
    if re.search(r"[}\]]\s*[\[{]", text):
        lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
        listed = ",".join(lines)
        return f'{{"instances":[{listed}]}}' if len(lines) != 1 else f'{{"instances":{listed}}}'
    listed = text if re.match(r"\s*\[\s*\[", text) else f"[{text}]"
    return f'{{"instances":{listed}}}'


def _csv_request(text: str) -> str:
    """One line an instance; quoted where the first field is no number, and a list where there are several."""
    needs_quotes = re.match(r'\s*("|[\d.Ee+\-]+.*)', text) is None
    instances = []
    for line in (one.strip() for one in text.strip().splitlines()):
        if line:
            value = '"{}"'.format(line.replace('"', '\\"').replace(",", '","')) if needs_quotes else line
            instances.append(f"[{value}]" if "," in line else value)
    return f'{{"instances":[{",".join(instances)}]}}'


def _content_type(accept: str) -> str:
    types = [one.strip() for one in accept.split(",")]
    return types[0] if set(types) & {JSON, JSON_LINES} else JSON


def _handler_of(path: Path) -> Callable[[Any, Any], Any]:
    module = module_at(path, "inference")
    handler: Callable[[Any, Any], Any] | None = getattr(module, "handler", None)
    if handler is not None:
        return handler
    if not hasattr(module, "input_handler") or not hasattr(module, "output_handler"):
        raise CannotStartError(
            f"{path} has neither handler(data, context) nor input_handler(data, context) and "
            "output_handler(response, context), which the TensorFlow Serving container calls"
        )
    return _around_rest(module.input_handler, module.output_handler)


def _around_rest(before: Callable[[Any, Any], Any], after: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    try:
        requests = importlib.import_module("requests")
    except ImportError as error:
        message = "handlers of a TensorFlow model need requests here: pip install 'greenroom[sandbox]'"
        raise CannotStartError(message) from error

    def handle(data: Any, context: Any) -> Any:
        return after(requests.post(context.rest_uri, data=before(data, context)), context)

    return handle


def _error(status: int, message: str) -> HandlerResponse:
    return HandlerResponse(status, json.dumps({"error": message}).encode(), JSON)
