"""Every page when the clinic's data names no more what its rows name (R71, F99, R35)."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from chalicelib import wiring
from chalicelib.domain.change import Change, Patch
from chalicelib.domain.people.patient import Patient
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.domain.visits.day_sheet import DaySheet
from chalicelib.domain.visits.request import ConsultationRequest
from chalicelib.usecases.visits import attendance, offers, reschedule
from tests import taken_out
from tests.builders.pages import (
    BOOKING,
    all_of,
    offer_link,
    staff_request_link,
    staff_visit_link,
    the_visit,
    visit_link,
)
from tests.web.browser import Browser, text_of
from tests.world import RUTH, World

SURE = [("sure", "yes")]
DATE = "?date=2026-12-08"
KINDS = [
    pytest.param(taken_out.kind, "IV infusion", id="kept with the visit"),
    pytest.param(taken_out.kind_of_an_older_row, "Visit", id="a row of before"),
]


def take_out(browser: Browser, taking: Callable[..., None], *what: str) -> None:
    taking(browser.world, *what)
    wiring.provide(browser.world.services)


@pytest.mark.parametrize(("taking", "name"), KINDS)
def test_staff_pages_name_what_was_booked_and_ask_for_the_ride(
    browser: Browser, taking: Callable[[World], None], name: str
) -> None:
    link = staff_visit_link(browser)
    take_out(browser, taking)
    sheet = text_of(browser.get(f"{browser.day_link()}{DATE}"))
    assert f"{name}. Booked, not confirmed, ride home not known" in sheet
    page = text_of(browser.get(link))
    assert f"9:00 AM to 11:00 AM. {name}, Room 1." in page
    assert "Ride home not known" in page


@pytest.mark.parametrize(("taking", "name"), KINDS)
def test_another_visit_of_the_patient_is_listed_by_what_it_was_booked_as(
    browser: Browser, taking: Callable[[World], None], name: str
) -> None:
    link = staff_visit_link(browser)
    another = [("starts_at", "2026-12-10T09:00"), *BOOKING[1:]]
    assert browser.send(f"{link}/confirm", another).status_code == 303
    take_out(browser, taking)
    assert f"{name}, Room 1" in text_of(browser.get(link)).partition("Other visits to come")[2]


@pytest.mark.parametrize(("taking", "name"), KINDS)
def test_the_patients_page_and_calendar_open_and_reveal_nothing(
    browser: Browser, taking: Callable[[World], None], name: str
) -> None:
    link = visit_link(browser)
    take_out(browser, taking)
    page = text_of(browser.get(link))
    assert "Tuesday, December 8, 9:00 AM" in page
    assert "infusion" not in page
    calendar = browser.get(f"{link}/visit.ics")
    assert calendar.status_code == 200
    assert "SUMMARY:Visit\\, Cottonwood Clinic" in calendar.body.decode()
    assert browser.send(f"{link}/confirm", SURE).status_code == 303
    assert browser.send(f"{link}/reschedule", SURE).status_code == 303
    assert browser.send(f"{link}/opt_out", SURE).status_code == 303


@pytest.mark.parametrize("gone", [taken_out.kind, taken_out.room])
def test_the_page_of_an_offer_that_is_gone_asks_to_call(
    browser: Browser, gone: Callable[..., None]
) -> None:
    link = offer_link(browser)
    what = "consultation" if gone is taken_out.kind else "room-1"
    take_out(browser, gone, what)
    answer = browser.get(link)
    assert answer.status_code == 200
    assert "316-555-0100" in text_of(answer)
    chosen = browser.send(f"{link}/choose", [("starts_at", "2026-12-08T09:00"), *SURE])
    assert chosen.status_code == 409
    (request,) = all_of(browser, ConsultationRequest)
    links = browser.world.services.links
    now = browser.world.clock.at
    token = links.staff_token(subject_id=request.id, staff_id="manager", now=now)
    assert "Offered Tue Dec 8, 9:00 AM" in text_of(browser.get(f"/s/{token}"))


@pytest.mark.parametrize(("taking", "name"), KINDS)
@pytest.mark.parametrize(
    ("decision", "fields"),
    [
        ("cancel", [("reason_code", "other"), ("tell_patient", "yes"), *SURE]),
        ("driver", [("has", "yes")]),
        ("contact", [("name", "Ana"), ("phone", "316-555-0142"), ("language", "en"), *SURE]),
        ("opt_out", [("means", "phone"), *SURE]),
        ("arrived", SURE),
        ("discharged", SURE),
        ("no_show", SURE),
        (
            "confirm",
            [("starts_at", "2027-01-12T09:00"), *BOOKING[2:], ("visit_type", "intranasal")],
        ),
    ],
)
def test_every_decision_that_makes_sense_is_taken(
    browser: Browser,
    taking: Callable[[World], None],
    name: str,
    decision: str,
    fields: list[tuple[str, str]],
) -> None:
    link = staff_visit_link(browser)
    take_out(browser, taking)
    if decision in ("arrived", "discharged", "no_show"):
        browser.world.run_until(the_visit(browser).start_at + timedelta(minutes=5))
    assert browser.send(f"{link}/{decision}", fields).status_code == 303
    if decision in ("arrived", "discharged", "no_show"):
        assert browser.send(f"{link}/undo", SURE).status_code == 303
    assert browser.get(link).status_code == 200


@pytest.mark.parametrize(("taking", "name"), KINDS)
def test_moving_is_not_offered_and_a_form_from_before_is_told_why(
    browser: Browser, taking: Callable[[World], None], name: str
) -> None:
    link = staff_visit_link(browser)
    take_out(browser, taking)
    decisions = [form.decision for form in browser.forms(link)]
    assert "cancel" in decisions
    assert "reschedule" not in decisions
    assert "cannot be moved" in text_of(browser.get(link))
    answer = browser.send(
        f"{link}/reschedule", [("starts_at", "2026-12-09T09:00"), ("resource", "room-1"), *SURE]
    )
    assert answer.status_code == 422
    assert "Cancel it and book another" in text_of(answer)


def test_a_room_that_is_gone_is_on_the_sheet_while_somebody_is_booked_there(
    browser: Browser,
) -> None:
    link = staff_visit_link(browser)
    take_out(browser, taken_out.room)
    sheet = f"{browser.day_link()}{DATE}"
    today, _, tomorrow = text_of(browser.get(sheet)).partition("Wednesday, December 9")
    assert "Room 1 9:00 AM to 11:00 AM, Ana Löwe" in today
    assert "Room 1" not in tomorrow
    assert "IV infusion, Room 1." in text_of(browser.get(link))
    assert browser.send(f"{link}/cancel", [("reason_code", "other"), *SURE]).status_code == 303
    assert "Room 1" not in text_of(browser.get(sheet))
    freed = browser.world.store.get(DaySheet.ref("room-1", "2026-12-08"))
    assert freed is not None
    assert freed.busy == ()


def test_a_visit_leaves_a_room_that_is_gone(browser: Browser) -> None:
    link = staff_visit_link(browser)
    take_out(browser, taken_out.room)
    move = [("starts_at", "2026-12-08T09:00"), ("resource", "room-2"), *SURE]
    assert browser.send(f"{link}/reschedule", move).status_code == 303
    assert "Room 1" not in text_of(browser.get(f"{browser.day_link()}{DATE}"))


def test_a_room_of_which_no_name_is_known_is_shown_by_its_id(browser: Browser) -> None:
    link = staff_visit_link(browser)
    for key in [key for key in browser.world.store._rows if key.pk == "ROOMS"]:
        del browser.world.store._rows[key]
    take_out(browser, taken_out.room)
    assert "IV infusion, room-1." in text_of(browser.get(link))


def test_what_somebody_who_is_gone_decided_keeps_their_name(browser: Browser) -> None:
    link = staff_visit_link(browser)
    browser.send(f"{link}/driver", [("has", "no")])
    page = browser.staff_link("manager")
    take_out(browser, taken_out.person)
    words = text_of(browser.get(browser.get(page).headers.get("Location", page)))
    assert words.count("by Noor Nurse") >= 2
    assert "by nurse" not in words
    assert browser.get(link).status_code == 404


def test_an_older_event_takes_the_name_from_what_was_decided(browser: Browser) -> None:
    staff_visit_link(browser)
    page = browser.staff_link("manager")
    for row in list(browser.world.store._rows.values()):
        if row["record"] == "audit":
            row.pop("by_name", None)
    take_out(browser, taken_out.person)
    words = text_of(browser.get(browser.get(page).headers.get("Location", page)))
    assert "by nurse" not in words
    assert "by Noor Nurse" in words


def test_a_step_and_a_reason_that_are_gone_are_shown_as_they_are_stored(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = staff_visit_link(browser)
    browser.send(f"{link}/cancel", [("reason_code", "medical"), ("tell_patient", "yes"), *SURE])
    take_out(browser, taken_out.step, "preparation")
    take_out(browser, taken_out.step, "cancelled")
    monkeypatch.delitem(reschedule.CANCEL_REASONS, "medical")
    words = text_of(browser.get(link))
    assert "Reason medical" in words
    assert "Preparation" in words


def test_a_declined_request_whose_reason_is_gone_shows_its_code(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = staff_request_link(browser)
    browser.send(f"{link}/decline", [("reason_code", "no_capacity"), *SURE])
    monkeypatch.delitem(offers.DECLINE_REASONS, "no_capacity")
    assert "Declined : no_capacity" in text_of(browser.get(link)).replace("Declined:", "Declined :")


@pytest.mark.parametrize("odd", ["visit", "patient", "sheet"])
def test_one_row_that_cannot_be_read_leaves_the_others_on_the_sheet(
    browser: Browser, odd: str
) -> None:
    staff_visit_link(browser)
    visit = the_visit(browser)
    other = staff_request_link(browser, phone="+13165550143", name="Bo Example")
    booking = [*BOOKING[:2], ("resource", "room-2"), *SURE]
    assert browser.send(f"{other}/confirm", booking).status_code == 303
    spoilt = {
        "visit": (Appointment.ref(visit.id).key, {"status": "elsewhere"}),
        "patient": (Patient.ref(visit.patient_id).key, {"text_consent": "often"}),
        "sheet": (DaySheet.ref("room-1", "2026-12-08").key, {"busy": "always"}),
    }
    key, values = spoilt[odd]
    browser.world.store.commit(Change(Patch(key, set=values)))
    answer = browser.get(f"{browser.day_link()}{DATE}")
    assert answer.status_code == 200
    words = text_of(answer).partition("Wednesday, December 9")[0]
    assert "9:00 AM to 11:00 AM, Bo Example" in words
    assert "cannot be read" in words or odd == "patient"
    assert "Room 1 Free." not in words


def test_a_number_that_cannot_be_read_leaves_the_tasks_on_the_sheet(browser: Browser) -> None:
    staff_visit_link(browser)
    attendance.record_driver(
        browser.world.context, appointment_id=the_visit(browser).id, has="no", actor=RUTH
    )
    key = Phone.ref("+13165550142").key
    browser.world.store.commit(Change(Patch(key, set={"patients": "all"})))
    assert browser.get(browser.day_link()).status_code == 200
