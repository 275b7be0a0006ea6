"""A table restored to an earlier hour: what left in the lost hour is not sent again (F71)."""

import contextlib
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.change import Change
from chalicelib.domain.messaging.inbound_text import ProviderId
from chalicelib.domain.messaging.message import MessageStatus
from chalicelib.domain.people.phone import SentCount
from chalicelib.domain.system import CircuitBreaker
from chalicelib.outbox import deliver, reconcile
from chalicelib.outbox.outcomes import text_receipts
from chalicelib.ports import FailureClass, OutcomeUnknown, Refused
from chalicelib.usecases.visits import patient_answers, reschedule
from tests.builders.acts import restored
from tests.builders.looks import confirmations, ever, row, tasks
from tests.builders.visits import confirmation_next
from tests.world import RUTH, World


def test_a_look_up_that_fails_is_made_again_before_anything_is_sent() -> None:
    world = World()
    message_id = confirmation_next(world)
    before = row(world, message_id)
    deliver.deliver(world.delivery_context, message_id)
    restored(world, before)
    world.texts.listing.extend(OutcomeUnknown("500") for _ in range(3))
    world.clock.at += timedelta(minutes=11)
    world.run_for(hours=1)
    assert confirmations(world) == 1
    assert row(world, message_id).status is MessageStatus.SENT


def test_a_text_that_was_held_meanwhile_is_looked_up_too() -> None:
    world = World()
    message_id = confirmation_next(world)
    before = row(world, message_id)
    deliver.deliver(world.delivery_context, message_id)
    restored(world, before)
    world.clock.at += timedelta(hours=9, minutes=30)  # 21:30: quiet hours hold it until 8:00
    deliver.deliver(world.delivery_context, message_id)
    assert row(world, message_id).reason == "quiet hours"
    world.run_for(hours=12)
    assert confirmations(world) == 1


def test_a_second_try_after_a_refusal_is_looked_up_as_a_first_one_is() -> None:
    world = World()
    message_id = confirmation_next(world)
    world.texts.before.append(Refused(FailureClass.RETRY, 429))
    deliver.deliver(world.delivery_context, message_id)
    before = row(world, message_id)
    assert before.status is MessageStatus.PENDING
    world.run_for(minutes=2)
    assert confirmations(world) == 1
    restored(world, before)
    world.clock.at += timedelta(minutes=30)
    world.run_for(hours=1)
    assert confirmations(world) == 1


def test_dying_while_the_found_text_is_written_down_sends_nothing() -> None:
    world = World()
    message_id = confirmation_next(world)
    before = row(world, message_id)
    deliver.deliver(world.delivery_context, message_id)
    restored(world, before)
    world.clock.at += timedelta(minutes=11)
    commit, commits = world.store.commit, 0

    def dies_after_the_first(change: Change) -> None:
        nonlocal commits
        commits += 1
        if commits > 1:
            raise KeyboardInterrupt
        commit(change)

    world.store.commit = dies_after_the_first  # type: ignore[method-assign]
    with contextlib.suppress(KeyboardInterrupt):
        deliver.deliver(world.delivery_context, message_id)
    world.store.commit = commit  # type: ignore[method-assign]
    world.run_for(hours=2)
    assert confirmations(world) == 1
    assert row(world, message_id).status is MessageStatus.SENT


@pytest.mark.parametrize("minutes", [0, 9])
def test_what_is_not_late_is_sent_without_a_look_up(minutes: int) -> None:
    world = World()
    message_id = confirmation_next(world)
    world.texts.listing.append(OutcomeUnknown("500"))
    world.clock.at += timedelta(minutes=minutes)
    deliver.deliver(world.delivery_context, message_id)
    assert confirmations(world) == 1
    assert len(world.texts.listing) == 1
    count = world.store.get(SentCount.ref("+13165550142", "2026-12-01"))
    assert count is not None
    assert count.count == 2


