"""`/opt/ml/model` as SageMaker fills it: plain files in plain folders, which nobody writes to.

An S3 prefix holds files and nothing else: a link, a pipe or a socket in the folder would not be there in AWS. Where
model data are not compressed, the folder is on a read-only file system there, so that code which writes beside its
model fails in AWS only.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from model_packaging.contract.probe import CheckFailedError

MODEL_DATA_PAGE = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_S3ModelDataSource.html"
READ_ONLY_PAGE = "https://github.com/autogluon/autogluon/pull/3064"
"""Nothing of AWS's says so; its own users found out."""

SHOWN = 5

Snapshot: TypeAlias = Mapping[str, tuple[int, int]]
"""Path in the folder to size in bytes and time of change in nanoseconds."""


def check_layout(folder: Path) -> str:
    """What the folder holds.

    Raises:
        CheckFailedError: nothing, or what cannot be there in AWS.
    """
    entries = tuple(_entries(folder))
    wrong = [f"{path} is {kind}" for path, kind, _ in entries if kind not in {"a file", "a folder"}]
    if wrong:
        raise CheckFailedError(_some(wrong))
    files = [size for _, kind, size in entries if kind == "a file"]
    if not files:
        raise CheckFailedError("the release has no file under model/")
    return f"{len(files)} files, {sum(files):,} B"


def snapshot(folder: Path) -> Snapshot:
    """What is there, to tell later whether it changed."""
    found = {}
    for path in _walk(folder):
        status = path.lstat()
        if stat.S_ISREG(status.st_mode):
            found[path.relative_to(folder).as_posix()] = status.st_size, status.st_mtime_ns
    return found


def check_unchanged(folder: Path, before: Snapshot) -> str:
    """That the folder is as it was.

    Raises:
        CheckFailedError: names what was written, changed or deleted.
    """
    after = snapshot(folder)
    told = [f"wrote {path}" for path in sorted(after.keys() - before.keys())]
    told += [f"deleted {path}" for path in sorted(before.keys() - after.keys())]
    told += [f"changed {path}" for path in sorted(before.keys() & after.keys()) if before[path] != after[path]]
    if told:
        raise CheckFailedError(f"the release's code {_some(told)}")
    return "nothing was written"


def _entries(folder: Path) -> Iterator[tuple[str, str, int]]:
    for path in _walk(folder):
        status = path.lstat()
        shown = path.relative_to(folder).as_posix()
        if stat.S_ISREG(status.st_mode):
            yield shown, "a file", status.st_size
        elif stat.S_ISDIR(status.st_mode):
            yield shown, "a folder", 0
        elif stat.S_ISLNK(status.st_mode):
            yield shown, f"a symbolic link to {os.readlink(path)}", 0  # noqa: PTH115 - as it is written
        else:
            yield shown, "neither a file nor a folder", 0


def _walk(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        for name in sorted((*folders, *files)):
            yield Path(place) / name


def _some(told: list[str]) -> str:
    more = f" and {len(told) - SHOWN} more" if len(told) > SHOWN else ""
    return "; ".join(told[:SHOWN]) + more
