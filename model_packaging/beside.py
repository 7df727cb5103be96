"""The small files beside a model that have a name of their own: package.yaml, gate.yaml, locks, metrics.

Whoever looks for one with `is_file()` takes a folder, a pipe or a link that leads nowhere for a file that is not there,
and a gate that could not be read would judge nothing. Here each of them is refused.
"""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

from model_packaging.errors import InvalidPackageError, Violation

MAXIMUM_BYTES = 256 * 1024 * 1024
"""More than the statistics of 10,000 columns need; what is longer is no such file, and may be endless."""


def read_beside(path: Path, *, limit_bytes: int = MAXIMUM_BYTES, fix: str = "") -> bytes | None:
    """The file's bytes; None where nothing has its name.

    Args:
        path: The file.
        limit_bytes: How long it may be.
        fix: What to change, told with every message.

    Raises:
        InvalidPackageError: it cannot be read, is no regular file, or is too long.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # opening a pipe would wait for ever
    except FileNotFoundError as error:
        if not path.is_symlink():
            return None
        raise _refused(path, "is a link that leads nowhere", fix or "put the file itself there") from error
    except OSError as error:
        raise _refused(path, f"cannot be read: {error.strerror}", fix) from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            told = "is a folder" if stat.S_ISDIR(status.st_mode) else "is no regular file"
            raise _refused(path, told, fix or "put the file itself there")
        if status.st_size > limit_bytes:
            raise _refused(path, f"has more than {limit_bytes // 1024} KiB: no such file is that long", fix)
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            return stream.read(limit_bytes)
    finally:
        os.close(descriptor)


def json_beside(path: Path, *, fix: str = "") -> Any:
    """A JSON file's content.

    Raises:
        InvalidPackageError: it is not there, cannot be read, or is not JSON; with the line.
    """
    content = read_beside(path, fix=fix)
    if content is None:
        raise _refused(path, "is not there", fix)
    try:
        return json.loads(content.decode("utf-8"), object_pairs_hook=_without_doubles)
    except json.JSONDecodeError as error:
        violation = Violation(path.as_posix(), error.lineno, "", None, f"is not JSON: {error}", fix=fix)
        raise InvalidPackageError([violation]) from error
    except RecursionError as error:
        raise _refused(path, "is nested too deep", fix) from error
    except ValueError as error:
        raise _refused(path, f"is not JSON: {error}", fix) from error


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        double = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{double!r} is there twice")
    return found


def _refused(path: Path, message: str, fix: str) -> InvalidPackageError:
    return InvalidPackageError([Violation(path.as_posix(), None, "", None, message, fix=fix)])
