"""A digit is an answer to what the text with the numbers said, and to nothing else (R42)."""

from chalicelib.usecases import moving
from tests.usecases.test_inbound import booked, hear, tasks, visit_of
from tests.usecases.test_shared_phones import BO, phone_of
from tests.world import RUTH, World, at


def two_visits(world: World) -> tuple[str, str]:
    return booked(world), booked(world, "room-2", name=BO)


def digit_of(world: World, visit_id: str) -> str:
    return next(d for d, meant in phone_of(world).choosing.items() if visit_id in meant)


def moves(world: World, visit_id: str, when: str, room: str) -> None:
    moving.reschedule(world.desk, appointment_id=visit_id, when=at(when), resource=room, actor=RUTH)
    world.drain()


def test_a_digit_does_not_confirm_the_time_that_its_visit_was_moved_to() -> None:
    world = World()
    first, _ = two_visits(world)
    hear(world, "C")
    digit = digit_of(world, first)
    moves(world, first, "2026-12-09T09:00", "room-1")
    hear(world, digit)
    assert visit_of(world, first).confirmed_at is None
    assert "reply_to_read" in tasks(world)


def test_a_digit_confirms_a_visit_that_was_moved_before_it_was_asked_about() -> None:
    world = World()
    first, _ = two_visits(world)
    moves(world, first, "2026-12-09T09:00", "room-1")
    hear(world, "R")
    hear(world, digit_of(world, first))
    assert "move_asked" in tasks(world)
