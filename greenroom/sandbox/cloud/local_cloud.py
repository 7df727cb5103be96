"""`LocalCloud`: the local AWS as a process that outlives the command which started it.

Everything is under `home/cloud`: the journal that its state is restored from, its log, and `server.json`, by which a
later command finds the process. A process is known by its pid and its start time, so that a recycled pid is never
taken for it, nor killed. Two commands that start it at once get the same one.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from greenroom.sandbox.cloud import process
from greenroom.sandbox.cloud.address import CloudAddress, CloudStatus, ServerRecord
from greenroom.sandbox.cloud.errors import CloudStartError, CloudUnresponsiveError

POLL_SECONDS = 0.05
LOG_TAIL_LINES = 15
HEALTH_TIMEOUT_SECONDS = 2.0

Progress = Callable[[CloudStatus], None]


class LocalCloud:
    """The local AWS of one project: `home` is its `.greenroom` folder."""

    def __init__(self, home: Path, *, default_account_id: str = "123456789012") -> None:
        self._folder = home.resolve() / "cloud"
        self._record_path = self._folder / "server.json"
        self._port_path = self._folder / "port"
        self._default_account_id = default_account_id

    @property
    def folder(self) -> Path:
        """Where everything of it is kept."""
        return self._folder

    @property
    def logs(self) -> Path:
        """The server's log; what containers print is in CloudWatch Logs."""
        return self._folder / "server.log"

    def ensure_running(self, *, on_progress: Progress | None = None, timeout_seconds: float = 120.0) -> CloudAddress:
        """Start it where it is not running. Returns when it answers.

        A server that was killed is started again, on the same port where that is free, and restores its state.

        Args:
            on_progress: Is told the status while it starts and restores.
            timeout_seconds: How long to wait without any progress.

        Raises:
            CloudStartError: It ended, or made no progress in time; its log's tail is in the message.
            CloudUnresponsiveError: It runs and does not answer.
        """
        from filelock import FileLock

        self._folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self._folder / "start.lock"):
            record = self._running()
            if record is not None and record.default_account_id != self._default_account_id:
                self.stop()
                record = None
            pid = self._start() if record is None else record.pid
            return self._wait_until_ready(pid, on_progress, timeout_seconds)

    def status(self) -> CloudStatus:
        """What it is doing now. Starts nothing, changes nothing."""
        record = self._running()
        if record is None:
            return CloudStatus("stopped", None)
        health = _health(record)
        if health is None:
            return CloudStatus("unresponsive", record.address)
        return CloudStatus(health["state"], record.address, health["done"], health["total"])

    def stop(self) -> bool:
        """End it, and every container it runs; its state stays. False where it was not running."""
        record = self._running()
        if record is None:
            self._record_path.unlink(missing_ok=True)
            return False
        process.end(record.pid, record.started)
        self._record_path.unlink(missing_ok=True)
        return True

    def reset(self) -> None:
        """End it and forget everything: every resource of every account, endpoints' files, logs."""
        from filelock import FileLock

        self._folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self._folder / "start.lock"):
            self.stop()
            for path in self._folder.iterdir():
                if path.name in {"start.lock", "server.lock", self._port_path.name}:
                    continue
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def _running(self) -> ServerRecord | None:
        record = ServerRecord.read(self._record_path)
        return record if record is not None and process.is_running(record.pid, record.started) else None

    def _start(self) -> int:
        self._record_path.unlink(missing_ok=True)
        command = [
            sys.executable,
            "-m",
            "greenroom.sandbox.cloud.server",
            f"--folder={self._folder}",
            f"--port={self._remembered_port()}",
            f"--default-account-id={self._default_account_id}",
        ]
        started = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=_environment(), check=False
        )
        if started.returncode != 0:
            raise CloudStartError(f"the local AWS did not start:\n{started.stderr.strip()}")
        return int(started.stdout)

    def _remembered_port(self) -> int:
        try:
            return int(self._port_path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return 0

    def _wait_until_ready(self, pid: int, on_progress: Progress | None, timeout_seconds: float) -> CloudAddress:
        began = process.started(pid)
        last: CloudStatus | None = None
        deadline = time.monotonic() + timeout_seconds
        while True:
            status = self.status()
            if status.state in {"stopped", "unresponsive"}:
                status = CloudStatus("starting", None)
            if status.state == "ready" and status.address is not None and status.address.pid == pid:
                self._port_path.write_text(status.address.url.rpartition(":")[2], encoding="utf-8")
                return status.address
            if began is None or not process.is_running(pid, began):
                raise CloudStartError(f"the local AWS ended while it started; the end of {self.logs}:\n{self._tail()}")
            if status != last:
                last, deadline = status, time.monotonic() + timeout_seconds
                if on_progress is not None:
                    on_progress(status)
            if time.monotonic() > deadline:
                raise CloudUnresponsiveError(
                    f"the local AWS (pid {pid}) has not answered for {timeout_seconds:.0f} seconds. "
                    f"End it with `greenroom sandbox stop`, then try again; its log: {self.logs}"
                )
            time.sleep(POLL_SECONDS)

    def _tail(self) -> str:
        try:
            lines = self.logs.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return "(no log)"
        return "\n".join(lines[-LOG_TAIL_LINES:])


def _health(record: ServerRecord) -> dict[str, Any] | None:
    connection = http.client.HTTPConnection("127.0.0.1", record.port, timeout=HEALTH_TIMEOUT_SECONDS)
    try:
        connection.request("GET", "/_greenroom/health")
        health: dict[str, Any] = json.loads(connection.getresponse().read())
    except (OSError, ValueError, http.client.HTTPException):
        return None
    else:
        return health if health.get("pid") == record.pid else None
    finally:
        connection.close()


def _environment() -> dict[str, str]:
    """Ours, without what would change moto or point AWS clients elsewhere; modules are found where we found them."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MOTO_"))}
    return kept | {"PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
