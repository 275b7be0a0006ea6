"""The staff's page: every decision with its effect, and that looking never decides."""

from datetime import timedelta
from itertools import pairwise

import pytest

from chalicelib.domain.people.patient import Patient
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.visits.appointment import Appointment, AppointmentStatus, Course
from chalicelib.domain.visits.request import ConsultationRequest, RequestStatus
from chalicelib.usecases.inbound.receive import Incoming, receive_text
from tests.builders.pages import (
    BOOKING,
    all_of,
    staff_request_link,
    staff_visit_link,
    stored_rows,
    the_visit,
)
from tests.web.browser import SURE, Browser, forms_of, text_of


def test_a_request_is_booked_from_its_link_and_leads_on_to_the_visit(browser: Browser) -> None:
    link = staff_request_link(browser)
    answer = browser.send(f"{link}/confirm", BOOKING)
    assert (answer.status_code, answer.headers["Location"]) == (303, link)
    page = browser.get(browser.get(link).headers["Location"])
    assert "Tuesday, December 8, 9:00 AM" in text_of(page)


@pytest.mark.parametrize("decision", ["confirm", "propose", "decline", "course"])
def test_a_second_decision_says_who_was_first(browser: Browser, decision: str) -> None:
    link = staff_request_link(browser)
    browser.send(f"{link}/confirm", BOOKING)
    more = [("first_starts_at", "2026-12-09T09:00"), ("sessions", "2"), ("spacing_days", "3")]
    fields = [*BOOKING, ("reason_code", "other"), *more]
    answer = browser.send(f"{link}/{decision}", fields)
    half_typed = browser.send(f"{link}/{decision}", [("resource", "room-1")])
    assert (answer.status_code, half_typed.status_code) == (409, 409)
    assert "A visit was booked by Noor Nurse, Tue Dec 1, 12:00 PM." in text_of(answer)


@pytest.mark.parametrize(
    ("decision", "fields", "status"),
    [
        pytest.param(
            "reschedule", [*BOOKING[:1], ("resource", "room-2"), SURE], "booked", id="move"
        ),
        pytest.param("cancel", [("reason_code", "patient_asked"), SURE], "cancelled", id="cancel"),
        pytest.param("arrived", [("sure", "yes")], "arrived", id="arrived"),
        pytest.param("discharged", [("sure", "yes")], "fulfilled", id="discharged"),
        pytest.param("driver", [("has", "yes")], "booked", id="driver"),
    ],
)
def test_a_decision_is_taken_from_the_requests_or_the_visits_link(
    browser: Browser, decision: str, fields: list[tuple[str, str]], status: str
) -> None:
    link = staff_request_link(browser)
    browser.send(f"{link}/confirm", BOOKING)
    browser.world.run_until(the_visit(browser).start_at - timedelta(minutes=5))
    if decision == "reschedule":
        browser.world.clock.at -= timedelta(days=3)
    answer = browser.send(f"{link}/{decision}", fields)
    assert answer.status_code == 303
    assert the_visit(browser).status == AppointmentStatus(status)


def test_a_no_show_can_be_taken_back_within_ten_minutes(browser: Browser) -> None:
    link = staff_visit_link(browser)
    browser.world.run_until(the_visit(browser).start_at + timedelta(minutes=20))
    assert browser.send(f"{link}/no_show", [("sure", "yes")]).status_code == 303
    assert browser.send(f"{link}/arrived", [("sure", "yes")]).status_code == 409
    assert browser.send(f"{link}/undo", [("sure", "yes")]).status_code == 303
    assert the_visit(browser).status is AppointmentStatus.BOOKED
    browser.send(f"{link}/no_show", [("sure", "yes")])
    browser.world.clock.at += timedelta(minutes=11)
    assert browser.send(f"{link}/undo", [("sure", "yes")]).status_code == 422


def test_taking_back_is_offered_though_the_ride_was_noted_since(browser: Browser) -> None:
    link = staff_visit_link(browser)
    browser.world.run_until(the_visit(browser).start_at - timedelta(minutes=5))
    browser.send(f"{link}/arrived", [("sure", "yes")])
    browser.send(f"{link}/driver", [("has", "yes")])
    assert "undo" in {form.decision for form in browser.forms(link)}
    assert browser.send(f"{link}/undo", [("sure", "yes")]).status_code == 303
    assert "undo" not in {form.decision for form in browser.forms(link)}


