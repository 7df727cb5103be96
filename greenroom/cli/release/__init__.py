"""`greenroom release …`: releases listed, compared, published, fetched, registered, approved and imported."""

from __future__ import annotations

import click

from greenroom.cli.lazy import LazyGroup

_COMMANDS = ("list", "show", "diff", "publish", "download", "approve", "import", "verify", "sign", "keygen")

_MODULES = {"list": "list_", "import": "import_"}
"""Those whose name is Python's own."""

EPILOG = """\b
Examples:
  greenroom release list
  greenroom release diff tumor@dev tumor@staging
  greenroom release publish tumor --register
  greenroom release import model.joblib --name tumor
\b
A RELEASE is NAME (a model's only release), NAME@DIGEST (six digits of it are enough) or NAME@ENV (what that
environment pins).
Exit codes: 0 it worked, 1 it was judged and failed, 2 bad input, 130 interrupted."""


@click.group(
    cls=LazyGroup,
    commands_from={name: f"greenroom.cli.release.{_MODULES.get(name, name)}" for name in _COMMANDS},
    epilog=EPILOG,
    short_help="List, compare, publish, download, approve, import and sign.",
)
def command() -> None:
    """List, compare, publish, download, register, approve, import and sign releases."""
