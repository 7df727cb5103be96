"""What a container must do when it starts, and when it is ended; and what it may take meanwhile."""

from __future__ import annotations

import contextlib
import http.client
import subprocess
import time
from collections.abc import Sequence

from model_packaging.contract.memory_watch import MIB
from model_packaging.contract.probe import CheckFailedError, CheckSkippedError, Probe
from model_packaging.contract.report import CONTAINER_PAGE
from model_packaging.contract.samples import SampleRequest
from model_packaging.serving import ContainerStartError
from model_packaging.serving.container import VariantContainer

PING_SECONDS = 2
SETTLE_SECONDS = 0.1
"""What the system is given to hand a signal or half a request to the container."""
INSTANCE_PAGE = "https://docs.aws.amazon.com/sagemaker/latest/dg/realtime-endpoints.html"


def check_start(probe: Probe) -> float | None:
    """That the container answers `GET /ping` in time; how long that took, or None."""
    seconds: list[float] = []

    def promise() -> str:
        began = time.monotonic()
        try:
            container = probe.container
        except ContainerStartError as error:
            told = error.log_tail.splitlines()
            raise CheckFailedError("; ".join([error.reason, *told[-1:]])) from error
        seconds.append(round(time.monotonic() - began, 3))
        began = time.perf_counter()
        if not container.ping():
            raise CheckFailedError(f"GET /ping answered 200, and no more within {PING_SECONDS} s")
        return f"200 after {seconds[0]:.2f} s; asked again, within {(time.perf_counter() - began) * 1000:.1f} ms"

    probe.check(
        "ping",
        promise,
        asked="GET /ping until it answers 200, and once more",
        limit=f"200 within {probe.startup_timeout_seconds:g} s of the start, each answer within {PING_SECONDS} s",
        source=f"{CONTAINER_PAGE}#your-algorithms-inference-algo-ping-requests",
    )
    return seconds[0] if seconds else None


def check_memory(probe: Probe) -> None:
    """That it keeps within the instance's memory, all its workers together."""

    def promise() -> str:
        if probe.peak_bytes == 0:
            raise CheckSkippedError("this system does not tell the memory of a process")
        if probe.memory_limit_mib is None:
            raise CheckSkippedError(f"{probe.peak_bytes / MIB:,.0f} MiB at most; nobody said what the instance has")
        seen = f"{probe.peak_bytes / MIB:,.0f} MiB at most, with {probe.workers} worker{'s' * (probe.workers > 1)}"
        if probe.was_killed_for_memory:
            raise CheckFailedError(f"{seen}: it was killed, as the instance's kernel would have done")
        if probe.peak_bytes > probe.memory_limit_mib * MIB:
            raise CheckFailedError(f"{seen}; fewer workers (SAGEMAKER_MODEL_SERVER_WORKERS) or a larger instance")
        return seen

    probe.look()
    probe.check(
        "memory",
        promise,
        asked="the memory of the container and all it started, through all of this",
        limit="no limit given" if probe.memory_limit_mib is None else f"{probe.memory_limit_mib:,} MiB",
        source=INSTANCE_PAGE,
    )


def check_end(probe: Probe, samples: Sequence[SampleRequest]) -> None:
    """That SIGTERM ends it in time, and that it answers first what it has begun."""

    def promise() -> str:
        container = probe.container
        began = time.monotonic()
        status = _half_a_request(container, samples[0], probe.stop_timeout_seconds) if samples else None
        if status is None:
            container.process.terminate()
        try:
            exit_status = container.process.wait(max(0.0, probe.stop_timeout_seconds - (time.monotonic() - began)))
        except subprocess.TimeoutExpired:
            container.stop_timeout_seconds = 0  # it was asked, and had its time
            raise CheckFailedError(f"it still ran {probe.stop_timeout_seconds:g} s after SIGTERM") from None
        if samples and (status is None or not 200 <= status < 300):
            raise CheckFailedError(f"a request that it had begun got {status or 'no answer'}")
        answered = f"the request under way was answered {status}; " if samples else ""
        return f"{answered}ended with exit status {exit_status} after {time.monotonic() - began:.2f} s"

    probe.check(
        "SIGTERM",
        promise,
        asked="SIGTERM while a request is under way",
        limit=f"the request answered 2XX, and the end within {probe.stop_timeout_seconds:g} s",
        source=f"{CONTAINER_PAGE}#your-algorithms-inference-code-run-image",
    )


def _half_a_request(container: VariantContainer, sample: SampleRequest, timeout_seconds: float) -> int | None:
    """Sends half of a request, SIGTERM, and the other half; the answer's status, None where there is no answer."""
    connection = http.client.HTTPConnection("127.0.0.1", container.port, timeout=timeout_seconds)
    half = len(sample.body) // 2
    with contextlib.closing(connection):
        connection.putrequest("POST", "/invocations")
        for name, value in (("Content-Type", sample.content_type), ("Content-Length", str(len(sample.body)))):
            connection.putheader(name, value)
        connection.endheaders()
        connection.send(sample.body[:half])
        time.sleep(SETTLE_SECONDS)
        container.process.terminate()
        time.sleep(SETTLE_SECONDS)
        try:
            connection.send(sample.body[half:])
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return None
