"""`greenroom sandbox reset`: forget everything that was deployed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from greenroom.cli.lazy import Command
from greenroom.cli.options import find_project, json_option, project_option, yes_option
from greenroom.cli.terminal import Terminal

if TYPE_CHECKING:
    from greenroom.sandbox.session import Sandbox

EPILOG = """\b
Example:
  greenroom sandbox reset --yes
\b
Exit codes: 0 everything is forgotten, 1 you said no, 2 bad input (it asks, and there is nobody to answer)."""


@click.command("reset", cls=Command, epilog=EPILOG, short_help="Forget everything that was deployed.")
@yes_option
@project_option
@json_option
def command(*, yes: bool, project_folder: Path | None, as_json: bool) -> None:
    """Stop the local AWS and wipe it, with the state of every stack of the project.

    Releases stay in the local store; specs and models are not touched.
    """
    root = find_project(project_folder)
    from greenroom.errors import UserError
    from greenroom.sandbox.session import Sandbox

    terminal, sandbox = Terminal.here(), Sandbox(root)
    standing = [stack for stack in sandbox.state.list() if _stands(sandbox, stack)]
    if not yes:
        if not sys.stdin.isatty():
            raise UserError("reset wipes the local AWS and the state of every stack.", fix="Say so: --yes.")
        what = f", with {', '.join(standing)} in it" if standing else ""
        click.confirm(f"Wipe the local AWS of {sandbox.home}{what}?", abort=True, err=True)
    sandbox.cloud.reset()
    for stack in sandbox.state.list():
        with sandbox.state.lock(stack, "greenroom sandbox reset", mends=True):
            sandbox.state.remove(stack)
    if as_json:
        terminal.json({"state": "stopped", "forgotten": standing})
    else:
        terminal.result(f"wiped {sandbox.home / 'cloud'}" + (f"; forgot {', '.join(standing)}" if standing else ""))


def _stands(sandbox: Sandbox, stack: str) -> bool:
    """Whether the stack has resources; one whose state cannot be read may have."""
    from greenroom.sandbox.engine import StateError

    try:
        return sandbox.state.count(stack) > 0
    except StateError:
        return True
