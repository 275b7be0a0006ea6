"""The discharge form late at night: the words to hand over, and whether they were (R14)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import wiring
from chalicelib.domain.messaging.task import Task
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.usecases.visits import attendance
from tests.builders.evenings import TONIGHT, evening_clinic, session
from tests.builders.plans import wichita
from tests.web.browser import Browser, browsing, text_of
from tests.world import RUTH

ASKS = "I gave the patient these words"
LATE = wichita(f"{TONIGHT} 23:40")
EARLY = wichita(f"{TONIGHT} 23:20")


@pytest.fixture
def browser() -> Iterator[Browser]:
    with browsing(evening_clinic()) as one:
        yield one


def opened(browser: Browser, at: Any, **wishes: Any) -> tuple[str, Appointment]:
    """The page of somebody whose session is not over yet, at that time."""
    visit, _ = session(browser.world, "23:55", **wishes)
    browser.world.run_until(at)
    services = browser.world.services
    token = services.links.staff_token(subject_id=visit.id, staff_id="nurse", now=at)
    return f"/s/{token}", visit


def calls(browser: Browser) -> list[Task]:
    return [task for task in browser.world.open_tasks() if task.what == "call_with_aftercare"]


def test_late_at_night_the_form_shows_the_words_and_asks(browser: Browser) -> None:
    link, _ = opened(browser, LATE)
    words = text_of(browser.get(link))
    for said in ("No driving until tomorrow after a full night&#39;s sleep", "911", "988"):
        assert said in words
    assert ASKS in words
    assert "Reply STOP" not in words.partition(ASKS)[0].rpartition("Hand over")[2]
    (form,) = [form for form in browser.forms(link) if form.decision == "discharged"]
    assert "handed_over" not in dict(form.fields)


def test_earlier_it_says_that_a_text_follows(browser: Browser) -> None:
    link, _ = opened(browser, EARLY)
    words = text_of(browser.get(link))
    assert ASKS not in words
    assert "If aftercare has not gone yet, it follows now" in words


def test_the_words_are_in_the_patients_language_and_as_discreet_as_they_wish(
    browser: Browser,
) -> None:
    link, _ = opened(browser, LATE, language="es", discreet=True)
    words = text_of(browser.get(link))
    assert "No maneje hasta mañana" in words
    assert "disociación" not in words.partition(ASKS)[0].rpartition("Hand over")[2]


@pytest.mark.parametrize("ticked", [True, False])
def test_what_is_ticked_decides_whether_somebody_calls(browser: Browser, ticked: bool) -> None:
    link, visit = opened(browser, LATE)
    fields = [("sure", "yes"), *([("handed_over", "yes")] if ticked else [])]
    assert browser.send(f"{link}/discharged", fields).status_code == 303
    browser.world.drain()
    assert [task.urgent for task in calls(browser)] == ([] if ticked else [True])
    if not ticked:
        day = browser.world.services.links.day_url(staff_id="nurse", now=LATE)
        page = text_of(browser.get(day))
        assert "Call with the advice after the visit" in page
    assert visit.id in text_of(browser.get(link))


def test_a_form_that_comes_back_keeps_the_tick(browser: Browser) -> None:
    link, _ = opened(browser, LATE)
    answer = browser.send(f"{link}/discharged", [("handed_over", "yes")])
    assert answer.status_code == 422
    assert 'name="handed_over" value="yes" checked' in answer.body.decode()
    assert calls(browser) == []


def test_where_no_words_are_approved_the_form_says_so(browser: Browser) -> None:
    """R21."""
    link, _ = opened(browser, LATE)
    settings = browser.world.services.settings.model_copy(update={"stage": "prod"})
    browser.world.replace(settings=settings)
    wiring.provide(browser.world.services)
    words = text_of(browser.get(link))
    assert "No driving until tomorrow" not in words.partition(ASKS)[0]
    assert "no approved words" in words
    assert ASKS in words


def test_what_was_texted_already_is_not_asked_about(browser: Browser) -> None:
    visit, end = session(browser.world, "21:30")
    browser.world.run_until(LATE)
    token = browser.world.services.links.staff_token(
        subject_id=visit.id, staff_id="nurse", now=LATE
    )
    assert ASKS not in text_of(browser.get(f"/s/{token}"))
    attendance.record_discharge(browser.world.context, appointment_id=visit.id, at=end, actor=RUTH)
    browser.world.run_until(LATE + timedelta(hours=1))
    assert calls(browser) == []
