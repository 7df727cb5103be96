"""`VariantContainer`: one serving process, from its start to its end, and the requests sent to it.

The process gets the environment of the container's specification and, besides, only what an interpreter
needs to run: no credentials, no profile, no home folder of the user's. In AWS a container has the execution
role's credentials; whoever wants them here puts them into the specification.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from model_packaging.serving.errors import ContainerStartError

CONTAINER_MODEL_FOLDER = "/opt/ml/model"
"""Where SageMaker puts the model data in a container; values of the environment under it are mapped to `model_data`."""

PASSED_ON = (
    "PATH", "PYTHONPATH", "VIRTUAL_ENV", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH",
    "LANG", "LC_ALL", "TZ", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "SYSTEMDRIVE",
)  # fmt: skip
"""The variables of ours that a container inherits."""

INVOCATION_TIMEOUT_SECONDS = 60
"""A container must answer within 60 seconds.

https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html#your-algorithms-inference-code-container-response
"""

LARGEST_BODY_BYTES = 6 * 1024 * 1024
"""InvokeEndpoint's own limit (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html,
6,291,456 bytes in botocore's model of it): a larger body never gets to a container."""

STARTUP_TIMEOUT_SECONDS = 480.0
"""A container must pass its health check within 8 minutes of its start (same page)."""

CRASH_SECONDS = 1.0
"""What a process that broke a connection off is given to be gone."""
POLL_SECONDS = 0.02
PART_BYTES = 65536
"""The most of a chunk that is taken as one part of a response stream."""
LOG_TAIL_LINES = 25
CUSTOM_ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"


@dataclass(frozen=True)
class ContainerSpec:
    """What SageMaker's CreateModel says of a container, with its data already on this machine."""

    model_name: str
    """The SageMaker model's name."""
    image: str
    """The image AWS would run; told to the process as `GREENROOM_IMAGE`, never pulled."""
    environment: Mapping[str, str]
    """The container's environment, in the container's own paths."""
    model_data: Path
    """The folder that is `/opt/ml/model` in AWS."""


@dataclass(frozen=True)
class ContainerResponse:
    """The container's answer, whatever its status; `parts` are the pieces its body came in."""

    status: int
    body: bytes
    content_type: str
    custom_attributes: str | None = None
    parts: tuple[bytes, ...] = ()
    is_answer: bool = True
    """False where the container gave none, and `invoke` says so in its place."""


@dataclass
class VariantContainer:
    """A running container. `VariantContainer.start` makes one; it ends with `stop`, or with the `with` around it."""

    spec: ContainerSpec
    log_path: Path
    port: int
    process: subprocess.Popen[bytes] = field(repr=False)
    stop_timeout_seconds: float = 5.0
    """What SIGTERM is given; SageMaker gives 30 seconds, a laptop that ends its endpoints less."""
    temporary_folder: tempfile.TemporaryDirectory[str] | None = field(default=None, repr=False)
    """A work folder that ends with the container."""

    @classmethod
    def start(
        cls,
        spec: ContainerSpec,
        work_folder: Path,
        *,
        log_name: str = "container.log",
        startup_timeout_seconds: float = STARTUP_TIMEOUT_SECONDS,
        port: int = 0,
    ) -> VariantContainer:
        """Starts the process and waits until `GET /ping` answers 200.

        Args:
            spec: The container.
            work_folder: Gets the log, and is the process's working and home folder.
            log_name: The log's file name; a log that is there is continued.
            startup_timeout_seconds: SageMaker's `ContainerStartupHealthCheckTimeoutInSeconds`.
            port: The loopback port; without it one that is free.

        Raises:
            ContainerStartError: the process ended, or was not ready in time; it is gone then.
        """
        work_folder.mkdir(parents=True, exist_ok=True)
        log_path = work_folder / log_name
        port_file = work_folder / f"{log_name}.{uuid.uuid4().hex}.port"
        began_at = log_path.stat().st_size if log_path.is_file() else 0
        deadline = time.monotonic() + startup_timeout_seconds
        process = _launch(spec, work_folder, log_path, port_file, port)
        try:
            port = _wait_for_port(process, port_file, deadline)
            container = cls(spec, log_path, port, process)
            container._wait_for_ping(deadline)
        except _NotReadyError as not_ready:
            _end(process, 0)
            raise ContainerStartError(spec.model_name, str(not_ready), log_path, tail_of(log_path, began_at)) from None
        except BaseException:
            _end(process, 0)
            raise
        finally:
            port_file.unlink(missing_ok=True)
        return container

    @property
    def is_alive(self) -> bool:
        """Whether the process still runs."""
        return self.process.poll() is None

    def ping(self) -> bool:
        """Whether `GET /ping` answers 200."""
        try:
            return self._request("GET", "/ping", b"", {}, timeout_seconds=2).status == http.client.OK
        except OSError:
            return False

    def invoke(
        self,
        body: bytes,
        content_type: str,
        accept: str,
        custom_attributes: str | None = None,
        *,
        timeout_seconds: float = INVOCATION_TIMEOUT_SECONDS,
    ) -> ContainerResponse:
        """Sends one `POST /invocations`.

        A container that breaks off answers 503 here, and one that is too slow 504, as a load balancer would say.
        """
        headers = {"Content-Type": content_type, "Accept": accept}
        if custom_attributes is not None:
            headers[CUSTOM_ATTRIBUTES] = custom_attributes
        try:
            return self._request("POST", "/invocations", body, headers, timeout_seconds=timeout_seconds)
        except TimeoutError:
            reason = f"the container gave no answer within {timeout_seconds:g} seconds"
            return ContainerResponse(504, reason.encode(), "text/plain", is_answer=False)
        except (OSError, http.client.HTTPException) as broken:
            # A crash closes the connection a moment before the process is gone; the next caller must not find it alive.
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(CRASH_SECONDS)
            reason = f"the container broke off ({type(broken).__name__}); its log: {self.log_path}"
            return ContainerResponse(503, reason.encode(), "text/plain", is_answer=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """SIGTERM, then SIGKILL to all it started, as SageMaker does; returns when the process is gone."""
        _end(self.process, self.stop_timeout_seconds)
        if self.temporary_folder is not None:
            self.temporary_folder.cleanup()

    def _request(
        self, method: str, path: str, body: bytes, headers: dict[str, str], *, timeout_seconds: float
    ) -> ContainerResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_seconds)
        with contextlib.closing(connection):
            connection.request(method, path, body=body, headers=headers)
            response = connection.getresponse()
            parts = tuple(iter(lambda: response.read1(PART_BYTES), b"")) if response.chunked else (response.read(),)
            return ContainerResponse(
                response.status,
                b"".join(parts),
                response.headers.get("Content-Type", "application/octet-stream"),
                response.headers.get(CUSTOM_ATTRIBUTES),
                parts,
            )

    def _wait_for_ping(self, deadline: float) -> None:
        while not self.ping():
            _check(self.process, deadline)
            time.sleep(POLL_SECONDS)


