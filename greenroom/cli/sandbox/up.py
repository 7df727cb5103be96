"""`greenroom sandbox up`: deploy a stack into the local AWS, and first what it needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from greenroom.cli.lazy import Command
from greenroom.cli.options import account_option, json_option, models_option, project_option
from greenroom.cli.sandbox.engine_options import engine_options, update_options
from greenroom.cli.terminal import Terminal

EPILOG = """\b
Example:
  greenroom sandbox up dev
\b
--json prints what `pulumi preview --json` prints (steps, changeSummary, …), with the stack, result, outputs and needs.
Exit codes: 0 deployed, 1 the deployment failed, 2 bad input."""


@click.command("up", cls=Command, epilog=EPILOG, short_help="Deploy a stack into the local AWS.")
@click.argument("stack")
@update_options
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
    """Deploy STACK into the local AWS, which is brought up if it is not.

    For an environment, what it needs comes first: the artifact store and the releases that the environment pins
    (packaged from models/ if they are not in the local store). A second run changes nothing.
    """
    from greenroom.cli.sandbox.next_steps import tell_next_steps
    from greenroom.cli.sandbox.running import open_here, raise_if_failed, result_json, summarize

    options = engine_options(**flags)
    terminal = Terminal.here()
    project = open_here(terminal, project_folder, account, models)
    results = project.up(stack, options)
    summarize(terminal, results)
    if as_json:
        terminal.json(result_json(results))
    raise_if_failed(project.sandbox, results)
    if not as_json:
        tell_next_steps(terminal, project, stack)
