"""`greenroom sandbox refresh`: the creations that a killed command left in doubt, and what became of them.

The flags are `pulumi refresh`'s; at a terminal, what they leave open is asked.
https://www.pulumi.com/docs/iac/cli/commands/pulumi_refresh/
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from greenroom.cli.terminal import Terminal

if TYPE_CHECKING:
    from greenroom.sandbox.session import Sandbox

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


_OPTIONS: dict[str, dict[str, Any]] = {
    "--skip-pending-creates": {"is_flag": True, "help": "Leave creations in doubt as they are, and do not ask."},
    "--clear-pending-creates": {"is_flag": True, "help": "Creations in doubt came to nothing: forget them."},
    "--import-pending-creates": {
        "nargs": 2,
        "multiple": True,
        "metavar": "URN ID",
        "help": "The creation in doubt of URN was done, and made ID: take it into the state.",
    },
}


def pending_options(command: Decorated) -> Decorated:
    """What became of creations in doubt: as `import_pending_creates`, `clear_pending_creates`, `skip_…`."""
    for name, settings in _OPTIONS.items():
        command = click.option(name, **settings)(command)
    return command


def settle(
    terminal: Terminal,
    sandbox: Sandbox,
    stack: str,
    *,
    import_pending_creates: tuple[tuple[str, str], ...],
    clear_pending_creates: bool,
    skip_pending_creates: bool,
) -> None:
    """Settle what is in doubt as the flags say, and at a terminal ask about the rest."""
    if clear_pending_creates and skip_pending_creates:
        raise click.UsageError("--skip-pending-creates and --clear-pending-creates contradict each other.")
    imports = dict(import_pending_creates)
    asks = sys.stdin.isatty() and terminal.live and not clear_pending_creates and not skip_pending_creates
    if not imports and not clear_pending_creates and not asks:
        return
    from greenroom.sandbox.engine.settling import pending_creates, settle_pending_creates

    settled = settle_pending_creates(sandbox.state, stack, imports=imports, clear=clear_pending_creates)
    for verb, urns in (("imported", settled.imported), ("cleared", settled.cleared)):
        for urn in urns:
            terminal.say(f"{verb}: {urn}")
    for operation in pending_creates(sandbox.state, stack) if asks else ():
        _ask(sandbox, stack, operation.resource.urn)


def _ask(sandbox: Sandbox, stack: str, urn: str) -> None:
    from greenroom.sandbox.engine.settling import clear_pending_create, settle_pending_creates

    click.echo(f"A command was killed while it created {urn}.", err=True)
    choice = click.prompt("Is it there?", type=click.Choice(["no", "yes", "skip"]), default="skip", err=True)
    if choice == "yes":
        id_ = click.prompt("Its id", err=True)
        settle_pending_creates(sandbox.state, stack, imports={urn: id_}, clear=False)
    elif choice == "no":
        clear_pending_create(sandbox.state, stack, urn)
