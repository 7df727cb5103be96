"""Packaging against what else there is, on the same files in the same run: hashing, `model.tar.gz`, unpacking.

The files: float32 weights, half of them incompressible, and 200 small files. "Compressible" are normally distributed
weights, which a compressor leaves 92 % of; "incompressible" are random bytes. Contestants take turns, and the median
of their runs counts; each run is a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.measure import Measured, measure
from tests.bench.projects import REPOSITORY

WEIGHTS, SMALL_FILES = 3, 200
CHUNK_BYTES = 8 * 1024 * 1024
PYTHON = sys.executable


@dataclass(frozen=True)
class Contest:
    """One contestant on one set of files."""

    what: str
    files: str
    size_bytes: int
    runs: Sequence[Measured]
    left_bytes: int | None = None

    @property
    def megabytes_per_second(self) -> float:
        """Of the files, in the median run; the start of its interpreter is left out where it told its own seconds."""
        return self.size_bytes / statistics.median(seconds(run) for run in self.runs) / 1e6

    @property
    def cpu_seconds(self) -> float:
        """User's and system's, in the run that took least: what a loaded machine changes little."""
        return min(float(_told(run, "cpu") or run.cpu_seconds) for run in self.runs)

    @property
    def peak_mib(self) -> float | None:
        """The largest resident set of any run; None where it told none."""
        told = [float(value) for run in self.runs if (value := _told(run, "peak")) is not None]
        return max(told) / 1024 if told else None


def _told(run: Measured, what: str) -> str | None:
    lines = [line for line in run.stdout.splitlines() if line.startswith(f"{what} ")]
    return lines[-1].split()[1] if lines else None


def seconds(run: Measured) -> float:
    """What the run took by its own clock, or as a whole."""
    told = _told(run, "seconds")
    return run.seconds if told is None else float(told)


def write_files(folder: Path, weight_mib: int) -> dict[str, list[Path]]:
    """The weights and the small files, the same each time: set to files."""
    import numpy as np

    made: dict[str, list[Path]] = {"compressible": [], "incompressible": [], "small": []}
    for index in range(WEIGHTS):
        for kind in ("compressible", "incompressible"):
            path = folder / "model" / f"{kind}-{index}.bin"
            path.parent.mkdir(parents=True, exist_ok=True)
            numbers = np.random.default_rng(index)
            with path.open("wb") as stream:
                for _ in range(weight_mib * 1024 * 1024 // 2 // CHUNK_BYTES):
                    chunk = (
                        numbers.standard_normal(CHUNK_BYTES // 4, dtype=np.float32).tobytes()
                        if kind == "compressible"
                        else numbers.bytes(CHUNK_BYTES)
                    )
                    stream.write(chunk)
            made[kind].append(path)
    for index in range(SMALL_FILES):
        path = folder / "model" / "code" / f"{index}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"def feature_{index}(row):\n    return row[{index}] * 2\n" * 40, encoding="utf-8")
        made["small"].append(path)
    return made


def _python(code: str) -> list[str]:
    imports, timed = code.split(";;")
    lines = [
        "import sys, time",
        imports,
        "t, c = time.perf_counter(), time.process_time()",
        timed,
        "print('seconds', time.perf_counter() - t)",
        "print('cpu', time.process_time() - c)",
        PEAK,
    ]
    return [PYTHON, "-c", "\n".join(lines)]


PEAK = "print('peak', [one.split()[1] for one in open('/proc/self/status') if one.startswith('VmHWM')][0])"
"""In KiB, of this process alone: what wait4 tells counts the process that it was forked from as well."""

SDK = "import tarfile;;tar = tarfile.open(sys.argv[1], 'w:gz')\nfor one in sys.argv[2:]: tar.add(one)\ntar.close()"
"""sagemaker.utils.create_tar_file of the SageMaker Python SDK: tarfile's w:gz, whose level is 9."""

OURS = (
    "from pathlib import Path\nfrom model_packaging.archive import write_archive\nimport isal.isal_zlib"
    ";;write_archive({one.lstrip('/'): Path(one) for one in sys.argv[2:]}, Path(sys.argv[1]))"
)
HASHED_TWO_THREADS = (
    "import hashlib\nfrom concurrent.futures import ThreadPoolExecutor"
    "\ndef one(path):\n    with open(path, 'rb') as stream: return hashlib.file_digest(stream, 'sha256').hexdigest()"
    ";;list(ThreadPoolExecutor(2).map(one, sys.argv[1:]))"
)
PACKAGED = (
    "import json\nfrom pathlib import Path\nfrom model_packaging.hashing import hash_files"
    "\nfrom model_packaging.release import ReleaseFile"
    ";;told = hash_files(map(Path, sys.argv[1:]), threads=2)"
    "\nmade = [ReleaseFile(path=str(path).lstrip('/'), sha256=one.sha256, size_bytes=one.size_bytes)"
    " for path, one in told.items()]"
    "\njson.dumps([one.model_dump() for one in made])"
)
UNPACKED = "import tarfile;;tarfile.open(sys.argv[1]).extractall(sys.argv[2], filter='data')"
UNPACKED_BY_US = "from pathlib import Path\nfrom model_packaging.unpacking import unpack;;unpack(Path(sys.argv[1]), Path(sys.argv[2]))"


