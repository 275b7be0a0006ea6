"""What a look-up cannot see it does not guess: hidden words (F81), and clocks that differ (F22)."""

from datetime import timedelta

import pytest

from chalicelib.domain.messaging.message import MessageStatus
from chalicelib.outbox import deliver
from chalicelib.outbox.outcomes import text_receipts
from chalicelib.ports import OutcomeUnknown
from chalicelib.usecases.visits import reschedule
from tests.builders.acts import restored
from tests.builders.looks import confirmations, row
from tests.builders.visits import confirmation_next, just_booked
from tests.world import RUTH, World


def hide(world: World) -> None:
    """The provider does not show the words that it was given."""
    world.texts.sent[1:] = [text._replace(body="") for text in world.texts.sent[1:]]


def test_hidden_words_are_no_proof_that_nothing_left() -> None:
    world = World()
    message_id = confirmation_next(world, email=None)
    world.texts.after.append(OutcomeUnknown("time-out"))
    deliver.deliver(world.delivery_context, message_id)
    hide(world)
    world.run_for(days=3)
    assert len([text for text in world.texts.sent if not text.body]) == 1
    assert confirmations(world) == 0
    assert row(world, message_id).status is MessageStatus.FAILED
    assert any(getattr(t, "what", "") == "call_with_confirmation" for t in world.store.open("task"))


def test_what_was_called_off_and_can_never_be_looked_up_has_an_end() -> None:
    world = World()
    visit_id = just_booked(world, email=None).id
    deliver.deliver(world.delivery_context, f"{visit_id}.welcome")
    message_id = f"{visit_id}.v1-confirmation"
    world.texts.after.append(OutcomeUnknown("time-out"))
    deliver.deliver(world.delivery_context, message_id)
    hide(world)
    reschedule.cancel(
        world.context,
        appointment_id=visit_id,
        reason_code="clinic_closed",
        tell_patient=False,
        actor=RUTH,
    )
    world.run_for(days=3)
    message = row(world, message_id)
    assert (message.status, message.due_at) == (MessageStatus.FAILED, None)
    assert message.reason == "nobody knows whether it left"
    assert not [t for t in world.store.open("task") if "call" in getattr(t, "what", "")]


def test_a_receipt_settles_what_hidden_words_cannot() -> None:
    world = World()
    message_id = confirmation_next(world)
    world.texts.after.append(OutcomeUnknown("time-out"))
    deliver.deliver(world.delivery_context, message_id)
    hide(world)
    world.run_for(hours=1)
    text = world.texts.sent[1]
    assert text_receipts.take(
        world.delivery_context,
        message_id,
        sid=text.sid,
        to=text.to,
        status="delivered",
        error_code=None,
    )
    assert row(world, message_id).status is MessageStatus.DELIVERED


def test_hidden_words_of_texts_that_are_known_stand_in_no_way() -> None:
    world = World()
    message_id = confirmation_next(world)
    deliver.deliver(world.delivery_context, message_id)
    hide(world)
    other = just_booked(world, "2026-12-09T09:00", "room-2", name="Bo Example").id
    world.texts.before.append(OutcomeUnknown("500"))
    deliver.deliver(world.delivery_context, f"{other}.v1-confirmation")
    world.run_for(hours=1)
    assert row(world, f"{other}.v1-confirmation").status is MessageStatus.SENT


def test_a_late_text_waits_where_words_are_hidden() -> None:
    world = World()
    message_id = confirmation_next(world)
    before = row(world, message_id)
    deliver.deliver(world.delivery_context, message_id)
    restored(world, before)
    hide(world)
    world.clock.at += timedelta(minutes=11)
    world.run_for(hours=1)
    assert len(world.texts.sent) == 2
    assert row(world, message_id).status is MessageStatus.PENDING


@pytest.mark.parametrize("behind", [timedelta(seconds=1), timedelta(minutes=2)])
def test_a_provider_whose_clock_is_behind_ours_is_found_out_all_the_same(
    behind: timedelta,
) -> None:
    world = World()
    message_id = confirmation_next(world)
    world.texts.after.append(OutcomeUnknown("time-out"))
    deliver.deliver(world.delivery_context, message_id)
    late = world.texts.sent[1]
    world.texts.sent[1] = late._replace(created_at=late.created_at - behind)
    world.run_for(hours=2)
    assert confirmations(world) == 1
    assert row(world, message_id).sid == late.sid


def test_a_courier_whose_clock_is_ahead_takes_no_row_that_is_held() -> None:
    world = World()
    message_id = confirmation_next(world)
    world.texts.after.append(OutcomeUnknown("time-out"))
    deliver.deliver(world.delivery_context, message_id)
    world.clock.at += timedelta(minutes=2)
    deliver.deliver(world.delivery_context, message_id)
    world.clock.at -= timedelta(minutes=4)
    deliver.deliver(world.delivery_context, message_id)
    assert confirmations(world) == 1
    assert row(world, message_id).status is MessageStatus.SENDING
