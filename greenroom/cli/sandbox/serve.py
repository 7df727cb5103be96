"""`greenroom sandbox serve`: the sandbox's provider for the real Pulumi engine."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from greenroom.cli.lazy import Command
from greenroom.cli.options import account_option, find_project, json_option, project_option
from greenroom.cli.terminal import Terminal

if TYPE_CHECKING:
    from greenroom.sandbox.provider import CloudEndpoint

EPILOG = """\b
Example:
  greenroom sandbox serve dev
  # in another shell, with the line that it printed:
  export PULUMI_DEBUG_PROVIDERS=aws:PORT,aws-native:PORT
  pulumi up -s dev
\b
--json's first line is {"PULUMI_DEBUG_PROVIDERS": "aws:PORT,aws-native:PORT"}; nothing follows it.
Exit codes: 0 interrupted after serving, 1 what ENV needs could not be deployed, 2 bad input."""


@click.command("serve", cls=Command, epilog=EPILOG, short_help="The sandbox's provider for the real engine.")
@click.argument("environment", metavar="[ENV]", required=False)
@account_option
@project_option
@json_option
def command(environment: str | None, *, account: str | None, project_folder: Path | None, as_json: bool) -> None:
    """Offer the sandbox's provider to the real Pulumi engine by gRPC, until interrupted.

    Whoever has the Pulumi CLI runs the same program with `pulumi up` against the local AWS. With ENV (a stack), what it
    needs is brought up first: the artifact store and its releases. Without, the releases that any environment pins are
    put into the artifact bucket, so that every stack can be deployed. In a project without environments, nothing is.
    """
    root = find_project(project_folder)
    from greenroom.sandbox.provider.server import serve

    terminal = Terminal.here()
    interrupted = _interruption()
    served = serve(_prepared(terminal, root, environment, account))
    try:
        if as_json:
            terminal.result(json.dumps({"PULUMI_DEBUG_PROVIDERS": served.debug_providers}))
        else:
            _tell(terminal, served.debug_providers, environment)
        while not interrupted(0.2):
            pass
    finally:
        served.stop()


def _interruption() -> Callable[[float], bool]:
    """Waits for SIGINT or SIGTERM, at most so many seconds; whether one came."""
    event = threading.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, lambda *_: event.set())
    return event.wait


def _prepared(terminal: Terminal, root: Path, environment: str | None, account: str | None) -> CloudEndpoint:
    from greenroom.cli.sandbox.running import open_here, raise_if_failed, summarize
    from greenroom.delivery.rehearsal import Rehearsal

    project = open_here(terminal, root, account)
    if not isinstance(project, Rehearsal):
        return project.sandbox.endpoint()
    if environment is None:
        project.seed()
        accounts = project.project.accounts()
        return project.sandbox.endpoint(project.project.specs.artifacts.account_id, accounts)
    needs = project.bring_up_needs(environment)
    summarize(terminal, needs)
    raise_if_failed(project.sandbox, needs)
    return project.sandbox.endpoint(project.project.account_of(environment))


def _tell(terminal: Terminal, debug_providers: str, environment: str | None) -> None:
    terminal.result(f"export PULUMI_DEBUG_PROVIDERS={debug_providers}")
    terminal.say(
        "Type that line in another shell, then, for a state of its own:\n"
        "  export PULUMI_BACKEND_URL=file://~ PULUMI_CONFIG_PASSPHRASE=rehearsal\n"
        "  export PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true\n"
        f"  pulumi up -s {environment or 'STACK'}\n"
        "Serving until interrupted (Ctrl-C)."
    )
