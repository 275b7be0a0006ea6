"""Floods: machines that answer our answers, and requests that nobody meant."""

import pytest

from chalicelib.domain.people import Phone
from tests.usecases.test_inbound import ANA, booked, hear, visit_of
from tests.world import World


@pytest.mark.parametrize("body", ["ok", "HELP", "R", "D", "1"])
def test_a_machine_that_answers_our_answers_is_not_answered_for_ever(body: str) -> None:
    world = World()
    visit_id = booked(world)
    booked(world, "room-2", name="Bo Example")
    sent = len(world.texts.sent)
    for _ in range(60):
        hear(world, body)
    assert len(world.texts.sent) - sent <= 11
    assert visit_of(world, visit_id).is_open


def test_urgent_words_are_answered_whatever_came_before() -> None:
    world = World()
    booked(world)
    for _ in range(30):
        hear(world, "ok")
    hear(world, "I have chest pain")
    assert "911" in world.texts.bodies[-1]


def test_a_number_that_is_typed_into_many_forms_stays_small_and_its_own_patient_known() -> None:
    world = World()
    for number in range(100):
        world.clock.at = world.clock.at.replace(hour=number % 24, day=1 + number // 24)
        world.request(name=f"Prank {number}")
    visit_id = booked(world)
    phone = world.store.get(Phone.ref(ANA))
    assert phone is not None
    assert len(phone.patients) <= 21
    assert visit_of(world, visit_id).patient_id in phone.patients
    hear(world, "C")
    assert visit_of(world, visit_id).confirmed_at is not None
