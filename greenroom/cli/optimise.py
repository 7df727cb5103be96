"""`greenroom optimise`: the trained model into the one that is served, each step measured against the original."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from greenroom.cli.lazy import Command
from greenroom.cli.options import json_option
from greenroom.cli.terminal import Terminal

if TYPE_CHECKING:
    from model_packaging.measurements import OptimisationStep

EPILOG = """\b
Examples:
  greenroom optimise models/digits
\b
--json prints what optimisation.json has.
Exit codes: 0 written, 1 a step changed the answers by more than its tolerance (nothing is written), 2 the folder, or
what a step needs, is not right."""


@click.command("optimise", cls=Command, epilog=EPILOG, short_help="Convert, quantise and measure a model.")
@click.argument("model_folder", metavar="MODEL_DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@json_option
def command(model_folder: Path, *, as_json: bool) -> None:
    """Take the steps of MODEL_DIR/optimise.yaml, and write the served model and optimisation.json.

    Each step is measured: size, latency, throughput, and the largest difference of any answer to the original's.
    """
    from model_packaging.optimisation import optimise

    terminal = Terminal.here()
    result = optimise(model_folder, progress=lambda step: terminal.say(f"  {_line(step)}"))
    if as_json:
        terminal.json(result.model_dump(mode="json"))
        return
    terminal.table(
        ("step", "bytes", "p50 ms", "p99 ms", "rows/s", "difference", "tolerance"),
        [_row(step) for step in result.steps],
    )
    terminal.result(f"Measured on {result.machine}, one thread. Package it: greenroom package {model_folder}")


def _line(step: OptimisationStep) -> str:
    return f"{step.step}: {step.size_bytes} bytes, p50 {step.p50_ms:.3f} ms, difference {step.max_abs_difference:.3g}"


def _row(step: OptimisationStep) -> tuple[str, ...]:
    return (
        step.step,
        str(step.size_bytes),
        f"{step.p50_ms:.3f}",
        f"{step.p99_ms:.3f}",
        f"{step.rows_per_second:.0f}",
        f"{step.max_abs_difference:.3g}",
        "" if step.step == "original" else f"{step.tolerance:g}",
    )
