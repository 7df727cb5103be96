"""One command, measured: wall-clock seconds and peak memory of its process."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Measured:
    """What a command took.

    Attributes:
        seconds: from start to end, the interpreter's start among it.
        cpu_seconds: user and system time of the process.
        peak_mib: its largest resident set.
        stdout: what it printed.
    """

    seconds: float
    cpu_seconds: float
    peak_mib: float
    stdout: str


def measure(command: Sequence[str], *, environment: Mapping[str, str] | None = None, runs: int = 1) -> Measured:
    """The fastest of `runs` runs: what disturbs a measurement only ever makes it longer.

    Raises:
        SystemExit: the command failed; with its stderr.
    """
    return min((_once(command, environment) for _ in range(runs)), key=lambda one: one.seconds)


def _once(command: Sequence[str], environment: Mapping[str, str] | None) -> Measured:
    log = Path(os.devnull).open("rb")  # noqa: SIM115 - closed below, with the process's end
    started = time.perf_counter()
    with subprocess.Popen(
        command,
        stdin=log,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    ) as process:
        assert process.stdout is not None
        stdout = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - started
    log.close()
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}:\n{stdout}")
    per_mib = 1024 * 1024 if sys.platform == "darwin" else 1024  # getrusage(2): bytes there, kilobytes here
    return Measured(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / per_mib, stdout)
