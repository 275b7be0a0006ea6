"""The local run's clock moves only forwards, runs on by itself, and keeps its place."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from local.aws.keeper import Keeper
from local.clock import MovableClock

YEAR = timedelta(days=365)


def test_a_clock_that_was_never_moved_shows_real_time_in_utc(keeper: Keeper) -> None:
    earliest = datetime.now(UTC)
    shown = MovableClock(keeper).now()
    assert earliest <= shown <= datetime.now(UTC)
    assert shown.utcoffset() == timedelta(0)


def test_a_moved_clock_shows_that_time_and_runs_on(keeper: Keeper) -> None:
    clock = MovableClock(keeper)
    there = clock.now() + YEAR
    clock.move_to(there)
    first, second = clock.now(), clock.now()
    assert there <= first <= second < there + timedelta(minutes=1)


@pytest.mark.parametrize("back", [timedelta(seconds=1), YEAR, 2 * YEAR])
def test_a_clock_does_not_go_back_and_stays_where_it_was(keeper: Keeper, back: timedelta) -> None:
    clock = MovableClock(keeper)
    clock.move_to(clock.now() + YEAR)
    there = clock.now()
    with pytest.raises(ValueError, match="back"):
        clock.move_to(there - back)
    assert clock.now() >= there
    assert MovableClock(keeper).now() >= there


def test_a_new_run_goes_on_from_the_clocks_place(tmp_path: Path) -> None:
    first = Keeper(tmp_path / "kept.db")
    clock = MovableClock(first)
    there = clock.now() + YEAR
    clock.move_to(there)
    first.close()
    second = Keeper(tmp_path / "kept.db")
    shown = MovableClock(second).now()
    second.close()
    assert there <= shown < there + timedelta(minutes=1)


def test_of_several_moves_at_once_the_farthest_holds(keeper: Keeper) -> None:
    clock = MovableClock(keeper)
    start = clock.now()
    refused = []

    def move(days: int) -> None:
        try:
            clock.move_to(start + timedelta(days=days))
        except ValueError:
            refused.append(days)

    movers = [threading.Thread(target=move, args=(days,)) for days in range(1, 21)]
    for mover in movers:
        mover.start()
    for mover in movers:
        mover.join(10)
    farthest = start + timedelta(days=20)
    assert 20 not in refused
    assert farthest <= clock.now() < farthest + timedelta(minutes=1)
    assert MovableClock(keeper).now() >= farthest
