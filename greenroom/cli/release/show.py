"""`greenroom release show`: everything that is known of one release."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from greenroom.cli.lazy import Command
from greenroom.cli.options import json_option, project_option
from greenroom.cli.release.access import access_to_look_in, catalogue_here, find_here, place_option, size_text
from greenroom.cli.terminal import Terminal

if TYPE_CHECKING:
    from greenroom.delivery.artifact_access import ArtifactAccess
    from greenroom.delivery.catalogue import Place
    from model_packaging import Release

EPILOG = """\b
Examples:
  greenroom release show tumor@dev
  greenroom release show tumor@80c754 --json | jq .metrics
\b
--json prints the release's manifest, and beside it {"size_bytes", "folder", "evidence", "pinned", "kept",
"registrations", "published"}; `published` is null where no artifact store was looked into.
Exit codes: 0 told, 2 there is no such release, or it was changed."""


@click.command("show", cls=Command, epilog=EPILOG, short_help="Everything that is known of one release.")
@click.argument("release")
@place_option("--in", "The artifact store to look into.  [default: the local AWS's, where it runs]")
@project_option
@json_option
def command(*, release: str, place: Place | None, project_folder: Path | None, as_json: bool) -> None:
    """Show a RELEASE's files, signature, metrics, image, reports, lineage, and where it is pinned and registered."""
    catalogue = catalogue_here(project_folder)
    found = find_here(catalogue, release, place)
    from greenroom.delivery.dossier import dossier

    known = dossier(catalogue, found)
    access = access_to_look_in(catalogue.root, place)
    known["published"] = None if access is None else _published(access, found)
    terminal = Terminal.here()
    if as_json:
        terminal.json(known)
        return
    for line in _lines(found, known):
        terminal.result(line)


def _published(access: ArtifactAccess, release: Release) -> dict[str, Any]:
    from model_packaging import is_published

    uri = f"s3://{access.bucket}/{release.s3_prefix}"
    return {"where": access.said, "uri": uri, "whole": is_published(release, access.client("s3"), access.bucket)}


def _lines(release: Release, known: dict[str, Any]) -> Iterator[str]:
    yield click.style(f"{release.name} {release.version}", bold=True)
    rows = [
        ("digest", release.digest),
        ("folder", known["folder"]),
        ("framework", f"{release.framework.name} {release.framework.version}"),
        *([("format", release.format)] if release.format else []),
        ("image", _image(release)),
        *(("input", f"{one.name} {one.dtype} {_shape(one.shape)}") for one in release.signature.inputs),
        *(("output", f"{one.name} {one.dtype} {_shape(one.shape)}") for one in release.signature.outputs),
        *([("accepts", ", ".join(release.content_types))] if release.content_types else []),
        *(("metric", f"{name} {value:.6g}") for name, value in release.metrics.items()),
        *_reports(known["evidence"]),
        *_measured(release),
        *_lineage(release),
        *_places(known),
    ]
    yield from (f"  {name:<12}{value}" for name, value in rows)
    yield ""
    yield click.style(f"{len(release.files)} files, {size_text(release.size_bytes)}", bold=True)
    yield from (f"  {size_text(file.size_bytes):>10}  {file.path}" for file in release.files)
    if known["evidence"]["files"]:
        yield ""
        yield click.style("evidence", bold=True)
        yield from (f"  evidence/{path}" for path in known["evidence"]["files"])


def _image(release: Release) -> str:
    image = release.serving_image
    regions = sorted(image.uris)
    some = regions[0] if len(regions) == 1 else f"{len(regions)} regions"
    return f"{image.framework} {image.version} {image.py_version} {image.processor}, pinned for {some}"


def _shape(shape: tuple[int | None, ...]) -> str:
    from model_packaging.registry.compatibility import shape_text

    return shape_text(shape)


def _reports(evidence: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name in ("gate", "contract", "scan"):
        if evidence[name] is not None:
            colour = "green" if evidence[name] == "passed" else "red"
            yield name, click.style(evidence[name], fg=colour)
    if evidence["components"] is not None:
        yield "contains", f"{evidence['components']} components (evidence/sbom.cdx.json)"
    yield "signature", "signed; `greenroom release verify` checks it" if evidence["signed"] else "not signed"


def _measured(release: Release) -> Iterator[tuple[str, str]]:
    load = release.load_test
    if load is not None:
        rate = f"{load.requests_per_second:.1f} requests/s an instance"
        latency = f"p50 {load.p50_ms:.1f} ms, p99 {load.p99_ms:.1f} ms"
        yield "load test", f"{rate}, {latency} ({load.vcpus} vCPUs, {load.machine})"
    for step in () if release.optimisation is None else release.optimisation.steps:
        told = f"{step.step}: {size_text(step.size_bytes)}, p50 {step.p50_ms:.3g} ms"
        yield "optimised", f"{told}, differs by {step.max_abs_difference:.2g}"


def _lineage(release: Release) -> Iterator[tuple[str, str]]:
    if release.git_commit is not None:
        yield "git commit", release.git_commit
    lineage = release.lineage
    if lineage is None:
        return
    if lineage.training_run is not None:
        run = lineage.training_run
        yield "trained by", f"{run.kind} {run.id}" + (f"  {run.uri}" if run.uri else "")
    if lineage.data is not None:
        parts = (lineage.data.uri, lineage.data.version, lineage.data.sha256)
        yield "data", "  ".join(part for part in parts if part is not None)
    if lineage.frameworks:
        yield "made with", ", ".join(f"{name} {version}" for name, version in lineage.frameworks.items())


def _places(known: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "pinned in", ", ".join(known["pinned"]) or "no environment"
    if known["kept"]:
        yield "kept in", f"{', '.join(known['kept'])}, to roll back to"
    published = known["published"]
    if published is not None:
        yield "published", published["uri"] if published["whole"] else f"no ({published['where']})"
    for one in known["registrations"]:
        yield "registered", f"{one['id']}  ({one['registry']}, {one['where']})"
