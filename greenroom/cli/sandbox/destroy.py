"""`greenroom sandbox destroy`: take a stack down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from greenroom.cli.lazy import Command
from greenroom.cli.options import account_option, json_option, project_option
from greenroom.cli.sandbox.engine_options import destroy_options, engine_options
from greenroom.cli.terminal import Terminal

EPILOG = """\b
Example:
  greenroom sandbox destroy dev
\b
Exit codes: 0 nothing of the stack is left, 1 a resource could not be deleted, 2 bad input."""


@click.command("destroy", cls=Command, epilog=EPILOG, short_help="Take a stack down; nothing is left.")
@click.argument("stack")
@destroy_options
@account_option
@project_option
@json_option
def command(stack: str, *, account: str | None, project_folder: Path | None, as_json: bool, **flags: Any) -> None:
    """Delete every resource of STACK from the local AWS.

    With the last environment of a Greenroom project the artifact store goes too, its published releases first (they
    stay in the local store), so that nothing is left.
    """
    from greenroom.cli.sandbox.running import open_here, raise_if_failed, result_json, summarize

    options = engine_options(**flags)
    terminal = Terminal.here()
    project = open_here(terminal, project_folder, account)
    results = project.destroy(stack, options)
    summarize(terminal, results)
    if as_json:
        terminal.json(result_json(results[:1]) | {"also": [result_json([done]) for done in results[1:]]})
    raise_if_failed(project.sandbox, results)
