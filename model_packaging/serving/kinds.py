"""Which container an image is, and what stands for it here: a table by the image's repository.

A container's kind is a module with `load(folder, environment) -> Service`. Images that are not in the table are
AWS's framework containers, which call the release's handlers (`framework_container`). A kind is loaded in the serving
process, so that its module imports what it needs there and nowhere else.

Repositories: https://docs.aws.amazon.com/sagemaker/latest/dg-ecr-paths/sagemaker-algo-docker-registry-paths.html
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from model_packaging.serving.handlers import HandlerResponse

FRAMEWORK_CONTAINER = "model_packaging.serving.framework_container"

KINDS: Mapping[str, str] = {
    "sagemaker-tritonserver": "model_packaging.serving.triton_server",
    "tensorflow-inference": "model_packaging.serving.tensorflow_serving",
}
"""Repository, as it stands in the image's URI after the registry, to the module of its kind."""

READS_ANY_TYPE = frozenset({"sagemaker-tritonserver"})
"""Repositories of containers that read every body in their own protocol, whatever its content type says.

https://github.com/triton-inference-server/server/blob/main/src/sagemaker_server.cc (`GetInferenceHeaderLength`)
"""


class Service(Protocol):
    """What answers `POST /invocations`, once it is loaded. Called from many threads at once."""

    def invoke(self, body: bytes, headers: Mapping[str, str]) -> HandlerResponse:
        """The answer to one request, whatever its status; raises nothing."""
        ...


class CannotStartError(Exception):
    """Why a container cannot start, in one message; nothing else of the traceback is of use to anybody."""


def repository_of(image: str) -> str:
    """The repository of an image's URI: without registry, tag and digest."""
    path = image.partition("@")[0]
    host, slash, rest = path.partition("/")
    if slash and ("." in host or ":" in host or host == "localhost"):
        path = rest
    head, slash, name = path.rpartition("/")
    return f"{head}{slash}{name.partition(':')[0]}"


def kind_of(image: str) -> str:
    """The module that stands for the image's container."""
    return KINDS.get(repository_of(image), FRAMEWORK_CONTAINER)


def load_service(image: str, folder: Path, environment: Mapping[str, str]) -> Service:
    """Loads the model that lies in `folder` as the image's container would.

    Args:
        image: The image's URI.
        folder: What is `/opt/ml/model` in AWS.
        environment: The container's environment, its paths mapped to this machine.

    Raises:
        CannotStartError: the container cannot start; anything else is what the release's own code raised.
    """
    service: Service = importlib.import_module(kind_of(image)).load(folder, environment)
    return service


WORKERS = "SAGEMAKER_MODEL_SERVER_WORKERS"


def worker_count(environment: Mapping[str, str]) -> int:
    """How many processes answer requests: what the environment says, or one.

    Only framework containers have workers, and only where the system lets processes share a listening socket.

    Raises:
        CannotStartError: what it says is no number of workers.
    """
    wanted = environment.get(WORKERS, "1")
    if not (wanted.isascii() and wanted.isdigit() and int(wanted) > 0):
        raise CannotStartError(f"{WORKERS}={wanted!r} in the container's environment; allowed: a whole number from 1")
    has_workers = kind_of(environment.get("GREENROOM_IMAGE", "")) == FRAMEWORK_CONTAINER and os.name == "posix"
    return int(wanted) if has_workers else 1
