"""`greenroom sandbox …`: any Pulumi Python project against a local AWS."""

from __future__ import annotations

import click

from greenroom.cli.lazy import LazyGroup

_COMMANDS = (
    "up",
    "preview",
    "refresh",
    "destroy",
    "status",
    "invoke",
    "logs",
    "clock",
    "export",
    "import",
    "state",
    "env",
    "serve",
    "stop",
    "reset",
)

_MODULES = {"import": "import_"}
"""Those whose name is a word of Python's."""

EPILOG = """\b
Examples:
  greenroom sandbox up dev
  greenroom sandbox preview dev --json
  greenroom sandbox up my-stack --project ~/some-pulumi-project
\b
Exit codes: 0 it worked, 1 the deployment failed, 2 bad input, 130 interrupted."""


@click.group(
    cls=LazyGroup,
    commands_from={name: f"greenroom.cli.sandbox.{_MODULES.get(name, name)}" for name in _COMMANDS},
    epilog=EPILOG,
    short_help="Run any Pulumi Python project against a local AWS.",
)
def command() -> None:
    """Run a Pulumi Python project against a local AWS: no account, no Docker, no Pulumi CLI.

    In a Greenroom project a STACK is an environment (dev), a group of one (prod.fraud), or artifacts; in any other
    Pulumi project it is whatever you call it, with its settings in Pulumi.STACK.yaml.
    """
