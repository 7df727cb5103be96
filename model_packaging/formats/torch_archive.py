"""What a zip of PyTorch's holds: a TorchScript program, an exported program, or weights without a program.

`torch.jit.save`, `torch.export.save` and `torch.save` all write a zip whose members lie in one folder. Which of them
it was is told by the members' names; nothing is unpickled.

Sources: https://github.com/pytorch/pytorch (`torch/csrc/jit/serialization/export_module.cpp`,
`torch/export/pt2_archive/constants.py`)
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from model_packaging.formats.errors import BrokenModelError
from model_packaging.formats.zips import UNREADABLE_ZIP, first_member

TITLE = "PyTorch"
_FIRST_MEMBER = re.compile(
    r"[^/]+/(data\.pkl|data/.+|archive_format|archive_version|models/.+|constants\.pkl|code/.+|version)"
    r"|serialized_exported_program\.json|serialized_state_dict\.(?:pt|json)|version"
)
OLD_PROGRAM = "serialized_exported_program.json"
"""Where torch.export kept the program before it wrote archives."""

MAXIMUM_MEMBER_BYTES = 1 << 30
"""What is read of a zip is read as a whole; a program's weights are not."""

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
        """A member's bytes, by its name in the folder.

        Raises:
            BrokenModelError: it is not there, is damaged, or is larger than what describes a program may be.
        """
        try:
            with zipfile.ZipFile(self.path) as archive:
                if archive.getinfo(self.folder + name).file_size > MAXIMUM_MEMBER_BYTES:
                    message = f"its {name}, which only describes it, unpacks to more than 1 GiB"
                    raise BrokenModelError(self.path, TITLE, message)
                return archive.read(self.folder + name)
        except UNREADABLE_ZIP as error:
            raise BrokenModelError(self.path, TITLE, f"the zip's {name} is damaged: {error}") from error

    def version(self) -> str:
        """The version of the file's format; empty where it says none."""
        return self.read("version").decode(errors="replace").strip() if "version" in self.names else ""


def read_torch_archive(path: Path) -> TorchArchive | None:
    """What the zip holds; None where it is none, or not of PyTorch's.

    Raises:
        BrokenModelError: it begins as one, and is cut short or damaged.
    """
    first = first_member(path)
    if first is None:
        return None
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except UNREADABLE_ZIP as error:
        if _FIRST_MEMBER.fullmatch(first) is None:
            return None
        raise BrokenModelError(path, TITLE, f"the zip is cut short or damaged: {error}") from error
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
