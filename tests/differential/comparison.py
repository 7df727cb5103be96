"""Where two observations differ, told in the fewest words; and which differences are known."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.differential.embedded import EmbeddedStack
from tests.differential.known_differences import KNOWN
from tests.differential.observation import Json
from tests.differential.programs import Scenario


def differences(ours: Json, theirs: Json, path: str = "") -> Iterator[str]:
    """A line a difference."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key in sorted(ours.keys() | theirs.keys()):
            yield from differences(ours.get(key, "(none)"), theirs.get(key, "(none)"), f"{path}/{key}")
    elif isinstance(ours, list) and isinstance(theirs, list) and ours != theirs:
        for item in ours:
            if item not in theirs:
                yield f"{path}: only ours: {item}"
        for item in theirs:
            if item not in ours:
                yield f"{path}: only theirs: {item}"
        if len(ours) != len(theirs):
            yield f"{path}: {len(ours)} of ours, {len(theirs)} of theirs"
    elif ours != theirs:
        yield f"{path}: ours {ours!r}, theirs {theirs!r}"


def compared(what: Json, *, with_plan: bool) -> Json:
    """What of an observation is compared: not what the real engine said, and no plan that begins with a refresh.

    The CLI lists what a refresh reads before it knows what it finds; the embedded engine lists what it found. How many
    of the resources that stay the same, or are only read, a command has seen when something is refused is chance in
    either engine.
    """
    left_out = {"said", "disorder"} if with_plan else {"said", "disorder", "plan"}
    found = {key: value for key, value in what.items() if key not in left_out}
    if not found.get("done", True):
        found["operations"] = [item for item in found["operations"] if item[0] not in ("same", "read")]
    return found


def check(scenario: Scenario, theirs: list[Json], folder: Path, *, patience_seconds: float) -> list[str]:
    """The differences between the embedded engine and what is recorded, up to the first step that has any.

    A scenario with a known difference is compared up to the step that shows it.
    """
    stack = EmbeddedStack(folder, patience_seconds=patience_seconds)
    end = KNOWN[scenario.seed].step if scenario.seed in KNOWN else len(scenario.steps)
    for number, step in enumerate(scenario.steps[:end]):
        with_plan = not step.flags.refresh
        mine: Any = compared(stack.observe(step), with_plan=with_plan)
        found = [*differences(mine, compared(theirs[number], with_plan=with_plan)), *stack.violations]
        if found:
            return [f"step {number}, {step.describe()}:", *found]
    return []
