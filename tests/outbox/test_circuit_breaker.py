"""All texts wait while our settings are at fault, however the provider says so (R33, F31, F32)."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.change import Change, Patch, Save, as_stored
from chalicelib.domain.messaging.message import MessageStatus
from chalicelib.domain.system import CircuitBreaker
from chalicelib.outbox import deliver
from chalicelib.outbox.outcomes import text_receipts
from chalicelib.ports import Accepted, FailureClass, Refused
from tests.builders.acts import ANA
from tests.builders.looks import confirmations, row, tasks
from tests.builders.visits import confirmation_next, just_booked
from tests.world import World

UNREGISTERED = 30034


def told(world: World, message_id: str, status: str, code: int | None = None) -> None:
    """The receipt of the row's text."""
    message = row(world, message_id)
    assert message.sid
    assert message.to
    text_receipts.take(
        world.delivery_context,
        message_id,
        sid=message.sid,
        to=message.to,
        status=status,
        error_code=code,
    )


def texts_wait(world: World) -> bool:
    stop = world.store.get(CircuitBreaker.ref())
    return stop is not None and stop.is_open


def stopped_by_receipt(code: int = UNREGISTERED) -> tuple[World, str]:
    """A confirmation was accepted and then not carried: our number may not send."""
    world = World()
    message_id = confirmation_next(world)
    deliver.deliver(world.delivery_context, message_id)
    told(world, message_id, "undelivered", code)
    world.drain()
    return world, message_id


@pytest.mark.parametrize("code", [UNREGISTERED, 30002])
def test_our_own_fault_that_a_receipt_tells_stops_all_texts_with_one_alarm(code: int) -> None:
    world, _ = stopped_by_receipt(code)
    other = just_booked(world, "2026-12-09T09:00", phone="+13165550143", name="Bo Example").id
    world.run_for(minutes=4)
    assert row(world, f"{other}.welcome").status is MessageStatus.PENDING
    assert tasks(world).count("texts_stopped") == 1


def test_what_is_accepted_and_fails_again_ends_no_stop_and_raises_no_second_alarm() -> None:
    world, message_id = stopped_by_receipt()
    for tried in range(1, 4):
        again = f"{message_id}-r{tried}"
        world.run_until((row(world, again).due_at or world.clock.at) + timedelta(minutes=1))
        told(world, again, "undelivered", UNREGISTERED)
        assert texts_wait(world)
    assert tasks(world).count("texts_stopped") == 1
    assert confirmations(world) == 4


def test_the_first_text_that_arrives_ends_a_stop_and_all_that_waited_goes() -> None:
    world, message_id = stopped_by_receipt()
    other = just_booked(world, "2026-12-09T09:00", phone="+13165550143", name="Bo Example").id
    world.run_for(minutes=16)
    first = f"{other}.welcome"
    told(world, first, "delivered")
    assert not texts_wait(world)
    assert "texts_stopped" not in tasks(world)
    world.run_for(minutes=10)
    assert row(world, f"{message_id}-r1").status is MessageStatus.SENT
    assert row(world, f"{other}.v1-confirmation").status is MessageStatus.SENT


def test_a_text_of_before_the_stop_that_arrives_late_does_not_end_it() -> None:
    world = World()
    message_id = confirmation_next(world)
    first = message_id.replace("v1-confirmation", "welcome")
    world.clock.at += timedelta(seconds=5)
    deliver.deliver(world.delivery_context, message_id)
    # The clock of the courier that claimed it may be a minute ahead (F22).
    ahead = as_stored({"claimed_at": world.clock.at + timedelta(seconds=65)})
    world.store.commit(Change(Patch(row(world, first).key, set=ahead)))
    world.clock.at += timedelta(seconds=5)
    told(world, message_id, "undelivered", UNREGISTERED)
    told(world, first, "delivered")
    assert texts_wait(world)


def test_a_receipt_that_comes_late_of_a_text_before_the_mending_stops_nothing_again() -> None:
    world, _ = stopped_by_receipt()
    other = just_booked(world, "2026-12-09T09:00", phone="+13165550143", name="Bo Example").id
    world.run_for(minutes=16)
    told(world, f"{other}.welcome", "delivered")
    first = next(m for m in world.messages(row(world, f"{other}.welcome").owner_id) if m.sid)
    old = row(world, f"{other}.welcome").evolve(id=f"{other}.old", sid="SM" + "e" * 32, revision=0)
    world.store.commit(Change(Save(old.evolve(status="sent", claimed_at=first.created_at))))
    told(world, old.id, "undelivered", UNREGISTERED)
    assert not texts_wait(world)


def test_a_text_of_which_nobody_says_that_it_failed_ends_the_stop_after_six_hours() -> None:
    world, message_id = stopped_by_receipt()
    world.run_for(minutes=16)
    assert row(world, f"{message_id}-r1").status is MessageStatus.SENT
    assert texts_wait(world)
    world.run_for(hours=6, minutes=5)
    assert not texts_wait(world)


def test_the_first_accepted_probe_ends_the_stop_though_its_receipt_is_faster() -> None:
    world = World()
    message_id = confirmation_next(world)
    world.texts.before.append(Refused(FailureClass.CONFIGURATION, 20003))
    deliver.deliver(world.delivery_context, message_id)
    world.clock.at += timedelta(minutes=5)
    send = world.texts.send

    def receipt_first(**fields: object) -> Accepted:
        answer = send(**fields)  # type: ignore[arg-type]
        sid = answer.sid or ""
        text_receipts.take(
            world.delivery_context, message_id, sid=sid, to=ANA, status="sent", error_code=None
        )
        return answer

    world.texts.send = receipt_first  # type: ignore[method-assign]
    deliver.deliver(world.delivery_context, message_id)
    assert row(world, message_id).status is MessageStatus.SENT
    assert not texts_wait(world)


def test_an_alarm_that_was_held_up_until_texts_went_again_is_not_raised() -> None:
    world = World()
    message_id = confirmation_next(world)
    world.texts.before.append(Refused(FailureClass.CONFIGURATION, 20003))
    deliver.deliver(world.delivery_context, message_id)
    assert texts_wait(world)
    world.queue.ids.clear()  # the alarm's hint is lost
    world.clock.at = row(world, message_id).due_at or world.clock.at
    deliver.deliver(world.delivery_context, message_id)
    assert not texts_wait(world)
    world.run_for(minutes=10)
    assert "texts_stopped" not in tasks(world)


def test_a_stop_that_outlasts_a_texts_window_leaves_it_to_a_person() -> None:
    world = World()
    visit_id = just_booked(world).id
    world.texts.before.extend([Refused(FailureClass.CONFIGURATION, 20003)] * 5000)
    world.run_until(datetime(2026, 12, 14, tzinfo=UTC))
    preparation = row(world, f"{visit_id}.v1-preparation")
    assert preparation.status is MessageStatus.EXPIRED
    assert "call_with_preparation" in tasks(world)


def test_forty_three_refusals_are_put_off_like_the_first() -> None:
    world = World()
    message_id = confirmation_next(world)
    world.texts.before.extend([Refused(FailureClass.RETRY, 429)] * 60)
    for _ in range(60):
        world.clock.at = max(row(world, message_id).due_at or world.clock.at, world.clock.at)
        deliver.deliver(world.delivery_context, message_id)
    assert row(world, message_id).attempt > 43
    assert row(world, message_id).status is MessageStatus.PENDING
