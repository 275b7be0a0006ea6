"""What somebody else decides between the page's check and the decision's write (F15, R50)."""

import pytest
from chalice.test import HTTPResponse

from chalicelib.domain.people.phone import Phone
from chalicelib.domain.visits.appointment import AppointmentStatus
from tests.builders.acts import OTHER, has_another_number, meanwhile
from tests.builders.pages import (
    BOOKING,
    staff_request_link,
    staff_visit_link,
    the_visit,
    visit_link,
)
from tests.web.browser import SURE, Browser, Pairs, text_of


def seen_on(browser: Browser, path: str, decision: str) -> Pairs:
    (form,) = [form for form in browser.forms(path) if form.decision == decision]
    return [(name, value) for name, value in form.fields if name == "seen"]


@pytest.mark.parametrize(
    ("decision", "fields"),
    [
        ("reschedule", [("starts_at", "2026-12-10T09:00"), ("resource", "room-1"), SURE]),
        ("cancel", [("reason_code", "other"), SURE]),
    ],
)
def test_who_decides_at_the_moment_of_a_move_hears_of_the_move(
    browser: Browser, decision: str, fields: Pairs
) -> None:
    visit = staff_visit_link(browser)
    seen = seen_on(browser, visit, decision)
    moved = [*seen, ("starts_at", "2026-12-09T09:00"), ("resource", "room-1"), SURE]
    first: list[HTTPResponse] = []
    meanwhile(browser.world, lambda: first.append(browser.send(f"{visit}/reschedule", moved)))
    answer = browser.send(f"{visit}/{decision}", [*seen, *fields])
    assert [first[0].status_code, answer.status_code] == [303, 409]
    assert "The visit was moved by" in text_of(answer)
    stands = the_visit(browser)
    assert (stands.status, stands.version) == (AppointmentStatus.BOOKED, 2)


@pytest.mark.parametrize(
    ("decision", "fields"),
    [
        ("propose", [("starts_at", "2026-12-10T09:00"), *BOOKING[1:]]),
        ("confirm", BOOKING),
        ("decline", [("reason_code", "other"), SURE]),
    ],
)
def test_who_answers_at_the_moment_of_an_offer_hears_of_the_offer(
    browser: Browser, decision: str, fields: Pairs
) -> None:
    link = staff_request_link(browser)
    seen = seen_on(browser, link, decision)
    offer = [*seen, ("starts_at", "2026-12-09T09:00"), *BOOKING[1:]]
    first: list[HTTPResponse] = []
    meanwhile(browser.world, lambda: first.append(browser.send(f"{link}/propose", offer)))
    answer = browser.send(f"{link}/{decision}", [*seen, *fields])
    assert [first[0].status_code, answer.status_code] == [303, 409]
    assert "Times were offered by" in text_of(answer)


def test_who_opts_out_by_a_link_speaks_for_no_number_that_it_was_not_sent_to(
    browser: Browser,
) -> None:
    link = visit_link(browser)
    world, visit_id = browser.world, the_visit(browser).id
    meanwhile(world, lambda: has_another_number(world, visit_id))
    answer = browser.send(f"{link}/opt_out", [("sure", "yes")])
    other = world.store.get(Phone.ref(OTHER))
    assert other is not None
    assert other.opted_out_at is None
    assert answer.status_code == 410
