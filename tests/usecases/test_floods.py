"""Floods: machines that answer our answers, and requests that nobody meant."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest

from chalicelib.domain.errors import TooMany
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.record import Record, new_id
from chalicelib.domain.visits.request import ConsultationRequest
from chalicelib.usecases.requests.submit import submit
from chalicelib.usecases.tasks import close_task
from chalicelib.usecases.visits import offers
from tests.builders.acts import ANA, hear
from tests.builders.looks import request_of, visit_of
from tests.builders.visits import booked
from tests.world import FORM, NOON, RUTH, World, at, request_form

TOGETHER = timedelta(minutes=15)  # how much later than its deadline a request may be told of


@pytest.mark.parametrize("body", ["ok", "HELP", "R", "D", "1"])
def test_a_machine_that_answers_our_answers_is_not_answered_for_ever(body: str) -> None:
    world = World()
    visit_id = booked(world).id
    booked(world, room="room-2", name="Bo Example")
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
    visit_id = booked(world).id
    phone = world.store.get(Phone.ref(ANA))
    assert phone is not None
    assert len(phone.patients) <= 21
    assert visit_of(world, visit_id).patient_id in phone.patients
    hear(world, "C")
    assert visit_of(world, visit_id).confirmed_at is not None


def asks(world: World, address: str, **wishes: str) -> str:
    origin = FORM._replace(address=address)
    return submit(world.context, request_form(**wishes), origin=origin, key=new_id("KEY")).reference


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


def flooded(world: World, junk: int = 40) -> None:
    """So many requests from two addresses in one hour that no more of them are mailed of singly."""
    for prank in range(junk):
        phone = f"+131655501{prank:02d}"
        asks(world, f"198.51.100.{prank % 2}", phone=phone, name=f"Prank {prank}")


def told(world: World, *words: str) -> dict[str, int]:
    """To whom how many mails went that say all of this."""
    found = [mail for mail in world.mails.sent if all(w in mail.subject + mail.text for w in words)]
    return dict(Counter(mail.to.partition("@")[0] for mail in found))


EVERYBODY = {"scheduler": 1, "nurse": 1, "manager": 1}


def closed_tasks(world: World) -> None:
    world.drain()
    for task in world.open_tasks():
        close_task(world.context, task_id=task.id, note="", actor=RUTH)


def five_with_her_number(world: World) -> None:
    for prank in range(5):
        asks(world, f"198.51.100.{prank}", name=f"Prank {prank}")


@pytest.mark.parametrize("flood", [flooded, five_with_her_number])
def test_who_asks_in_a_flood_is_told_of_at_once_at_the_deadline_and_after_it(
    flood: Callable[[World], None],
) -> None:
    """F95: also when whoever closes tasks closes the flood's."""
    world = World()
    flood(world)
    reference = asks(world, "192.0.2.1")
    closed_tasks(world)
    request = request_of(world, reference)
    world.run_until(NOON + timedelta(hours=1, minutes=2))
    assert told(world, "requests open", "day sheet") == EVERYBODY
    world.run_until(request.answer_by + TOGETHER)
    assert told(world, "Still waiting", reference) == EVERYBODY
    assert told(world, "Overdue", reference) == {}
    world.run_until(world.services.clinic.answer_by(request.answer_by) + TOGETHER)
    assert told(world, "Overdue", reference) == {"manager": 1}
    assert request_of(world, reference).status == "received"
    assert reference in [row.key.pk for row in (*world.store.open("request"), *folded(world))]


def folded(world: World) -> list[Record]:
    return world.store.open("folded")


def test_what_is_over_the_limit_of_a_number_is_folded_and_nothing_else_is() -> None:
    world = World()
    five_with_her_number(world)
    assert folded(world) == []
    over = asks(world, "192.0.2.1")
    assert [row.key.pk for row in folded(world)] == [over]
    assert request_of(world, over).suspicious_because == "number"
    world.clock.at += timedelta(hours=1)
    asks(world, "192.0.2.1", name="A new hour")
    assert len(folded(world)) == 1


def test_nobody_is_folded_because_the_hour_is_busy() -> None:
    world = World()
    flooded(world, 60)
    reference = asks(world, "192.0.2.1")
    assert request_of(world, reference).suspicious_because is None
    assert folded(world) == []


def test_an_address_that_may_send_more_is_folded_beyond_its_limit() -> None:
    world = World()
    origin = FORM._replace(more=2)
    for prank in range(31):
        one = request_form(phone=f"+131655501{prank:02d}")
        submit(world.context, one, origin=origin, key=new_id("KEY"))
    (row,) = folded(world)
    assert isinstance(row, ConsultationRequest)
    assert row.suspicious_because == "address"


def test_who_was_answered_is_not_told_of_and_nobody_is_mailed_of_none() -> None:
    world = World()
    flooded(world)
    here, gone = asks(world, "192.0.2.1"), asks(world, "192.0.2.1", name="Answered")
    answered(world, gone)
    world.run_until(request_of(world, here).answer_by + TOGETHER)
    assert told(world, "Still waiting", here) == EVERYBODY
    assert told(world, "Still waiting", gone) == {}
    answered(world, here)
    world.run_for(days=2)
    assert told(world, "Overdue", here) == {}


def answered(world: World, reference: str) -> None:
    offers.decline(
        world.context, subject_id=reference, reason_code="not_suitable", note="", actor=RUTH
    )


def test_whom_staff_offer_times_is_folded_no_more() -> None:
    world = World()
    five_with_her_number(world)
    over = asks(world, "192.0.2.1")
    offers.propose(
        world.context,
        subject_id=over,
        times=[at("2026-12-08T09:00")],
        visit_type="consultation",
        resource="room-1",
        actor=RUTH,
    )
    assert folded(world) == []
    assert over in [row.key.pk for row in world.store.open("request", limit=10)]


def test_a_slow_flood_over_night_is_one_reminder_and_leaves_the_texts_their_time() -> None:
    """However few an hour: what is due at one moment is mailed of together (F48, F21)."""
    world = World(NOON + timedelta(hours=9))  # closed until the next morning
    references = []
    for prank in range(100):
        world.clock.at += timedelta(minutes=6)
        references.append(asks(world, f"198.51.100.{prank}", phone=f"+131655501{prank:02d}"))
    due = request_of(world, references[-1]).answer_by
    assert {request_of(world, reference).answer_by for reference in references} == {due}
    world.run_until(due - timedelta(minutes=1))
    assert told(world, "New request") == dict.fromkeys(EVERYBODY, 100)
    at_once = [world.store.due(shard=shard, until=due, limit=999) for shard in (0, 1)]
    assert sum(map(len, at_once)) <= 40 * 3 + 1
    world.run_until(due + TOGETHER)
    for reference in references:
        assert told(world, "till waiting", reference) == EVERYBODY
    assert told(world, "till waiting") == dict.fromkeys(EVERYBODY, 41)
