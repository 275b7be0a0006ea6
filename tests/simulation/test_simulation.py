"""A few seeds of the simulation, always the same; `make simulate` plays those nobody has tried."""

import subprocess
import sys
from collections import Counter

import pytest

from tests.aws import dynamodb_local
from tests.simulation.__main__ import main, seeds_of, table_of
from tests.simulation.engine.faults import KINDS
from tests.simulation.engine.mirrored import MirroredTable
from tests.simulation.engine.outcome import Outcome, Run
from tests.simulation.engine.run import SHARDS, play
from tests.simulation.engine.story import shortest, told

FIXED = (1, 2, 3, 4)


@pytest.mark.parametrize("seed", FIXED)
def test_through_every_fault_each_text_leaves_once_or_says_why_not(seed: int) -> None:
    outcome = play(Run(seed, days=12))
    assert outcome.broken is None, told(outcome)
    assert outcome.texts > 0


def test_a_seed_tells_the_same_story_every_time() -> None:
    assert play(Run(7, days=10)).story == play(Run(7, days=10)).story
    assert play(Run(7, days=10)).story != play(Run(8, days=10)).story


def test_without_faults_nothing_is_refused_or_put_off() -> None:
    outcome = play(Run(9, days=12, without=KINDS))
    assert outcome.broken is None, told(outcome)
    assert set(outcome.faults) <= {"(a condition refused)"}


def test_a_guard_that_is_taken_away_is_noticed() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.simulation.mutations", "the withdrawal on a move"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "still waits though" in done.stdout


def test_a_failing_run_is_told_with_as_little_around_it_as_still_fails() -> None:
    def fails(run: Run) -> Outcome:
        is_broken = run.days >= 3 and "queue: id lost" not in run.without
        broken = "APT-1.v1-ride was sent 2 times" if is_broken else None
        return Outcome(run, ["APT-1 is booked", "APT-2 is booked"], broken, Counter(), 1, 1)

    short = shortest(fails(Run(5)), fails)
    assert short.run == Run(5, days=3, without=KINDS - {"queue: id lost"})
    assert "APT-1 is booked" in told(short)
    assert "APT-2" not in told(short)
    assert told(short).endswith("--seed 5 --days 3 --asks 0.5 --only 'queue: id lost'")


@pytest.mark.dynamodb_local
@pytest.mark.parametrize("seed", [21, 23, 24])
def test_the_same_holds_over_dynamodb_local_which_answers_as_memory_does(seed: int) -> None:
    with dynamodb_local() as (client, name):
        table = MirroredTable(shards=SHARDS, client=client, table=name)
        outcome = play(Run(seed, days=8), table)
    assert outcome.broken is None, told(outcome)
    assert outcome.texts > 0


def test_fresh_seeds_are_others_each_time() -> None:
    seeds = [seeds_of("fresh:3") for _ in range(4)]
    assert [len(each) for each in seeds] == [3, 3, 3, 3]
    assert len(set(seeds)) == 4
    assert len(seeds_of("fresh")) == 1


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--seeds", "abc"], "a number, from:to such as 0:20, or fresh:20, not 'abc'"),
        (["--seeds", ""], "a number, from:to such as 0:20, or fresh:20, not ''"),
        (["--seeds", "fresh:0"], "a number, from:to such as 0:20, or fresh:20, not 'fresh:0'"),
        (["--seeds", "5:2"], "from:to must hold at least one seed, not '5:2'"),
        (["--days", "0"], "a whole number of at least one day, not '0'"),
        (["--days=-1"], "a whole number of at least one day, not '-1'"),
        (["--asks=-1"], "a number of requests a day above 0, not '-1'"),
    ],
)
def test_a_run_that_would_try_nothing_is_refused(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert says in capsys.readouterr().err


def test_the_table_names_every_fault_also_those_that_did_not_come() -> None:
    rows = table_of({"text: 429": 3, "(a condition refused)": 2}).splitlines()
    assert rows[0].split() == ["3", "faults", "injected"]
    assert len(rows) == len(KINDS) + 2
    assert "        3  text: 429" in rows
    assert "        0  receipt lost" in rows