class Bench:
    """The contests, on files under one folder."""

    def __init__(self, folder: Path, weight_mib: int, runs: int) -> None:
        self._folder, self._runs = folder, runs
        made = write_files(folder, weight_mib)
        self.sets = {
            "compressible": made["compressible"],
            "incompressible": made["incompressible"],
            "both": [*made["compressible"], *made["incompressible"], *made["small"]],
        }

    def hashing(self) -> Iterator[Contest]:
        """SHA-256 of all files, with and without the manifest."""
        files = [str(path) for path in self.sets["both"]]
        yield from self._contest(
            "both",
            {
                "sha256sum": ["sha256sum", *files],
                "SHA-256 on two threads": [*_python(HASHED_TWO_THREADS), *files],
                "ours: hash and manifest": [*_python(PACKAGED), *files],
            },
        )

    def archives(self, name: str) -> Iterator[Contest]:
        """`model.tar.gz` of a set of files."""
        files = [str(path) for path in self.sets[name]]
        target = str(self._folder / "model.tar.gz")
        commands = {
            "SageMaker SDK (tarfile w:gz)": [*_python(SDK), target, *files],
            "tar czf": ["tar", "czfP", target, *files],
        }
        if shutil.which("pigz"):
            commands["tar | pigz -6"] = ["tar", "-P", "-I", "pigz -6", "-cf", target, *files]
        commands["ours: model.tar.gz"] = [*_python(OURS), target, *files]
        yield from self._contest(name, commands, slow=2, written=Path(target))

    def unpacking(self) -> Iterator[Contest]:
        """The last archive, which is ours of both kinds of weights, and the SDK's of the same."""
        files = [str(path) for path in self.sets["both"]]
        theirs, ours, target = (str(self._folder / name) for name in ("theirs.tar.gz", "ours.tar.gz", "unpacked"))
        measure([*_python(SDK), theirs, *files], environment=_environment())
        measure([*_python(OURS), ours, *files], environment=_environment())
        commands = {
            "tarfile of the SDK's archive": [*_python(UNPACKED), theirs, target],
            "tarfile of ours": [*_python(UNPACKED), ours, target],
            "tar xzf of ours": ["sh", "-c", 'mkdir "$1" && tar xzf "$0" -C "$1"', ours, target],
            "ours of ours: unpack": [*_python(UNPACKED_BY_US), ours, target],
        }
        yield from self._contest("both", commands, removed=Path(target))

    def _contest(
        self,
        name: str,
        commands: dict[str, list[str]],
        *,
        slow: int = 0,
        written: Path | None = None,
        removed: Path | None = None,
    ) -> Iterator[Contest]:
        """Everybody in turn, as often as there are runs; the first `slow` of them once."""
        taken: dict[str, list[Measured]] = {what: [] for what in commands}
        left: dict[str, int] = {}
        for turn in range(self._runs):
            for index, (what, command) in enumerate(commands.items()):
                if turn and index < slow:
                    continue
                taken[what].append(measure(command, environment=_environment()))
                if written is not None:
                    left[what] = written.stat().st_size
                    written.unlink()
                if removed is not None:
                    shutil.rmtree(removed, ignore_errors=True)
        size_bytes = sum(path.stat().st_size for path in self.sets[name])
        for what, runs in taken.items():
            yield Contest(what, name, size_bytes, runs, left.get(what))


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONWARNINGS": "ignore"}


def digest_of_archives(folder: Path, files: Sequence[Path]) -> set[str]:
    """The digests of our archive of the same files with one thread and with four: one, or it is not deterministic."""
    from model_packaging.archive import write_archive

    named = {path.relative_to(folder).as_posix(): path for path in files}
    target = folder / "model.tar.gz"
    found = set()
    for threads in (1, 4):
        write_archive(named, target, threads=threads)
        with target.open("rb") as stream:
            found.add(hashlib.file_digest(stream, "sha256").hexdigest())
        target.unlink()
    return found


def table(contests: Sequence[Contest]) -> Iterator[str]:
    """The contests as lines; the first is what the others are a ratio to."""
    yield f"{'what':32}  {'files':14}  {'MB/s':>6}  {'ratio':>6}  {'CPU s':>6}  {'size':>5}  {'peak MiB':>8}"
    for one in contests:
        size = "" if one.left_bytes is None else f"{one.left_bytes / one.size_bytes:.3f}"
        ratio = one.megabytes_per_second / contests[0].megabytes_per_second
        peak = "" if one.peak_mib is None else f"{one.peak_mib:.0f}"
        yield (
            f"{one.what:32}  {one.files:14}  {one.megabytes_per_second:6.0f}  {ratio:5.1f}x  "
            f"{one.cpu_seconds:6.2f}  {size:>5}  {peak:>8}"
        )


def bench_packaging(weight_mib: int = 512, runs: int = 3) -> Iterator[str]:
    """Measures, and tells it in lines."""
    yield (
        f"Packaging: {WEIGHTS} x {weight_mib} MiB of float32 weights, half of them incompressible, "
        f"and {SMALL_FILES} small files; load {os.getloadavg()[0]:.1f} at the start."
    )
    with tempfile.TemporaryDirectory(prefix="greenroom-bench-") as temporary:
        bench = Bench(Path(temporary), weight_mib, runs)
        for contests in (
            bench.hashing(),
            bench.archives("compressible"),
            bench.archives("incompressible"),
            bench.archives("both"),
            bench.unpacking(),
        ):
            yield ""
            yield from table(list(contests))
        same = digest_of_archives(Path(temporary), bench.sets["both"])
    yield ""
    yield f"The archive's bytes with one thread and with four: {'the same' if len(same) == 1 else 'DIFFERENT'}."
    yield f"Load {os.getloadavg()[0]:.1f} at the end."
