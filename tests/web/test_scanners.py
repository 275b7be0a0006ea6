"""Programs that look at every link and send every form as it stands change nothing (R51, F38)."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial

import pytest

from chalicelib.domain.change import Change, Patch
from chalicelib.domain.people.phone import Phone
from chalicelib.usecases.patients.opt_out import DOUBTFUL
from chalicelib.web.staff.decisions.offered import DECISIONS
from tests.web.browser import SURE, Browser, PageForm, Pairs, browsing, forms_of, text_of
from tests.web.test_day import opened_task
from tests.web.test_patient import offer_link, visit_link
from tests.web.test_staff import BOOKING, asked, booked, rows, the_visit
from tests.world import World


@pytest.fixture
def browser() -> Iterator[Browser]:
    with browsing(World()) as one:
        yield one


def follow(browser: Browser, start: str, *, days: bool = True) -> set[str]:
    """Open every page that can be reached from there, each once; the addresses.

    Without `days`, only today's of the day sheets, which are all alike.
    """
    seen: set[str] = set()
    waiting = [start]
    while waiting and len(seen) < 40:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        assert browser.head(path).status_code in (200, 303, 410), path
        answer = browser.get(path)
        found = re.findall(r'href="(?:http://127.0.0.1:8000)?(/[sdv]/[^"]*)"', answer.body.decode())
        found = [link for link in found if days or "?" not in link]
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


def staff_pages(browser: Browser, status: str) -> str:
    """The link to a request or a visit of this status, with a task on the day sheet."""
    link = asked(browser)
    opened_task(browser)
    if status == "proposed":
        browser.send(f"{link}/propose", BOOKING)
    if status == "declined":
        browser.send(f"{link}/decline", [("reason_code", "other"), SURE])
    if status in ("received", "proposed", "declined"):
        return link
    browser.send(f"{link}/confirm", BOOKING)
    link = browser.get(link).headers["Location"]
    browser.world.run_until(the_visit(browser).start_at)
    if status == "cancelled":
        browser.send(f"{link}/cancel", [("reason_code", "other"), SURE])
    elif status == "paused":
        paused = {"opted_out_means": DOUBTFUL}
        browser.world.store.commit(Change(Patch(Phone.ref("+13165550142").key, set=paused)))
    elif status != "booked":
        browser.send(f"{link}/{status}", [SURE])
    return str(link)


def expired_link(browser: Browser) -> str:
    link = asked(browser)
    browser.world.clock.at += timedelta(days=31)
    return link


STATUSES = (
    "received",
    "proposed",
    "declined",
    "booked",
    "arrived",
    "discharged",
    "no_show",
    "cancelled",
    "paused",
)
STARTS: Mapping[str, Callable[[Browser], str]] = {
    **{status: partial(staff_pages, status=status) for status in STATUSES},
    "expired": expired_link,
    "visit of a patient": visit_link,
    "offer to a patient": offer_link,
}
ACCEPTED = {"renew": 202}  # the one answer of a route that always gives the same

Filled = Callable[[PageForm], Pairs]


def as_it_stands(form: PageForm) -> Pairs:
    return form.fields


def with_first_choices(form: PageForm) -> Pairs:
    return form.with_first_choices(real=False)


def with_first_real_choices(form: PageForm) -> Pairs:
    return form.with_first_choices(real=True)


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("filled", [as_it_stands, with_first_choices, with_first_real_choices])
def test_a_program_that_sends_every_form_and_ticks_no_box_changes_nothing(
    browser: Browser, start: str, filled: Filled
) -> None:
    paths = {"/request", *follow(browser, STARTS[start](browser), days=False)}
    forms = [form for path in sorted(paths) for form in forms_at(browser, path)]
    assert len(forms) > 1
    before = rows(browser)
    for form in forms:
        status = browser.send(form.action, filled(form)).status_code
        assert status == ACCEPTED.get(form.action.rpartition("/")[2], 422), form.action
    assert rows(browser) == before


def forms_at(browser: Browser, path: str) -> list[PageForm]:
    forms = browser.forms(path)
    assert all(values[0] == "" for form in forms for values in form.options.values()), path
    return forms


@pytest.mark.parametrize(
    ("decision", "typed"),
    [
        pytest.param("confirm", BOOKING[:3], id="confirm"),
        pytest.param("propose", BOOKING[:3], id="propose"),
        pytest.param("decline", [("reason_code", "no_capacity")], id="decline"),
        pytest.param(
            "course",
            [
                ("first_starts_at", "2026-12-08T09:00"),
                *BOOKING[1:3],
                ("sessions", "2"),
                ("spacing_days", "3"),
            ],
            id="course",
        ),
        pytest.param(
            "reschedule",
            [("starts_at", "2026-12-09T09:00"), ("resource", "room-2")],
            id="reschedule",
        ),
        pytest.param(
            "cancel", [("reason_code", "clinic_closed"), ("tell_patient", "yes")], id="cancel"
        ),
        pytest.param("driver", [("has", "no")], id="driver"),
        pytest.param("opt_out", [("means", "in_person")], id="opt_out"),
    ],
)
def test_a_decision_waits_for_its_box_and_keeps_what_was_typed(
    browser: Browser, decision: str, typed: Pairs
) -> None:
    on_request = decision in ("confirm", "propose", "decline", "course", "opt_out")
    link = asked(browser) if on_request else booked(browser)
    before = rows(browser)
    (form,) = [form for form in browser.forms(link) if form.decision == decision]
    answer = browser.send(form.action, [pair for pair in form.fields if pair[0] == "seen"] + typed)
    assert answer.status_code == 422
    assert "Please tick the box" in text_of(answer)
    assert rows(browser) == before
    (back,) = [form for form in forms_of(answer.body.decode()) if form.decision == decision]
    assert set(typed) <= set(back.fields)
    for filled in (as_it_stands, with_first_choices, with_first_real_choices):
        assert browser.send(back.action, filled(back)).status_code == 422
    assert rows(browser) == before
    assert browser.send(back.action, [*back.fields, SURE]).status_code == 303


def test_a_patients_choice_waits_for_its_box_and_is_kept(browser: Browser) -> None:
    link = offer_link(browser)
    before = rows(browser)
    chosen = ("starts_at", "2026-12-08T13:00")
    answer = browser.send(f"{link}/choose", [chosen])
    assert answer.status_code == 422
    assert "Please tick the box" in text_of(answer)
    (back,) = [form for form in forms_of(answer.body.decode()) if form.decision == "choose"]
    assert chosen in back.fields
    assert browser.send(back.action, back.fields).status_code == 422
    assert rows(browser) == before
    assert browser.send(back.action, [*back.fields, SURE]).status_code == 303


def test_a_program_that_names_the_ride_and_saw_no_page_needs_no_box(browser: Browser) -> None:
    assert browser.send(f"{booked(browser)}/driver", [("has", "yes")]).status_code == 303
    assert the_visit(browser).driver == "yes"


def test_every_decision_stands_on_a_page_as_a_form(browser: Browser) -> None:
    link = asked(browser)
    found = {form.decision for form in browser.forms(link)}
    visit = booked(browser, phone="+13165550143")
    found |= {form.decision for form in browser.forms(visit)}
    browser.world.run_until(the_visit(browser).start_at)
    found |= {form.decision for form in browser.forms(visit)}
    browser.send(f"{visit}/arrived", [SURE])
    found |= {form.decision for form in browser.forms(visit)}
    number = Phone.ref("+13165550143").key
    browser.world.store.commit(Change(Patch(number, set={"opted_out_means": DOUBTFUL})))
    found |= {form.decision for form in browser.forms(visit)}
    assert found == set(DECISIONS)
