"""`greenroom release list`: the releases there are, and where each of them is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from greenroom.cli.lazy import Command
from greenroom.cli.options import json_option, project_option
from greenroom.cli.release.access import access_to_look_in, catalogue_here, place_option, size_text
from greenroom.cli.terminal import Terminal

if TYPE_CHECKING:
    from greenroom.delivery.artifact_access import ArtifactAccess
    from greenroom.delivery.catalogue import Catalogue, Place
    from model_packaging import Release

EPILOG = """\b
Examples:
  greenroom release list
  greenroom release list tumor --in aws --json
\b
--json prints {"published_in": null or the artifact store, "releases": [{name, version, digest, size_bytes, framework,
format, stored, published, pinned, kept}], "broken": [{name, digest, problem}]}; `published` is null where no artifact
store was looked into, and `broken` are those of the local store that cannot be read.
Exit codes: 0 told, 2 bad input, or one of the local store is broken: the others are told all the same."""


@click.command("list", cls=Command, epilog=EPILOG, short_help="The releases there are, and where each of them is.")
@click.argument("name", required=False)
@place_option("--in", "The artifact store to look into.  [default: the local AWS's, where it runs]")
@project_option
@json_option
def command(*, name: str | None, place: Place | None, project_folder: Path | None, as_json: bool) -> None:
    """List the releases of the local store and the artifact store, of every model or of NAME."""
    catalogue = catalogue_here(project_folder)
    access = access_to_look_in(catalogue.root, place)
    published = None if access is None else _published(access, name)
    broken: list[dict[str, str]] = []
    here = catalogue.store.list(
        name,
        on_broken=lambda model, digest, error: broken.append({"name": model, "digest": digest, "problem": str(error)}),
    )
    stored = {release.digest: release for release in here}
    rows = [_row(catalogue, release, published) for release in stored.values()]
    for model, digest in published or ():
        if digest not in stored:
            rows.append(_elsewhere(catalogue, model, digest))
    rows.sort(key=lambda row: (row["name"], row["digest"]))
    terminal = Terminal.here()
    if as_json:
        published_in = None if access is None else access.said
        terminal.json({"published_in": published_in, "releases": rows, "broken": broken})
    elif rows or not broken:
        _tell(terminal, rows, access, name)
    if broken:
        from model_packaging import PackagingError

        raise PackagingError("\n".join(one["problem"] for one in broken))


def _published(access: ArtifactAccess, name: str | None) -> list[tuple[str, str]]:
    from greenroom.delivery.catalogue import published_releases

    return [(one.name, one.digest) for one in published_releases(access.client("s3"), access.bucket, name)]


def _row(catalogue: Catalogue, release: Release, published: list[tuple[str, str]] | None) -> dict[str, Any]:
    return {
        "name": release.name,
        "version": release.version,
        "digest": release.digest,
        "size_bytes": release.size_bytes,
        "framework": f"{release.framework.name} {release.framework.version}",
        "format": release.format,
        "stored": True,
        "published": None if published is None else (release.name, release.digest) in published,
        "pinned": list(catalogue.pinned_in(release)),
        "kept": list(catalogue.kept_in(release)),
    }


def _elsewhere(catalogue: Catalogue, name: str, digest: str) -> dict[str, Any]:
    from model_packaging.registry.references import environments_with

    unknown: dict[str, Any] = dict.fromkeys(("version", "size_bytes", "framework", "format"))
    return {
        "name": name,
        "digest": digest,
        **unknown,
        "stored": False,
        "published": True,
        "pinned": list(environments_with(catalogue.pins, name, digest)),
        "kept": [],
    }


def _tell(terminal: Terminal, rows: list[dict[str, Any]], access: ArtifactAccess | None, name: str | None) -> None:
    if not rows:
        of_it = f" of model {name}" if name else ""
        terminal.result(f"There is no release{of_it} yet. Make one: greenroom package models/{name or 'NAME'}")
        return
    columns = ["NAME", "VERSION", "DIGEST", "SIZE", "FORMAT", "PINNED IN"]
    columns += [] if access is None else ["PUBLISHED"]
    terminal.table(columns, [_cells(row, with_published=access is not None) for row in rows])
    terminal.say()
    if access is None:
        terminal.say("No artifact store was looked into: the local AWS is not up. `--in aws` looks into AWS.")
    else:
        terminal.say(f"Published: s3://{access.bucket} ({access.said}).")


def _cells(row: dict[str, Any], *, with_published: bool) -> list[str]:
    from model_packaging.registry.references import short

    pinned = [*row["pinned"], *(f"{environment} (previous)" for environment in row["kept"])]
    cells = [
        row["name"],
        row["version"] or "?",
        short(row["digest"]),
        "?" if row["size_bytes"] is None else size_text(row["size_bytes"]),
        row["format"] or row["framework"] or "?",
        ", ".join(pinned) or "-",
    ]
    where = "yes" if row["published"] else "no"
    return [*cells, where if row["stored"] else f"{where}, not in the local store"] if with_published else cells
