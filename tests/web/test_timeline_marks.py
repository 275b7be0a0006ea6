"""The picture on the staff's pages: what was sent and will be, as the list beside it says."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from chalicelib.domain.people.patient import Patient
from chalicelib.web.timeline.lines import timeline
from chalicelib.web.timeline.marks import marks_of
from tests.clinic.builders import wichita
from tests.web.browser import SURE, Browser, browsing
from tests.web.test_staff import asked, booked, the_visit
from tests.world import World


@pytest.fixture
def browser() -> Iterator[Browser]:
    with browsing(World()) as one:
        yield one


def drawn(page: str) -> list[tuple[str, str]]:
    """Each mark's tone and what it says."""
    return re.findall(r'<svg class="dot (\w+)"[^>]*><title>([^<]*)</title>', page)


def test_a_request_has_a_picture_once_there_is_a_message(browser: Browser) -> None:
    link = asked(browser)
    assert drawn(browser.get(link).body.decode()) == []
    browser.send(
        f"{link}/propose",
        [
            ("starts_at", "2026-12-08T09:00"),
            ("visit_type", "consultation"),
            ("resource", "room-1"),
            SURE,
        ],
    )
    marks = drawn(browser.get(link).body.decode())
    assert [said.partition(":")[0] for _, said in marks] == [
        "1. First text to this number",
        "2. Times offered",
    ]


def test_a_visits_picture_shows_what_really_happened(browser: Browser) -> None:
    link = booked(browser)
    browser.world.drain()
    browser.world.deliver_all()
    browser.world.run_until(the_visit(browser).start_at - timedelta(hours=15))
    said = {what.split(". ")[1]: tone for tone, what in drawn(browser.get(link).body.decode())}
    assert said["Confirmation: delivered"] == "good"
    assert said["Preparation: sent, not confirmed"] == "left"
    assert said["Check-in: waits"] == "open"
    browser.send(f"{link}/cancel", [("reason_code", "patient_asked"), SURE])
    page = browser.get(link)
    after = {what: tone for tone, what in drawn(page.body.decode())}
    assert [tone for what, tone in after.items() if "Check-in: withdrawn" in what] == ["off"]
    assert 'class="visit"' not in page.body.decode()


def test_what_was_withdrawn_stands_where_it_would_have_left_and_what_waits_has_its_window(
    browser: Browser,
) -> None:
    link = booked(browser)
    browser.world.drain()
    browser.send(
        f"{link}/reschedule", [("starts_at", "2026-12-10T13:00"), ("resource", "room-1"), SURE]
    )
    visit = the_visit(browser)
    patient = browser.world.store.get(Patient.ref(visit.patient_id))
    assert patient is not None
    rows = browser.world.store.owned(visit.id)
    lines = timeline(rows, patient=patient, phone=None, name_of=str, events={})
    marks = {(mark.what, mark.tone): mark for mark in marks_of(lines)}
    assert marks["Preparation", "off"].at == wichita("2026-12-07 17:00")
    assert marks["Preparation", "off"].until is None
    assert marks["Preparation", "open"].at == wichita("2026-12-09 17:00")
    assert marks["Preparation", "open"].until == wichita("2026-12-09 21:00")
    assert marks["Confirmation", "left"].until is None
    assert marks["Ride home not known yet", "open"].until is None


def test_marks_and_lines_have_the_same_numbers(browser: Browser) -> None:
    link = booked(browser)
    page = browser.get(link).body.decode()
    lines = re.findall(r'<span class="number">(\d+)</span> <strong>([^<]+)</strong>', page)
    marks = [what.partition(":")[0] for _, what in drawn(page)]
    assert sorted(marks) == sorted(f"{number}. {what}" for number, what in lines)
    assert [int(number) for number, _ in lines] != []


def test_the_picture_keeps_to_the_pages_policy_and_is_named(browser: Browser) -> None:
    """No style attribute and no script, which the Content-Security-Policy would refuse."""
    page = browser.get(booked(browser)).body.decode()
    figure = page[page.index('<figure class="picture">') : page.index("</figure>")]
    assert "style=" not in figure
    assert "<script" not in figure
    assert 'role="img" aria-labelledby="picture-title picture-desc"' in figure
    assert "The numbers are those of the list." in figure
    assert "quiet hours" in figure
