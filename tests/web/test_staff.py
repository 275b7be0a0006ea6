"""The staff's link: what it shows, what it decides, and that looking never decides."""

from collections.abc import Iterator
from copy import deepcopy
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from chalicelib.domain.appointment import Appointment, AppointmentStatus, Course
from chalicelib.domain.change import Change, Save
from chalicelib.domain.people import Patient, Phone, StaffMember
from chalicelib.domain.record import Record
from chalicelib.domain.request import ConsultationRequest, RequestStatus
from chalicelib.domain.work import Task
from tests.web.browser import Browser, browsing, forms_of, text_of
from tests.world import World

BOOKING = [
    ("starts_at", "2026-12-08T09:00"),
    ("visit_type", "iv_infusion"),
    ("resource", "room-1"),
]
EVERY_DECISION = {
    "confirm",
    "propose",
    "decline",
    "course",
    "reschedule",
    "cancel",
    "arrived",
    "discharged",
    "no_show",
    "undo",
    "driver",
    "contact",
    "opt_out",
}


@pytest.fixture
def browser() -> Iterator[Browser]:
    with browsing(World()) as one:
        yield one


def asked(browser: Browser, **changes: Any) -> str:
    """A request has come; the link that the nurse was mailed."""
    browser.world.request(**changes)
    browser.world.drain()
    return browser.staff_link()


def booked(browser: Browser, **changes: Any) -> str:
    """A booked visit; the nurse's link to it."""
    link = asked(browser, **changes)
    assert browser.send(f"{link}/confirm", BOOKING).status_code == 303
    return str(browser.get(link).headers["Location"])


def rows(browser: Browser) -> dict[Any, Any]:
    """Everything that is stored."""
    return deepcopy(browser.world.store._rows)


def the_visit(browser: Browser) -> Appointment:
    found: Appointment
    (found,) = _all(browser, Appointment)
    return found


def _all(browser: Browser, kind: type[Record]) -> list[Any]:
    keys = [row["pk"] for row in browser.world.store._rows.values()]
    return [
        r for pk in dict.fromkeys(keys) for r in browser.world.store.owned(pk) if type(r) is kind
    ]


def test_looking_changes_nothing(browser: Browser) -> None:
    link = asked(browser)
    before = rows(browser)
    for _ in range(3):
        assert browser.get(link).status_code == 200
        assert browser.head(link).status_code == 200
    assert rows(browser) == before


@pytest.mark.parametrize("status", ["received", "proposed", "booked", "arrived", "cancelled"])
def test_a_scanner_that_sends_every_form_as_it_stands_changes_nothing(
    browser: Browser, status: str
) -> None:
    link = asked(browser)
    if status == "proposed":
        browser.send(f"{link}/propose", BOOKING)
    elif status != "received":
        browser.send(f"{link}/confirm", BOOKING)
        link = browser.get(link).headers["Location"]
        browser.world.run_until(the_visit(browser).start_at)
    if status == "arrived":
        browser.send(f"{link}/arrived", [("sure", "yes")])
    if status == "cancelled":
        browser.send(f"{link}/cancel", [("reason_code", "other")])
    before = rows(browser)
    forms = browser.forms(link)
    assert len(forms) >= 4
    for form in forms:
        assert browser.send(form.action, form.fields).status_code in (409, 422)
    assert rows(browser) == before


def test_a_scanner_changes_nothing_on_the_day_sheet(browser: Browser) -> None:
    asked(browser)
    browser.world.store.commit(
        Change(
            Save(
                Task(
                    id="TSK-1",
                    what="reply_to_read",
                    opened_at=browser.world.clock.at,
                    deadline_at=browser.world.clock.at,
                )
            )
        )
    )
    before = rows(browser)
    forms = browser.forms(browser.day_link())
    assert {form.decision for form in forms} == {"done", "new"}
    for form in forms:
        assert browser.send(form.action, form.fields).status_code == 422
    assert rows(browser) == before


def test_everything_that_may_be_picked_has_an_empty_first_option(browser: Browser) -> None:
    link = booked(browser)
    for form in [*browser.forms(link), *browser.forms(asked(browser, phone="+13165550143"))]:
        assert all(form.empty_first.values()), form.decision


def test_every_decision_stands_on_a_page_as_a_form(browser: Browser) -> None:
    link = asked(browser)
    found = {form.decision for form in browser.forms(link)}
    visit = booked(browser, phone="+13165550143")
    found |= {form.decision for form in browser.forms(visit)}
    browser.world.run_until(the_visit(browser).start_at)
    found |= {form.decision for form in browser.forms(visit)}
    browser.send(f"{visit}/arrived", [("sure", "yes")])
    found |= {form.decision for form in browser.forms(visit)}
    assert found == EVERY_DECISION


