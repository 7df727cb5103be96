"""What a zip of PyTorch's holds: a TorchScript program, an exported program, or weights without a program.

`torch.jit.save`, `torch.export.save` and `torch.save` all write a zip whose members lie in one folder. Which of them
it was is told by the members' names; nothing is unpickled.

Sources: https://github.com/pytorch/pytorch (`torch/csrc/jit/serialization/export_module.cpp`,
`torch/export/pt2_archive/constants.py`)
"""

from __future__ import annotations

import re
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ZIP_MAGIC = b"PK\x03\x04"
_FIRST_MEMBER = re.compile(
    r"[^/]+/(data\.pkl|data/.+|archive_format|archive_version|models/.+|constants\.pkl|code/.+|version)"
    r"|serialized_exported_program\.json|serialized_state_dict\.(?:pt|json)|version"
)
OLD_PROGRAM = "serialized_exported_program.json"
"""Where torch.export kept the program before it wrote archives."""

Content = Literal["torchscript", "exported program", "compiled", "weights"]


@dataclass(frozen=True)
class TorchArchive:
    """The members of a zip of PyTorch's."""

    path: Path
    content: Content
    folder: str
    """The folder of all members, with a slash; empty where there is none."""
    names: frozenset[str]

    def read(self, name: str) -> bytes:
        """A member's bytes, by its name in the folder."""
        with zipfile.ZipFile(self.path) as archive:
            return archive.read(self.folder + name)

    def version(self) -> str:
        """The version of the file's format; empty where it says none."""
        return self.read("version").decode().strip() if "version" in self.names else ""

    def pickles(self) -> tuple[str, ...]:
        """Members that are pickles, or hold one: what loading it could run."""
        return tuple(sorted(one for one in self.names if one.endswith((".pkl", ".pt"))))


class BrokenArchiveError(Exception):
    """It begins as a zip of PyTorch's, and is cut short or damaged."""


def read_torch_archive(path: Path) -> TorchArchive | None:
    """What the zip holds; None where it is none, or not of PyTorch's.

    Raises:
        BrokenArchiveError: it begins as one, and is cut short or damaged.
    """
    with path.open("rb") as stream:
        head = stream.read(30)
        if not head.startswith(ZIP_MAGIC) or len(head) < 30:
            return None
        first = stream.read(struct.unpack("<H", head[26:28])[0]).decode(errors="replace")
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError) as error:
        if _FIRST_MEMBER.fullmatch(first) is None:
            return None
        raise BrokenArchiveError(f"the zip is cut short or damaged: {error}") from error
    return _archive(path, names)


def _archive(path: Path, names: list[str]) -> TorchArchive | None:
    if OLD_PROGRAM in names:
        return TorchArchive(path, "exported program", "", frozenset(names))
    folders = {name.partition("/")[0] + "/" for name in names if "/" in name}
    if len(folders) != 1 or any("/" not in name for name in names):
        return None
    folder = folders.pop()
    inside = frozenset(name.removeprefix(folder) for name in names)
    content = _content(inside)
    return None if content is None else TorchArchive(path, content, folder, inside)


def _content(names: frozenset[str]) -> Content | None:
    if "archive_format" in names or any(name.startswith("models/") for name in names):
        if any(name.startswith("models/") and name.endswith(".json") for name in names):
            return "exported program"
        return "compiled" if any(name.startswith("data/aotinductor/") for name in names) else None
    if "constants.pkl" in names and any(name.startswith("code/") for name in names):
        return "torchscript"
    return "weights" if "data.pkl" in names and {"version", "byteorder"} & names else None
