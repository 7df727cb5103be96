"""The first key of a JSON object: enough to tell whose model it is before all of it is parsed."""

from __future__ import annotations

import re
from pathlib import Path

_OPENING = re.compile(rb'\s*\{\s*"([^"\\]{1,100})"\s*:')


MAXIMUM_JSON_BYTES = 1024**3
"""What a model of JSON may have: it is parsed as a whole, into many times its size."""


def first_json_key(path: Path) -> str | None:
    """The key; None where the file does not begin as a JSON object."""
    with path.open("rb") as stream:
        found = _OPENING.match(stream.read(4096).removeprefix(b"\xef\xbb\xbf"))
    return None if found is None else found[1].decode(errors="replace")
