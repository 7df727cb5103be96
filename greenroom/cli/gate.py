"""`greenroom gate`: a packaged model judged by the gate beside it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from greenroom.cli.lazy import Command
from greenroom.cli.options import find_project, json_option
from greenroom.cli.terminal import Terminal

if TYPE_CHECKING:
    from greenroom.delivery.catalogue import Catalogue
    from model_packaging import Release
    from model_packaging.gate import Gate, GateReport

EPILOG = """\b
Examples:
  greenroom gate models/tumor
  greenroom gate models/tumor --against prod --page gate.html
  greenroom gate models/tumor --release 80c754 --json | jq .results
\b
The release is started as SageMaker would start it, and every figure is of its answers; nothing is kept but the page.
`greenroom package` asks the same gate, and keeps the report with the release.
--json prints the report, as gate.json of a release's evidence has it.
Exit codes: 0 passed, 1 the model failed its gate, 2 gate.yaml, its data or the release is not right."""


@click.command("gate", cls=Command, epilog=EPILOG, short_help="Judge a packaged model by its gate.yaml.")
@click.argument("model_folder", metavar="MODEL_DIR", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--release",
    "digest",
    metavar="DIGEST",
    help="The release to judge; six digits are enough.  [default: that of the files as they are]",
)
@click.option("--against", metavar="ENV", help="Compare with the release that this environment pins.")
@click.option(
    "--page", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Write the report as an HTML page."
)
@json_option
def command(model_folder: Path, *, digest: str | None, against: str | None, page: Path | None, as_json: bool) -> None:
    """Judge the packaged model of MODEL_DIR (models/NAME) by MODEL_DIR/gate.yaml, through its serving process."""
    root = find_project(model_folder)
    from greenroom.delivery.catalogue import Catalogue
    from greenroom.delivery.judges import judges_of
    from model_packaging.gate import GateFailedError, read_data, render_page
    from model_packaging.judging import Judging

    terminal = Terminal.here()
    gate = _gate(model_folder)
    judges = judges_of(root, model_folder.resolve().name, against=against)
    catalogue = Catalogue.of(root)
    with _progress(terminal) as progress, tempfile.TemporaryDirectory(prefix="greenroom-gate-") as scratch:
        rows = read_data(gate)
        folder, release = _release(catalogue, model_folder, digest, Path(scratch), progress)
        report = Judging(judges, catalogue.store, progress).gate_report(folder, release, gate, rows, progress)
    if page is not None:
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_bytes(render_page(report))
        terminal.say(f"the page: {page}")
    _tell(terminal, report, as_json=as_json)
    if not report.passed:
        raise GateFailedError(report)


def _gate(model_folder: Path) -> Gate:
    from greenroom.errors import UserError
    from model_packaging.gate import GATE_FILE, read_gate

    gate = read_gate(model_folder)
    if gate is None:
        raise UserError(
            f"{model_folder / GATE_FILE}: there is none.",
            fix="Write one: docs/how-to/judge-a-model-by-a-gate.md begins with the smallest.",
        )
    return gate


def _release(
    catalogue: Catalogue, model_folder: Path, digest: str | None, scratch: Path, progress: Callable[[str], None]
) -> tuple[Path, Release]:
    """The release, and its folder: in `scratch` where it is packaged, for nothing unjudged goes into the store."""
    from greenroom.cli.release.access import find_here
    from model_packaging import ReleaseStore, package
    from model_packaging.judging import UNJUDGED

    store = catalogue.store if digest is not None else ReleaseStore(scratch)
    if digest is not None:
        release = find_here(catalogue, f"{model_folder.resolve().name}@{digest}")
        store.verify_files(release)
    else:
        progress("packaging")
        release = package(model_folder, store, judges=UNJUDGED)
    return store.folder(release.name, release.digest), release


def _tell(terminal: Terminal, report: GateReport, *, as_json: bool) -> None:
    if as_json:
        terminal.json(report.content)
        return
    from model_packaging.gate.report_table import COLUMNS, cells, title

    terminal.table(COLUMNS, [cells(one) for one in report.results])
    for one in report.results:
        if one.verdict == "not_judged":
            terminal.result(f"not judged: {title(one)}: {one.told}")
    if report.passed:
        met = sum(one.verdict == "passed" for one in report.results)
        idle = len(report.results) - met
        more = f", {idle} not judged" if idle else ""
        terminal.result(f"{report.model} {report.version} passed its gate: {met} demands met{more}")


@contextmanager
def _progress(terminal: Terminal) -> Iterator[Callable[[str], None]]:
    """A line that moves on a terminal; otherwise a line for each thing that is begun."""
    if terminal.live:
        from rich.console import Console

        with Console(stderr=True).status("the gate") as status:
            yield status.update
        return
    said: set[str] = set()

    def say(text: str) -> None:
        what = text.split(":", maxsplit=1)[0].removesuffix(" …")
        if what not in said:
            said.add(what)
            terminal.say(f"  {what} …")

    yield say
