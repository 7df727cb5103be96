"""`greenroom release approve`: the approval of a release's model package in SageMaker's Model Registry."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from greenroom.cli.lazy import Command
from greenroom.cli.options import json_option, project_option
from greenroom.cli.release.access import access_to, catalogue_here, find_here, place_option
from greenroom.cli.terminal import Terminal

if TYPE_CHECKING:
    from greenroom.delivery.catalogue import Place

STATUSES = ("Approved", "Rejected", "PendingManualApproval")

EPILOG = """\b
Examples:
  greenroom release approve tumor@80c754 --description "looked at the slices"
  greenroom release approve tumor@staging --status Rejected --to aws
\b
--json prints {"release", "arn", "status", "where"}.
Exit codes: 0 it has that status, 2 bad input, or the release is not registered there."""


@click.command("approve", cls=Command, epilog=EPILOG, short_help="Approve or reject a registered release.")
@click.argument("release")
@click.option("--status", type=click.Choice(STATUSES), default="Approved", show_default=True, help="The new status.")
@click.option("--description", metavar="TEXT", help="Why; kept with the approval.")
@place_option("--to", "Whose Model Registry.  [default: sandbox]")
@project_option
@json_option
def command(
    *,
    release: str,
    status: str,
    description: str | None,
    place: Place | None,
    project_folder: Path | None,
    as_json: bool,
) -> None:
    """Set the approval status of a RELEASE's model package; EventBridge tells whoever waits for it."""
    catalogue = catalogue_here(project_folder)
    found = find_here(catalogue, release, place)
    from model_packaging.registry.sagemaker import approve

    access = access_to(catalogue.root, place or "sandbox")
    package = approve(access.client("sagemaker"), found, status=status, comment=description)
    terminal = Terminal.here()
    if as_json:
        terminal.json({"release": found.digest, "arn": package.arn, "status": package.status, "where": access.said})
    else:
        terminal.result(f"{found.name} {found.version}  {package.status}")
        terminal.result(package.arn)
