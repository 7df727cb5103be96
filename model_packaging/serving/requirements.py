"""What the release's `code/requirements.txt` asks for, compared with what is installed here.

AWS's framework containers run `pip install -r requirements.txt` when they start. The local process installs
nothing: it says what is missing and the command that brings it.
"""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

STANDS_IN = {
    "onnxruntime-gpu": "onnxruntime",
    "tensorflow": "tensorflow-cpu",
    "xgboost": "xgboost-cpu",
}
"""Distributions of the same module for another processor: one will do here for what the container's file names."""


def unmet_requirements(path: Path) -> tuple[str, ...]:
    """The requirements of the file at `path` that this interpreter does not meet; a missing file has none."""
    if not path.is_file():
        return ()
    lines = (line.split(" #")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return tuple(line for line in lines if line and not line.startswith(("#", "-")) and not _is_met(line))


def _is_met(line: str) -> bool:
    try:
        requirement = Requirement(line)
    except InvalidRequirement:
        return False
    if requirement.marker is not None and not requirement.marker.evaluate():
        return True
    installed = _installed_version(requirement.name) or _installed_version(STANDS_IN.get(requirement.name, ""))
    return installed is not None and requirement.specifier.contains(installed, prereleases=True)


def _installed_version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name) if name else None
    except importlib.metadata.PackageNotFoundError:
        return None
