"""`greenroom sandbox import`: a stack's state out of a file."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import click

from greenroom.cli.lazy import Command
from greenroom.cli.options import find_project, json_option, project_option
from greenroom.cli.terminal import Terminal

EPILOG = """\b
Examples:
  pulumi stack export > dev.json && greenroom sandbox import dev --file dev.json
  greenroom sandbox import dev --file .greenroom/state/my-project/dev.json.bak
\b
Exit codes: 0 taken, 2 it is no state that a command can go on from; nothing was changed then."""


@click.command("import", cls=Command, epilog=EPILOG, short_help="A stack's state, out of Pulumi's own export.")
@click.argument("stack")
@click.option(
    "--file",
    metavar="FILE",
    required=True,
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    help="What `export` wrote, here or with the Pulumi CLI; - is stdin.",
)
@click.option(
    "--secrets-passphrase-file",
    "passphrase_file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The passphrase of the file's secrets, where it is not the stack's own.",
)
@click.option("--force", is_flag=True, help="Take resources of another stack as well.")
@project_option
@json_option
def command(
    stack: str,
    *,
    file: Path,
    passphrase_file: Path | None,
    force: bool,
    project_folder: Path | None,
    as_json: bool,
) -> None:
    """Put the state in FILE in the place of STACK's, which becomes the backup beside it.

    The file is checked first, and every violation told with its line. Secrets are encrypted with the stack's own
    passphrase. What is out there is not touched: `refresh` reads it.
    """
    from greenroom.sandbox.engine.state_transfer import import_state
    from greenroom.sandbox.session import Sandbox

    terminal = Terminal.here()
    data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    count = import_state(
        Sandbox(find_project(project_folder)).state,
        stack,
        data,
        source=str(file),
        passphrase=None if passphrase_file is None else _reader(passphrase_file),
        force=force,
    )
    if as_json:
        terminal.json({"stack": stack, "resources": count})
    else:
        terminal.result(f"{stack}: {count} resources")


def _reader(file: Path) -> Callable[[], str]:
    return lambda: file.read_text(encoding="utf-8").strip()
