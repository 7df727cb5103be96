"""`greenroom release verify`: whether a release is what its digest says, byte for byte."""

from __future__ import annotations

from pathlib import Path

import click

from greenroom.cli.lazy import Command
from greenroom.cli.options import json_option, project_option
from greenroom.cli.release.access import catalogue_here
from greenroom.cli.terminal import Terminal

EPILOG = """\b
Example:
  greenroom release verify tumor@dev
\b
--json prints {"release", "files", "evidence", "signed"}: how many files of each were read, and whether there is a
signature.
Exit codes: 0 every byte is as it was; 2 something was changed, or there is no such release."""


@click.command("verify", cls=Command, epilog=EPILOG, short_help="Whether a release is what its digest says.")
@click.argument("release")
@project_option
@json_option
def command(*, release: str, project_folder: Path | None, as_json: bool) -> None:
    """Read every file of a RELEASE of the local store, and its evidence, and compare them with the digest."""
    catalogue = catalogue_here(project_folder)
    found = catalogue.find(release)
    from model_packaging.evidence import EVIDENCE_FOLDER, SIGNATURE, read_evidence

    catalogue.store.verify_files(found)
    folder = catalogue.store.folder(found.name, found.digest)
    evidence = read_evidence(folder, found.name, found.digest)
    signed = (folder / EVIDENCE_FOLDER / SIGNATURE).is_file()
    terminal = Terminal.here()
    if as_json:
        terminal.json({"release": found.digest, "files": len(found.files), "evidence": len(evidence), "signed": signed})
        return
    terminal.result(f"{found.name} {found.version}  {found.digest}")
    terminal.result(f"{len(found.files)} files and {len(evidence)} files of evidence are what they were")
