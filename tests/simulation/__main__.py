"""`python -m tests.simulation`: plays seeds, and prints the shortest story of one that fails."""

import argparse
import logging
import multiprocessing
import os
import secrets
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping

from local.aws.dynamodb_local import dynamodb_local
from tests.aws import dynamodb_local as fresh_dynamodb_local
from tests.simulation.engine.faults import KINDS
from tests.simulation.engine.mirrored import MirroredTable
from tests.simulation.engine.outcome import Outcome, Run
from tests.simulation.engine.run import SHARDS, play_quietly
from tests.simulation.engine.story import shortest, told

BATCH = 5
FRESH = "fresh"  # seeds that nobody has tried
#: What is reported as never broken; the modules next to this one judge each.
HELD = (
    "held throughout: each text left at most once, in its window, outside quiet hours, within the"
    " caps, with consent and to no number that wanted none; what was owed left or says why not, and"
    " what had to be known was said otherwise; no slot was booked twice; timelines are complete"
)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """0 when nothing broke in any of the seeds."""
    asked = _read(arguments)
    logging.disable(logging.CRITICAL)  # only the story is printed, also while it is shortened
    runs = [
        Run(seed, days=asked.days, asks_a_day=asked.asks, without=_without(asked))
        for seed in asked.seeds
    ]
    say(f"seeds from {asked.seeds.start} to {asked.seeds.stop - 1}")
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
    say(table_of(counted))
    say(f"{len(failed)} seeds broke something")
    if not failed:
        say(HELD)
    else:
        first = min(failed, key=lambda outcome: outcome.run.seed)
        say(told(first if asked.as_it_was else shortest(first)))
    return 1 if failed else 0


def table_of(counted: Mapping[str, int]) -> str:
    """Each kind of fault and how often it was injected, including those that never were."""
    rows = [(kind, counted.get(kind, 0)) for kind in sorted(KINDS)]
    told = sorted((kind, count) for kind, count in counted.items() if kind not in KINDS)
    rows = [("faults injected", sum(count for _, count in rows)), *rows]
    return "\n".join(f"{count:9,}  {what}" for what, count in [*rows, *told])


def seeds_of(text: str) -> range:
    """The given seeds: one, from:to, or so many that nobody has tried."""
    first, _, end = text.partition(":")
    if first == FRESH and (end or "1").isdecimal() and end != "0":
        begin = secrets.randbelow(10**9)
        return range(begin, begin + int(end or 1))
    if not (first.isdecimal() and (end or first).isdecimal()):
        raise argparse.ArgumentTypeError(
            f"a number, from:to such as 0:20, or fresh:20, not {text!r}"
        )
    seeds = range(int(first), int(end) if end else int(first) + 1)
    if not seeds:
        raise argparse.ArgumentTypeError(f"from:to must hold at least one seed, not {text!r}")
    return seeds


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
    """Each over a table of its own, whose every answer is compared with the table in memory."""
    with dynamodb_local() as address:
        os.environ["DYNAMODB_LOCAL_URL"] = address
        for run in runs:
            with fresh_dynamodb_local() as (client, name):
                yield play_quietly(run, MirroredTable(shards=SHARDS, client=client, table=name))


def _read(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.simulation",
        description=__doc__,
        usage="make simulate SEED=fresh:20 DAYS=30 ASKS=0.5, or %(prog)s with these options",
    )
    parser.add_argument(
        "--seeds", type=seeds_of, default=range(20), help="one, from:to, or fresh:20"
    )
    parser.add_argument("--seed", dest="seeds", type=seeds_of, help="the same")
    parser.add_argument("--days", type=_days, default=30)
    parser.add_argument("--asks", type=_asks, default=0.5, help="requests a day")
    parser.add_argument("--processes", type=int, default=multiprocessing.cpu_count())
    parser.add_argument("--dynamodb-local", action="store_true", help="over it, one by one")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        choices=sorted(KINDS),
        metavar="KIND",
        help="no other fault; a kind as the table calls it",
    )
    parser.add_argument("--calm", action="store_true", help="without any fault")
    parser.add_argument("--as-it-was", action="store_true", help="do not look for a shorter story")
    return parser.parse_args(arguments)


def _without(asked: argparse.Namespace) -> frozenset[str]:
    """The kinds of fault that are left out."""
    return KINDS - frozenset(asked.only) if asked.only or asked.calm else frozenset()


def _days(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"a whole number of at least one day, not {text!r}")
    return int(text)


def _asks(text: str) -> float:
    try:
        asks = float(text)
    except ValueError:
        asks = 0.0
    if not 0 < asks < 1000:
        raise argparse.ArgumentTypeError(f"a number of requests a day above 0, not {text!r}")
    return asks


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