def test_a_look_up_that_our_settings_cannot_make_stops_all_texts_with_one_alarm() -> None:
    world = World()
    message_id = confirmation_next(world)
    world.clock.at += timedelta(minutes=11)
    world.texts.listing.extend(Refused(FailureClass.CONFIGURATION, 20003) for _ in range(3))
    world.run_for(hours=1)
    assert [alarm.done_by for alarm in ever(world, "texts_stopped")] == ["service"]
    assert confirmations(world) == 1
    assert row(world, message_id).status is MessageStatus.SENT
    stop = world.store.get(CircuitBreaker.ref())
    assert stop is not None
    assert not stop.is_open


def test_a_late_text_without_approved_words_becomes_a_task() -> None:
    world = World()
    message_id = confirmation_next(world)
    world.clock.at += timedelta(minutes=11)
    unapproved = replace(world.delivery_context, samples_allowed=False)
    deliver.deliver(unapproved, message_id)
    assert row(world, message_id).status is MessageStatus.FAILED
    world.drain()
    assert tasks(world) == ["cannot_say"]


def test_a_forgotten_text_is_not_sent_again_though_it_would_say_something_else_now() -> None:
    """F71: the answer to its question was heard again before it, so the question is left out."""
    world = World()
    message_id = confirmation_next(world)
    before = row(world, message_id)
    deliver.deliver(world.delivery_context, message_id)
    restored(world, before)
    patient_answers.confirm_visit(world.context, appointment_id=before.owner_id)
    world.clock.at += timedelta(minutes=11)
    world.run_for(hours=1)
    assert confirmations(world) == 1


def test_a_text_that_is_on_no_row_leaves_a_late_one_to_a_person() -> None:
    """F71: what nobody holds may be this very text in the words of then."""
    world = World()
    message_id = confirmation_next(world)
    stranger = world.texts.sent[-1]._replace(sid="SM" + "f" * 32, body="In other words.")
    world.clock.at += timedelta(minutes=11)
    world.texts.sent.append(stranger._replace(created_at=world.clock.at))
    world.run_for(hours=1)
    assert row(world, message_id).reason == "not looked up yet"
    world.run_for(days=6)
    assert row(world, message_id).status is MessageStatus.EXPIRED
    assert "call_with_confirmation" in tasks(world)


def test_a_text_of_an_earlier_try_is_found_by_the_words_of_that_try() -> None:
    """F80: accepted so late that two lists did not have it."""
    world = World()
    message_id = confirmation_next(world)
    world.texts.after.append(OutcomeUnknown("time-out"))
    deliver.deliver(world.delivery_context, message_id)
    listed, world.texts.sent = world.texts.sent, world.texts.sent[:1]
    for minutes in (15, 5):
        world.clock.at += timedelta(minutes=minutes)
        change = reconcile.after_lease(
            world.delivery_context, row(world, message_id), world.clock.at
        )
        world.store.commit(change)
    assert row(world, message_id).status is MessageStatus.PENDING
    patient_answers.confirm_visit(world.context, appointment_id=row(world, message_id).owner_id)
    world.texts.sent = listed
    deliver.deliver(world.delivery_context, message_id)
    assert confirmations(world) == 1
    assert row(world, message_id).sid == listed[-1].sid


LATE = "SM" + "d" * 32


def test_what_left_though_its_row_had_ended_is_erased_at_the_provider_in_time() -> None:
    """R55, F34: the receipt comes when the cancelled visit's row is withdrawn already."""
    world = World()
    message_id = confirmation_next(world)
    world.texts.before.append(OutcomeUnknown("time-out"))
    deliver.deliver(world.delivery_context, message_id)
    reschedule.cancel(
        world.context,
        appointment_id=row(world, message_id).owner_id,
        reason_code="other",
        tell_patient=False,
        actor=RUTH,
    )
    world.run_for(hours=1)
    assert row(world, message_id).status is MessageStatus.WITHDRAWN
    for status in ("sent", "delivered"):
        text_receipts.take(
            world.delivery_context,
            message_id,
            sid=LATE,
            to="+13165550142",
            status=status,
            error_code=None,
        )
    ended = row(world, message_id)
    assert ended.status is MessageStatus.WITHDRAWN
    assert [line.why for line in ended.history if line.what == "told later"] == ["sent"]
    held = world.store.get(ProviderId.ref(LATE))
    assert held is not None
    assert held.erase_at is not None
