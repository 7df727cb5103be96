"""`MemoryWatch`: what a container and all it started come to in memory, while it runs.

Each process tells the most it ever had (VmHWM), so that no peak is missed between two looks; what processes share
counts once. A container that grows over the limit is killed, as the kernel kills it on the instance: a leak does not
take this machine with it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from types import TracebackType
from typing import Self

from model_packaging.serving.usage import memory_of, processes_of

LOOK_SECONDS = 0.1
MIB = 1024 * 1024


class MemoryWatch:
    """Watches the container whose first process is `pid`, from `with` to its end."""

    def __init__(self, pid: int, limit_bytes: int | None, *, workers: int = 1, workers_here: int = 1) -> None:
        """A watch that has not begun.

        Args:
            pid: The container's first process, which leads its session.
            limit_bytes: Where the container is killed; None: nowhere.
            workers: How many workers AWS's container has.
            workers_here: How many this one has; the memory of the others is reckoned as that of the largest.
        """
        self._pid, self._limit_bytes = pid, limit_bytes
        self._more_workers = max(0, workers - workers_here)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory", daemon=True)
        self.peak_bytes = 0
        self.was_killed = False

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            self.look()

    def look(self) -> None:
        """Takes the measure now."""
        alive = {pid: memory for pid in processes_of(self._pid) if (memory := memory_of(pid)) is not None}
        if not alive:
            return
        private = [memory.peak_private_bytes for memory in alive.values()]
        shared = max(memory.shared_bytes for memory in alive.values())
        here = sum(private) + shared
        self.peak_bytes = max(self.peak_bytes, here + max(private) * self._more_workers)
        if self._limit_bytes is not None and here > self._limit_bytes and not self.was_killed:
            self.was_killed = True
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._pid, signal.SIGKILL)
