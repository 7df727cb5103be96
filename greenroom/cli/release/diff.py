"""`greenroom release diff`: two releases side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from greenroom.cli.lazy import Command
from greenroom.cli.options import json_option, project_option
from greenroom.cli.release.access import catalogue_here, find_here, size_text
from greenroom.cli.terminal import Terminal, table_lines

if TYPE_CHECKING:
    from model_packaging import Release
    from model_packaging.registry.comparison import Comparison, FileChange, NumberChange, TextChange

EPILOG = """\b
Examples:
  greenroom release diff tumor@dev tumor@staging
  greenroom release diff tumor@80c754 tumor@91ab03 --exit-code && echo callers go on as they are
\b
A signature breaks its callers where an input is gone, new, of another type or narrower, or an output is gone, of
another type or wider. A metric is better or worse where its name says which way is good.
--json prints {"before", "after", "breaking", "files", "metrics", "signature", "measured", "facts", "environment",
"requirements", "gate"}; of the gates come the verdicts and, as `changes`, the metrics on their test rows.
Exit codes: 0 compared; with --exit-code 1 where the signature breaks its callers; 2 bad input."""


@click.command("diff", cls=Command, epilog=EPILOG, short_help="Two releases side by side.")
@click.argument("before")
@click.argument("after")
@click.option("--exit-code", is_flag=True, help="End with 1 where the signature breaks its callers.")
@project_option
@json_option
def command(*, before: str, after: str, exit_code: bool, project_folder: Path | None, as_json: bool) -> None:
    """Show what differs between the releases BEFORE and AFTER, and whether that breaks their callers."""
    catalogue = catalogue_here(project_folder)
    old, new = find_here(catalogue, before), find_here(catalogue, after)
    from greenroom.delivery.dossier import gate_of
    from model_packaging.registry.comparison import compare

    found = compare(old, new, store=catalogue.store)
    gates = gate_of(catalogue, old), gate_of(catalogue, new)
    terminal = Terminal.here()
    if as_json:
        terminal.json(_json(found, gates))
    else:
        for line in _lines(found, gates):
            terminal.result(line)
    if exit_code and found.breaking:
        raise click.exceptions.Exit(1)


def _json(found: Comparison, gates: tuple[str | None, str | None]) -> dict[str, Any]:
    content = asdict(found) | {"breaking": bool(found.breaking)}
    for side, release in (("before", found.before), ("after", found.after)):
        content[side] = {"name": release.name, "version": release.version, "digest": release.digest}
    for kind in ("metrics", "measured", "gate"):
        content[kind] = [asdict(one) | {"delta": one.delta} for one in getattr(found, kind)]
    same_rows = content.pop("gate_on_same_rows")
    content["gate"] = {
        "before": gates[0],
        "after": gates[1],
        "same_rows": same_rows,
        "changes": content["gate"],
    }
    return content


def _lines(found: Comparison, gates: tuple[str | None, str | None]) -> Iterator[str]:
    yield f"{click.style('before', bold=True)}  {_named(found.before)}"
    yield f"{click.style('after', bold=True)}   {_named(found.after)}"
    if found.before.digest == found.after.digest:
        yield "They are one release."
        return
    yield from _signature(found)
    yield from _section("Metrics", _table(found.metrics, "{:.6g}".format))
    yield from _section("Size and load", _table(found.measured, "{:.6g}".format))
    rows = "" if found.gate_on_same_rows else ", on other test rows: not to be compared"
    yield from _section(f"Quality gate{rows}", [*_gates(gates), *_table(found.gate, "{:.6g}".format)])
    for title, changes in (
        ("Release", found.facts),
        ("Environment variables", found.environment),
        ("Requirements", found.requirements),
    ):
        yield from _section(title, [_text_line(one) for one in changes])
    yield from _section("Files", [_file_line(one) for one in found.files])


def _named(release: Release) -> str:
    return f"{release.name} {release.version}  {release.digest}"


def _signature(found: Comparison) -> Iterator[str]:
    if not found.signature:
        yield from _section("Signature", ["  the same: callers go on as they are"])
        return
    lines = []
    for one in found.signature:
        mark = click.style("breaking  ", fg="red") if one.breaking else click.style("compatible", fg="green")
        lines.append(f"  {mark}  {one}")
    yield from _section("Signature", lines)


def _gates(gates: tuple[str | None, str | None]) -> list[str]:
    if gates[0] == gates[1]:
        return []
    return [_change("~", "yellow", "gate", gates[0] or "none", gates[1] or "none")]


def _table(changes: Sequence[NumberChange], write: Any) -> list[str]:
    if not changes:
        return []
    rows = []
    for one in changes:
        numbers = ["-" if value is None else write(value) for value in (one.before, one.after)]
        delta = "" if one.delta is None else f"{one.delta:+.4g}"
        rows.append((one.name, *numbers, delta, one.verdict or ""))
    return [f"  {_coloured(line)}" for line in table_lines(("", "BEFORE", "AFTER", "DELTA", ""), rows)]


def _coloured(line: str) -> str:
    for verdict, colour in (("better", "green"), ("worse", "red")):
        if line.endswith(verdict):
            return line.removesuffix(verdict) + click.style(verdict, fg=colour)
    return line


def _text_line(one: TextChange) -> str:
    if one.before is None:
        return _change("+", "green", one.name, None, one.after)
    if one.after is None:
        return _change("-", "red", one.name, one.before, None)
    return _change("~", "yellow", one.name, one.before, one.after)


def _file_line(one: FileChange) -> str:
    sizes = [None if size is None else size_text(size) for size in (one.before_bytes, one.after_bytes)]
    mark, colour = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow")}[one.change]
    return _change(mark, colour, one.path, *sizes)


def _change(mark: str, colour: str, name: str, before: str | None, after: str | None) -> str:
    values = " => ".join(value for value in (before, after) if value is not None)
    return f"  {click.style(mark, fg=colour)} {name}: {values}"


def _section(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield ""
        yield click.style(title, bold=True)
        yield from lines
