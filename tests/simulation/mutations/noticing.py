"""Removes each guard in a process of its own; the simulation must notice."""

import argparse
import multiprocessing
import sys
from typing import NamedTuple

from tests.simulation.engine.acts import ENDED_WITH
from tests.simulation.engine.outcome import Run
from tests.simulation.engine.run import play_quietly
from tests.simulation.mutations.guards import MUTATIONS

WITHIN = 100  # seeds


class Found(NamedTuple):
    """Which seed noticed, and what it said; neither when none did."""

    name: str
    seed: int | None
    broken: str | None


def main(arguments: list[str]) -> int:
    """0 when the simulation noticed every mutation, and nothing in those seeds without one."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.mutations")
    parser.add_argument("names", nargs="*", default=list(MUTATIONS))
    parser.add_argument("--seeds", type=int, default=WITHIN)
    asked = parser.parse_args(arguments)
    context = multiprocessing.get_context("spawn")
    failed = 0
    noticing: set[int] = set()
    with context.Pool(multiprocessing.cpu_count(), maxtasksperchild=1) as pool:
        for found in pool.imap_unordered(_noticed, [(name, asked.seeds) for name in asked.names]):
            failed += found.seed is None
            noticing |= {found.seed} if found.seed is not None else set()
            by = f"seed {found.seed}: " if found.seed is not None else "NOT NOTICED "
            _say(f"without {found.name}: {by}{found.broken or ''}")
        for seed, broken in pool.imap_unordered(_untouched, sorted(noticing)):
            failed += broken is not None
            if broken is not None:
                _say(f"with every guard, seed {seed}: {broken}")
    return 1 if failed else 0


def _noticed(asked: tuple[str, int]) -> Found:
    """The first seed that says what is wrong. A handler that only fails shows no guard."""
    name, seeds = asked
    MUTATIONS[name]()
    failed = None
    for seed in range(seeds):
        broken = play_quietly(Run(seed)).broken
        if broken is not None and ENDED_WITH not in broken:
            return Found(name, seed, broken)
        failed = failed or broken
    return Found(name, None, failed)


def _untouched(seed: int) -> tuple[int, str | None]:
    return seed, play_quietly(Run(seed)).broken


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
