"""Where words go: results to stdout, everything else to stderr; colour and movement only on a terminal.

`NO_COLOR` (https://no-color.org) and `TERM=dumb` turn colour off; output that is piped gets neither colour nor
movement, and a line an event instead.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import click

JSON_WRITTEN = "greenroom.json_written"
"""Key in click's `meta`: the command's one JSON object is on stdout."""


@dataclass(frozen=True)
class Terminal:
    """What a command writes to.

    Attributes:
        live: progress may move: stderr is a terminal.
        quiet: progress is not wanted at all.
    """

    live: bool
    quiet: bool = False

    @classmethod
    def here(cls) -> Terminal:
        """The process's own stdout and stderr."""
        return cls(live=sys.stderr.isatty() and os.environ.get("TERM") != "dumb")

    def result(self, text: str = "") -> None:
        """Write to stdout what the command was asked for."""
        click.echo(text)

    def json(self, value: Any) -> None:
        """Write one JSON value to stdout; should the command fail after it, no second one follows."""
        context = click.get_current_context(silent=True)
        if context is not None:
            context.meta[JSON_WRITTEN] = True
        click.echo(json.dumps(value, indent=2, ensure_ascii=False))

    def say(self, text: str = "") -> None:
        """Write to stderr what a person wants to know meanwhile."""
        if self.quiet:
            return
        if hasattr(sys.stderr, "rich_proxied_file"):
            # A live display stands there: it prints above itself what is written through its own stream, which click
            # would go round.
            sys.stderr.write(f"{text}\n")
        else:
            click.echo(text, err=True)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Write a table to stdout, columns as wide as their longest cell."""
        for line in table_lines(columns, rows):
            click.echo(line)


def table_lines(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """The lines of a table: a bold header, cells padded, nothing trailing."""
    widths = [max(map(len, cells)) for cells in zip(columns, *rows, strict=True)]
    header = "  ".join(cell.ljust(width) for cell, width in zip(columns, widths, strict=True)).rstrip()
    body = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return [click.style(header, bold=True), *body]
