"""The ticks stop for an hour, a day, three days: what is still of use leaves then (F6)."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.messaging.message import MessageStatus
from chalicelib.domain.messaging.task import Task
from tests.builders.looks import sent_kinds
from tests.builders.visits import booked
from tests.world import World

BEFORE_THE_PREPARATION = datetime(2026, 12, 7, 22, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("silence", "leaves", "expires", "calls"),
    [
        pytest.param(timedelta(hours=1), ["preparation"], [], [], id="an hour"),
        pytest.param(
            timedelta(days=1),
            ["aftercare"],
            ["preparation", "same_day"],
            ["call_with_preparation"],
            id="a day",
        ),
        pytest.param(
            timedelta(days=3),
            [],
            ["aftercare", "check_in", "preparation", "same_day"],
            ["call_to_check_in", "call_with_aftercare", "call_with_preparation"],
            id="three days",
        ),
    ],
)
def test_what_is_of_use_after_a_silence_leaves_and_the_rest_says_why_not(
    silence: timedelta, leaves: list[str], expires: list[str], calls: list[str]
) -> None:
    world = World()
    visit = booked(world)
    world.run_until(BEFORE_THE_PREPARATION)
    before = len(world.texts.sent)
    world.clock.at += silence
    world.run_for(hours=1)
    assert [kind.removeprefix("v1-") for kind in sent_kinds(world)[before:]] == leaves
    dropped = [m for m in world.messages(visit.id) if m.status is MessageStatus.EXPIRED]
    assert sorted(message.step or "" for message in dropped) == expires
    assert {message.history[-1].why for message in dropped} <= {"too late to be of use"}
    opened = [task.what for task in world.store.open("task") if isinstance(task, Task)]
    assert sorted(what for what in opened if what.startswith("call")) == calls
