"""The embedded engine does what the real one did: generated stacks' lives against a recording of `pulumi`.

The recording is what `python -m tests.differential` saw; `pytest -m real_engine` sees whether it still holds.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.differential import recording
from tests.differential.comparison import check
from tests.differential.embedded import EmbeddedStack
from tests.differential.generator import LEAST_STEPS, scenario, scenarios
from tests.differential.known_differences import ENDLESS, KNOWN, UNANSWERED

#: Short ones without failures, which wait: every run can afford them.
SAMPLE = (1, 3)
PATIENCE_SECONDS = (0.15, 1.5)


def agree(folder: Path, seed: int) -> None:
    """Failures come last in a cloud that is patient; on a machine that is very busy it may need more of that."""
    life = scenario(seed)
    for patience in PATIENCE_SECONDS:
        found = check(life, recording.recorded(life), folder / str(patience), patience_seconds=patience)
        if not found or life.theme not in ("failures", "going on"):
            break
    assert not found, "\n".join([*found, "", life.describe()])


def test_the_recording_has_what_was_promised() -> None:
    lives = scenarios()
    recorded = set(recording.seeds())
    kept = [life for life in lives if life.seed in recorded]
    assert len(kept) >= 300
    assert min(len(life.steps) for life in kept) >= LEAST_STEPS
    assert [recording.recorded(life) is not None for life in kept] == [True] * len(kept)
    assert KNOWN.keys() <= recorded
    assert {life.seed for life in lives} - recorded == ENDLESS.keys()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [seed for seed, reason in ENDLESS.items() if reason == UNANSWERED])
def test_what_the_real_engine_waits_for_without_end_ends_here(tmp_path: Path, seed: int) -> None:
    *_, last = EmbeddedStack(tmp_path).run(scenario(seed))
    assert last["done"]


@pytest.mark.parametrize("seed", SAMPLE)
def test_a_sample_of_stacks_lives_as_in_the_real_engine(tmp_path: Path, seed: int) -> None:
    agree(tmp_path, seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [seed for seed in recording.seeds() if seed not in SAMPLE])
def test_every_recorded_stack_lives_as_in_the_real_engine(tmp_path: Path, seed: int) -> None:
    agree(tmp_path, seed)
