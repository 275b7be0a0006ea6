"""A digit is an answer to what the text with the numbers said, and to nothing else (R42)."""

from datetime import timedelta

from chalicelib.domain.visits.request import ConsultationRequest, RequestStatus
from chalicelib.usecases.inbound.receive import Incoming, receive_text
from tests.builders.acts import ANA, QUIET, cancels, has_another_number, hear, moves
from tests.builders.looks import phone_of, tasks, visit_of
from tests.builders.visits import BO, booked, offered
from tests.world import World


def two_visits(world: World) -> tuple[str, str]:
    return booked(world).id, booked(world, room="room-2", name=BO).id


def digit_of(world: World, visit_id: str) -> str:
    return next(d for d, meant in phone_of(world).choosing.items() if visit_id in meant)


def moves_and_tells(world: World, visit_id: str, when: str, room: str) -> None:
    moves(world, visit_id, when, room)
    world.drain()


def test_a_digit_does_not_confirm_the_time_that_its_visit_was_moved_to() -> None:
    world = World()
    first, _ = two_visits(world)
    hear(world, "C")
    digit = digit_of(world, first)
    moves_and_tells(world, first, "2026-12-09T09:00", "room-1")
    hear(world, digit)
    assert visit_of(world, first).confirmed_at is None
    assert "reply_to_read" in tasks(world)


def test_a_digit_confirms_a_visit_that_was_moved_before_it_was_asked_about() -> None:
    world = World()
    first, _ = two_visits(world)
    moves_and_tells(world, first, "2026-12-09T09:00", "room-1")
    hear(world, "R")
    hear(world, digit_of(world, first))
    assert "move_asked" in tasks(world)


def test_a_digit_from_a_number_that_was_given_up_moves_nobody() -> None:
    world = World()
    first, _ = two_visits(world)
    hear(world, "R")
    digit = digit_of(world, first)
    has_another_number(world, first)
    hear(world, digit)
    assert tasks(world) == ["reply_to_read"]


def test_a_digit_from_a_number_that_was_given_up_takes_no_offered_time() -> None:
    world = World()
    reference = offered(world, "2026-12-08T09:00", "2026-12-08T13:00")
    booked(world)  # takes the first of them
    hear(world, "1")
    assert "1 for Tue Dec 8 1:00 PM" in world.texts.bodies[-1]
    has_another_number(world, reference)
    hear(world, "1")
    request = world.store.get(ConsultationRequest.ref(reference))
    assert request is not None
    assert request.status is RequestStatus.PROPOSED


def test_a_visit_that_was_cancelled_before_the_question_left_changes_no_number() -> None:
    world = World()
    first, second = two_visits(world)
    third = booked(world, room="chair-1", name="Cy Example").id
    moves_and_tells(world, second, "2026-12-09T09:00", "room-2")
    moves_and_tells(world, third, "2026-12-10T09:00", "chair-1")
    world.clock.at += timedelta(minutes=1)
    receive_text(
        world.context, Incoming(sid="SM" + "e" * 32, sender=ANA, body="C"), quiet_words=QUIET
    )
    cancels(world, first)
    world.drain()
    assert "Reply 2 for Wed Dec 9 9:00 AM, 3 for Thu Dec 10" in world.texts.bodies[-1]
    hear(world, "2")
    assert [visit_of(world, v).confirmed_at is not None for v in (second, third)] == [True, False]


def test_a_question_of_which_no_visit_is_left_is_not_asked() -> None:
    world = World()
    visits = two_visits(world)
    receive_text(
        world.context, Incoming(sid="SM" + "e" * 32, sender=ANA, body="C"), quiet_words=QUIET
    )
    for visit_id in visits:
        cancels(world, visit_id)
    world.drain()
    assert not any("which visit" in body for body in world.texts.bodies)
