"""Programs that look at every link and send every form as it stands change nothing (R51, F38)."""

import re
from collections.abc import Callable, Iterator

import pytest

from chalicelib.domain.change import Change, Patch
from chalicelib.domain.people import Phone
from chalicelib.usecases.opting_out import DOUBTFUL
from tests.web.browser import Browser, browsing
from tests.web.test_patient import offer_link, visit_link
from tests.web.test_staff import BOOKING, asked, booked, rows, the_visit
from tests.world import World

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
    "resume",
}


@pytest.fixture
def browser() -> Iterator[Browser]:
    with browsing(World()) as one:
        yield one


def follow(browser: Browser, start: str) -> set[str]:
    """Open every page that can be reached from there, each once; the addresses."""
    seen: set[str] = set()
    waiting = [start]
    while waiting and len(seen) < 40:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        assert browser.head(path).status_code in (200, 303), path
        answer = browser.get(path)
        found = re.findall(r'href="(?:http://127.0.0.1:8000)?(/[sdv]/[^"]*)"', answer.body.decode())
        waiting += [answer.headers["Location"]] if answer.status_code == 303 else found
    return seen


@pytest.mark.parametrize("status", ["received", "booked"])
def test_following_every_link_changes_nothing(browser: Browser, status: str) -> None:
    link = asked(browser)
    if status == "booked":
        browser.send(f"{link}/confirm", BOOKING)
    before = rows(browser)
    seen = follow(browser, link)
    assert {"/s/", "/d/"} <= {path[:3] for path in seen}
    assert rows(browser) == before


@pytest.mark.parametrize("made", [visit_link, offer_link])
def test_following_a_patients_links_changes_nothing(
    browser: Browser, made: Callable[[Browser], str]
) -> None:
    link = made(browser)
    before = rows(browser)
    assert link in follow(browser, link)
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
        assert browser.send(form.action, form.fields).status_code == 422, form.decision
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
    number = Phone.ref("+13165550143").key
    browser.world.store.commit(Change(Patch(number, set={"opted_out_means": DOUBTFUL})))
    found |= {form.decision for form in browser.forms(visit)}
    assert found == EVERY_DECISION
