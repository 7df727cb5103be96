"""One invocation of a Python function: its code unpacked, a process, its result and its log lines.

There is no microVM: the function sees this machine and the interpreter that runs the local AWS, whatever Python its
runtime names. Each invocation is a cold start. Memory is not limited.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_BOOTSTRAP: Final = Path(__file__).with_name("bootstrap.py")
_INHERITED: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "VIRTUAL_ENV")


@dataclass(frozen=True)
class Function:
    """What of a function an invocation needs, taken from moto's under the lock."""

    name: str
    version: str
    arn: str
    account_id: str
    region: str
    runtime: str
    handler: str
    code: bytes
    layers: tuple[bytes, ...]
    timeout_seconds: float
    memory_mib: int
    environment: dict[str, str]
    log_group: str
    log_stream: str
    request_id: str


@dataclass(frozen=True)
class Outcome:
    """How an invocation ended: `error` is None or "Unhandled", Lambda's word for whatever a function raises."""

    payload: str
    error: str | None
    lines: tuple[str, ...]
    duration_ms: float


def run(
    function: Function, payload: str, folder: Path, endpoint_url: str, running: set[subprocess.Popen[bytes]]
) -> Outcome:
    """Invoke a function and wait for its end, or for its time to be over.

    Args:
        function: What to run.
        payload: The event, as JSON.
        folder: Keeps unpacked code, by its digest.
        endpoint_url: Where the local AWS answers, for what the function asks of AWS.
        running: Has the process while it runs.
    """
    began = time.monotonic()
    said: str
    if not function.runtime.startswith("python"):
        runtime = function.runtime or "a container image"
        said = f"The local AWS runs functions of a Python runtime only; {function.name} has {runtime}."
        result, status = json.dumps({"errorMessage": said, "errorType": "Runtime.NotOffered"}), 1
    else:
        result, status, said = _run(function, payload, folder, endpoint_url, running)
    duration_ms = (time.monotonic() - began) * 1000
    request = f"RequestId: {function.request_id}"
    duration = f"Duration: {duration_ms:.2f} ms\tBilled Duration: {int(duration_ms) + 1} ms"
    report = f"REPORT {request}\t{duration}\tMemory Size: {function.memory_mib} MB"
    lines = (f"START {request} Version: {function.version}", *said.splitlines(), f"END {request}", report)
    return Outcome(result, None if status == 0 else "Unhandled", lines, duration_ms)


def _run(
    function: Function, payload: str, folder: Path, endpoint_url: str, running: set[subprocess.Popen[bytes]]
) -> tuple[str, int, str]:
    code, *layers = (_unpacked(content, folder) for content in (function.code, *function.layers))
    given = {
        "event": json.loads(payload or "{}"),
        "path": [str(code), *(str(layer / "python") for layer in layers)],
        "timeout_seconds": function.timeout_seconds,
        "function_name": function.name,
        "function_version": function.version,
        "invoked_function_arn": function.arn,
        "memory_limit_in_mb": str(function.memory_mib),
        "aws_request_id": function.request_id,
        "log_group_name": function.log_group,
        "log_stream_name": function.log_stream,
    }
    with tempfile.TemporaryDirectory(prefix="greenroom-lambda-") as temporary:
        result = Path(temporary) / "result.json"
        process = subprocess.Popen(
            [sys.executable, str(_BOOTSTRAP), function.handler, str(result)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=code,
            env=_environment(function, code, endpoint_url),
            start_new_session=True,
        )
        running.add(process)
        try:
            output, _ = process.communicate(json.dumps(given).encode(), timeout=function.timeout_seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
            # https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html
            message = f"{function.request_id} Task timed out after {function.timeout_seconds:.2f} seconds"
            return json.dumps({"errorMessage": message}), 1, f"{output.decode(errors='replace')}\n{message}"
        finally:
            running.discard(process)
        said = output.decode(errors="replace")
        if not result.is_file():
            reason = f"RequestId: {function.request_id} Error: Runtime exited with error: status {process.returncode}"
            return json.dumps({"errorType": "Runtime.ExitError", "errorMessage": reason}), 1, said
        return result.read_text(encoding="utf-8"), process.returncode, said


def _environment(function: Function, code: Path, endpoint_url: str) -> dict[str, str]:
    """What Lambda sets, what the function asks for, and where its AWS is.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
    """
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    return {
        **inherited,
        **function.environment,
        "PYTHONUNBUFFERED": "1",
        "_HANDLER": function.handler,
        "LAMBDA_TASK_ROOT": str(code),
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": function.version,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mib),
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": function.log_stream,
        "AWS_REGION": function.region,
        "AWS_DEFAULT_REGION": function.region,
        "AWS_ENDPOINT_URL": endpoint_url,
        "AWS_ACCESS_KEY_ID": function.account_id,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def _unpacked(content: bytes, folder: Path) -> Path:
    """The folder with what a ZIP archive holds; unpacked once."""
    target = folder / hashlib.sha256(content).hexdigest()
    if not target.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix="unpacking-") as temporary:
            draft = Path(temporary) / "code"
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                archive.extractall(draft)  # zipfile keeps every member inside
            _publish(draft, target)
    return target


def _publish(draft: Path, target: Path) -> None:
    try:
        draft.rename(target)
    except OSError:
        if not target.is_dir():  # another invocation was first
            raise


def function_of(function: Any, request_id: str, log_stream: str) -> Function:
    """What an invocation needs of moto's function."""
    return Function(
        name=function.function_name,
        version=str(function.version),
        arn=function.function_arn,
        account_id=function.account_id,
        region=function.region,
        runtime=function.run_time or "",
        handler=function.handler or "",
        code=bytes(function.code_bytes or b"") if function.package_type != "Image" else b"",
        layers=tuple(_layer_codes(function)),
        timeout_seconds=float(function.timeout or 3),
        memory_mib=int(function.memory_size or 128),
        environment={name: str(value) for name, value in function.environment_vars.items()},
        log_group=function.logs_group_name,
        log_stream=log_stream,
        request_id=request_id,
    )


def _layer_codes(function: Any) -> list[bytes]:
    from moto.awslambda.models import lambda_backends

    backend = lambda_backends[function.account_id][function.region]
    versions = [backend._layers.get_layer_version_by_arn(layer["Arn"]) for layer in function.layers or []]  # noqa: SLF001  moto has no other way to a layer's code
    return [bytes(version.code_bytes) for version in versions if version is not None]
