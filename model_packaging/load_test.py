"""How many requests a second an instance holds at a wanted p99: found once, kept beside the model, read by scaling.

`run_load_test` starts the release with as many workers as this machine has processors, as AWS's containers do. A closed
loop of more and more callers finds the most that it answers a second; an open loop, by halves between nothing and that,
the highest rate at which p99 is within what is wanted and no request fails (`load_generator` says why both). Whoever
sends the load does so on the same processors: the figure is what a machine with nothing else to do exceeds.

`load_test.json` beside the model is that figure, and says of which files: packaging takes it into the release, and
refuses it where the served files are others now.

https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-scaling-loadtest.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from model_packaging.beside import read_beside
from model_packaging.complaints import json_complaints
from model_packaging.contract.samples import SampleRequest
from model_packaging.errors import InvalidPackageError, PackagingError, PackagingFailure, Violation
from model_packaging.evidence import write_atomically
from model_packaging.load_generator import Window, closed_loop, open_loop
from model_packaging.machine import machine_name, vcpus
from model_packaging.measurements import LoadTest
from model_packaging.release import MODEL_FOLDER, Release, ReleaseFile
from model_packaging.serving import start_release

LOAD_TEST_FILE = "load_test.json"

WARM_UP_SHARE, CLOSED_SHARE, OPEN_SHARE = 0.1, 0.3, 0.6
"""What each part takes of the whole time."""

CONCURRENCIES = (1, 2, 4, 8, 16, 32)
RATES = 6
"""How many rates the open loop tries: the last two differ by a sixty-fourth of the most that was answered."""
ATTEMPTS = 2
"""How often a rate is tried before it counts as not held: what else runs here makes a container slower, not faster."""
GROWTH = 1.05
"""More callers are tried until two steps in a row do not answer so much more than the best before."""
STEPS_WITHOUT_GROWTH = 2


class NoSampleError(PackagingError):
    """There is nothing to send."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"model {name!r} has no sample to send; put requests that it answers into a folder beside it, such as "
            "samples/request.json, and name the folder in its package.yaml: `samples: samples`"
        )


class LoadNotHeldError(PackagingFailure):
    """No rate was held at the wanted p99."""


@dataclass(frozen=True)
class LoadStep:
    """One load that was tried, as it is told while the test runs."""

    loop: Literal["warm-up", "closed", "open"]
    offered: float
    """Callers of the closed loop, requests a second of the open one."""
    window: Window
    held: bool | None
    """Whether the load was held; None in the closed loop, which only looks how far it goes."""


Narrate = Callable[[LoadStep], None]


def run_load_test(
    folder: Path,
    release: Release,
    samples: Sequence[SampleRequest],
    *,
    p99_ms: float,
    seconds: float = 30.0,
    workers: int | None = None,
    narrate: Narrate | None = None,
) -> LoadTest:
    """Finds the requests a second that the release holds on this machine; its container is gone afterwards.

    Args:
        folder: The release's folder, in a store or where it is staged.
        release: Its manifest.
        samples: What is sent, in turn (`contract.sample_requests`).
        p99_ms: The 99th percentile of latency that is wanted, in milliseconds.
        seconds: How long to measure, the container's start not counted.
        workers: How many workers answer, where the release's environment says nothing; without it as many as this
            machine has processors.
        narrate: Told of each load that was tried.

    Raises:
        NoSampleError: there is none.
        ContainerStartError: the release does not start.
        LoadNotHeldError: a request failed, or even a trickle of them was slower than wanted.
    """
    if not samples:
        raise NoSampleError(release.name)
    with start_release(folder, release, workers=workers or vcpus()) as container:
        held, rate = _search(_Load(container.port, samples, p99_ms, seconds, narrate or _say_nothing))
    return LoadTest(
        content_sha256=content_sha256(release.files),
        requests_per_second=round(rate, 2),
        p50_ms=round(held.p50_ms, 3),
        p99_ms=round(held.p99_ms, 3),
        p99_ms_wanted=p99_ms,
        concurrency=max(1, held.most_in_flight),
        vcpus=vcpus(),
        machine=machine_name(),
    )


