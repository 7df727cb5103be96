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
    from model_packaging import Release

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


def find_here(catalogue: Catalogue, reference: str, place: Place | None = None) -> Release:
    """The release of the local store that `reference` means.

    Args:
        catalogue: the project's releases.
        reference: `NAME`, `NAME@DIGEST-PREFIX` or `NAME@ENVIRONMENT`.
        place: the artifact store that the command is about; nothing is started to look into it.

    Raises:
        UnknownReleaseError: none is meant, or several could be.
        UserError: it is not here; with what brings it, where an artifact store is known to have it.
    """
    from greenroom.errors import UserError
    from model_packaging import ReleaseNotFoundError
    from model_packaging.registry.errors import UnknownReleaseError

    try:
        return catalogue.find(reference)
    except (UnknownReleaseError, ReleaseNotFoundError) as error:
        fix = _what_brings_it(catalogue, reference, place)
        if fix is None:
            raise
        raise UserError(str(error), fix=fix) from error


def _what_brings_it(catalogue: Catalogue, reference: str, place: Place | None) -> str | None:
    """How to get a release that is not here; None where it is, or where nothing is known of it."""
    from model_packaging.registry.references import could_mean

    name, _, environment = reference.partition("@")
    if could_mean(reference, catalogue.store.digests().get(name, ()), catalogue.pins):
        return None
    access, digests = _published(catalogue, name, place)
    found = could_mean(reference, digests, catalogue.pins)
    if access is not None and found:
        commands = [f"greenroom release download {name}@{digest} --from {access.place}" for digest in found]
        return "\n  ".join([f"s3://{access.bucket} ({access.said}) has it; bring it:", *commands])
    pinned = catalogue.pins.get(environment, {}).get(name)
    if pinned is None:
        return None
    return f"Where it was published, bring it: greenroom release download {name}@{pinned} --from aws"


def _published(catalogue: Catalogue, name: str, place: Place | None) -> tuple[ArtifactAccess | None, tuple[str, ...]]:
    """What an artifact store has of a model, and which store that is; nothing is started to look into one."""
    from greenroom.delivery.catalogue import published_releases
    from greenroom.errors import UserError
    from model_packaging import PackagingError

    try:
        access = access_to_look_in(catalogue.root, "aws" if place == "aws" else None)
        if access is None:
            return None, ()
        return access, tuple(one.digest for one in published_releases(access.client("s3"), access.bucket, name))
    except (UserError, PackagingError):  # that a store cannot be asked is not what went wrong
        return None, ()


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
