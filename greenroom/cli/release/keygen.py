"""`greenroom release keygen`: a key pair that signs releases."""

from __future__ import annotations

import os
from pathlib import Path

import click

from greenroom.cli.lazy import Command
from greenroom.cli.options import json_option
from greenroom.cli.terminal import Terminal

EPILOG = """\b
Example:
  greenroom release keygen keys/release
  # environments/prod.yaml
  releases_signed_by: [keys/release.pub.pem]
\b
NAME.key.pem is the private half: keep it out of the repository. With GREENROOM_SIGNING_PASSPHRASE set, it is encrypted.
--json prints {"private", "public", "hint"}: both files, and what a signature calls the key.
Exit codes: 0 made, 2 there is such a file already."""


@click.command("keygen", cls=Command, epilog=EPILOG, short_help="Make a key pair that signs releases.")
@click.argument("name", type=click.Path(path_type=Path))
@json_option
def command(*, name: Path, as_json: bool) -> None:
    """Make an ECDSA P-256 key pair: NAME.key.pem (private, mode 600) and NAME.pub.pem (public)."""
    from model_packaging.trust.keys import PASSPHRASE_VARIABLE, make_key_pair

    private, public = Path(f"{name}.key.pem"), Path(f"{name}.pub.pem")
    private.parent.mkdir(parents=True, exist_ok=True)
    key = make_key_pair(private, public, os.environ.get(PASSPHRASE_VARIABLE))
    terminal = Terminal.here()
    if as_json:
        terminal.json({"private": str(private), "public": str(public), "hint": key.hint})
        return
    terminal.result(f"{private}  private: keep it out of the repository")
    terminal.result(f"{public}  public: releases_signed_by: [{public.as_posix()}]")
