"""What the release's `code/requirements.txt` asks for, compared with what is installed here.

AWS's framework containers run `pip install -r requirements.txt` when they start. The local process installs
nothing: it says what is missing and the command that brings it.
"""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement


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
    try:
        installed = importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return requirement.specifier.contains(installed, prereleases=True)
