"""`greenroom sandbox stop`: end the local AWS; its state stays."""

from __future__ import annotations

from pathlib import Path

import click

from greenroom.cli.lazy import Command
from greenroom.cli.options import find_project, json_option, project_option
from greenroom.cli.terminal import Terminal

EPILOG = """\b
Example:
  greenroom sandbox stop
\b
Exit codes: 0 it does not run any more, 2 bad input."""


@click.command("stop", cls=Command, epilog=EPILOG, short_help="End the local AWS; its state stays.")
@project_option
@json_option
def command(*, project_folder: Path | None, as_json: bool) -> None:
    """End the local AWS and the models that it serves.

    Its state stays: the next command that needs it starts it again, with everything that was deployed.
    """
    root = find_project(project_folder)
    from greenroom.sandbox.session import Sandbox

    terminal, sandbox = Terminal.here(), Sandbox(root)
    was = sandbox.cloud.status().state
    sandbox.cloud.stop()
    if as_json:
        terminal.json({"was": was, "state": "stopped"})
    elif was == "stopped":
        terminal.result("the local AWS was not running")
    else:
        terminal.result("the local AWS is stopped; the next command that needs it restores its state")
