"""`greenroom sandbox refresh`: read every resource anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from greenroom.cli.lazy import Command
from greenroom.cli.options import account_option, json_option, project_option
from greenroom.cli.sandbox.engine_options import engine_options, refresh_options
from greenroom.cli.terminal import Terminal

EPILOG = """\b
Example:
  greenroom sandbox refresh dev && greenroom sandbox up dev
\b
Exit codes: 0 read, 1 a resource could not be read, 2 bad input."""


@click.command("refresh", cls=Command, epilog=EPILOG, short_help="Read every resource of a stack anew.")
@click.argument("stack")
@refresh_options
@account_option
@project_option
@json_option
def command(stack: str, *, account: str | None, project_folder: Path | None, as_json: bool, **flags: Any) -> None:
    """Read every resource of STACK from the local AWS and put what is found into its state.

    What someone changed or deleted behind our back shows up here; the next `up` repairs it.
    """
    from greenroom.cli.plan import plan_lines
    from greenroom.cli.sandbox.running import open_here, raise_if_failed, result_json, summarize

    options = engine_options(**flags)
    terminal = Terminal.here()
    project = open_here(terminal, project_folder, account)
    done = project.refresh(stack, options)
    if as_json:
        terminal.json(result_json([done]))
    else:
        for line in plan_lines(done.result):
            terminal.result(line)
        summarize(terminal, [done])
    raise_if_failed(project.sandbox, [done])
