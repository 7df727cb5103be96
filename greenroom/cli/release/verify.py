"""`greenroom release verify`: whether a release is what its digest says, byte for byte."""

from __future__ import annotations

from pathlib import Path

import click

from greenroom.cli.lazy import Command
from greenroom.cli.options import json_option, project_option
from greenroom.cli.release.access import catalogue_here, find_here
from greenroom.cli.signing_keys import kms_client, signed_by_option
from greenroom.cli.terminal import Terminal

EPILOG = """\b
Examples:
  greenroom release verify tumor@dev
  greenroom release verify tumor@dev --signed-by keys/release.pub.pem
\b
--json prints {"release", "files", "evidence", "signed"}: how many files of each were read, and whether there is a
signature; with --signed-by, {"signedBy"} as well.
Exit codes: 0 every byte is as it was; 2 something was changed, or there is no such release."""


@click.command("verify", cls=Command, epilog=EPILOG, short_help="Whether a release is what its digest says.")
@click.argument("release")
@signed_by_option
@project_option
@json_option
def command(*, release: str, signed_by: tuple[str, ...], project_folder: Path | None, as_json: bool) -> None:
    """Read every file of a RELEASE of the local store, and its evidence, and compare them with the digest."""
    catalogue = catalogue_here(project_folder)
    found = find_here(catalogue, release)
    from model_packaging.evidence import EVIDENCE_FOLDER, SIGNATURE, read_evidence
    from model_packaging.trust.keys import is_kms

    catalogue.store.verify_files(found)
    folder = catalogue.store.folder(found.name, found.digest)
    evidence = read_evidence(folder, found.name, found.digest)
    signed = (folder / EVIDENCE_FOLDER / SIGNATURE).is_file()
    signer = None
    if signed_by:
        from model_packaging.trust.policy import TrustedKeys
        from model_packaging.trust.signing import verify_release

        keys = TrustedKeys(signed_by, Path.cwd(), lambda: kms_client(next(filter(is_kms, signed_by))))
        signer = verify_release(catalogue.store, found, keys, files=False).name
    terminal = Terminal.here()
    if as_json:
        signer_json = {} if signer is None else {"signedBy": signer}
        terminal.json(
            {"release": found.digest, "files": len(found.files), "evidence": len(evidence), "signed": signed}
            | signer_json
        )
        return
    terminal.result(f"{found.name} {found.version}  {found.digest}")
    terminal.result(f"{len(found.files)} files and {len(evidence)} files of evidence are what they were")
    if signer is not None:
        terminal.result(f"signed by {signer}")
