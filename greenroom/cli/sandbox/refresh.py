"""`greenroom sandbox refresh`: read every resource anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from greenroom.cli.lazy import Command
from greenroom.cli.options import account_option, json_option, project_option
from greenroom.cli.sandbox.engine_options import engine_options, refresh_options
from greenroom.cli.sandbox.pending import pending_options, settle
from greenroom.cli.terminal import Terminal

EPILOG = """\b
Examples:
  greenroom sandbox refresh dev && greenroom sandbox up dev
  greenroom sandbox refresh dev --import-pending-creates 'urn:pulumi:dev::…::jobs' jobs-8f2c
\b
Exit codes: 0 read, 1 a resource could not be read, 2 bad input."""


@click.command("refresh", cls=Command, epilog=EPILOG, short_help="Read every resource of a stack anew.")
@click.argument("stack")
@refresh_options
@pending_options
@account_option
@project_option
@json_option
def command(
    stack: str,
    *,
    import_pending_creates: tuple[tuple[str, str], ...],
    clear_pending_creates: bool,
    skip_pending_creates: bool,
    account: str | None,
    project_folder: Path | None,
    as_json: bool,
    **flags: Any,
) -> None:
    """Read every resource of STACK from the local AWS and put what is found into its state.

    What someone changed or deleted behind our back shows up here; the next `up` repairs it. Whether the creations came
    to anything that a killed command left in doubt is for you to say, here.
    """
    from greenroom.cli.plan import plan_lines
    from greenroom.cli.sandbox.running import open_here, raise_if_failed, result_json, summarize

    options = engine_options(**flags)
    terminal = Terminal.here()
    project = open_here(terminal, project_folder, account)
    settle(
        terminal,
        project.sandbox,
        stack,
        import_pending_creates=import_pending_creates,
        clear_pending_creates=clear_pending_creates,
        skip_pending_creates=skip_pending_creates,
    )
    done = project.refresh(stack, options)
    if as_json:
        terminal.json(result_json([done]))
    else:
        for line in plan_lines(done.result):
            terminal.result(line)
        summarize(terminal, [done])
    raise_if_failed(project.sandbox, [done])
