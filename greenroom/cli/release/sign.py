"""`greenroom release sign`: a release of the local store, signed with its evidence."""

from __future__ import annotations

from pathlib import Path

import click

from greenroom.cli.lazy import Command
from greenroom.cli.options import json_option, project_option
from greenroom.cli.release.access import catalogue_here, find_here
from greenroom.cli.signing_keys import sign_key_option, signing_key
from greenroom.cli.terminal import Terminal

EPILOG = """\b
Examples:
  greenroom release sign tumor --sign-key keys/release.key.pem
  greenroom release sign tumor@dev --sign-key alias/releases
\b
The signature is over the index of the evidence, which names the release's digest: a Sigstore bundle (DSSE, in-toto) in
evidence/signature.sigstore.json, without Fulcio's certificate and Rekor's entry.
--json prints {"release", "signature", "hint"}: the signature's file, and what the bundle calls the key.
Exit codes: 0 signed, 2 there is no such release, or the key cannot be used."""


@click.command("sign", cls=Command, epilog=EPILOG, short_help="Sign a release and its evidence.")
@click.argument("release")
@sign_key_option(required=True)
@project_option
@json_option
def command(*, release: str, sign_key: str, project_folder: Path | None, as_json: bool) -> None:
    """Sign a RELEASE of the local store, as it is now, with its evidence."""
    catalogue = catalogue_here(project_folder)
    found = find_here(catalogue, release)
    from model_packaging.trust.signing import sign_release

    key = signing_key(sign_key)
    target = sign_release(catalogue.store, found, key)
    terminal = Terminal.here()
    if as_json:
        terminal.json({"release": found.digest, "signature": str(target), "hint": key.public.hint})
        return
    terminal.result(f"{found.name} {found.version}  {found.digest}")
    terminal.result(f"signed by {key.public.name}: {target}")
