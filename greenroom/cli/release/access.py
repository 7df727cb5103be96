"""What the commands of this group share: the catalogue, and the artifact store that is meant."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from greenroom.cli.options import find_project

if TYPE_CHECKING:
    from greenroom.delivery.artifact_access import ArtifactAccess
    from greenroom.delivery.catalogue import Catalogue, Place

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

PLACES = ("sandbox", "aws")


def place_option(flag: str, told: str) -> Callable[[Decorated], Decorated]:
    """`--to` or `--in sandbox|aws`: as `place`, `None` where it was not given."""
    return click.option(flag, "place", type=click.Choice(PLACES), help=told)


def catalogue_here(project_folder: Path | None) -> Catalogue:
    """The catalogue of the project around `project_folder` (default: the working directory)."""
    root = find_project(project_folder)
    from greenroom.delivery.catalogue import Catalogue

    return Catalogue.of(root)


def access_to(root: Path, place: Place) -> ArtifactAccess:
    """The artifact store in `place`.

    Raises:
        NotAGreenroomProjectError: the project has no environments/artifacts.yaml.
        UserError: there are no credentials of its account.
    """
    from greenroom.delivery.artifact_access import in_aws, in_sandbox
    from greenroom.delivery.project import GreenroomProject
    from greenroom.sandbox.session import Sandbox

    artifacts = GreenroomProject.load(root, only_models=()).specs.artifacts
    return in_aws(artifacts) if place == "aws" else in_sandbox(artifacts, Sandbox(root))


def access_to_look_in(root: Path, place: Place | None) -> ArtifactAccess | None:
    """The artifact store to look in: the one named; without one the local AWS's, where it runs; nothing is started."""
    from greenroom.delivery.project import is_greenroom_project
    from greenroom.sandbox.session import Sandbox

    if place is None:
        running = is_greenroom_project(root) and Sandbox(root).cloud.status().state == "ready"
        return access_to(root, "sandbox") if running else None
    return access_to(root, place)


def size_text(size_bytes: float) -> str:
    """`512 B`, `1.4 KiB`, `20.0 GiB`."""
    size, unit = float(size_bytes), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if abs(size) < 1024:
            break
        size, unit = size / 1024, larger
    return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