@dataclass(frozen=True)
class _Load:
    port: int
    samples: Sequence[SampleRequest]
    p99_ms: float
    seconds: float
    narrate: Narrate

    def closed(self, loop: Literal["warm-up", "closed"], concurrency: int, seconds: float) -> Window:
        window = closed_loop(self.port, self.samples, concurrency=concurrency, seconds=seconds)
        self.narrate(LoadStep(loop, concurrency, window, held=None))
        if window.errors:
            raise LoadNotHeldError(
                f"{window.errors} of {window.requests} requests failed with {concurrency} in flight, the first with: "
                f"{window.first_error}; a rate counts only where none fails"
            )
        return window

    def open(self, rate: float, seconds: float) -> tuple[Window, bool]:
        for _ in range(ATTEMPTS):
            window = open_loop(self.port, self.samples, requests_per_second=rate, seconds=seconds / ATTEMPTS)
            held = window.errors == 0 and window.p99_ms <= self.p99_ms
            self.narrate(LoadStep("open", rate, window, held=held))
            if held:
                break
        return window, held


def _search(load: _Load) -> tuple[Window, float]:
    load.closed("warm-up", 1, load.seconds * WARM_UP_SHARE)
    too_much, enough = _most_answered(load), 0.0
    best: Window | None = None
    window: Window | None = None
    for _ in range(RATES):
        rate = (enough + too_much) / 2
        window, held = load.open(rate, load.seconds * OPEN_SHARE / RATES)
        if held:
            best, enough = window, rate
        else:
            too_much = rate
    if best is None or window is None:
        raise LoadNotHeldError(_too_slow(load, window, too_much))
    # What was answered, where that is less than was asked for: a short try can hide a queue that grows.
    return best, min(enough, best.requests_per_second)


def _most_answered(load: _Load) -> float:
    most, without_growth = 0.0, 0
    for concurrency in CONCURRENCIES:
        window = load.closed("closed", concurrency, load.seconds * CLOSED_SHARE / len(CONCURRENCIES))
        without_growth = 0 if window.requests_per_second > most * GROWTH else without_growth + 1
        most = max(most, window.requests_per_second)
        if without_growth == STEPS_WITHOUT_GROWTH or window.p50_ms > load.p99_ms:
            break
    return most


def _too_slow(load: _Load, window: Window | None, rate: float) -> str:
    p99_ms = 0.0 if window is None else window.p99_ms
    return (
        f"no rate was held: at {rate:.3g} requests a second p99 was {p99_ms:.4g} ms, wanted: {load.p99_ms:g} ms; "
        "want a longer p99 (--p99-ms), make the model faster (greenroom optimise), or measure on a machine that does "
        "nothing else"
    )


def _say_nothing(step: LoadStep) -> None:
    del step


def content_sha256(files: Iterable[ReleaseFile]) -> str:
    """SHA-256 over the paths and digests of the served files (`model/…`): what a load test was measured of."""
    lines = sorted(f"{file.path} {file.sha256}\n" for file in files if file.path.startswith(MODEL_FOLDER))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def write_load_test(model_folder: Path, load_test: LoadTest) -> Path:
    """Writes `load_test.json` beside the model, whole or not at all; its path."""
    path = model_folder / LOAD_TEST_FILE
    write_atomically(path, (load_test.model_dump_json(indent=2) + "\n").encode())
    return path


def read_load_test(model_folder: Path, files: Iterable[ReleaseFile]) -> LoadTest | None:
    """The load test beside the model; None where there is none.

    Args:
        model_folder: `models/NAME`.
        files: The release's files as they are now.

    Raises:
        InvalidPackageError: it cannot be read, or was measured of other files.
    """
    path = model_folder / LOAD_TEST_FILE
    again = f"measure again (greenroom load-test {model_folder.as_posix()}), or delete the file"
    content = read_beside(path, fix=again)
    if content is None:
        return None
    try:
        load_test = LoadTest.model_validate_json(content)
    except ValidationError as error:
        raise InvalidPackageError(
            [Violation(path.as_posix(), None, "", None, f"is no load test: {json_complaints(error)}", fix=again)]
        ) from error
    if load_test.content_sha256 != content_sha256(files):
        message = "was measured of other files than the model serves now"
        violation = Violation(path.as_posix(), None, "content_sha256", load_test.content_sha256, message, fix=again)
        raise InvalidPackageError([violation])
    return load_test
