"""The patient's own page and their answers on it."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from icalendar import Calendar

from chalicelib.domain.people import Phone
from chalicelib.usecases import booking, moving, offers
from tests.web.browser import Browser, browsing, text_of
from tests.web.test_staff import rows, the_visit
from tests.world import RUTH, World, at

REVEALING = r"ketamine|infusion|depress|anxiety|PTSD|bipolar|pain|psychiatr|mental"


@pytest.fixture
def browser() -> Iterator[Browser]:
    with browsing(World()) as one:
        yield one


def visit_link(browser: Browser, **wishes: Any) -> str:
    """A booked visit of somebody who gets mails; the link of their newest."""
    receipt = browser.world.request(**({"sms_consent": False, "detailed_consent": False} | wishes))
    booking.confirm(
        browser.world.desk,
        subject_id=receipt.reference,
        when=at("2026-12-08T09:00"),
        visit_type="iv_infusion",
        resource="room-1",
        actor=RUTH,
    )
    browser.world.drain()
    return mailed_link(browser)


def mailed_link(browser: Browser) -> str:
    mail = next(m for m in reversed(browser.world.mails.sent) if m.to == "ana@example.org")
    found = re.search(r"(/v/[A-Za-z0-9]{22})\b", mail.text)
    assert found is not None
    return found[1]


def offer_link(browser: Browser) -> str:
    receipt = browser.world.request(sms_consent=False, detailed_consent=False)
    offers.propose(
        browser.world.desk,
        subject_id=receipt.reference,
        times=[at("2026-12-08T09:00"), at("2026-12-08T13:00")],
        visit_type="consultation",
        resource="room-1",
        actor=RUTH,
    )
    browser.world.drain()
    return mailed_link(browser)


def test_the_page_says_when_where_and_how_to_prepare(browser: Browser) -> None:
    words = text_of(browser.get(visit_link(browser)))
    for said in ("Tuesday, December 8, 9:00 AM", "100 Sample Street", "Tue 1:00 AM", "911", "988"):
        assert said in words


def test_without_the_second_consent_no_word_reveals_the_treatment(browser: Browser) -> None:
    link = visit_link(browser)
    assert not re.search(REVEALING, text_of(browser.get(link)), re.I)
    assert not re.search(REVEALING, browser.get(f"{link}/visit.ics").body.decode(), re.I)


@pytest.mark.parametrize("made", [visit_link, offer_link])
def test_a_scanner_changes_nothing(browser: Browser, made: Callable[[Browser], str]) -> None:
    link = made(browser)
    before = rows(browser)
    assert browser.head(link).status_code == 200
    forms = browser.forms(link)
    assert forms
    for form in forms:
        assert browser.send(form.action, form.fields).status_code == 422
    assert rows(browser) == before


def test_the_visit_is_confirmed_or_another_time_asked_for(browser: Browser) -> None:
    link = visit_link(browser)
    assert browser.send(f"{link}/confirm", [("sure", "yes")]).status_code == 303
    assert the_visit(browser).confirmed_at is not None
    assert browser.send(f"{link}/reschedule", [("sure", "yes")]).status_code == 303
    browser.world.drain()
    assert [getattr(t, "what", "") for t in browser.world.store.open("task")].count(
        "move_asked"
    ) == 1


def test_an_offered_time_is_taken_at_once(browser: Browser) -> None:
    link = offer_link(browser)
    (form,) = browser.forms(link)
    assert form.decision == "choose"
    chosen = [("starts_at", "2026-12-08T19:00:00+00:00")]
    assert browser.send(f"{link}/choose", chosen).status_code == 303
    assert "Tuesday, December 8, 1:00 PM" in text_of(browser.get(link))
    assert browser.send(f"{link}/choose", chosen).status_code == 409


def test_a_time_that_was_taken_meanwhile_is_answered_with_those_left(browser: Browser) -> None:
    link = offer_link(browser)
    other = browser.world.request(phone="+13165550143", name="Bo Example")
    booking.confirm(
        browser.world.desk,
        subject_id=other.reference,
        when=at("2026-12-08T09:00"),
        visit_type="consultation",
        resource="room-1",
        actor=RUTH,
    )
    answer = browser.send(f"{link}/choose", [("starts_at", "2026-12-08T15:00:00+00:00")])
    assert answer.status_code == 409
    assert "1:00 PM" in text_of(answer)
    assert "9:00 AM" not in text_of(answer)


@pytest.mark.parametrize("wrong", ["", "yesterday", "2026-12-08T15:00", "2026-12-08T15:30:00Z"])
def test_only_an_offered_time_can_be_chosen(browser: Browser, wrong: str) -> None:
    assert browser.send(f"{offer_link(browser)}/choose", [("starts_at", wrong)]).status_code == 422


def test_texts_can_be_stopped_on_the_page(browser: Browser) -> None:
    link = offer_link(browser)
    answer = browser.send(f"{link}/opt_out", [("sure", "yes")])
    assert answer.status_code == 303
    phone = browser.world.store.get(Phone.ref("+13165550142"))
    assert phone is not None
    assert phone.opted_out_means == "page"


def test_the_calendar_file_follows_the_visit(browser: Browser) -> None:
    link = visit_link(browser)
    first = Calendar.from_ical(browser.get(f"{link}/visit.ics").body)
    visit = the_visit(browser)
    moving.reschedule(
        browser.world.desk,
        appointment_id=visit.id,
        when=at("2026-12-09T13:00"),
        resource="room-1",
        actor=RUTH,
    )
    then = Calendar.from_ical(browser.get(f"{link}/visit.ics").body)
    (before,), (after,) = first.walk("VEVENT"), then.walk("VEVENT")
    assert before["UID"] == after["UID"]
    assert int(str(after["SEQUENCE"])) > int(str(before["SEQUENCE"]))
    assert after.decoded("DTSTART") == the_visit(browser).start_at


def test_a_wrong_or_old_link_shows_nothing(browser: Browser) -> None:
    link = visit_link(browser)
    assert browser.get(link[:-1]).status_code == 404
    assert browser.get("/v/" + "A" * 22).status_code == 404
    assert browser.send("/v/x/confirm", [("sure", "yes")]).status_code == 404
    browser.world.clock.at += timedelta(days=60)
    assert browser.get(link).status_code == 410
