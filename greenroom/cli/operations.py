"""Pulumi's operations, in Pulumi's symbols and words.

https://www.pulumi.com/docs/iac/cli/commands/pulumi_preview/ and `pkg/resource/deploy/step_generator.go` give the names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import click


@dataclass(frozen=True)
class Words:
    """One operation: its symbol, its colour, and its verb as plan, while it runs and after."""

    symbol: str
    colour: str
    plan: str
    running: str
    done: str


OPERATIONS: Mapping[str, Words] = {
    "create": Words("+", "green", "to create", "creating", "created"),
    "update": Words("~", "yellow", "to update", "updating", "updated"),
    "delete": Words("-", "red", "to delete", "deleting", "deleted"),
    "replace": Words("+-", "magenta", "to replace", "replacing", "replaced"),
    "create-replacement": Words(
        "++", "green", "to create as replacement", "creating replacement", "created replacement"
    ),
    "delete-replaced": Words("--", "red", "to delete, replaced", "deleting original", "deleted original"),
    "read": Words(">", "cyan", "to read", "reading", "read"),
    "read-replacement": Words(">~", "cyan", "to read as replacement", "reading replacement", "read replacement"),
    "refresh": Words(" ", "white", "to read", "reading", "as it was"),
    "discard": Words("<", "red", "to forget", "forgetting", "forgotten"),
    "import": Words("=", "green", "to import", "importing", "imported"),
    "same": Words(" ", "white", "unchanged", "checking", "unchanged"),
}

QUIET = frozenset({"same", "refresh"})
"""Operations that change nothing: they are counted, and not shown one by one."""

_UNKNOWN = Words("*", "white", "to run", "running", "done")


def words(op: str) -> Words:
    """The words of an operation; an operation that has none here is shown by its own name."""
    return OPERATIONS.get(op) or Words(_UNKNOWN.symbol, _UNKNOWN.colour, op, op, op)


def symbol(op: str) -> str:
    """The operation's symbol in its colour."""
    found = words(op)
    return click.style(found.symbol, fg=found.colour, bold=True)


def summary_lines(changes: Mapping[str, int], *, planned: bool) -> list[str]:
    """The counts, a line an operation, as Pulumi's summary has them: `+ 42 to create`, `  3 unchanged`.

    Args:
        changes: operation → how many resources.
        planned: whether this was a preview (`to create`) or happened (`created`).
    """
    lines = []
    for op in [*OPERATIONS, *(op for op in changes if op not in OPERATIONS)]:
        count = changes.get(op, 0)
        if count and op not in QUIET:
            lines.append(f"{symbol(op)} {count} {words(op).plan if planned else words(op).done}")
    unchanged = sum(changes.get(op, 0) for op in QUIET)
    if unchanged:
        lines.append(f"  {unchanged} unchanged")
    return lines or ["  nothing to do"]
