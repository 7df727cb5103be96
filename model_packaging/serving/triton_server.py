"""NVIDIA's Triton container on SageMaker (`sagemaker-tritonserver`): a model repository is what it serves.

It picks one model as the container's start script does, loads it as its `config.pbtxt` says, and answers
`POST /invocations` in the Open Inference Protocol. Models of the backends onnxruntime, pytorch and python run here, and
ensembles of them; every other backend is refused by name when the container starts. Requests are not batched together:
what one caller gets does not depend on that.

Sources: https://github.com/triton-inference-server/server (`docker/sagemaker/serve`, `src/sagemaker_server.cc`),
https://docs.aws.amazon.com/sagemaker/latest/dg/deploy-models-frameworks-triton.html
"""

from __future__ import annotations

import json
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from model_packaging.errors import InvalidPackageError
from model_packaging.formats.text_proto import Message
from model_packaging.formats.triton_completion import completed
from model_packaging.formats.triton_config import CONFIG_FILE, TritonConfig, TritonTensor
from model_packaging.formats.triton_model import ENSEMBLE, TritonModel
from model_packaging.formats.triton_repository import read_repository
from model_packaging.media_types import JSON
from model_packaging.serving.handlers import HandlerResponse
from model_packaging.serving.inference_protocol import (
    NUMPY_TYPES,
    InferenceError,
    InferenceRequest,
    read_request,
    write_response,
)
from model_packaging.serving.kinds import CannotStartError
from model_packaging.serving.triton_backends import LOCAL_BACKENDS, Backend, OnnxBackend, TorchBackend

DEFAULT_MODEL = "SAGEMAKER_TRITON_DEFAULT_MODEL_NAME"

_API_TYPES = {
    f"TYPE_{name}": name for name in ("BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64",
                                      "FP16", "FP32", "FP64", "BF16")
} | {"TYPE_STRING": "BYTES"}  # fmt: skip
"""A configuration's data type in the protocol's words."""


@dataclass(frozen=True)
class LoadedModel:
    """A model of the repository that runs."""

    name: str
    version: int
    config: TritonConfig
    backend: Backend


class TritonService:
    """Answers for one model; one request at a time, as one instance of it does."""

    def __init__(self, model: LoadedModel) -> None:
        self._model = model
        self._one_at_a_time = threading.Lock()

    def invoke(self, body: bytes, headers: Mapping[str, str]) -> HandlerResponse:
        """The answer, or `{"error": …}`; SageMaker's Triton answers a failure of the model with 400 too."""
        lowered = {name.lower(): value for name, value in headers.items()}
        try:
            request = read_request(body, lowered.get("content-type", JSON))
            _check_outputs(self._model, request)
            inputs = _checked_inputs(self._model, request)
            with self._one_at_a_time:
                answer = self._model.backend.run(inputs)
            outputs = [_output(self._model, one, answer, inputs) for one in _wanted(self._model, request)]
        except InferenceError as error:
            return _error(error.status, str(error))
        except Exception as error:  # noqa: BLE001 - whatever the model raises is its answer
            traceback.print_exc(file=sys.stderr)
            return _error(400, f"{type(error).__name__}: {error}")
        content, content_type = write_response(request, self._model.name, str(self._model.version), outputs)
        return HandlerResponse(200, content, content_type)


