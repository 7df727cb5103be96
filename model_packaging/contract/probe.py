"""`Probe`: the running container of a contract check, and the requests that the checks send it.

A request that ends the container costs the check that sent it, and not the ones after: the next request starts it
again, as SageMaker does.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from model_packaging.contract.memory_watch import MIB, MemoryWatch
from model_packaging.contract.report import CONTAINER_PAGE, Check
from model_packaging.serving import ContainerResponse, ContainerSpec, ContainerStartError, VariantContainer
from model_packaging.serving.container import tail_of

ACCEPT_ANY = "*/*"
LOG_NAME = "container.log"

MOST_TIMEOUTS = 2
"""How many requests may hang: a model that hangs on every one is not asked for a quarter of an hour."""


class CheckFailedError(Exception):
    """A promise that was not kept: what was seen."""


class CheckSkippedError(Exception):
    """A promise that could not be asked for: why."""


@dataclass
class Probe:
    """A container under check."""

    spec: ContainerSpec
    work_folder: Path
    startup_timeout_seconds: float
    stop_timeout_seconds: float
    memory_limit_mib: int | None
    workers: int
    workers_here: int
    invocation_timeout_seconds: float
    narrate: Callable[[Check], None] | None = None
    checks: list[Check] = field(default_factory=list)
    peak_bytes: int = 0
    was_killed_for_memory: bool = False
    timeouts: int = 0
    log_of_failure: str = ""
    """What the container's log says of the first check that failed."""
    _container: VariantContainer | None = None
    _watch: MemoryWatch | None = None

    @property
    def container(self) -> VariantContainer:
        """The container, started where it does not run.

        Raises:
            ContainerStartError: it does not start.
        """
        if self._container is None or not self._container.is_alive:
            self.stop()
            self._container = VariantContainer.start(
                self.spec, self.work_folder, log_name=LOG_NAME, startup_timeout_seconds=self.startup_timeout_seconds
            )
            limit = None if self.memory_limit_mib is None else self.memory_limit_mib * MIB
            self._watch = MemoryWatch(
                self._container.process.pid, limit, workers=self.workers, workers_here=self.workers_here
            )
            self._watch.__enter__()
        return self._container

    def invoke(self, body: bytes, content_type: str, accept: str = ACCEPT_ANY) -> ContainerResponse:
        """One `POST /invocations`.

        Raises:
            CheckFailedError: the container broke off, or gave no answer in time; it is ended then.
            CheckSkippedError: that was so often enough.
        """
        if self.timeouts >= MOST_TIMEOUTS:
            raise CheckSkippedError(f"{self.timeouts} requests before had no answer in time: this one was not sent")
        container = self.container
        response = container.invoke(body, content_type, accept, timeout_seconds=self.invocation_timeout_seconds)
        if response.is_answer:
            return response
        if response.status == http.client.GATEWAY_TIMEOUT:
            self.timeouts += 1
            container.stop_timeout_seconds = 0  # it hangs
            self.stop()
        raise CheckFailedError(response.body.decode(errors="replace"))

    def look(self) -> None:
        """Takes the measure of its memory now."""
        if self._watch is not None:
            self._watch.look()
            self.peak_bytes = max(self.peak_bytes, self._watch.peak_bytes)
            self.was_killed_for_memory |= self._watch.was_killed

    def stop(self) -> None:
        """Ends the container, and the watch over it."""
        if self._watch is not None:
            self.look()
            self._watch.__exit__(None, None, None)
            self._watch = None
        if self._container is not None:
            self._container.stop()
            self._container = None

    def _log_bytes(self) -> int:
        path = self.work_folder / LOG_NAME
        return path.stat().st_size if path.is_file() else 0

    def _log_since(self, offset_bytes: int) -> str:
        path = self.work_folder / LOG_NAME
        return tail_of(path, offset_bytes) if path.is_file() else ""

    def check(
        self, name: str, promise: Callable[[], str], *, asked: str, limit: str, source: str = CONTAINER_PAGE
    ) -> bool:
        """Makes one check: `promise` returns what was seen, or raises that it was not kept; whether it was."""
        began, log_bytes = time.perf_counter(), self._log_bytes()
        status, seen = self._outcome(promise)
        seconds = time.perf_counter() - began
        self.look()
        if status == "failed" and not self.log_of_failure:
            self.log_of_failure = self._log_since(log_bytes)
        check = Check(
            name=name, status=status, asked=asked, seen=seen, limit=limit, source=source, seconds=round(seconds, 4)
        )
        self.checks.append(check)
        if self.narrate is not None:
            self.narrate(check)
        return status != "failed"

    def _outcome(self, promise: Callable[[], str]) -> tuple[Literal["passed", "failed", "skipped"], str]:
        try:
            return "passed", promise()
        except CheckSkippedError as skipped:
            return "skipped", str(skipped)
        except CheckFailedError as failed:
            return "failed", str(failed)
        except ContainerStartError as failed:
            return "failed", f"the container did not start again: {failed.reason}"
