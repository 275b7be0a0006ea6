"""`python -m tests.simulation`: plays seeds, and tells the shortest story of one that fails."""

import argparse
import logging
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator

from local.dynamodb_local import dynamodb_local
from tests.aws import dynamodb_local as fresh_dynamodb_local
from tests.simulation.faults import KINDS
from tests.simulation.mirrored import MirroredTable
from tests.simulation.outcome import Outcome, Run
from tests.simulation.run import SHARDS, play_quietly
from tests.simulation.story import shortest, told

BATCH = 5


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """0 when nothing broke in any of the seeds."""
    asked = _read(arguments)
    logging.disable(logging.CRITICAL)  # what is printed is the story alone, also while it shortens
    runs = [
        Run(seed, days=asked.days, asks_a_day=asked.asks, without=_without(asked))
        for seed in asked.seeds
    ]
    counted: Counter[str] = Counter()
    texts = visits = 0
    failed: list[Outcome] = []
    began = time.perf_counter()
    played = _on_dynamodb_local(runs) if asked.dynamodb_local else _played(runs, asked.processes)
    for outcome in played:
        counted += outcome.faults
        texts, visits = texts + outcome.texts, visits + outcome.visits
        if outcome.broken is not None:
            failed.append(outcome)
            say(f"seed {outcome.run.seed}: {outcome.broken}")
    took = time.perf_counter() - began
    say(f"{len(runs)} seeds of {asked.days} days: {visits} visits, {texts} texts, {took:.0f} s")
    say("\n".join(f"{count:9}  {kind}" for kind, count in sorted(counted.items())))
    say(f"{len(failed)} seeds broke something")
    if failed:
        first = min(failed, key=lambda outcome: outcome.run.seed)
        say(told(first if asked.as_it_was else shortest(first)))
    return 1 if failed else 0


def _played(runs: list[Run], processes: int) -> Iterator[Outcome]:
    if len(runs) == 1:
        yield play_quietly(runs[0], tell=say)
        return
    if processes < 2:
        yield from map(play_quietly, runs)
        return
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from pool.imap_unordered(play_quietly, runs, chunksize=BATCH)


def _on_dynamodb_local(runs: list[Run]) -> Iterator[Outcome]:
    """Each over a table of its own, whose every answer is held against the table in memory."""
    with dynamodb_local() as address:
        os.environ["DYNAMODB_LOCAL_URL"] = address
        for run in runs:
            with fresh_dynamodb_local() as (client, name):
                yield play_quietly(run, MirroredTable(shards=SHARDS, client=client, table=name))


def _read(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=_seeds, default=range(20), help="one, or from:to")
    parser.add_argument("--seed", dest="seeds", type=_seeds, help="the same")
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--asks", type=float, default=0.5, help="requests a day")
    parser.add_argument("--processes", type=int, default=multiprocessing.cpu_count())
    parser.add_argument("--dynamodb-local", action="store_true", help="over it, one by one")
    parser.add_argument("--only", action="append", default=[], choices=sorted(KINDS))
    parser.add_argument("--calm", action="store_true", help="without any fault")
    parser.add_argument("--as-it-was", action="store_true", help="do not look for a shorter story")
    return parser.parse_args(arguments)


def _without(asked: argparse.Namespace) -> frozenset[str]:
    """The kinds of fault that are left out."""
    return KINDS - frozenset(asked.only) if asked.only or asked.calm else frozenset()


def _seeds(text: str) -> range:
    first, _, end = text.partition(":")
    return range(int(first), int(end) if end else int(first) + 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
