"""One command at a time on a stack, and for the second one who holds it.

The lock is the system's: it ends with the process that holds it, however that ends. What the holder wrote about itself
stays behind if it is killed, so a holder whose process is gone is not named.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import filelock

from greenroom.sandbox.engine.errors import StackLockedError


@contextmanager
def held(stack: str, file: Path, command: str = "") -> Iterator[None]:
    """Holds a stack while the body runs.

    Args:
        stack: its name.
        file: its state; the lock and the holder's word lie beside it.
        command: what the holder does; left out, the name of its program.

    Raises:
        StackLockedError: another command holds it.
    """
    lock = filelock.FileLock(f"{file}.lock", timeout=0)
    holder = file.with_name(f"{file.name}.holder")
    try:
        lock.acquire()
    except filelock.Timeout as error:
        raise StackLockedError(stack, _told(holder)) from error
    try:
        word = {
            "process": os.getpid(),
            "command": command or Path(sys.argv[0] or "python").name,
            "since": time.strftime("%Y-%m-%d %H:%M:%S"),
        }
        with suppress(OSError):  # the lock holds without it, on a full disk
            holder.write_text(json.dumps(word), encoding="utf-8")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _told(holder: Path) -> str:
    try:
        word = json.loads(holder.read_text(encoding="utf-8"))
        process, command, since = int(word["process"]), word["command"], word["since"]
    except (OSError, ValueError, KeyError, TypeError):
        return "another command"
    return f"process {process} ({command}, since {since})" if _is_alive(process) else "another command"


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
