"""The handlers of a release: `model_fn`, `input_fn`, `predict_fn`, `output_fn`, or one `transform_fn`.

They are what AWS's framework containers (scikit-learn, PyTorch, …) call, and this module calls them as
those do: each missing one has the container's default, `transform_fn` excludes the three it replaces, a
handler may take the request's context as one more parameter, and `output_fn` may return a body, a pair of
body and content type, a response object, or an iterator of pieces of a body, which is a response stream (a guess at
what a container that streams does). What an exception becomes is the container's own (`exception_answers`).

Sources: https://github.com/aws/sagemaker-inference-toolkit (`transformer.py`),
https://github.com/aws/sagemaker-scikit-learn-container (`serving.py`).
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from model_packaging.media_types import JSON
from model_packaging.serving import codecs
from model_packaging.serving.exception_answers import StatusOf, status_it_carries

Handler = Callable[..., Any]


class ReleaseCodeError(Exception):
    """The release's code breaks the handlers' contract: the container cannot start."""


@dataclass
class Context:
    """What a handler that asks for it learns about its request, in the toolkit's words."""

    system_properties: Mapping[str, Any]
    request_headers: Mapping[str, str] = field(default_factory=dict)
    response_headers: dict[str, str] = field(default_factory=dict)
    response_status: int = 200

    def get_all_request_header(self, idx: int) -> Mapping[str, str]:
        """Every header of the request; `idx` is the toolkit's place in a batch, which is one here."""
        del idx
        return self.request_headers

    def get_request_header(self, idx: int, key: str) -> str | None:
        """One header of the request, whatever its case."""
        del idx
        return next((value for name, value in self.request_headers.items() if name.lower() == key.lower()), None)

    def set_response_header(self, idx: int, key: str, value: str) -> None:
        """Adds a header to the response."""
        del idx
        self.response_headers[key] = value

    def set_response_status(self, code: int = 200, phrase: str = "", idx: int = 0) -> None:
        """Answers with another status than 200."""
        del phrase, idx
        self.response_status = code


@dataclass(frozen=True)
class HandlerResponse:
    """The container's answer to one invocation; `parts` are its pieces where the release's code streams it."""

    status: int
    body: bytes
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[bytes, ...] = ()


class ReleaseHandlers:
    """The loaded model and the functions around it. One invocation at a time, as in one container worker."""

    def __init__(
        self,
        module: ModuleType,
        model_folder: Path,
        *,
        default_accept: str = JSON,
        status_of: StatusOf = status_it_carries,
    ) -> None:
        """Checks the module against the contract and loads the model.

        Args:
            module: The release's entry point.
            model_folder: What is `/opt/ml/model` in AWS.
            default_accept: The content type of an answer to whoever accepts any.
            status_of: What the container answers to an exception of the release's code.

        Raises:
            ReleaseCodeError: no `model_fn`, or `transform_fn` beside what it replaces.
        """
        self._folder, self._default_accept, self._status_of = model_folder, default_accept, status_of
        self._functions = _functions_of(module)
        self._one_at_a_time = threading.Lock()
        self._model = self._call("model_fn", str(model_folder), context=self._context({}))

    def invoke(self, body: bytes, headers: Mapping[str, str]) -> HandlerResponse:
        """Answers one request; an exception of the release's code becomes a 4XX, or a 5XX and a traceback in the log.

        A 4XX is the caller's mistake: one line says it.
        """
        lowered = {name.lower(): value for name, value in headers.items()}
        content_type = lowered.get("content-type") or JSON
        accept = lowered.get("accept") or "*/*"
        if accept == "*/*":
            accept = self._default_accept
        context = self._context(headers)
        try:
            with self._one_at_a_time:
                return _response(self._transform(body, content_type, accept, context), accept, context)
        except Exception as error:  # noqa: BLE001 - whatever the release's code raises is its answer
            status = self._status_of(error)
            if status >= 500:
                traceback.print_exc(file=sys.stderr)
            else:
                print(f"{status} {type(error).__name__}: {error}", file=sys.stderr)  # noqa: T201  the container's log
            return HandlerResponse(status, f"{type(error).__name__}: {error}\n".encode(), "text/plain; charset=utf-8")

    def _transform(self, body: bytes, content_type: str, accept: str, context: Context) -> Any:
        data: str | bytes = body.decode(errors="replace") if content_type in codecs.TEXT_TYPES else body
        if "transform_fn" in self._functions:
            return self._call("transform_fn", self._model, data, content_type, accept, context=context)
        rows = self._call("input_fn", data, content_type, context=context)
        prediction = self._call("predict_fn", rows, self._model, context=context)
        return self._call("output_fn", prediction, accept, context=context)

    def _call(self, name: str, *arguments: Any, context: Context) -> Any:
        handler = self._functions[name]
        takes_context = len(inspect.signature(handler).parameters) == len(arguments) + 1
        return handler(*arguments, context) if takes_context else handler(*arguments)

    def _context(self, headers: Mapping[str, str]) -> Context:
        return Context({"model_dir": str(self._folder), "gpu_id": None}, dict(headers))


