"""The recording that the embedded engine is judged by is what the real engine does now.

A sample of the recorded scenarios, other ones with GREENROOM_DIFFERENTIAL_SEEDS="3 14 15" in the environment (or "all").
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.differential import recording
from tests.differential.comparison import compared, differences
from tests.differential.generator import scenario
from tests.differential.known_differences import KNOWN
from tests.differential.live import LiveEngine, live_engine

pytestmark = [
    pytest.mark.real_engine,
    pytest.mark.skipif(shutil.which("pulumi") is None, reason="no `pulumi` on PATH"),
]


def seeds() -> list[int]:
    """Every eighth, which is every theme; or those that the environment names."""
    named = os.environ.get("GREENROOM_DIFFERENTIAL_SEEDS", "")
    kept = [seed for seed in recording.seeds() if seed not in KNOWN]
    return kept if named == "all" else [int(seed) for seed in named.split()] or kept[::8]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveEngine]:
    with live_engine(tmp_path_factory.mktemp("live")) as found:
        yield found


@pytest.mark.parametrize("seed", seeds())
def test_the_real_engine_does_what_was_recorded_of_it(engine: LiveEngine, seed: int) -> None:
    life = scenario(seed)
    recorded = recording.recorded(life)
    for number, now in enumerate(engine.run(life)):
        found = [*differences(compared(now, with_plan=True), compared(recorded[number], with_plan=True))]
        assert not found, "\n".join([f"step {number}, {life.steps[number].describe()}:", *found, life.describe()])
