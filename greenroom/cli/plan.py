"""A plan as lines: what happens to which resource, property by property."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from greenroom.cli.diff import difference_lines, input_lines
from greenroom.cli.operations import QUIET, symbol, words
from greenroom.sandbox.engine import urn as urns

if TYPE_CHECKING:
    from greenroom.sandbox.engine import Result, Step


def plan_lines(result: Result) -> list[str]:
    """The plan as lines: a resource, its operation, its properties. A replacement is shown once."""
    lines: list[str] = []
    replaced = {step.urn for step in result.steps if str(step.op) == "replace"}
    for step in result.steps:
        op = str(step.op)
        if op in QUIET or (step.urn in replaced and op in {"create-replacement", "delete-replaced"}):
            continue
        lines += _step_lines(step, op)
    return lines + _phase_lines(result)


def _phase_lines(result: Result) -> list[str]:
    """Says what is deleted first and made again after: two phases, in one deployment."""
    first = [urns.name_of(step.urn) + f" ({urns.type_of(step.urn)})" for step in result.steps if step.pends_replacement]
    if not first:
        return []
    return [
        "In two phases: deleted first, in this order, and made again when the rest has changed:",
        *(f"      {name}" for name in first),
    ]


def _step_lines(step: Step, op: str) -> list[str]:
    title = f"{symbol(op)} {urns.type_of(step.urn)} {click.style(urns.name_of(step.urn), bold=True)}"
    because = f" because of {', '.join(step.replace_keys)}" if step.replace_keys else ""
    heading = f"{title}  {words(op).plan.removeprefix('to ')}{because}"
    if step.detailed_diff:
        properties = difference_lines(step.detailed_diff)
    elif op == "delete":
        properties = []
    else:
        properties = input_lines(step.state.inputs, op)
    return [heading, *(f"      {line}" for line in properties)]
