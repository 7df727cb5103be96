"""A file that package.yaml or gate.yaml names: a plain path inside the model's folder, with a regular file there."""

from __future__ import annotations

from pathlib import Path

from model_packaging.complaints import did_you_mean
from model_packaging.release import checked_path

NAMED_FILE_FIX = "name a file inside the model's folder, or put it there"


def file_problem(model_folder: Path, named: str, *, suffixes: tuple[str, ...] = (), or_folder: bool = False) -> str:
    """What is wrong with a file that is named, in a sentence; empty where nothing is.

    Args:
        model_folder: Where the path begins, and what it must not lead out of.
        named: The path, as it is written.
        suffixes: What its name may end in; without it anything.
        or_folder: Whether a folder may stand there.
    """
    try:
        path = model_folder / checked_path(named)
    except ValueError as error:
        return str(error)
    if suffixes and path.suffix not in suffixes:
        return f"{named!r} is not read: its name ends in none of {', '.join(suffixes)}"
    if not path.exists():
        near = did_you_mean(named, _files_in(model_folder, suffixes))
        return f"there is no file {named!r}" + (f"; {near}" if near else "")
    if not path.resolve().is_relative_to(model_folder.resolve()):
        return f"{named!r} is a link that leads out of the model's folder, to {path.resolve()}"
    return "" if path.is_file() or (or_folder and path.is_dir()) else f"{named!r} is not a file"


def _files_in(folder: Path, suffixes: tuple[str, ...]) -> list[str]:
    there = (path for path in folder.rglob("*") if path.is_file() and (not suffixes or path.suffix in suffixes))
    return sorted(path.relative_to(folder).as_posix() for path in there)
