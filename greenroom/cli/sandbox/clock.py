"""`greenroom sandbox clock`: what time it is in the local AWS, and time that a rehearsal skips."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from greenroom.cli.lazy import Command
from greenroom.cli.options import find_project, json_option, project_option
from greenroom.cli.terminal import Terminal

EPILOG = """\b
Examples:
  greenroom sandbox clock
  greenroom sandbox clock --advance 10m
  greenroom sandbox clock --rollout-waits documented
\b
--json prints {"time", "offset_seconds", "next_due", "rollout_wait_factor"}, times as ISO 8601, the factor 0 where
waits are skipped and 1 where they are as documented; null where the local AWS is stopped.
Exit codes: 0 told, whether it runs or not; 2 bad input."""


_WAITS = {0.0: "skip their waits", 1.0: "wait as documented"}


def _seconds(_ctx: click.Context, _param: click.Parameter, value: str | None) -> float | None:
    if value is None:
        return None
    from greenroom.sandbox.clock import parse_duration

    try:
        return parse_duration(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@click.command("clock", cls=Command, epilog=EPILOG, short_help="What time it is in the local AWS; skip some.")
@click.option(
    "--advance",
    "advance_seconds",
    metavar="DURATION",
    callback=_seconds,
    help="Skip so much time: 90s, 10m, 1h30m, 2d.  [default: none]",
)
@click.option(
    "--rollout-waits",
    type=click.Choice(["skipped", "documented"]),
    help="Whether rollouts that begin from now on wait between their phases, as their deployment configuration says.  "
    "[default: as before; at first skipped]",
)
@project_option
@json_option
def command(
    *, advance_seconds: float | None, rollout_waits: str | None, project_folder: Path | None, as_json: bool
) -> None:
    """Tell what time it is in the local AWS, and move it on.

    Everything that is due in the time that is skipped happens, each at its own instant: alarms are evaluated, rollouts
    take their steps, policies scale, schedules fire. Skipped time stays skipped, also after a restart. Without
    --advance or --rollout-waits nothing is started: a local AWS that is stopped is told as stopped.

    A rollout takes all its phases, and looks at its alarms in each, without a pause, so that `up` takes seconds. To
    rehearse its waits, have them last as documented, and skip them with --advance while it is under way.
    """
    root = find_project(project_folder)
    from greenroom.sandbox import rollouts
    from greenroom.sandbox.session import Sandbox

    terminal, sandbox = Terminal.here(), Sandbox(root)
    is_asked_only = advance_seconds is None and rollout_waits is None
    if is_asked_only and sandbox.cloud.status().state != "ready":
        if as_json:
            terminal.json(None)
        else:
            terminal.result("the local AWS is stopped; what falls due meanwhile is done once when it is started")
        return
    wanted = None if rollout_waits is None else rollouts.WAIT_FACTORS[rollout_waits]
    factor = rollouts.rollout_waits(sandbox.ensure_cloud(), wait_factor=wanted)
    reading = sandbox.clock(advance_seconds=advance_seconds)
    if as_json:
        terminal.json(asdict(reading) | {"rollout_wait_factor": factor})
    else:
        ahead = f"  ({reading.offset_seconds:.0f} s ahead)" if reading.offset_seconds else ""
        terminal.result(f"time      {reading.time}{ahead}")
        terminal.result(f"next due  {reading.next_due or 'nothing'}")
        terminal.result(f"rollouts  {_WAITS.get(factor, f'{factor:g} of their waits')}")
