"""Several workers behind one listening socket, as the model servers in AWS's framework containers run them.

Each worker is a process with a model of its own: memory grows with their number, and as many requests are answered at
once. AWS's containers start as many as the instance has vCPUs, unless `SAGEMAKER_MODEL_SERVER_WORKERS` says how many;
here there is one, unless it says so: a laptop serves many endpoints.

No worker answers before all are loaded; until then this process answers 503. A worker that dies is started again, as
gunicorn does. SIGTERM goes to each of them.

Source: https://github.com/aws/sagemaker-containers (`_server.py`, `_env.py`: gunicorn with
`SAGEMAKER_MODEL_SERVER_WORKERS` workers, no preloading); the inference toolkit's `model_server.py` does the same.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from model_packaging.serving.server import (
    EXIT_CANNOT_START,
    ContainerServer,
    die_with_parent,
    hold_lifeline,
    log,
    serve_here,
)

POLL_SECONDS = 0.02


@dataclass(frozen=True)
class _Worker:
    process: subprocess.Popen[bytes]
    loaded: int
    """Read end of the pipe that tells that the model is loaded, or, closed, that it never will be."""

    def has_loaded(self) -> bool:
        """Waits until it has; False where it ended instead."""
        told = os.read(self.loaded, 1)
        os.close(self.loaded)
        return told != b""

    def go(self) -> None:
        assert self.process.stdin is not None  # noqa: S101 - it was given a pipe
        with contextlib.suppress(BrokenPipeError):  # it has ended since: the loop that waits for it sees to that
            self.process.stdin.write(b"g")
            self.process.stdin.flush()


def run_workers(listener: socket.socket, count: int) -> NoReturn:
    """Serves with `count` workers until SIGTERM."""
    workers: dict[int, _Worker] = {}
    is_stopping = threading.Event()

    def on_sigterm(*_: object) -> None:
        is_stopping.set()
        for worker in list(workers.values()):
            worker.process.send_signal(signal.SIGTERM)

    signal.signal(signal.SIGTERM, on_sigterm)
    for _ in range(count):
        worker = _start(listener)
        workers[worker.process.pid] = worker
    if not _load_all(listener, workers):
        _end_all(workers, 0 if is_stopping.is_set() else EXIT_CANNOT_START)
    log(f"{count} workers are loaded")
    while workers:
        pid, status = os.wait()
        if workers.pop(pid, None) is None or is_stopping.is_set():
            continue
        log(f"worker {pid} ended with exit status {os.waitstatus_to_exitcode(status)}; another one starts")
        fresh = _start(listener)
        workers[fresh.process.pid] = fresh
        if not fresh.has_loaded():
            _end_all(workers, 0 if is_stopping.is_set() else EXIT_CANNOT_START)
        fresh.go()
    os._exit(0)


def _end_all(workers: Mapping[int, _Worker], status: int) -> NoReturn:
    for worker in workers.values():
        worker.process.kill()
    os._exit(status)


def _load_all(listener: socket.socket, workers: Mapping[int, _Worker]) -> bool:
    meanwhile = ContainerServer(listener)
    threading.Thread(target=meanwhile.serve_forever, args=(POLL_SECONDS,), name="loading", daemon=True).start()
    if not all(worker.has_loaded() for worker in workers.values()):
        return False
    meanwhile.shutdown()
    for worker in workers.values():
        worker.go()
    return True


def _start(listener: socket.socket) -> _Worker:
    loaded, told = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-m", "model_packaging.serving.worker_pool", str(listener.fileno()), str(told)],
        stdin=subprocess.PIPE,
        pass_fds=(listener.fileno(), told),
    )
    os.close(told)
    return _Worker(process, loaded)


def main() -> None:
    """One worker: loads, tells so, waits for the word, serves."""
    lifeline = hold_lifeline()
    listener, told = socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2])

    def when_loaded() -> None:
        os.write(told, b"l")
        os.close(told)
        if not os.read(lifeline, 1):
            os._exit(0)
        die_with_parent(lifeline)

    serve_here(listener, when_loaded)


if __name__ == "__main__":
    main()
