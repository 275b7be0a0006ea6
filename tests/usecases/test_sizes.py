"""One decision is one transaction of at most 100 writes, however large the clinic (F27)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from chalicelib.clinic.careplan.plan import CarePlan
from chalicelib.clinic.profile import Clinic
from chalicelib.clinic.profile_models import StaffSeed
from chalicelib.domain.change import Change, Save
from chalicelib.domain.messaging.message import MessageStatus
from chalicelib.domain.people.patient import Patient
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.usecases.inbound.receive import Incoming, receive_text
from chalicelib.usecases.visits import book, offers
from tests.builders.acts import ANA
from tests.builders.looks import row
from tests.builders.pages import BOOKING, all_of, staff_request_link, stored_rows
from tests.builders.plans import a_step
from tests.builders.visits import just_booked
from tests.web.browser import browsing, text_of
from tests.world import RUTH, World, at

MOST_STAFF = 12


def with_staff(clinic: Clinic, many: int) -> dict[str, Any]:
    people = [
        StaffSeed(id=f"p{n}", name=f"Pat {n}", email=f"p{n}@example.com", role="manager")
        for n in range(many)
    ]
    return {**dict(clinic), "staff": tuple(people)}


def large_clinic() -> World:
    """As many staff as there may be, and a phone that two hundred patients use."""
    world = World()
    clinic = Clinic.model_validate(with_staff(world.services.clinic, MOST_STAFF))
    world.services = replace(world.services, clinic=clinic)
    just_booked(world)
    world.drain()
    phone = world.store.get(Phone.ref(ANA))
    assert phone is not None
    known = world.store.get(Patient.ref(phone.patients[0]))
    assert known is not None
    ids = [f"PAT-{n:010d}" for n in range(200)]
    for id_ in ids:
        world.store.commit(Change(Save(known.evolve(id=id_, revision=0))))
    world.store.commit(Change(Save(phone.evolve(patients=(*phone.patients, *ids)))))
    world.clock.at += timedelta(minutes=1)
    return world


@pytest.mark.parametrize("word", ["STOP", "START", "HELP", None])
def test_an_urgent_text_is_taken_with_all_staff_and_whatever_else_it_means(
    word: str | None,
) -> None:
    world = large_clinic()
    receive_text(
        world.context,
        Incoming(sid="SM" + "a" * 32, sender=ANA, body="chest pain", opt_out_type=word),
        quiet_words=frozenset(),
    )
    world.drain()
    assert "urgent_text" in [task.what for task in world.open_tasks()]
    alarmed = {mail.to for mail in world.mails.sent if "URGENT" in mail.subject.upper()}
    assert len(alarmed) == MOST_STAFF


def test_more_staff_than_one_alarm_can_reach_is_refused_before_anything_runs() -> None:
    with pytest.raises(ValidationError, match="at most 12"):
        Clinic.model_validate(with_staff(World().services.clinic, MOST_STAFF + 1))


def with_long_plan(world: World, steps: int) -> None:
    """An IV plan that says so much more before each visit."""
    plan: CarePlan = world.services.plans["iv_infusion"]
    more = tuple(
        a_step(id=f"more_{n}", kind="reminder", offset={"days": -1, "at": "10:00"})
        for n in range(steps)
    )
    longer = plan.model_copy(update={"steps": (*plan.steps, *more)})
    world.replace(plans={**world.services.plans, "iv_infusion": longer})


def test_a_decision_of_more_writes_than_one_transaction_holds_is_refused_and_says_so() -> None:
    """F27: nothing of it is done, what is smaller can be, and the same page takes it."""
    world = World()
    with_long_plan(world, steps=12)
    with browsing(world) as browser:
        link = staff_request_link(browser)
        before = stored_rows(browser)
        course = [("first_starts_at", "2026-12-08T09:00"), *BOOKING[1:], ("spacing_days", "3")]
        answer = browser.send(f"{link}/course", [*course, ("sessions", "9")])
        assert answer.status_code == 422
        assert "This is too much at once" in text_of(answer)
        assert "Nothing was changed" in text_of(answer)
        assert stored_rows(browser) == before
        assert list(world.queue.ids) == []
        assert browser.send(f"{link}/course", [*course, ("sessions", "2")]).status_code == 303
        assert len(all_of(browser, Appointment)) == 2


def test_the_first_text_is_owed_however_the_request_is_answered() -> None:
    world = World(datetime(2026, 12, 2, 4, 0, tzinfo=UTC))  # 22:00: quiet hours
    reference = world.request().reference
    choices: dict[str, Any] = {"visit_type": "consultation", "resource": "room-1", "actor": RUTH}
    offers.propose(world.context, subject_id=reference, times=[at("2026-12-08T09:00")], **choices)
    book.confirm(world.context, subject_id=reference, when=at("2026-12-09T09:00"), **choices)
    world.run_for(hours=12)
    assert row(world, f"{reference}.welcome").status is MessageStatus.SENT
    assert "Msg & data rates" in world.texts.bodies[0]
    assert row(world, f"{reference}.v2-proposed").status is MessageStatus.WITHDRAWN
