"""`make bench`: start-up, check, preview, up and destroy for 1, 10 and 100 models; packaging; ratios to peers in the run.

Two stacks: this repository's own (35 resources a model), and a plain program of 19, the size of published figures.

Figures are of this machine and this moment; only ratios may be compared with another run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.bench.measure import Measured, measure
from tests.bench.packaging import bench_packaging
from tests.bench.projects import REPOSITORY, make_project, plain_project
from tests.bench.real_engine import real_engine

PYTHON = sys.executable
CLI = [PYTHON, "-m", "greenroom"]
PEER = "the Pulumi SDK alone"
COLUMNS = ("what", "seconds", "CPU s", "peak MiB", "resources", "ms/resource", "state KiB", "x peer", "peer")


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    what: str
    measured: Measured
    peer: str = ""
    peer_seconds: float | None = None
    resources: int | None = None
    state_kib: float | None = None

    def figures(self) -> dict[str, object]:
        """The line as JSON has it."""
        taken = self.measured
        return {
            "what": self.what,
            "seconds": taken.seconds,
            "cpu_seconds": taken.cpu_seconds,
            "peak_mib": taken.peak_mib,
            "resources": self.resources,
            "state_kib": self.state_kib,
            "peer": self.peer or None,
            "peer_seconds": self.peer_seconds,
        }

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
            "" if self.state_kib is None else f"{self.state_kib:.0f}",
            ratio,
            self.peer,
        )


def child(*arguments: str, runs: int = 1) -> tuple[Measured, int]:
    """A measured child, and the number of resources it told."""
    measured = measure([PYTHON, "-m", "tests.bench.child", *arguments], environment=_environment(), runs=runs)
    told = [line for line in measured.stdout.splitlines() if line.startswith("{")]  # the SDK may warn after it
    return measured, json.loads(told[-1])["resources"]


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
    """The SDK alone, then preview, first up, no-op up and destroy of our own stack."""
    models = f"{count} model{'' if count == 1 else 's'}"
    with local_aws(folder / f"cloud-{count}") as url:
        measure([PYTHON, "-m", "tests.bench.child", "artifacts", str(project), url], environment=_environment())
        alone = yield from life(project, url, models, _runs(count))
        if count > 1:
            arguments = ("preview-model", str(project), url, "tumor-000")
            measured, resources = child(*arguments, runs=3)
            yield Line(f"sandbox preview --model, 1 of {models}", measured, PEER, alone, resources)


def plain_deployments(folder: Path, count: int) -> Iterator[Line]:
    """The same of a program of nineteen resources a model; with the real engine's rows where `pulumi` is on PATH."""
    models = f"{count} plain model{'' if count == 1 else 's'}"
    project = plain_project(folder / f"plain-{count}")
    os.environ["BENCH_MODELS"] = str(count)
    with local_aws(folder / f"cloud-plain-{count}") as url:
        alone = yield from life(project, url, models, _runs(count))
    ours = {}
    for what, measured, resources in in_process(project):
        ours[what] = measured.seconds
        yield Line(f"in process: {what}, {models}", measured, PEER, alone, resources)
    if shutil.which("pulumi"):
        with local_aws(folder / f"cloud-real-{count}") as url:
            for what, measured in real_engine(project, url, folder / f"real-{count}"):
                yield Line(f"real engine: {what}, {models}", measured, "ours in process", ours.get(what))


def in_process(project: Path) -> Iterator[tuple[str, Measured, int]]:
    """First `up`, no-op `up` and `destroy` with the local AWS in the same process, whose start is left out."""
    whole, resources = child("in-process", str(project))
    told = json.loads([line for line in whole.stdout.splitlines() if line.startswith("{")][-1])
    for what, (seconds, cpu_seconds) in told["taken"].items():
        yield what, Measured(seconds, cpu_seconds, whole.peak_mib, ""), resources


def _runs(count: int) -> int:
    return 3 if count <= 10 else 2 if count <= 100 else 1


def life(project: Path, url: str, models: str, runs: int) -> Generator[Line, None, float]:
    """A stack's life beside the SDK alone; answers the SDK's seconds."""
    alone, resources = child("sdk", str(project), runs=runs)
    yield Line(f"Pulumi SDK alone, {models}", alone, resources=resources)
    untuned, resources = child("sdk-no-gc", str(project), runs=runs)
    yield Line(f"Pulumi SDK alone, GC off, {models}", untuned, PEER, alone.seconds, resources)
    for what, operation, times in (
        ("preview", "preview", runs),
        ("up, first", "up", 1),
        ("up, no-op", "up", runs),
        ("destroy", "destroy", 1),
    ):
        measured, resources = child(operation, str(project), url, runs=times)
        yield Line(f"sandbox {what}, {models}", measured, PEER, alone.seconds, resources, state_kib(project))
    return alone.seconds


def state_kib(project: Path) -> float:
    """How large the state is, journal and copy included."""
    return sum(file.stat().st_size for file in (project / ".greenroom").glob("state/**/*.json*")) / 1024


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
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as well")
    parser.add_argument("--weights", type=int, default=512, metavar="MIB", help="packaging: of each of three (512)")
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="packaging: of each contestant (3)")
    parser.add_argument("--only-packaging", action="store_true", help="nothing but packaging")
    given = parser.parse_args()
    if given.only_packaging:
        for told in bench_packaging(given.weights, given.runs):
            print(told, flush=True)
        return
    counts = given.models
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
            lines += plain_deployments(Path(temporary), count)
    if given.json is not None:
        given.json.write_text(json.dumps([line.figures() for line in lines], indent=1), encoding="utf-8")
    for line in table(lines):
        print(line)
    for told in bench_packaging(given.weights, given.runs):
        print(told, flush=True)


if __name__ == "__main__":
    main()
