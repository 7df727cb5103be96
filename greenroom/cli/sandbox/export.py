"""`greenroom sandbox export`: a stack's state, as `pulumi stack export` gives it."""

from __future__ import annotations

from pathlib import Path

import click

from greenroom.cli.lazy import Command
from greenroom.cli.options import find_project, project_option
from greenroom.cli.terminal import Terminal

EPILOG = """\b
Examples:
  greenroom sandbox export dev > dev.json
  greenroom sandbox export dev --file dev.json --show-secrets
\b
Exit codes: 0 written, 2 there is no such stack, or it cannot be read."""


@click.command("export", cls=Command, epilog=EPILOG, short_help="A stack's state, as Pulumi's own export.")
@click.argument("stack")
@click.option(
    "--file",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write it there, readable by you only.  [default: stdout]",
)
@click.option("--show-secrets", is_flag=True, help="Secrets in plain text.")
@project_option
@click.option("--json", "as_json", is_flag=True, help="The same: the state is JSON either way.")
def command(
    stack: str,
    *,
    file: Path | None,
    show_secrets: bool,
    project_folder: Path | None,
    as_json: bool,  # noqa: ARG001 - asked for by programs
) -> None:
    """Print STACK's state: a Pulumi deployment, version 3, which `pulumi stack import` reads.

    Secrets stay encrypted unless you ask for them. What a killed command has done is in it.
    """
    from greenroom.sandbox.session import Sandbox

    terminal = Terminal.here()
    document = Sandbox(find_project(project_folder)).export(stack, show_secrets=show_secrets)
    if file is None:
        terminal.json(document)
        return
    import os

    from greenroom.sandbox.engine.state_transfer import to_text

    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as handle:
        handle.write(to_text(document))
    terminal.say(f"wrote {file}")
