"""`greenroom check`: every spec, before anything is deployed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from greenroom.cli.lazy import Command
from greenroom.cli.options import find_project, json_option, project_option
from greenroom.cli.terminal import Terminal

if TYPE_CHECKING:
    from components.specs import Project, SpecError, Violation

EPILOG = """\b
Examples:
  greenroom check
  greenroom check dev staging --json
\b
--json prints {"valid", "environments", "models", "violations": [{file, line, column, path, value, message,
allowed, fix}]}.
Exit codes: 0 every spec is right, 2 one is not."""


@click.command("check", cls=Command, epilog=EPILOG, short_help="Check every spec; no AWS.")
@click.argument("environments", metavar="[ENV]...", nargs=-1)
@project_option
@json_option
def command(environments: tuple[str, ...], *, project_folder: Path | None, as_json: bool) -> None:
    """Check the specs of all environments, or of those that are named: no AWS, no network.

    Every violation is told at once, with file, line, value, what is allowed and what to change; so are pinned
    releases that are missing or damaged.
    """
    root = find_project(project_folder)
    from components.specs import SpecError

    terminal = Terminal.here()
    try:
        project = _checked(root, environments)
    except SpecError as error:
        _tell(terminal, [one for one in error.violations if _concerns(one, environments)], error, as_json=as_json)
        return
    names = list(environments or project.environments)
    models = sorted({model for name in names for model in project.environments[name].releases})
    if as_json:
        terminal.json({"valid": True, "environments": names, "models": models, "violations": []})
    else:
        terminal.result(f"{len(project.models)} models, {len(names)} environments ({', '.join(names)}): all right")


def _checked(root: Path, environments: Sequence[str]) -> Project:
    from components.specs import check
    from greenroom.delivery.project import GreenroomProject

    project = GreenroomProject.load(root)
    check(project.specs, project.releases, environments)
    return project.specs


def _concerns(violation: Violation, environments: Sequence[str]) -> bool:
    """Whether a violation is in a file that the named environments read: all but other environments' own."""
    folder, _, file = violation.file.rpartition("/")
    mine = {"artifacts.yaml", *(f"{name}.yaml" for name in environments)}
    return not environments or folder != "environments" or file in mine


def _tell(terminal: Terminal, violations: Sequence[Violation], error: SpecError, *, as_json: bool) -> None:
    if as_json:
        told = [violation.as_json() for violation in violations]
        terminal.json({"valid": not violations, "environments": [], "models": [], "violations": told})
    else:
        for violation in violations:
            terminal.result(str(violation))
    elsewhere = len(error.violations) - len(violations)
    if elsewhere:
        terminal.say(f"other environments have {elsewhere} more: greenroom check")
    if violations:
        terminal.say(f"{len(violations)} {'violation' if len(violations) == 1 else 'violations'}")
        raise click.exceptions.Exit(2)