def test_a_request_is_booked_from_its_link_and_leads_on_to_the_visit(browser: Browser) -> None:
    link = asked(browser)
    answer = browser.send(f"{link}/confirm", BOOKING)
    assert (answer.status_code, answer.headers["Location"]) == (303, link)
    page = browser.get(browser.get(link).headers["Location"])
    assert "Tuesday, December 8, 9:00 AM" in text_of(page)


@pytest.mark.parametrize("decision", ["confirm", "propose", "decline", "course"])
def test_a_second_decision_says_who_was_first(browser: Browser, decision: str) -> None:
    link = asked(browser)
    browser.send(f"{link}/confirm", BOOKING)
    more = [("first_starts_at", "2026-12-09T09:00"), ("sessions", "2"), ("spacing_days", "3")]
    fields = [*BOOKING, ("reason_code", "other"), *more]
    answer = browser.send(f"{link}/{decision}", fields)
    assert answer.status_code == 409
    assert "Nell Nurse" in text_of(answer) or "Tue Dec 1, 12:00 PM" in text_of(answer)


@pytest.mark.parametrize(
    ("decision", "fields", "status"),
    [
        pytest.param("reschedule", [*BOOKING[:1], ("resource", "room-2")], "booked", id="move"),
        pytest.param("cancel", [("reason_code", "patient_asked")], "cancelled", id="cancel"),
        pytest.param("arrived", [("sure", "yes")], "arrived", id="arrived"),
        pytest.param("discharged", [("sure", "yes")], "fulfilled", id="discharged"),
        pytest.param("driver", [("has", "yes")], "booked", id="driver"),
    ],
)
def test_a_decision_is_taken_from_the_requests_or_the_visits_link(
    browser: Browser, decision: str, fields: list[tuple[str, str]], status: str
) -> None:
    link = asked(browser)
    browser.send(f"{link}/confirm", BOOKING)
    browser.world.run_until(the_visit(browser).start_at - timedelta(minutes=5))
    if decision == "reschedule":
        browser.world.clock.at -= timedelta(days=3)
    answer = browser.send(f"{link}/{decision}", fields)
    assert answer.status_code == 303
    assert the_visit(browser).status == AppointmentStatus(status)


def test_a_no_show_can_be_taken_back_within_ten_minutes(browser: Browser) -> None:
    link = booked(browser)
    browser.world.run_until(the_visit(browser).start_at + timedelta(minutes=20))
    assert browser.send(f"{link}/no_show", [("sure", "yes")]).status_code == 303
    assert browser.send(f"{link}/arrived", [("sure", "yes")]).status_code == 409
    assert browser.send(f"{link}/undo", [("sure", "yes")]).status_code == 303
    assert the_visit(browser).status is AppointmentStatus.BOOKED
    browser.send(f"{link}/no_show", [("sure", "yes")])
    browser.world.clock.at += timedelta(minutes=11)
    assert browser.send(f"{link}/undo", [("sure", "yes")]).status_code == 422


def test_times_are_offered_and_a_request_is_declined(browser: Browser) -> None:
    link = asked(browser)
    offer = [*BOOKING, ("starts_at", "2026-12-08T13:00"), ("starts_at", "")]
    assert browser.send(f"{link}/propose", offer).status_code == 303
    (request,) = _all(browser, ConsultationRequest)
    assert (request.status, len(request.offers)) == (RequestStatus.PROPOSED, 2)
    declined = [("reason_code", "no_capacity"), ("note", "kind words")]
    assert browser.send(f"{link}/decline", declined).status_code == 303
    (request,) = _all(browser, ConsultationRequest)
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
    link = asked(browser)
    fields = [("first_starts_at", "2026-12-08T09:00"), *BOOKING[1:], ("sessions", "6"), *rhythm]
    assert browser.send(f"{link}/course", fields).status_code == 303
    (course,) = _all(browser, Course)
    starts = sorted(visit.start_at for visit in _all(browser, Appointment))
    assert len(course.appointment_ids) == len(starts) == 6
    gaps = {(after - before).days for before, after in pairwise(starts)}
    assert gaps == {3} if rhythm[0][0] == "spacing_days" else {3, 4}


def test_a_taken_time_is_said_with_free_ones(browser: Browser) -> None:
    booked(browser)
    link = asked(browser, phone="+13165550143", name="Bo Example")
    answer = browser.send(f"{link}/confirm", BOOKING)
    assert answer.status_code == 409
    assert "Free nearby" in text_of(answer)
    (form,) = [f for f in forms_of(answer.body.decode()) if f.decision == "confirm"]
    assert ("starts_at", "2026-12-08T09:00") in form.fields


