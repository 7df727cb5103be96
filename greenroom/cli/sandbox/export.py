"""`greenroom sandbox export`: a stack's state, as `pulumi stack export` gives it."""

from __future__ import annotations

from pathlib import Path

import click

from greenroom.cli.lazy import Command
from greenroom.cli.options import find_project, project_option
from greenroom.cli.terminal import Terminal

EPILOG = """\b
Example:
  greenroom sandbox export dev > dev.json
\b
Exit codes: 0 written, 2 there is no such stack."""


@click.command("export", cls=Command, epilog=EPILOG, short_help="A stack's state, as Pulumi's own export.")
@click.argument("stack")
@project_option
@click.option("--json", "as_json", is_flag=True, help="The same: the state is JSON either way.")
def command(stack: str, *, project_folder: Path | None, as_json: bool) -> None:  # noqa: ARG001 - asked for by programs
    """Print STACK's state: a Pulumi deployment, version 3, which `pulumi stack import` reads.

    Secrets stay encrypted.
    """
    from greenroom.sandbox.session import Sandbox

    Terminal.here().json(Sandbox(find_project(project_folder)).export(stack))
