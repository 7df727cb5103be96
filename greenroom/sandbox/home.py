"""Where a project's sandbox lives: `.greenroom` beside its Pulumi.yaml, or `GREENROOM_HOME`."""

from __future__ import annotations

import os
from pathlib import Path


def sandbox_home(project_root: Path) -> Path:
    """The folder of a project's local AWS, state and releases; it need not exist yet."""
    given = os.environ.get("GREENROOM_HOME")
    return (Path(given) if given else project_root / ".greenroom").resolve()
