"""When what failed is tried again (R32, R33)."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.change import Change, Save
from chalicelib.outbox.outcomes import text_receipts
from chalicelib.outbox.outcomes.retry_policy import (
    AFTER_NO_ARRIVAL,
    AFTER_REFUSAL,
    LEAST,
    RetryPolicy,
    next_try_at,
)
from chalicelib.ports import FailureClass
from tests.builders.acts import ANA, hear
from tests.builders.visits import booked
from tests.world import World

NOW = datetime(2026, 12, 1, 18, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("tried", "most"),
    [pytest.param(1, 0.5, id="first"), pytest.param(2, 1, id="second"), (7, 30), (5000, 30)],
)
def test_a_refusal_that_passes_is_waited_out_for_longer_each_time(tried: int, most: float) -> None:
    at = next_try_at(AFTER_REFUSAL, FailureClass.RETRY, tried=tried, now=NOW)
    assert at is not None
    assert LEAST <= at - NOW <= LEAST + timedelta(minutes=most)


@pytest.mark.parametrize("policies", [AFTER_REFUSAL, AFTER_NO_ARRIVAL], ids=["refused", "lost"])
def test_what_may_pass_is_tried_three_times_in_all(
    policies: Mapping[FailureClass, RetryPolicy],
) -> None:
    """R33: at most twice again."""
    tries = [
        next_try_at(policies, FailureClass.RETRY_FEW, tried=tried, now=NOW) for tried in (1, 2, 3)
    ]
    assert [at is not None for at in tries] == [True, True, False]


@pytest.mark.parametrize(
    "failure_class",
    [FailureClass.PERMANENT, FailureClass.NUMBER_BAD, FailureClass.OPTED_OUT, FailureClass.EXPIRED],
)
def test_what_is_final_is_never_tried_again(failure_class: FailureClass) -> None:
    for policies in (AFTER_REFUSAL, AFTER_NO_ARRIVAL):
        assert next_try_at(policies, failure_class, tried=1, now=NOW) is None


def test_texts_that_did_not_arrive_while_all_are_stopped_wait_up_to_four_hours() -> None:
    waits = [
        next_try_at(AFTER_NO_ARRIVAL, FailureClass.CONFIGURATION, tried=tried, now=NOW)
        for tried in (1, 2, 5, 90)
    ]
    minutes = [(at - NOW) / timedelta(minutes=1) for at in waits if at is not None]
    assert minutes == [15, 30, 240, 240]


def test_a_second_try_of_a_text_past_an_opt_out_goes_past_it_too() -> None:
    """R6: a retry is the same answer to the same text."""
    world = World()
    booked(world)
    hear(world, "too many texts")
    answer = next(text for text in world.texts.sent if "are paused" in text.body)
    callback = world.texts.callbacks[world.texts.sent.index(answer)]
    row_id = callback.partition("#")[0].rpartition("/")[2]
    (row,) = [m for m in world.messages(row_id.partition(".")[0]) if m.id == row_id]
    long = row.evolve(send_before=row.send_before + timedelta(hours=1))
    world.store.commit(Change(Save(long)))
    text_receipts.take(
        world.delivery_context,
        row_id,
        sid=answer.sid,
        to=ANA,
        status="undelivered",
        error_code=30003,
    )
    world.run_for(minutes=20)
    assert sum("are paused" in body for body in world.texts.bodies) == 2
