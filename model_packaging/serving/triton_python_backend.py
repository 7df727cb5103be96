"""Triton's Python backend: `model.py` with its `TritonPythonModel`, and the `triton_python_backend_utils` it imports.

In Triton that module is part of the server and cannot be installed; here it is made of the classes below, which are
what a model uses of it. What is left out: GPU tensors and DLPack, decoupled answers, calls to other models (BLS).

Source: https://github.com/triton-inference-server/python_backend (`README.md`, `src/resources/
triton_python_backend_utils.py`)
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from model_packaging.formats.text_proto import Message, Word
from model_packaging.formats.triton_config import TritonConfig
from model_packaging.formats.triton_schema import DATA_TYPES, MESSAGES
from model_packaging.serving.handlers import module_at
from model_packaging.serving.inference_protocol import InferenceError
from model_packaging.serving.kinds import CannotStartError

UTILS = "triton_python_backend_utils"


class TritonError(Exception):
    """An error that a model puts into its answer."""

    UNKNOWN, INTERNAL, NOT_FOUND, INVALID_ARG, UNAVAILABLE, UNSUPPORTED, ALREADY_EXISTS, CANCELLED = range(8)

    def __init__(self, message: str, code: int = INTERNAL) -> None:
        self._message, self._code = message, code
        super().__init__(message)

    def message(self) -> str:
        """What went wrong."""
        return self._message

    def code(self) -> int:
        """One of the class's numbers."""
        return self._code


class Tensor:
    """A named array."""

    def __init__(self, name: str, array: np.ndarray) -> None:
        self._name, self._array = name, array

    def name(self) -> str:
        """The tensor's name."""
        return self._name

    def as_numpy(self) -> np.ndarray:
        """The array."""
        return self._array

    def shape(self) -> tuple[int, ...]:
        """The array's shape."""
        return self._array.shape

    def is_cpu(self) -> bool:
        """Always: there is no GPU here."""
        return True


class InferenceRequest:
    """What `execute` gets of one request."""

    def __init__(self, inputs: Sequence[Tensor], outputs: Sequence[str], request_id: str, model_name: str) -> None:
        self._inputs, self._outputs = list(inputs), list(outputs)
        self._request_id, self._model_name = request_id, model_name

    def inputs(self) -> list[Tensor]:
        """The input tensors."""
        return self._inputs

    def requested_output_names(self) -> list[str]:
        """The outputs that the caller wants."""
        return self._outputs

    def request_id(self) -> str:
        """The caller's id of the request; empty where it gave none."""
        return self._request_id

    def model_name(self) -> str:
        """The model that is asked."""
        return self._model_name

    def is_cancelled(self) -> bool:
        """Never: this machine's requests are not cancelled."""
        return False


class InferenceResponse:
    """What `execute` gives for one request."""

    def __init__(self, output_tensors: Sequence[Tensor] = (), error: TritonError | None = None) -> None:
        self._output_tensors, self._error = list(output_tensors), error

    def output_tensors(self) -> list[Tensor]:
        """The output tensors."""
        return self._output_tensors

    def has_error(self) -> bool:
        """Whether it is an error."""
        return self._error is not None

    def error(self) -> TritonError | None:
        """The error."""
        return self._error


class Logger:
    """The server's log."""

    @staticmethod
    def log_info(message: str) -> None:
        """Writes a line."""
        print(message, file=sys.stderr)  # noqa: T201  the container's log

    log_warn = log_error = log_verbose = log = log_info


class PythonBackend:
    """A `TritonPythonModel`, initialized."""

    def __init__(self, path: Path, config: TritonConfig, *, repository: Path, version: int, name: str) -> None:
        sys.modules[UTILS] = backend_utils()
        self._name, self._outputs = name, [one.name for one in config.outputs]
        module = module_at(path, f"triton_model_{name}")
        if not hasattr(module, "TritonPythonModel"):
            raise CannotStartError(f"{path} has no class TritonPythonModel")
        self._model = module.TritonPythonModel()
        if hasattr(self._model, "initialize"):
            self._model.initialize(
                {
                    "model_config": json.dumps(config_json(config)),
                    "model_instance_kind": "CPU",
                    "model_instance_device_id": "0",
                    "model_repository": str(repository / name),
                    "model_version": str(version),
                    "model_name": name,
                }
            )

    def run(self, inputs: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        """Its outputs by name.

        Raises:
            InferenceError: the model answers with an error of its own.
        """
        tensors = [Tensor(name, array) for name, array in inputs.items()]
        request = InferenceRequest(tensors, self._outputs, "", self._name)
        responses = self._model.execute([request])
        if not isinstance(responses, list) or len(responses) != 1:
            raise RuntimeError("execute must return a list of one InferenceResponse a request")
        if responses[0].has_error():
            raise InferenceError(responses[0].error().message())
        return {one.name(): one.as_numpy() for one in responses[0].output_tensors()}


def backend_utils() -> ModuleType:
    """The module that `model.py` imports as `triton_python_backend_utils`."""
    module = ModuleType(UTILS)
    vars(module).update(
        Tensor=Tensor,
        InferenceRequest=InferenceRequest,
        InferenceResponse=InferenceResponse,
        TritonError=TritonError,
        TritonModelException=TritonError,
        Logger=Logger,
        get_input_tensor_by_name=lambda request, name: _named_tensor(request.inputs(), name),
        get_output_tensor_by_name=lambda response, name: _named_tensor(response.output_tensors(), name),
        get_input_config_by_name=lambda config, name: _named_config(config.get("input", []), name),
        get_output_config_by_name=lambda config, name: _named_config(config.get("output", []), name),
        triton_string_to_numpy=triton_string_to_numpy,
    )
    return module


def triton_string_to_numpy(data_type: str) -> Any:
    """The type in numpy of `TYPE_FP32` and the like."""
    named = DATA_TYPES[data_type]
    return np.object_ if named == "str" else np.bool_ if named == "bool" else np.dtype(named).type


def config_json(config: TritonConfig) -> dict[str, Any]:
    """The configuration as Triton hands it to `initialize`."""
    return {**_json_of(config.message, "ModelConfig"), "name": config.name or Path(config.file).parent.name}


def _json_of(message: Message, kind: str) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for field in message.fields:
        wanted = MESSAGES[kind][field.name]
        if wanted.startswith("map<"):
            entries = content.setdefault(field.name, {})
            if isinstance(field.value, Message):
                entries.update(_entry(field.value, wanted.removeprefix("map<").removesuffix(">")))
        elif wanted.startswith("["):
            items = content.setdefault(field.name, [])
            if not field.empty_list:
                items.append(_value(field.value, wanted.strip("[]")))
        else:
            content[field.name] = _value(field.value, wanted)
    return content


def _entry(message: Message, kind: str) -> Iterator[tuple[str, Any]]:
    key, value = message.last("key"), message.last("value")
    if key is not None and value is not None:
        yield str(key.value), _value(value.value, kind)


def _value(value: Any, kind: str) -> Any:
    if isinstance(value, Message):
        return _json_of(value, kind)
    if kind == "bool":
        return str(value).lower().startswith("t")
    return str(value) if isinstance(value, Word) else value


def _named_tensor(tensors: Sequence[Tensor], name: str) -> Tensor | None:
    return next((one for one in tensors if one.name() == name), None)


def _named_config(parts: Sequence[Mapping[str, Any]], name: str) -> Mapping[str, Any] | None:
    return next((one for one in parts if one.get("name") == name), None)
