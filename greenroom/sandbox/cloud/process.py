"""Processes by their identity: a pid alone is not one, since the system gives it to another process later."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path

POLL_SECONDS = 0.02


def started(pid: int) -> str | None:
    """When the process began, as the system says it; None where there is no such process (a zombie is none)."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            return None
        state, start_time_ticks = fields[0], fields[19]  # proc_pid_stat(5): fields 3 and 22
        return None if state in "ZX" else start_time_ticks
    asked = subprocess.run(["ps", "-o", "state=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, began = asked.stdout.strip().partition(" ")
    return None if asked.returncode != 0 or state.startswith("Z") else began.strip()


def is_running(pid: int, started_then: str) -> bool:
    """Whether the process that was given `pid` at `started_then` still runs."""
    return started(pid) == started_then


def end(pid: int, started_then: str, *, timeout_seconds: float = 10.0) -> None:
    """SIGTERM, then SIGKILL, to that process and no other; returns when it is gone."""
    for sign, patience_seconds in ((signal.SIGTERM, timeout_seconds), (signal.SIGKILL, timeout_seconds)):
        if not is_running(pid, started_then):
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, sign)
        deadline = time.monotonic() + patience_seconds
        while is_running(pid, started_then) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
