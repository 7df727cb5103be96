"""The files of a model that is a folder: where each goes in the container, and whether it is the file itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

IGNORED = frozenset({".git", ".cache", "__pycache__", ".ipynb_checkpoints", ".DS_Store", ".gitattributes"})
"""What tools leave in folders, and no model is made of."""


GIT_LFS = b"version https://git-lfs.github.com/spec/"
POINTER_BYTES = 1024
"""A pointer is shorter: https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md."""


def is_lfs_pointer(path: Path) -> bool:
    """Whether the file is what Git LFS has in the place of it where it was not fetched."""
    if not path.is_file() or path.stat().st_size > POINTER_BYTES:
        return False
    with path.open("rb") as stream:
        return stream.read(len(GIT_LFS)) == GIT_LFS


def first_few(names: Sequence[str]) -> str:
    """As many names as a message has room for."""
    return ", ".join(names[:3]) + (", …" if len(names) > 3 else "")


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
