"""`make bench`: start-up, check, preview and up for 1, 10 and 100 models; a ratio to a named peer in the same run.

Figures are of this machine and this moment; only ratios may be compared with another run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.measure import Measured, measure
from tests.bench.projects import REPOSITORY, make_project

PYTHON = sys.executable
CLI = [PYTHON, "-m", "greenroom"]
COLUMNS = ("what", "seconds", "CPU s", "peak MiB", "resources", "ms/resource", "x peer", "peer")


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    what: str
    measured: Measured
    peer: str = ""
    peer_seconds: float | None = None
    resources: int | None = None

    def cells(self) -> tuple[str, ...]:
        """The line's cells, as text."""
        per_resource = ratio = ""
        if self.resources:
            per_resource = f"{self.measured.seconds / self.resources * 1000:.1f}"
        if self.peer_seconds:
            ratio = f"{self.measured.seconds / self.peer_seconds:.2f}"
        return (
            self.what,
            f"{self.measured.seconds:.2f}",
            f"{self.measured.cpu_seconds:.2f}",
            f"{self.measured.peak_mib:.0f}",
            str(self.resources or ""),
            per_resource,
            ratio,
            self.peer,
        )


def child(*arguments: str, runs: int = 1) -> tuple[Measured, int]:
    """A measured child, and the number of resources it told."""
    measured = measure([PYTHON, "-m", "tests.bench.child", *arguments], environment=_environment(), runs=runs)
    return measured, json.loads(measured.stdout.strip().splitlines()[-1])["resources"]


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in {"GREENROOM_HOME", "NO_COLOR"}}
    return {**kept, "PYTHONPATH": str(REPOSITORY), "PYTHONWARNINGS": "ignore"}


def start_up() -> Iterator[Line]:
    """`--help`, against an interpreter that does nothing."""
    peer = measure([PYTHON, "-c", "pass"], runs=5)
    yield Line("greenroom --help", measure([*CLI, "--help"], runs=5), "python -c pass", peer.seconds)


def check(project: Path, count: int) -> Iterator[Line]:
    """`check`, against reading the same YAML and doing nothing with it."""
    read = "import sys, yaml; [yaml.safe_load(open(path)) for path in sys.argv[1:]]"
    files = [str(path) for path in (*project.glob("models/*/model.yaml"), *project.glob("environments/*.yaml"))]
    peer = measure([PYTHON, "-c", read, *files], runs=3)
    measured = measure([*CLI, "check", "--project", str(project)], environment=_environment(), runs=3)
    yield Line(f"check, {count} models", measured, "yaml.safe_load of its files", peer.seconds)


def deployments(project: Path, folder: Path, count: int) -> Iterator[Line]:
    """The SDK alone, then preview, first up and no-op up of the same stack."""
    models = f"{count} model{'' if count == 1 else 's'}"
    runs = 3 if count <= 10 else 1
    alone, resources = child("sdk", str(project), runs=runs)
    yield Line(f"Pulumi SDK alone, {models}", alone, resources=resources)
    peer = "the Pulumi SDK alone"
    with local_aws(folder / f"cloud-{count}") as url:
        measure([PYTHON, "-m", "tests.bench.child", "artifacts", str(project), url], environment=_environment())
        for what, operation, times in (
            ("sandbox preview", "preview", runs),
            ("sandbox up, first", "up", 1),
            ("sandbox up, no-op", "up", runs),
        ):
            measured, resources = child(operation, str(project), url, runs=times)
            yield Line(f"{what}, {models}", measured, peer, alone.seconds, resources)


@contextmanager
def local_aws(folder: Path) -> Iterator[str]:
    """A local AWS without containers, in a process of its own."""
    command = [PYTHON, "-m", "tests.bench.child", "cloud", str(folder)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=_environment()
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        yield process.stdout.readline().strip()
        process.stdin.close()
        process.wait(60)


def table(lines: list[Line]) -> Iterator[str]:
    """The lines as a table, numbers to the right."""
    rows = [COLUMNS, *(line.cells() for line in lines)]
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    for row in rows:
        first, *numbers, last = (
            cell.ljust(width) if index in {0, len(widths) - 1} else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join((first, *numbers, last)).rstrip()


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--models", type=int, nargs="+", default=[1, 10, 100], metavar="N")
    counts = parser.parse_args().models
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}.")
    print("Seconds are wall clock, the best of several runs where one is short; the interpreter's start is in them.")
    print("Peak memory is the command's process. Endpoints are deployed without their serving processes.")
    lines = list(start_up())
    with tempfile.TemporaryDirectory(prefix="greenroom-bench-") as temporary:
        for count in counts:
            print(f"measuring {count} …", file=sys.stderr, flush=True)
            project = make_project(Path(temporary) / f"project-{count}", count)
            if count == max(counts):
                lines += check(project, count)
            lines += deployments(project, Path(temporary), count)
    for line in table(lines):
        print(line)


if __name__ == "__main__":
    main()
