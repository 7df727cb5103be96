"""`greenroom sandbox preview`: what `up` would do, property by property."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from greenroom.cli.lazy import Command
from greenroom.cli.options import account_option, json_option, models_option, project_option
from greenroom.cli.sandbox.engine_options import engine_options, preview_options
from greenroom.cli.terminal import Terminal

EPILOG = """\b
Example:
  greenroom sandbox preview dev
  greenroom sandbox preview dev --json | jq .changeSummary
\b
--json prints what `pulumi preview --json` prints.
Exit codes: 0 planned, 1 the program failed or a provider refused the plan, 2 bad input."""


@click.command("preview", cls=Command, epilog=EPILOG, short_help="What up would do, property by property.")
@click.argument("stack")
@preview_options
@models_option
@account_option
@project_option
@json_option
def command(  # one a flag
    stack: str,
    *,
    models: tuple[str, ...],
    account: str | None,
    project_folder: Path | None,
    as_json: bool,
    **flags: Any,
) -> None:
    """Show what `up STACK` would do: every property that differs, old => new, and what forces a replacement.

    Nothing is deployed. Secrets read [secret]; what is known only after an operation reads output<string>.
    """
    from greenroom.cli.plan import plan_lines
    from greenroom.cli.sandbox.running import open_here, pulumi_json, raise_if_failed, summarize

    options = engine_options(**flags)
    terminal = Terminal.here()
    project = open_here(terminal, project_folder, account, models)
    planned = project.preview(stack, options)
    if as_json:
        terminal.json(pulumi_json(planned))
    else:
        for line in plan_lines(planned.result):
            terminal.result(line)
        summarize(terminal, [planned], planned=True)
    raise_if_failed(project.sandbox, [planned], planned=True)
