"""`greenroom release download`: releases from the artifact store into the local one, where `pulumi up` reads them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from greenroom.cli.lazy import Command
from greenroom.cli.options import json_option, project_option
from greenroom.cli.release.access import access_to, catalogue_here, place_option, size_text
from greenroom.cli.terminal import Terminal

if TYPE_CHECKING:
    from greenroom.delivery.catalogue import Catalogue, Place

EPILOG = """\b
Examples:
  greenroom release download --pinned-in prod --from aws     what prod runs, and keeps to roll back to
  greenroom release download tumor@sha256:…
\b
What is here already is not asked for; what was cut off goes on where it was. Every file is checked against the
release's digest.
--json prints {"releases": [{name, version, digest}]}.
Exit codes: 0 all are here, 2 bad input, or the store has no such release."""


@click.command("download", cls=Command, epilog=EPILOG, short_help="Releases from the artifact store to this machine.")
@click.argument("releases", nargs=-1, metavar="[NAME@DIGEST]...")
@click.option("--pinned-in", "environment", metavar="ENV", help="Every release that this environment pins.")
@place_option("--from", "Which artifact store.  [default: sandbox]")
@project_option
@json_option
def command(
    *,
    releases: tuple[str, ...],
    environment: str | None,
    place: Place | None,
    project_folder: Path | None,
    as_json: bool,
) -> None:
    """Bring releases, named by whole digests or by the environment that pins them, into the local store."""
    from model_packaging.downloading import download

    if not releases and environment is None:
        raise click.UsageError("name a release, or give --pinned-in ENV.")
    terminal = Terminal.here()
    catalogue = catalogue_here(project_folder)
    wanted = [*(_named(one) for one in releases), *(_pinned(catalogue, environment) if environment else ())]
    access = access_to(catalogue.root, place or "sandbox")
    found = []
    for name, digest in dict.fromkeys(wanted):
        release = download(access.client("s3"), access.bucket, name, digest, catalogue.store)
        size = size_text(sum(file.size_bytes for file in release.files))
        terminal.say(f"  {release.name} {release.version}, {size}")
        found.append(release)
    if as_json:
        told = [{"name": one.name, "version": one.version, "digest": one.digest} for one in found]
        terminal.json({"releases": told})
        return
    for one in found:
        terminal.result(f"{one.name} {one.version}  {one.digest}")


def _named(text: str) -> tuple[str, str]:
    name, _, digest = text.partition("@")
    if not name or not digest:
        raise click.UsageError(f"{text!r} is not NAME@DIGEST; the digest is `sha256:` and 64 hexadecimal digits.")
    return name, digest if digest.startswith("sha256:") else f"sha256:{digest}"


def _pinned(catalogue: Catalogue, environment: str) -> list[tuple[str, str]]:
    from greenroom.errors import UserError

    if environment not in catalogue.pins:
        known = ", ".join(sorted(catalogue.pins)) or "none"
        raise UserError(f"--pinned-in {environment}: there is no such environment.", fix=f"Use one of: {known}.")
    pins = list(catalogue.pins[environment].items())
    kept = catalogue.previous.get(environment, {})
    return pins + [(model, digest) for model, digests in kept.items() for digest in digests]