class EnsembleBackend:
    """Models one after another: each step's inputs are the ensemble's, or outputs of steps before it."""

    def __init__(self, config: TritonConfig, models: Mapping[str, LoadedModel]) -> None:
        self._outputs = [one.name for one in config.outputs]
        self._steps = [
            (models[str(_text(step, "model_name"))], _mapping(step, "input_map"), _mapping(step, "output_map"))
            for step in _steps(config)
        ]

    def run(self, inputs: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        """The ensemble's outputs by name."""
        known, waiting = dict(inputs), list(self._steps)
        while waiting:
            ready = [step for step in waiting if set(step[1].values()) <= set(known)]
            if not ready:
                missing = sorted({name for step in waiting for name in step[1].values()} - set(known))
                raise RuntimeError(f"no step of the ensemble gives {', '.join(missing)}")
            for step in ready:
                model, input_map, output_map = step
                answer = model.backend.run({inner: known[outer] for inner, outer in input_map.items()})
                known |= {outer: answer[inner] for inner, outer in output_map.items()}
                waiting.remove(step)
        return {name: known[name] for name in self._outputs if name in known}


def load(folder: Path, environment: Mapping[str, str]) -> TritonService:
    """The repository's default model, loaded.

    Raises:
        CannotStartError: there is no one model to serve, Triton would refuse it, or its backend is not here.
    """
    name = _default_model(folder, environment)
    try:
        models = {model.name: model for model in read_repository(folder, folder.as_posix())}
    except InvalidPackageError as error:
        raise CannotStartError(str(error)) from error
    if name not in models:
        raise CannotStartError(f"{folder / name} has neither {CONFIG_FILE} nor a version with a model's file")
    return TritonService(_loaded(models[name], models, folder))


def _default_model(folder: Path, environment: Mapping[str, str]) -> str:
    """As the container's `serve` script."""
    if (folder / CONFIG_FILE).is_file():
        raise CannotStartError(
            f"{folder} is a model and not a repository of models: Triton on SageMaker wants NAME/{CONFIG_FILE} in it"
        )
    there = sorted(one.name for one in folder.iterdir() if one.is_dir())
    named = environment.get(DEFAULT_MODEL, "")
    if named:
        if named not in there:
            raise CannotStartError(f"{DEFAULT_MODEL}={named}: no such folder in {folder}; there: {', '.join(there)}")
        return named
    if len(there) != 1:
        told = ", ".join(there) or "none"
        raise CannotStartError(f"Triton serves one model, {folder} has the folders: {told}; name it in {DEFAULT_MODEL}")
    return there[0]


def _loaded(model: TritonModel, models: Mapping[str, TritonModel], repository: Path) -> LoadedModel:
    if model.backend == ENSEMBLE and model.config is not None:
        steps = {str(_text(step, "model_name")) for step in _steps(model.config)}
        parts = {name: _loaded(models[name], models, repository) for name in sorted(steps)}
        return LoadedModel(model.name, model.served_version, model.config, EnsembleBackend(model.config, parts))
    if model.backend not in LOCAL_BACKENDS:
        raise CannotStartError(
            f"model {model.name!r} is run by Triton's backend {model.backend!r}, which is not on this machine; here "
            f"run: {', '.join(LOCAL_BACKENDS)}. The release can be packaged and deployed, and is not rehearsed"
        )
    config = completed(model)
    path = model.folder / str(model.served_version) / model.model_file
    return LoadedModel(model.name, model.served_version, config, _backend(model, config, path, repository))


def _backend(model: TritonModel, config: TritonConfig, path: Path, repository: Path) -> Backend:
    match model.backend:
        case "onnxruntime":
            return OnnxBackend(path)
        case "pytorch":
            return TorchBackend(path, config)
        case _:
            # Imported only for a Python model: it is the one that needs the backend's module.
            from model_packaging.serving.triton_python_backend import PythonBackend

            return PythonBackend(path, config, repository=repository, version=model.served_version, name=model.name)


def _steps(config: TritonConfig) -> list[Message]:
    ensemble = config.message.last("ensemble_scheduling")
    steps = ensemble.value.all("step") if ensemble is not None and isinstance(ensemble.value, Message) else ()
    return [one.value for one in steps if isinstance(one.value, Message)]


def _text(message: Message, name: str) -> str:
    field = message.last(name)
    return "" if field is None else str(field.value)


def _mapping(message: Message, name: str) -> dict[str, str]:
    entries = [one.value for one in message.all(name) if isinstance(one.value, Message)]
    return {_text(one, "key"): _text(one, "value") for one in entries}


def _checked_inputs(model: LoadedModel, request: InferenceRequest) -> dict[str, np.ndarray]:
    known = {one.name: one for one in model.config.inputs}
    for name in request.inputs:
        if name not in known:
            raise InferenceError(f"unexpected inference input '{name}' for model '{model.name}'; it has: {list(known)}")
    missing = [one.name for one in model.config.inputs if not one.optional and one.name not in request.inputs]
    if missing:
        expected, got = len(known), len(request.inputs)
        message = f"expected {expected} inputs but got {got} inputs for model '{model.name}'; missing: {missing}"
        raise InferenceError(message)
    for name, array in request.inputs.items():
        _check(model, known[name], request.datatypes[name], array)
    sizes = (
        {array.shape[0] for array in request.inputs.values() if array.ndim} if model.config.max_batch_size else set()
    )
    if len(sizes) > 1:
        raise InferenceError(f"inference inputs of model '{model.name}' have batch sizes {sorted(sizes)}")
    return {name: _reshaped(model.config, known[name], array) for name, array in request.inputs.items()}


def _check(model: LoadedModel, tensor: TritonTensor, datatype: str, array: np.ndarray) -> None:
    wanted = _API_TYPES[tensor.data_type]
    if datatype != wanted:
        raise InferenceError(
            f"inference input '{tensor.name}' data-type is '{datatype}', but model '{model.name}' expects '{wanted}'"
        )
    shape, limit = model.config.shape(tensor), model.config.max_batch_size
    fits = len(shape) == array.ndim and all(one in (None, size) for one, size in zip(shape, array.shape, strict=True))
    if not fits:
        told = [-1 if one is None else one for one in shape]
        raise InferenceError(
            f"unexpected shape for input '{tensor.name}' for model '{model.name}'. "
            f"Expected {told}, got {list(array.shape)}"
        )
    if limit and array.shape[0] > limit:
        raise InferenceError(f"inference request batch-size must be <= {limit} for '{model.name}'")
    if limit and array.shape[0] < 1:
        raise InferenceError(f"inference request batch-size must be >= 1 for '{model.name}'")


def _reshaped(config: TritonConfig, tensor: TritonTensor, array: np.ndarray) -> np.ndarray:
    if tensor.reshape is None:
        return array
    return array.reshape((array.shape[0], *tensor.reshape) if config.max_batch_size else tensor.reshape)


def _check_outputs(model: LoadedModel, request: InferenceRequest) -> None:
    known = [one.name for one in model.config.outputs]
    for one in request.outputs:
        if one.name not in known:
            raise InferenceError(
                f"unexpected inference output '{one.name}' for model '{model.name}'; it has: {', '.join(known)}"
            )


def _wanted(model: LoadedModel, request: InferenceRequest) -> Sequence[TritonTensor]:
    asked = {one.name for one in request.outputs}
    return [one for one in model.config.outputs if not asked or one.name in asked]


def _output(
    model: LoadedModel, tensor: TritonTensor, answer: Mapping[str, np.ndarray], inputs: Mapping[str, np.ndarray]
) -> tuple[str, str, np.ndarray]:
    if tensor.name not in answer:
        raise RuntimeError(f"the model gives no output {tensor.name!r}; it gives: {', '.join(answer)}")
    array, datatype = np.asarray(answer[tensor.name]), _API_TYPES[tensor.data_type]
    wanted = np.dtype(NUMPY_TYPES[datatype])
    if wanted.kind != "O" and array.dtype != wanted:
        raise RuntimeError(f"output {tensor.name!r} is {array.dtype}, and {CONFIG_FILE} says {tensor.data_type}")
    if tensor.reshape is not None:
        batch = next(iter(inputs.values())).shape[:1] if model.config.max_batch_size else ()
        array = array.reshape((*batch, *tensor.dims))
    return tensor.name, datatype, array


def _error(status: int, message: str) -> HandlerResponse:
    return HandlerResponse(status, json.dumps({"error": message}).encode(), JSON)
