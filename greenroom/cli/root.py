"""The root command: what every command shares, and where the others are found."""

from __future__ import annotations

import os

import click

from greenroom.cli.lazy import LazyGroup

EPILOG = """\b
Examples:
  greenroom check                  every spec, with file, line and fix; no AWS
  greenroom package models/tumor   a model into a release, checked and judged
  greenroom sandbox up dev         deploy dev into the local AWS
  greenroom sandbox invoke dev tumor
\b
Exit codes: 0 it worked, 1 the deployment, a check or a gate failed, 2 bad input, 130 interrupted.
Environment: GREENROOM_HOME (state and local AWS; default .greenroom in the project),
GREENROOM_DEBUG=1 (tracebacks), NO_COLOR (no colour)."""


@click.group(
    cls=LazyGroup,
    commands_from={
        "baseline": "greenroom.cli.baseline",
        "check": "greenroom.cli.check",
        "gate": "greenroom.cli.gate",
        "load-test": "greenroom.cli.load_test",
        "optimise": "greenroom.cli.optimise",
        "package": "greenroom.cli.package",
        "release": "greenroom.cli.release",
        "sandbox": "greenroom.cli.sandbox",
        "schema": "greenroom.cli.schema",
        "serve": "greenroom.cli.serve",
    },
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--debug", is_flag=True, envvar="GREENROOM_DEBUG", help="Show tracebacks of our own bugs.")
@click.version_option(package_name="greenroom", message="greenroom %(version)s")
@click.pass_context
def root(ctx: click.Context, *, debug: bool) -> None:
    """Rehearse a machine-learning deployment on a local AWS before it goes on stage."""
    ctx.obj = {"debug": debug}
    if os.environ.get("NO_COLOR"):
        ctx.color = False
