"""What the real engine did, kept: one file, a line a scenario, compressed.

The first line says which engine it was. A scenario's line has a digest of its programs, so that a generator which
changed is told from an engine that differs.
"""

from __future__ import annotations

import hashlib
import json
import lzma
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from tests.differential.observation import Json
from tests.differential.programs import Scenario

FILE: Final = Path(__file__).parent / "recorded" / "real_engine.jsonl.xz"


def digest(scenario: Scenario) -> str:
    """Tells one version of a scenario from another."""
    return hashlib.sha256(scenario.describe().encode()).hexdigest()[:16]


def write(engine: str, recorded: Iterable[tuple[Scenario, list[Json]]]) -> None:
    """Writes the recording anew; the same observations give the same file."""
    lines: list[dict[str, Any]] = [{"engine": engine}]
    lines += [{"seed": item.seed, "digest": digest(item), "steps": steps} for item, steps in recorded]
    text = "\n".join(json.dumps(line, sort_keys=True, separators=(",", ":")) for line in lines) + "\n"
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))


@cache
def _lines() -> tuple[Mapping[str, Any], ...]:
    return tuple(json.loads(line) for line in lzma.decompress(FILE.read_bytes()).splitlines())


def engine() -> str:
    """Which engine was recorded."""
    found: str = _lines()[0]["engine"]
    return found


def seeds() -> list[int]:
    """The seeds that are recorded."""
    return [line["seed"] for line in _lines()[1:]]


def kept(scenario: Scenario) -> list[Json] | None:
    """What is recorded of a scenario as it is now; None where there is nothing."""
    try:
        return recorded(scenario)
    except (LookupError, FileNotFoundError):
        return None


def recorded(scenario: Scenario) -> list[Json]:
    """What the real engine did at each step of a scenario."""
    line = next((line for line in _lines()[1:] if line["seed"] == scenario.seed), None)
    if line is None:
        raise LookupError(f"scenario {scenario.seed} is not recorded: run `python -m tests.differential`")
    if line["digest"] != digest(scenario):
        raise LookupError(
            f"scenario {scenario.seed} was another one when it was recorded: run `python -m tests.differential`"
        )
    steps: list[Json] = line["steps"]
    return steps
