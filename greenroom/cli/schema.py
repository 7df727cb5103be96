"""`greenroom schema`: the JSON Schemas of the specs, for editors and for CI."""

from __future__ import annotations

from pathlib import Path

import click

from greenroom.cli.lazy import Command
from greenroom.cli.options import find_project, project_option
from greenroom.cli.terminal import Terminal

EPILOG = """\b
Example:
  greenroom schema            write docs/schemas anew
  greenroom schema --check    for CI: are they what the specs say?
\b
Exit codes: 0 they are there, 2 --check found a difference."""


@click.command("schema", cls=Command, epilog=EPILOG, short_help="Write the JSON Schemas of the specs.")
@click.option("--check", "check_only", is_flag=True, help="Write nothing; fail where a file differs.")
@click.option(
    "--output",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to.  [default: docs/schemas in the project]",
)
@project_option
def command(*, check_only: bool, output: Path | None, project_folder: Path | None) -> None:
    """Write the JSON Schemas of a model's YAML files, of the environments and of the artifact store.

    They are generated from the specs. The sample YAML files name them in their first line, so that editors complete
    and check.
    """
    folder = find_project(project_folder) / "docs" / "schemas" if output is None else output
    from components.specs import schemas
    from greenroom.errors import UserError
    from model_packaging.baselines.schema import BASELINE_SCHEMA_FILE, baseline_schema
    from model_packaging.gate.schema import GATE_SCHEMA_FILE, gate_schema
    from model_packaging.optimisation.schema import OPTIMISE_SCHEMA_FILE, optimise_schema
    from model_packaging.package_schema import PACKAGE_SCHEMA_FILE, package_schema

    terminal = Terminal.here()
    texts = schemas() | {
        GATE_SCHEMA_FILE: gate_schema(),
        BASELINE_SCHEMA_FILE: baseline_schema(),
        OPTIMISE_SCHEMA_FILE: optimise_schema(),
        PACKAGE_SCHEMA_FILE: package_schema(),
    }
    stale = [name for name, text in texts.items() if _text_of(folder / name) != text]
    if check_only and stale:
        raise UserError(
            f"{folder}: not what the specs say: {', '.join(stale)}.", fix="Write them anew: greenroom schema"
        )
    for name in stale:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(texts[name], encoding="utf-8")
    for name in texts:
        terminal.result(f"{folder / name}  {'written' if name in stale else 'as it was'}")


def _text_of(file: Path) -> str | None:
    return file.read_text(encoding="utf-8") if file.is_file() else None
