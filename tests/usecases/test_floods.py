"""Floods: machines that answer our answers, and requests that nobody meant."""

from datetime import timedelta

import pytest

from chalicelib.domain.errors import TooMany
from chalicelib.domain.people import Phone
from chalicelib.domain.record import new_id
from chalicelib.domain.request import ConsultationRequest
from chalicelib.usecases.intake import submit
from tests.usecases.test_inbound import ANA, booked, hear, visit_of
from tests.world import FORM, World, wish


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


def asks(world: World, address: str, **wishes: str) -> str:
    origin = FORM._replace(address=address)
    return submit(world.desk, wish(**wishes), origin=origin, key=new_id("KEY")).reference


def test_who_gives_a_number_again_and_again_does_not_shut_its_owner_out() -> None:
    world = World()
    for prank in range(50):
        asks(world, f"198.51.100.{prank}", name=f"Prank {prank}")
    reference = asks(world, "192.0.2.1")
    assert world.store.get(ConsultationRequest.ref(reference)) is not None


def test_one_address_may_give_a_number_five_times_an_hour() -> None:
    world = World()
    for prank in range(5):
        asks(world, "198.51.100.1", name=f"Prank {prank}")
    with pytest.raises(TooMany):
        asks(world, "198.51.100.1", name="Prank 6")


@pytest.mark.parametrize(
    ("address", "is_same"),
    [
        pytest.param("2001:db8:1:2:ffff::9", True, id="one household"),
        pytest.param("2001:db8:1:3::1", False, id="the next"),
        pytest.param("odd:address", False, id="no address"),
    ],
)
def test_a_household_has_one_limit_however_many_ipv6_addresses(address: str, is_same: bool) -> None:
    world = World()
    for prank in range(30):
        asks(world, f"2001:db8:1:2::{prank:x}", phone=f"+131655501{prank:02d}")
    if is_same:
        with pytest.raises(TooMany):
            asks(world, address, phone="+13165550177")
    else:
        asks(world, address, phone="+13165550177")


def test_a_flood_from_everywhere_is_taken_and_told_once_an_hour() -> None:
    world = World()
    for prank in range(100):
        asks(world, f"198.51.100.{prank}", phone=f"+131655501{prank:02d}")
    world.drain()
    assert len(world.store.open("request", limit=200)) == 100
    new = [mail for mail in world.mails.sent if mail.subject.startswith("New request")]
    assert len(new) == 40 * 3
    told = [t for t in world.store.open("task") if getattr(t, "what", "").startswith("many_")]
    assert len(told) == 1
    world.clock.at += timedelta(hours=1)
    asks(world, "192.0.2.1", phone="+13165550142")
    world.drain()
    assert len([m for m in world.mails.sent if m.subject.startswith("New request")]) == 41 * 3
