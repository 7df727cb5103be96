"""The command line on projects of its own, each with a home and a local AWS of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from greenroom.cli.root import root
from greenroom.sandbox.cloud import LocalCloud

REPOSITORY = Path(__file__).parents[3]


@dataclass(frozen=True)
class Shell:
    """Runs `greenroom` in a project, with a home of its own."""

    project: Path
    home: Path

    def run(self, *arguments: str) -> Result:
        """In this process; the local AWS is a process of its own, as for everybody."""
        folder = [] if arguments[0] == "package" else ["--project", str(self.project)]
        runner = CliRunner(env={"GREENROOM_HOME": str(self.home), "NO_COLOR": "1"})
        return runner.invoke(root, [*arguments, *folder])

    def ok(self, *arguments: str) -> Result:
        """As `run`, for what must work."""
        ended = self.run(*arguments)
        assert ended.exit_code == 0, ended.output
        return ended

    def json(self, *arguments: str) -> Any:
        """What `--json` printed: stdout is one JSON value and nothing else."""
        return json.loads(self.ok(*arguments, "--json").stdout)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """In a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "greenroom", *arguments, "--project", str(self.project)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "GREENROOM_HOME": str(self.home), "PYTHONPATH": str(REPOSITORY)},
        )

    @property
    def cloud(self) -> LocalCloud:
        return LocalCloud(self.home)


def copy_project(folder: Path) -> Path:
    """The repository's own project, in a folder of its own."""
    folder.mkdir(parents=True)
    for name in ("stacks", "environments", "models"):
        shutil.copytree(REPOSITORY / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "Pulumi.yaml", folder)
    return folder


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """The repository's project with `dev` up, for tests that only look."""
    folder = tmp_path_factory.mktemp("deployed")
    shell = Shell(copy_project(folder / "project"), folder / "home")
    shell.ok("sandbox", "up", "dev")
    yield shell
    shell.cloud.stop()


@pytest.fixture
def greenroom_project(tmp_path: Path) -> Iterator[Shell]:
    """The repository's project, nothing deployed."""
    shell = Shell(copy_project(tmp_path / "project"), tmp_path / "home")
    yield shell
    shell.cloud.stop()


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Callable[[str], Shell]]:
    """Makes a Pulumi project out of a program; the same one again when its program changes."""
    shell = Shell(tmp_path / "plain", tmp_path / "home")

    def make(program: str) -> Shell:
        shell.project.mkdir(exist_ok=True)
        (shell.project / "Pulumi.yaml").write_text("name: plain\nruntime: python\n")
        (shell.project / "Pulumi.dev.yaml").write_text("config:\n  aws:region: us-east-1\n")
        (shell.project / "__main__.py").write_text(program)
        return shell

    yield make
    shell.cloud.stop()
