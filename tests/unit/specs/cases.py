"""The folders of tests/testdata/specs: `valid` is a whole project, every other one is what differs from it.

A file `X.removed` takes X away; `expected.txt` holds the message, exactly.
"""

from __future__ import annotations

import shutil
from pathlib import Path

TESTDATA = Path(__file__).parents[2] / "testdata" / "specs"
VALID = TESTDATA / "valid"
EXPECTED = "expected.txt"


def case_names() -> list[str]:
    return sorted(path.name for path in TESTDATA.iterdir() if path.is_dir() and path != VALID)


def project_folder(case: str, root: Path) -> Path:
    """The project of `case`, made in `root`."""
    shutil.copytree(VALID, root, dirs_exist_ok=True)
    if case == VALID.name:
        return root
    for source in sorted(path for path in (TESTDATA / case).rglob("*") if path.is_file() and path.name != EXPECTED):
        target = root / source.relative_to(TESTDATA / case)
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.suffix == ".removed":
            removed = target.with_suffix("")
            removed.unlink()
            if not any(removed.parent.iterdir()):
                removed.parent.rmdir()
        else:
            shutil.copyfile(source, target)
    return root


def expected(case: str) -> str:
    return (TESTDATA / case / EXPECTED).read_text(encoding="utf-8").rstrip("\n")
