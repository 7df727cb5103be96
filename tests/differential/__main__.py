"""Records anew what the real engine does: `python -m tests.differential [--processes N] [--only SEED …]`.

It needs `pulumi` and its Python language plugin on PATH, and half an hour. A scenario that does not end is left out and
named; `known_differences.ENDLESS` says why of each.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tests.differential import recording
from tests.differential.generator import scenarios
from tests.differential.live import record


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
