"""What a serving process uses of this machine, for the instance metrics of an endpoint and the contract's memory check.

It is a local measure: the process on this machine, not a container on an instance of the type that was asked for.
Read from /proc, so on Linux only; elsewhere there are none of these metrics.

https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html#cloudwatch-metrics-jobs
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_CPU_FIELDS = slice(11, 13)  # proc_pid_stat(5): utime and stime, counted after the name
_START_FIELD = 19
_SESSION_FIELD = 3
_RESIDENT_PAGES = 1  # proc_pid_statm(5)


@dataclass(frozen=True)
class Usage:
    """What a process has used in its life."""

    age_seconds: float
    cpu_seconds: float
    resident_bytes: int


@dataclass(frozen=True)
class Utilization:
    """Percentages as SageMaker counts them: 100 a processor for the CPU, 100 in all for memory and disk."""

    cpu_percent: float
    memory_percent: float
    disk_percent: float


def usage_of(pid: int) -> Usage | None:
    """What the process has used; None where it is gone, or where there is no /proc."""
    try:
        stat = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        up_seconds = float((_PROC / "uptime").read_text(encoding="utf-8").split()[0])
        pages = int((_PROC / str(pid) / "statm").read_text(encoding="utf-8").split()[_RESIDENT_PAGES])
    except OSError:
        return None
    ticks_a_second = os.sysconf("SC_CLK_TCK")
    return Usage(
        age_seconds=up_seconds - int(stat[_START_FIELD]) / ticks_a_second,
        cpu_seconds=sum(int(field) for field in stat[_CPU_FIELDS]) / ticks_a_second,
        resident_bytes=pages * os.sysconf("SC_PAGE_SIZE"),
    )


def utilization(before: Usage | None, now: Usage, folder: Path) -> Utilization:
    """What a process used since `before`, or since it began; of the disk, what is in `folder`."""
    seconds = now.age_seconds - (0.0 if before is None else before.age_seconds)
    used_seconds = now.cpu_seconds - (0.0 if before is None else before.cpu_seconds)
    memory_bytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    stored_bytes = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    place = next(one for one in (folder, *folder.parents) if one.is_dir())
    return Utilization(
        cpu_percent=100 * used_seconds / seconds if seconds > 0 else 0.0,
        memory_percent=100 * now.resident_bytes / memory_bytes,
        disk_percent=100 * stored_bytes / shutil.disk_usage(place).total,
    )


@dataclass(frozen=True)
class Memory:
    """The memory of one process, of which what it shares with others counts once."""

    peak_private_bytes: int
    """The most it ever had for itself."""
    shared_bytes: int
    """Files and shared memory that are mapped now."""


def memory_of(pid: int) -> Memory | None:
    """The memory of a process; None where it is gone, or where there is no /proc (proc_pid_status(5))."""
    try:
        status = (_PROC / str(pid) / "status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = {name: rest.split() for name, _, rest in (line.partition(":") for line in status.splitlines())}
    peak, files, shared = (int(fields.get(name, ["0"])[0]) * 1024 for name in ("VmHWM", "RssFile", "RssShmem"))
    return Memory(max(0, peak - files - shared), files + shared)


def processes_of(session: int) -> tuple[int, ...]:
    """The processes of a session: a container's first process leads one, and what it starts is in it."""
    try:
        pids = [int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit()]
    except OSError:
        return ()
    return tuple(sorted(pid for pid in pids if _session_of(pid) == session))


def _session_of(pid: int) -> int | None:
    try:
        stat = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return int(stat.rpartition(")")[2].split()[_SESSION_FIELD])
