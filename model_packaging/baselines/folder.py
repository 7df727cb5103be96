"""The folder of baselines beside a model: written whole, or left as it was."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from model_packaging.baseline_files import BASELINE_FILES, FURTHER_BASELINE_FILES


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Puts `files` in the place of what was made before; what else is in the folder stays.

    The new folder is made beside the old one, and takes its name when all of it is on the disk.

    Args:
        folder: A model's `baseline`.
        files: Contents by path in it.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        made = staging / "new"
        made.mkdir()
        for path, content in files.items():
            _write(made / path, content)
        if folder.is_dir():
            _carry_over(folder, made)
            folder.rename(staging / "before")
        try:
            made.rename(folder)
        except OSError:
            if (staging / "before").is_dir():
                (staging / "before").rename(folder)
            raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _carry_over(folder: Path, made: Path) -> None:
    """What others have put there."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in {*BASELINE_FILES, *FURTHER_BASELINE_FILES}:
            (made / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, made / name, follow_symlinks=False)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
