"""`python -m tests.simulation.mutations`: each guard taken away, the simulation must notice."""

import argparse
import multiprocessing
import sys
from typing import NamedTuple

from tests.simulation.guards import MUTATIONS
from tests.simulation.outcome import Run
from tests.simulation.run import play_quietly

WITHIN = 100  # seeds


class Found(NamedTuple):
    """Which seed noticed, and what it said; neither when none did."""

    seed: int | None
    broken: str | None


def main(arguments: list[str]) -> int:
    """0 when the simulation noticed every mutation, and nothing without one."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.mutations")
    parser.add_argument("names", nargs="*", default=list(MUTATIONS))
    parser.add_argument("--seeds", type=int, default=WITHIN)
    asked = parser.parse_args(arguments)
    pool = multiprocessing.get_context("spawn").Pool(
        multiprocessing.cpu_count(), maxtasksperchild=1
    )
    missed = 0
    with pool:  # it is terminated when the last has been noticed
        for name, found in pool.imap(_noticed, [(name, asked.seeds) for name in asked.names]):
            missed += found.seed is None
            by = f"seed {found.seed}: {found.broken}" if found.broken else "NOT NOTICED"
            sys.stdout.write(f"without {name}: {by}\n")
            sys.stdout.flush()
    return 1 if missed else 0


def _noticed(asked: tuple[str, int]) -> tuple[str, Found]:
    name, seeds = asked
    MUTATIONS[name]()
    for seed in range(seeds):
        broken = play_quietly(Run(seed)).broken
        if broken is not None:
            return name, Found(seed, broken)
    return name, Found(None, None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
