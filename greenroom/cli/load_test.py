"""`greenroom load-test`: how many requests a second an instance holds, measured and written beside the model."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from greenroom.cli.lazy import Command
from greenroom.cli.options import json_option
from greenroom.cli.terminal import Terminal

if TYPE_CHECKING:
    from model_packaging.load_test import LoadStep
    from model_packaging.measurements import LoadTest

EPILOG = """\b
Examples:
  greenroom load-test models/tumor
  greenroom load-test models/tumor --p99-ms 50 --seconds 60
\b
Scaling takes it: target_invocations_per_instance_per_minute: measured in model.yaml, once the model is packaged again.
Measure on a machine like the instance, with nothing else to do: the same processors send the load.
--json prints what load_test.json has.
Exit codes: 0 measured, 1 no rate was held at that p99 or a request failed (nothing is written), 2 bad input."""


@click.command("load-test", cls=Command, epilog=EPILOG, short_help="The requests a second that an instance holds.")
@click.argument("model_folder", metavar="MODEL_DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--p99-ms",
    type=click.FloatRange(min=0, min_open=True),
    default=100.0,
    show_default=True,
    help="The latency that 99 of 100 requests must keep within, in milliseconds.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=1),
    default=30.0,
    show_default=True,
    help="How long to measure.",
)
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    help="Processes that answer, where the model's environment says nothing.  [default: this machine's processors]",
)
@json_option
def command(model_folder: Path, *, p99_ms: float, seconds: float, workers: int | None, as_json: bool) -> None:
    """Find the highest rate at which the model in MODEL_DIR answers its samples in time, and write load_test.json."""
    from model_packaging import ReleaseStore, package
    from model_packaging.contract import sample_requests
    from model_packaging.judging import UNJUDGED
    from model_packaging.load_test import run_load_test, write_load_test

    terminal = Terminal.here()
    with tempfile.TemporaryDirectory(prefix="greenroom-load-test-") as scratch:
        store = ReleaseStore(Path(scratch))
        release = package(model_folder, store, judges=UNJUDGED, with_load_test=False)
        folder = store.folder(release.name, release.digest)
        found = run_load_test(
            folder,
            release,
            sample_requests(folder, release),
            p99_ms=p99_ms,
            seconds=seconds,
            workers=workers,
            narrate=lambda step: terminal.say(f"  {_line(step)}"),
        )
    path = write_load_test(model_folder, found)
    if as_json:
        terminal.json(found.model_dump(mode="json"))
        return
    for line in _lines(found, path, model_folder):
        terminal.result(line)


def _line(step: LoadStep) -> str:
    window = step.window
    offered = f"{step.offered:.0f} in flight" if step.loop != "open" else f"{step.offered:.1f} a second offered"
    seen = f"{window.requests_per_second:.1f} a second, p50 {window.p50_ms:.1f} ms, p99 {window.p99_ms:.1f} ms"
    failed = f", {window.errors} failed" if window.errors else ""
    held = {None: "", True: ": held", False: ": not held"}[step.held]
    return f"{step.loop}: {offered}: {seen}{failed}{held}"


def _lines(found: LoadTest, path: Path, model_folder: Path) -> list[str]:
    rate, latency = found.requests_per_second, f"p99 {found.p99_ms:g} ms, wanted {found.p99_ms_wanted:g} ms"
    return [
        f"{rate:g} requests a second ({rate * 60:,.0f} a minute): {latency}",
        f"Measured on {found.vcpus} vCPUs of {found.machine}: on another instance type it is an estimate.",
        f"Written to {path}. Take it into the release: greenroom package {model_folder}",
    ]