class _NotReadyError(Exception):
    """Why a container is not ready."""


def _launch(
    spec: ContainerSpec, work_folder: Path, log_path: Path, port_file: Path, port: int
) -> subprocess.Popen[bytes]:
    with log_path.open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "model_packaging.serving.server", str(port_file), str(port)],
            stdin=subprocess.PIPE,  # the lifeline: see server.py
            stdout=log,
            stderr=log,
            cwd=work_folder,
            env=container_environment(spec, work_folder, os.environ),
            start_new_session=True,
        )


def container_environment(spec: ContainerSpec, work_folder: Path, ours: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of the process: ours where an interpreter needs it, the specification's over it."""
    folder = str(spec.model_data.resolve())
    inherited = {name: ours[name] for name in PASSED_ON if name in ours}
    fixed = {
        "HOME": str(work_folder),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",  # the model data stays as it was released
        "GREENROOM_IMAGE": spec.image,
    }
    given = {name: _local_path(value, folder) for name, value in spec.environment.items()}
    return inherited | fixed | given | {"SM_MODEL_DIR": folder}


def _local_path(value: str, folder: str) -> str:
    if value == CONTAINER_MODEL_FOLDER or value.startswith(f"{CONTAINER_MODEL_FOLDER}/"):
        return folder + value.removeprefix(CONTAINER_MODEL_FOLDER)
    return value


def _wait_for_port(process: subprocess.Popen[bytes], port_file: Path, deadline: float) -> int:
    while not port_file.is_file():
        _check(process, deadline)
        time.sleep(POLL_SECONDS)
    return int(port_file.read_text(encoding="utf-8"))


def _check(process: subprocess.Popen[bytes], deadline: float) -> None:
    if process.poll() is not None:
        raise _NotReadyError(f"it ended with exit status {process.returncode}")
    if time.monotonic() > deadline:
        raise _NotReadyError("GET /ping did not answer 200 in time")


def _end(process: subprocess.Popen[bytes], timeout_seconds: float) -> None:
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout_seconds)
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()
    if process.stdin is not None:
        process.stdin.close()


def tail_of(log_path: Path, offset_bytes: int) -> str:
    """The last lines of a log from an offset on."""
    with log_path.open("rb") as log:
        log.seek(offset_bytes)
        lines = log.read().decode(errors="replace").splitlines()
    return "\n".join(lines[-LOG_TAIL_LINES:])
