"""No text leaves to a number that was never told who texts, how often, and how to stop it (R4)."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.change import Change, Patch
from chalicelib.domain.messaging.message import MessageStatus
from chalicelib.usecases.patients import opt_out
from chalicelib.usecases.privacy.erase import erase
from chalicelib.usecases.visits import reschedule
from tests.builders.acts import has_another_number, hear, spoil
from tests.builders.looks import first_alone, firsts, phone_of
from tests.builders.visits import BO, NIGHT, booked, booked_at_night
from tests.world import RUTH, World, at


@pytest.mark.parametrize(("words", "is_resumed"), [("STOP", False), ("too many texts", True)])
def test_a_first_text_that_an_opt_out_withdrew_is_made_anew(words: str, is_resumed: bool) -> None:
    world, visit_id = booked_at_night()
    hear(world, words)
    world.run_for(hours=12)
    assert firsts(world) == []
    if is_resumed:
        opt_out.resume(world.context, subject_id=visit_id, actor=RUTH)
        world.drain()
    else:
        hear(world, "START")
    world.run_until(datetime(2026, 12, 8, 14, 0, tzinfo=UTC))
    assert first_alone(firsts(world))


def test_who_shares_the_phone_is_told_when_who_waited_for_the_first_text_is_erased() -> None:
    world, ana = booked_at_night()
    booked(world, room="room-2", name=BO)
    erase(world.context, ana, actor=RUTH)
    world.run_until(datetime(2026, 12, 8, 14, 0, tzinfo=UTC))
    assert first_alone(firsts(world))


@pytest.mark.parametrize("is_booked", [False, True])
def test_erasing_tells_nobody_on_whom_nobody_has_acted_who_texts(is_booked: bool) -> None:
    world = World(NIGHT)
    ana = booked(world).id if is_booked else world.request().reference
    world.request(name=BO)
    erase(world.context, ana, actor=RUTH)
    world.run_for(hours=24)
    assert world.texts.sent == []


def test_ending_a_pause_causes_no_text_to_who_has_only_asked() -> None:
    world = World()
    reference = world.request().reference
    world.clock.at += timedelta(minutes=1)
    hear(world, "too many texts")
    opt_out.resume(world.context, subject_id=reference, actor=RUTH)
    world.run_for(hours=1)
    (answer,) = world.texts.bodies
    assert "paused" in answer


def test_who_owns_a_number_that_was_mistyped_is_told_who_texts() -> None:
    world, visit_id = booked_at_night()
    has_another_number(world, visit_id)
    world.run_for(hours=12)
    assert world.texts.sent == []
    booked(world, room="room-2", name=BO)
    world.run_for(hours=1)
    assert firsts(world) == [True, False]


def moved_to(world: World, visit_id: str, when: str) -> None:
    reschedule.reschedule(
        world.context, appointment_id=visit_id, when=at(when), resource="room-1", actor=RUTH
    )
    world.drain()


def test_the_visit_that_made_the_first_text_makes_the_next_one() -> None:
    world, visit_id = booked_at_night()
    first = world.message(visit_id, "welcome")
    ended = {"status": "failed", "due_at": None}
    world.store.commit(Change(Patch(first.key, set=ended)))
    world.clock.at += timedelta(hours=12)
    moved_to(world, visit_id, "2026-12-09T09:00")
    world.run_for(hours=1)
    assert first_alone(firsts(world))
    assert phone_of(world).welcome_id not in (None, first.id)


@pytest.mark.parametrize("is_out", [False, True])
def test_a_first_text_that_left_or_that_an_opt_out_holds_is_made_once(is_out: bool) -> None:
    world = World()
    visit_id = booked(world).id
    if is_out:
        hear(world, "STOP")
    for day in (9, 10):
        moved_to(world, visit_id, f"2026-12-{day:02}T09:00")
    firsts = [m for m in world.messages(visit_id) if m.kind == "welcome"]
    assert [message.status for message in firsts] == [MessageStatus.SENT]


def test_a_first_text_whose_row_is_odd_is_made_anew() -> None:
    world, visit_id = booked_at_night()
    spoil(world, world.message(visit_id, "welcome").key, channel="pigeon")
    world.clock.at += timedelta(hours=12)
    moved_to(world, visit_id, "2026-12-09T09:00")
    world.run_for(hours=1)
    assert first_alone(firsts(world))