def test_a_wrong_field_brings_the_page_back_as_it_was_typed(browser: Browser) -> None:
    link = asked(browser)
    fields = [("starts_at", "2026-12-08"), ("visit_type", "iv_infusion"), ("resource", "")]
    answer = browser.send(f"{link}/confirm", fields)
    assert answer.status_code == 422
    (form,) = [f for f in forms_of(answer.body.decode()) if f.decision == "confirm"]
    assert ("visit_type", "iv_infusion") in form.fields
    assert "Please give a day and a time" in text_of(answer)


def test_contact_details_change_and_texts_can_be_stopped(browser: Browser) -> None:
    link = booked(browser)
    fields = [
        ("name", "Ana Neu"),
        ("phone", "316-555-0150"),
        ("email", ""),
        ("language", "es"),
        ("sure", "yes"),
    ]
    assert browser.send(f"{link}/contact", fields).status_code == 303
    (patient,) = _all(browser, Patient)
    assert (patient.name, patient.phone, patient.text_consent) == (
        "Ana Neu",
        "+13165550150",
        "none",
    )
    assert browser.send(f"{link}/opt_out", [("means", "in_person")]).status_code == 303
    phone = browser.world.store.get(Phone.ref("+13165550150"))
    assert phone is not None
    assert phone.opted_out_means == "in_person"


def test_a_wrong_token_is_404_and_says_no_more(browser: Browser) -> None:
    link = asked(browser)
    day = browser.day_link()
    wrong = [link[:-1], link[:-8] + "A" * 8, "/s/x", day.replace("/d/", "/s/") + "x"]
    bodies = {browser.get(path).body for path in wrong}
    assert {browser.get(path).status_code for path in wrong} == {404}
    assert len(bodies) == 1
    assert browser.get(link.replace("/s/", "/d/")).status_code == 404
    assert browser.get(day.replace("/d/", "/s/")).status_code == 404
    assert browser.send(f"{link[:-1]}/confirm", BOOKING).status_code == 404
    assert browser.send(f"{link}/nonsense", BOOKING).status_code == 404


def test_a_leavers_links_stop_at_once(browser: Browser) -> None:
    link = asked(browser)
    left = StaffMember(
        id="nurse",
        name="Nell Nurse",
        email="nurse@example.com",
        role="nurse",
        removed_at=browser.world.clock.at,
    )
    browser.world.store.commit(Change(Save(left)))
    assert browser.get(link).status_code == 404
    assert browser.send(f"{link}/confirm", BOOKING).status_code == 404


def test_an_old_link_offers_a_fresh_one_and_mails_it_once(browser: Browser) -> None:
    link = asked(browser)
    browser.world.clock.at += timedelta(days=31)
    answer = browser.get(link)
    assert answer.status_code == 410
    (form,) = forms_of(answer.body.decode())
    mails = len(browser.world.mails.sent)
    for _ in range(3):
        assert browser.send(form.action, []).status_code == 202
    browser.world.drain()
    fresh = [mail for mail in browser.world.mails.sent[mails:] if "fresh" in mail.text.lower()]
    assert [mail.to for mail in fresh] == ["nurse@example.com"]
    assert browser.get(browser.staff_link()).status_code == 200
    assert browser.send("/s/garbage/renew", []).status_code == 202


def test_what_was_typed_is_shown_and_never_run(browser: Browser) -> None:
    nasty = "{{7*7}} <script>alert(1)</script> \"quoted\" 'single' =cmd()"
    page = browser.get(asked(browser, name="{{7*7}}<b>", note=nasty)).body.decode()
    assert "<script>alert" not in page
    assert "{{7*7}}&lt;b&gt;" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_the_day_sheet_shows_requests_tasks_and_visits(browser: Browser) -> None:
    booked(browser)
    browser.world.request(phone="+13165550143", name="Bo Example")
    words = text_of(browser.get(f"{browser.day_link()}?date=2026-12-08"))
    for shown in ("Bo Example", "9:00 AM", "Ana Löwe", "ride home not known", "Room 2", "Free."):
        assert shown in words


def test_a_task_is_closed_and_a_caller_written_down(browser: Browser) -> None:
    asked(browser)
    day = browser.day_link()
    task = Task(
        id="TSK-1",
        what="reply_to_read",
        opened_at=browser.world.clock.at,
        deadline_at=browser.world.clock.at,
    )
    browser.world.store.commit(Change(Save(task)))
    done = [("task", "TSK-1"), ("note", "called"), ("sure", "yes")]
    assert browser.send(f"{day}/done", done).status_code == 303
    assert browser.send(f"{day}/done", done).status_code == 409
    caller = [
        ("name", "Cy Example"),
        ("phone", "316-555-0160"),
        ("reason", "anxiety"),
        ("sms_consent", "yes"),
        ("consent_means", "phone"),
    ]
    assert browser.send(f"{day}/new", caller).status_code == 303
    patients = {patient.name: patient for patient in _all(browser, Patient)}
    assert patients["Cy Example"].text_consent == "neutral"
