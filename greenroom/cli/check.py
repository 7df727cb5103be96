"""`greenroom check`: every spec, before anything is deployed."""

from __future__ import annotations

from collections.abc import Sequence, Sized
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
    releases that are damaged, or missing where they cannot be packaged. A release that is yet to be packaged is no
    violation, and told as such.
    """
    root = find_project(project_folder)
    from components.specs import SpecError

    terminal = Terminal.here()
    try:
        project, to_package = _checked(root, environments)
    except SpecError as error:
        _tell(terminal, [one for one in error.violations if _concerns(one, environments)], error, as_json=as_json)
        return
    names = list(environments or project.environments)
    models = sorted({model for name in names for model in project.environments[name].releases})
    if as_json:
        terminal.json({"valid": True, "environments": names, "models": models, "violations": []})
    else:
        counts = f"{_count(project.models, 'model')}, {_count(names, 'environment')}"
        terminal.result(f"{counts} ({', '.join(names)}): all right")
        for pin in to_package:
            terminal.say(pin)


def _checked(root: Path, environments: Sequence[str]) -> tuple[Project, list[str]]:
    """The project, and its pins that could not be compared with a release, since none is there yet."""
    from components.specs import check
    from greenroom.delivery.project import GreenroomProject

    project = GreenroomProject.load(root)
    check(project.specs, project.releases, environments)
    to_package = [
        f"environments/{name}.yaml: releases.{model}: {digest} is not in the local store yet; "
        f"`greenroom package models/{model}` must give it"
        for name in environments or project.specs.environments
        for model, pin in project.specs.environments[name].releases.items()
        for digest in (pin.digest, *pin.previous)
        if not project.releases.folder(model, digest).is_dir()
    ]
    return project.specs, to_package


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
        terminal.say(_count(violations, "violation"))
        raise click.exceptions.Exit(2)


def _count(things: Sized, name: str) -> str:
    return f"{len(things)} {name}" if len(things) == 1 else f"{len(things)} {name}s"
