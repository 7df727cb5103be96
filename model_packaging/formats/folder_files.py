"""The files of a model that is a folder: where each of them goes in the container."""

from __future__ import annotations

from pathlib import Path

IGNORED = frozenset({".git", ".cache", "__pycache__", ".ipynb_checkpoints", ".DS_Store", ".gitattributes"})
"""What tools leave in folders, and no model is made of."""


def files_under(folder: Path, place: str = "") -> dict[str, Path]:
    """Every file under the folder, by its place in the container, which begins with `place`; ordered by place.

    Links are files here: packaging looks at where they lead, and refuses those that leave the folder.
    """
    found = {
        place + path.relative_to(folder).as_posix(): path
        for path in folder.rglob("*")
        if not IGNORED.intersection(path.relative_to(folder).parts) and (path.is_symlink() or path.is_file())
    }
    return dict(sorted(found.items()))