def test_times_are_offered_and_a_request_is_declined(browser: Browser) -> None:
    link = staff_request_link(browser)
    offer = [*BOOKING, ("starts_at", "2026-12-08T13:00"), ("starts_at", "")]
    assert browser.send(f"{link}/propose", offer).status_code == 303
    (request,) = all_of(browser, ConsultationRequest)
    assert (request.status, len(request.offers)) == (RequestStatus.PROPOSED, 2)
    declined = [("reason_code", "no_capacity"), ("note", "kind words"), SURE]
    assert browser.send(f"{link}/decline", declined).status_code == 303
    (request,) = all_of(browser, ConsultationRequest)
    assert request.status is RequestStatus.DECLINED


@pytest.mark.parametrize(
    "rhythm",
    [
        pytest.param([("spacing_days", "3")], id="every three days"),
        pytest.param([("weekdays", "tue"), ("weekdays", "fri")], id="on Tuesdays and Fridays"),
        pytest.param([("weekdays", "tue,fri")], id="in one field"),
    ],
)
def test_six_sessions_are_approved_in_one_decision(
    browser: Browser, rhythm: list[tuple[str, str]]
) -> None:
    link = staff_request_link(browser)
    fields = [("first_starts_at", "2026-12-08T09:00"), *BOOKING[1:], ("sessions", "6"), *rhythm]
    assert browser.send(f"{link}/course", fields).status_code == 303
    (course,) = all_of(browser, Course)
    starts = sorted(visit.start_at for visit in all_of(browser, Appointment))
    assert len(course.appointment_ids) == len(starts) == 6
    gaps = {(after - before).days for before, after in pairwise(starts)}
    assert gaps == {3} if rhythm[0][0] == "spacing_days" else {3, 4}


def test_a_taken_time_is_said_with_free_ones_of_which_one_can_be_taken(browser: Browser) -> None:
    staff_visit_link(browser)
    link = staff_request_link(browser, phone="+13165550143", name="Bo Example")
    answer = browser.send(f"{link}/confirm", BOOKING)
    assert answer.status_code == 409
    assert "Tue Dec 8, 9:00 AM is taken." in text_of(answer)
    assert "Free nearby Tue Dec 8, 11:00 AM" in text_of(answer)
    (form,) = [f for f in forms_of(answer.body.decode()) if f.decision == "confirm"]
    assert ("starts_at", "2026-12-08T09:00") in form.fields
    before = stored_rows(browser)
    assert browser.send(form.action, [*form.fields, SURE]).status_code == 409
    assert stored_rows(browser) == before
    picked = [*form.fields, SURE, ("instead", "2026-12-08T11:00")]
    assert browser.send(form.action, picked).status_code == 303
    assert len(all_of(browser, Appointment)) == 2


def test_times_offered_that_are_taken_are_said_with_free_ones(browser: Browser) -> None:
    staff_visit_link(browser)
    link = staff_request_link(browser, phone="+13165550143", name="Bo Example")
    answer = browser.send(f"{link}/propose", BOOKING)
    assert answer.status_code == 409
    assert "Free nearby Tue Dec 8, 11:00 AM" in text_of(answer)


def test_the_same_visit_is_not_booked_twice_by_a_double_click(browser: Browser) -> None:
    link = staff_visit_link(browser)
    later = [("starts_at", "2026-12-15T09:00"), *BOOKING[1:]]
    assert browser.send(f"{link}/confirm", later).status_code == 303
    assert browser.send(f"{link}/confirm", later).status_code == 409
    assert len(all_of(browser, Appointment)) == 2
    assert "Tuesday, December 15, 9:00 AM" in text_of(browser.get(link))


def test_a_wrong_field_brings_the_page_back_as_it_was_typed(browser: Browser) -> None:
    link = staff_request_link(browser)
    fields = [("starts_at", "2026-12-08"), ("visit_type", "iv_infusion"), ("resource", "")]
    answer = browser.send(f"{link}/confirm", fields)
    assert answer.status_code == 422
    (form,) = [f for f in forms_of(answer.body.decode()) if f.decision == "confirm"]
    assert ("visit_type", "iv_infusion") in form.fields
    assert "Please give a day and a time" in text_of(answer)


