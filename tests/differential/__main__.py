"""Records anew what the real engine does: `python -m tests.differential [--processes N] [--only SEED …]`.

It needs `pulumi` and its Python language plugin on PATH, and half an hour. A scenario that does not end is left out and
named: its program waits for ever (a resource that depends on a component depends on the component's children, and one
of them may depend on it); the embedded engine says so.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from tests.differential import recording
from tests.differential.comparison import compared
from tests.differential.generator import scenario, scenarios
from tests.differential.live import live_engine
from tests.differential.observation import Json


def record(seeds: list[int]) -> dict[int, list[Json]]:
    """What the real engine does in some scenarios."""
    found = {}
    with tempfile.TemporaryDirectory(prefix="differential-") as folder, live_engine(Path(folder)) as engine:
        for seed in seeds:
            try:
                steps = engine.run(scenario(seed))
            except subprocess.TimeoutExpired:
                sys.stderr.write(f"scenario {seed} does not end: left out\n")
                continue
            found[seed] = [compared(step, with_plan=True) for step in steps]
    return found


def main() -> None:
    """Records every scenario, or some of them in the place of what was recorded."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--only", type=int, nargs="*", metavar="SEED")
    parser.add_argument("--engine", required=True, help="the engine's version, as `pulumi version` should say it")
    given = parser.parse_args()
    lives = scenarios()
    wanted = [life.seed for life in lives] if given.only is None else given.only
    kept = {} if given.only is None else {life.seed: recording.kept(life) for life in lives}
    with ProcessPoolExecutor(given.processes, mp_context=get_context("spawn")) as pool:
        for found in pool.map(record, [wanted[number :: given.processes] for number in range(given.processes)]):
            kept |= found
    recording.write(given.engine, [(life, steps) for life in lives if (steps := kept.get(life.seed)) is not None])


if __name__ == "__main__":
    main()
