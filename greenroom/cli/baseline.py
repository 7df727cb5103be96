"""`greenroom baseline`: from a model's data to what its monitors compare live traffic with."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from greenroom.cli.lazy import Command
from greenroom.cli.options import json_option
from greenroom.cli.terminal import Terminal

if TYPE_CHECKING:
    from model_packaging.baselines.making import MadeBaseline

EPILOG = """\b
Examples:
  greenroom baseline models/tumor --data train.csv
  greenroom baseline models/tumor              with models/tumor/baseline.yaml
\b
CSV, Parquet and JSON Lines, larger than memory. Without baseline.yaml: the data-quality baseline of all columns; with
it: which columns, in which order, what the model answers, model quality, bias and explainability. Of explainability
only the analysis is written: SHAP values are computed on AWS, by a Clarify job.
--json prints {"folder", "rows", "files", "features", "leftOut"}.
Exit codes: 0 written, 2 baseline.yaml or the data is not right (nothing is written)."""

WIDEST_VALUE = 20
"""Characters of a category that a table shows."""

SECONDS_BETWEEN_LINES = 5.0
"""Where progress does not move, a line is said no more often than this."""


@click.command("baseline", cls=Command, epilog=EPILOG, short_help="Baselines for a model's monitors, from its data.")
@click.argument("model_folder", metavar="MODEL_DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--data",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The training or validation data.  [default: `data` in MODEL_DIR/baseline.yaml]",
)
@json_option
def command(model_folder: Path, *, data: Path | None, as_json: bool) -> None:
    """Make MODEL_DIR/baseline: statistics.json, constraints.json, and what baseline.yaml asks for beside them."""
    from model_packaging.baselines.making import make_baseline

    terminal = Terminal.here()
    with _progress(terminal) as progress:
        made = make_baseline(model_folder, data=data, progress=progress)
    if as_json:
        terminal.json(_json(made))
        return
    terminal.result(f"{made.rows} rows, {len(made.features)} columns")
    rows = [
        (_shown(one["name"]), one["inferred_type"], f"{one['completeness']:.1%}", _constraint(one))
        for one in made.features
    ]
    terminal.table(("COLUMN", "TYPE", "PRESENT", "CONSTRAINT"), rows)
    terminal.result(f"{len(made.files)} files in {made.folder}: {', '.join(made.files)}")
    for one in made.left_out:
        terminal.result(f"not there: {one}")
    if not _is_named(model_folder):
        terminal.say(
            f"To have it in the release, write in {model_folder / 'package.yaml'}: baseline: {made.folder.name}"
        )


def _is_named(model_folder: Path) -> bool:
    """Whether the model's `package.yaml` names a baseline; one that is not there yet, or no YAML, names none."""
    from model_packaging.errors import InvalidPackageError
    from model_packaging.package_spec import PACKAGE_FILE
    from model_packaging.yaml_lines import read_yaml

    try:
        content = read_yaml(model_folder / PACKAGE_FILE, PACKAGE_FILE).content
    except InvalidPackageError:
        return False
    return isinstance(content, dict) and content.get("baseline") is not None


def _constraint(feature: Any) -> str:
    if feature.get("num_constraints", {}).get("is_non_negative"):
        return "not negative"
    domain = feature.get("string_constraints", {}).get("domains")
    if domain is None:
        return ""
    shown = ", ".join(_shown(one if len(one) <= WIDEST_VALUE else f"{one[:WIDEST_VALUE]}…") for one in domain[:4])
    return f"one of {shown}" if len(domain) <= 4 else f"one of {shown}, … ({len(domain)})"


def _shown(text: str) -> str:
    """On one line of a terminal: what would move its cursor, or cannot be seen, is escaped."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


@contextmanager
def _progress(terminal: Terminal) -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal; otherwise a line now and then, and none for what is quick."""
    if terminal.live:
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("reading", total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)
        return
    last = time.monotonic()

    def say(done: int, total: int) -> None:
        nonlocal last
        if total > 0 and time.monotonic() - last >= SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            terminal.say(f"reading: {done / total:.0%}")

    yield say


def _json(made: MadeBaseline) -> dict[str, Any]:
    return {
        "folder": str(made.folder),
        "rows": made.rows,
        "files": list(made.files),
        "features": [dict(one) for one in made.features],
        "leftOut": list(made.left_out),
    }
