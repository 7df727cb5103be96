"""The write-ahead record of everything that changed the local AWS's state, and the way back from it.

One JSON line an entry, appended before the caller gets the answer; replayed in order by a new server. An entry is a
request (its WSGI environment and body) or an event (something that happened inside: a fleet came up, an invocation
was captured). Each has the instant it happened at and the seed that its ids were drawn from. Bodies above
`INLINE_BYTES` lie beside the journal, named by their SHA-256, so that a model artifact is kept once.

A server killed while writing leaves a last line without its end: nobody was answered for it, so it is cut off, and
`Recovery` says so. Damage anywhere else is an error that names the line; nothing is skipped in silence.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Literal

from greenroom.sandbox.cloud.errors import JournalError

INLINE_BYTES = 4096


@dataclass(frozen=True)
class Entry:
    """One change: `environ` has a request's WSGI strings, or `{"event": name}` for an event."""

    kind: Literal["request", "event"]
    at_seconds: float
    seed: int
    environ: dict[str, Any]
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Recovery:
    """What opening the journal found: whole entries, and the bytes of a last line that was cut short."""

    entries: int
    dropped_bytes: int


class Journal:
    """The journal in `folder`: `journal.jsonl`, and `bodies/<sha256>`."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "journal.jsonl"
        self._bodies = folder / "bodies"
        self._file: BinaryIO | None = None

    def open(self) -> Recovery:
        """Cut off an unfinished last line and make ready to append.

        Returns:
            How many entries there are, and how many bytes were cut off.
        """
        self._bodies.mkdir(parents=True, exist_ok=True)
        self.path.parent.chmod(0o700)  # secrets that programs put into the local AWS are in the record as they came
        self._file = self.path.open("ab+")
        self._file.seek(0)
        entries = whole_bytes = 0
        for line in self._file:
            if not line.endswith(b"\n"):
                break
            entries += 1
            whole_bytes += len(line)
        dropped = self._file.seek(0, os.SEEK_END) - whole_bytes
        self._file.truncate(whole_bytes)
        return Recovery(entries, dropped)

    def append(self, entry: Entry) -> None:
        """Write one entry; it is with the operating system when this returns."""
        if self._file is None:
            raise JournalError(f"{self.path}: not open")
        record = {
            "kind": entry.kind,
            "at": entry.at_seconds,
            "seed": entry.seed,
            "environ": entry.environ,
            "body": self._keep(entry.body),
        }
        self._file.write(json.dumps(record, separators=(",", ":")).encode() + b"\n")
        self._file.flush()

    def entries(self) -> Iterator[Entry]:
        """Every entry, in order.

        Raises:
            JournalError: A line is no entry, or its body's file is gone.
        """
        with self.path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                yield self._read(line, number)

    def close(self) -> None:
        """Stop appending."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _keep(self, body: bytes) -> dict[str, str]:
        if len(body) > INLINE_BYTES:
            digest = hashlib.sha256(body).hexdigest()
            path = self._bodies / digest
            if not path.exists():
                unfinished = path.with_suffix(".part")
                unfinished.write_bytes(body)
                unfinished.replace(path)
            return {"sha256": digest}
        try:
            return {"text": body.decode()}
        except UnicodeDecodeError:
            return {"base64": base64.b64encode(body).decode("ascii")}

    def _body(self, kept: dict[str, str]) -> bytes:
        if "text" in kept:
            return kept["text"].encode()
        if "base64" in kept:
            return base64.b64decode(kept["base64"])
        return (self._bodies / kept["sha256"]).read_bytes()

    def _read(self, line: bytes, number: int) -> Entry:
        try:
            record = json.loads(line)
            return Entry(record["kind"], record["at"], record["seed"], record["environ"], self._body(record["body"]))
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise JournalError(
                f"{self.path}, line {number}: the local AWS's record cannot be read ({error!r}). "
                "Restore that file from a copy, or start from nothing: `greenroom sandbox reset`."
            ) from error
