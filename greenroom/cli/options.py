"""The options that commands share, and the project they run in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

PROJECT_FILES = ("Pulumi.yaml", "Pulumi.yml")


def project_option(command: Decorated) -> Decorated:
    """`--project DIR`: as `project_folder`, `None` where it was not given."""
    return click.option(
        "--project",
        "project_folder",
        metavar="DIR",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="A folder in the Pulumi project.  [default: the one around the working directory]",
    )(command)


def json_option(command: Decorated) -> Decorated:
    """`--json`: as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout, for programs.")(command)


def account_option(command: Decorated) -> Decorated:
    """`--account ID`: the account that the local AWS answers as, for projects without environments."""
    return click.option(
        "--account",
        metavar="ID",
        callback=_account_id,
        help="The 12-digit account that the local AWS answers as, in a project that has no environments/."
        "  [default: 123456789012]",
    )(command)


def models_option(command: Decorated) -> Decorated:
    """`--model NAME`, repeatable: as `models`."""
    return click.option(
        "--model",
        "models",
        multiple=True,
        metavar="NAME",
        help="Only this model of the environment, and what it shares; may be given more than once. The others are"
        " neither read nor touched.",
    )(command)


def yes_option(command: Decorated) -> Decorated:
    """`--yes`: as `yes`."""
    return click.option("--yes", "-y", is_flag=True, help="Do not ask.")(command)


def find_project(folder: Path | None) -> Path:
    """The nearest folder with a Pulumi.yaml, from `folder` (default: the working directory) upwards.

    Raises:
        ProjectNotFoundError: there is none.
    """
    start = (Path.cwd() if folder is None else folder).resolve()
    for candidate in (start, *start.parents):
        if any((candidate / name).is_file() for name in PROJECT_FILES):
            return candidate
    from greenroom.errors import ProjectNotFoundError

    raise ProjectNotFoundError(
        f"{start}: there is no Pulumi.yaml here or in a folder above.",
        fix="Change into a Pulumi project, or name it: --project DIR.",
    )


def _account_id(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    if value is not None and not (value.isascii() and value.isdigit() and len(value) == 12):
        raise click.BadParameter(f"{value!r} is not an AWS account id: 12 digits.")
    return value