def test_contact_details_change_and_texts_can_be_stopped(browser: Browser) -> None:
    link = staff_visit_link(browser)
    fields = [
        ("name", "Ana Neu"),
        ("phone", "316-555-0150"),
        ("email", ""),
        ("language", "es"),
        ("sure", "yes"),
    ]
    assert browser.send(f"{link}/contact", fields).status_code == 303
    (patient,) = all_of(browser, Patient)
    assert (patient.name, patient.phone, patient.text_consent) == (
        "Ana Neu",
        "+13165550150",
        "none",
    )
    assert browser.send(f"{link}/opt_out", [("means", "in_person"), SURE]).status_code == 303
    phone = browser.world.store.get(Phone.ref("+13165550150"))
    assert phone is not None
    assert phone.opted_out_means == "in_person"


@pytest.mark.parametrize(
    ("heard", "status", "goes"),
    [
        pytest.param(["too many texts"], 303, True, id="a pause ends"),
        pytest.param(["STOP"], 422, False, id="a STOP stands"),
        pytest.param(["STOP", "too many texts"], 422, False, id="whatever follows it"),
        pytest.param(["too many texts", "STOP"], 422, False, id="whatever came before"),
        pytest.param([], 422, True, id="nothing was paused"),
    ],
)
def test_staff_end_a_pause_and_never_a_stop(
    browser: Browser, heard: list[str], status: int, goes: bool
) -> None:
    visit = staff_visit_link(browser)
    for number, body in enumerate(heard):
        browser.world.clock.at += timedelta(minutes=1)
        receive_text(
            browser.world.context,
            Incoming(sid=f"SM{number:032x}", sender="+13165550142", body=body),
            quiet_words=frozenset({"stop"}),
        )
    assert browser.send(f"{visit}/resume", []).status_code == 422
    assert browser.send(f"{visit}/resume", [("sure", "yes")]).status_code == status
    phone = browser.world.store.get(Phone.ref("+13165550142"))
    assert phone is not None
    assert phone.may_be_texted is goes


@pytest.mark.parametrize(
    ("decision", "fields"),
    [
        pytest.param(
            "reschedule",
            [("starts_at", "2026-12-10T09:00"), ("resource", "room-1"), SURE],
            id="a move",
        ),
        pytest.param("cancel", [("reason_code", "other"), SURE], id="a cancellation"),
    ],
)
def test_who_decides_on_a_page_that_is_older_than_a_move_hears_of_the_move(
    browser: Browser, decision: str, fields: list[tuple[str, str]]
) -> None:
    visit = staff_visit_link(browser)
    (stale,) = [form for form in browser.forms(visit) if form.decision == decision]
    seen = [(name, value) for name, value in stale.fields if name == "seen"]
    moved = [("starts_at", "2026-12-09T09:00"), ("resource", "room-1"), SURE]
    assert browser.send(f"{visit}/reschedule", moved).status_code == 303
    answer = browser.send(stale.action, [*seen, *fields])
    assert answer.status_code == 409
    assert "The visit was moved by" in text_of(answer)
    assert the_visit(browser).version == 2
    (fresh,) = [form for form in forms_of(answer.body.decode()) if form.decision == decision]
    seen = [(name, value) for name, value in fresh.fields if name == "seen"]
    assert browser.send(fresh.action, [*seen, *fields]).status_code == 303


def test_who_books_on_a_page_that_is_older_than_an_offer_hears_of_the_offer(
    browser: Browser,
) -> None:
    link = staff_request_link(browser)
    (stale,) = [form for form in browser.forms(link) if form.decision == "confirm"]
    seen = [(name, value) for name, value in stale.fields if name == "seen"]
    offer = [("starts_at", "2026-12-09T09:00"), *BOOKING[1:]]
    assert browser.send(f"{link}/propose", offer).status_code == 303
    answer = browser.send(f"{link}/confirm", [*seen, *BOOKING])
    assert answer.status_code == 409
    assert "Times were offered by" in text_of(answer)
    assert browser.send(f"{link}/confirm", BOOKING).status_code == 303