def import_program(program: str, submit_directory: Path) -> ModuleType:
    """Imports the entry point as the containers do: by its name, with its folder first on the path.

    Raises:
        ReleaseCodeError: the file is not there.
    """
    path = submit_directory / program
    if not path.is_file():
        there = ", ".join(sorted(entry.name for entry in submit_directory.glob("*"))) or "nothing"
        raise ReleaseCodeError(
            f"SAGEMAKER_PROGRAM={program}: no such file in {submit_directory} (there: {there}); "
            "put the inference code under code/ in the model data, or name it in the container's environment"
        )
    sys.path.insert(0, str(submit_directory))
    return importlib.import_module(program.removesuffix(".py").replace("/", "."))


def module_at(path: Path, name: str) -> ModuleType:
    """The file as a module of that name, imported with its folder first on the path.

    Raises:
        ReleaseCodeError: it is no Python file; anything else is what its code raised.
    """
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ReleaseCodeError(f"{path} is not a Python module")
    module = importlib.util.module_from_spec(spec)
    sys.path.insert(0, str(path.parent))
    spec.loader.exec_module(module)
    return module


def _functions_of(module: ModuleType) -> dict[str, Handler]:
    names = ("model_fn", "input_fn", "predict_fn", "output_fn", "transform_fn")
    found: dict[str, Handler] = {name: getattr(module, name) for name in names if hasattr(module, name)}
    replaced = [name for name in ("input_fn", "predict_fn", "output_fn") if name in found]
    if "transform_fn" in found and replaced:
        raise ReleaseCodeError(
            f"{module.__file__} has transform_fn and {', '.join(replaced)}: transform_fn replaces them"
        )
    if "model_fn" not in found:
        raise ReleaseCodeError(f"{module.__file__} has no model_fn(model_dir), which must return the loaded model")
    return {
        "input_fn": codecs.decode,
        "predict_fn": lambda rows, model: model.predict(rows),
        "output_fn": codecs.encode,
    } | found


def _response(result: Any, accept: str, context: Context) -> HandlerResponse:
    status, content_type = context.response_status, accept
    if isinstance(result, tuple):
        result, content_type = result
    if isinstance(result, Iterator):
        parts = tuple(_bytes_of(one) for one in result)
        return HandlerResponse(status, b"".join(parts), content_type, context.response_headers, parts)
    if hasattr(result, "get_data") and hasattr(result, "mimetype"):  # a Flask or Werkzeug response
        status, content_type, result = result.status_code, result.mimetype, result.get_data()
    return HandlerResponse(status, _bytes_of(result), content_type, context.response_headers)


def _bytes_of(result: Any) -> bytes:
    if not isinstance(result, str | bytes | bytearray):
        raise TypeError(f"output_fn returned a {type(result).__name__}; a body is str or bytes")
    return result.encode() if isinstance(result, str) else bytes(result)
