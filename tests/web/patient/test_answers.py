"""The patient's own page and their answers on it."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.usecases.patients.contact_details import contact
from chalicelib.usecases.visits import book, reschedule
from tests.builders.pages import clinic_cancels, offer_link, stored_rows, the_visit, visit_link
from tests.web.browser import SURE, Browser, forms_of, text_of
from tests.world import RUTH, at


@pytest.mark.parametrize("made", [visit_link, offer_link])
def test_a_scanner_changes_nothing(browser: Browser, made: Callable[[Browser], str]) -> None:
    link = made(browser)
    before = stored_rows(browser)
    assert browser.head(link).status_code == 200
    forms = browser.forms(link)
    assert forms
    for form in forms:
        assert browser.send(form.action, form.fields).status_code == 422
    assert stored_rows(browser) == before


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
    assert [form.decision for form in browser.forms(link)] == ["choose", "opt_out"]
    chosen = [("starts_at", "2026-12-08T13:00"), SURE]
    assert 'value="2026-12-08T13:00"' in browser.get(link).body.decode()
    assert browser.send(f"{link}/choose", chosen).status_code == 303
    assert "Tuesday, December 8, 1:00 PM" in text_of(browser.get(link))
    again = browser.send(f"{link}/choose", chosen)
    assert again.status_code == 409
    assert "This visit was booked on Tuesday, December 1, 12:00 PM." in text_of(again)


def test_a_time_that_was_taken_meanwhile_is_answered_with_those_left(browser: Browser) -> None:
    link = offer_link(browser)
    other = browser.world.request(phone="+13165550143", name="Bo Example")
    book.confirm(
        browser.world.context,
        subject_id=other.reference,
        when=at("2026-12-08T09:00"),
        visit_type="consultation",
        resource="room-1",
        actor=RUTH,
    )
    taken = ("starts_at", "2026-12-08T15:00:00+00:00")
    answer = browser.send(f"{link}/choose", [taken, SURE])
    assert answer.status_code == 409
    assert "is no longer free" in text_of(answer)
    assert "1:00 PM" in text_of(answer)
    assert "9:00 AM" not in text_of(answer)


@pytest.mark.parametrize("wrong", ["", "yesterday", "2026-12-08T15:00", "2026-12-08T15:30:00Z"])
def test_only_an_offered_time_can_be_chosen(browser: Browser, wrong: str) -> None:
    chosen = [("starts_at", wrong), SURE]
    assert browser.send(f"{offer_link(browser)}/choose", chosen).status_code == 422


def test_after_a_cancellation_the_page_asks_to_call_and_names_nobody(browser: Browser) -> None:
    link = visit_link(browser)
    clinic_cancels(browser)
    assert "This visit is cancelled." in text_of(browser.get(link))
    before = stored_rows(browser)
    for answered in ("confirm", "reschedule"):
        answer = browser.send(f"{link}/{answered}", [("sure", "yes")])
        assert answer.status_code == 409
        assert "This visit was cancelled on Tuesday, December 1, 12:00 PM." in text_of(answer)
        assert "Ruth" not in text_of(answer)
    assert stored_rows(browser) == before


def test_a_wrong_or_old_link_shows_nothing(browser: Browser) -> None:
    link = visit_link(browser)
    assert browser.get(link[:-1]).status_code == 404
    assert browser.get("/v/" + "A" * 22).status_code == 404
    assert browser.send("/v/x/confirm", [("sure", "yes")]).status_code == 404
    assert browser.send(f"{link}/nonsense", [("sure", "yes")]).status_code == 404
    assert browser.get("/v/%00").body == browser.get("/v/y").body
    browser.world.clock.at += timedelta(days=60)
    assert browser.get(link).status_code == 410
    assert browser.get(f"{link}/visit.ics").status_code == 410
    assert browser.send(f"{link}/confirm", [("sure", "yes")]).status_code == 410


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        pytest.param({"email": "mended@example.org"}, 410, id="another address"),
        pytest.param({"email": None}, 410, id="no address"),
        pytest.param({"phone": "+13165550150"}, 410, id="another number"),
        pytest.param({"name": "Ana Loewe"}, 200, id="another name"),
    ],
)
def test_a_link_that_went_to_a_wrong_number_or_address_leads_nowhere_once_it_is_mended(
    browser: Browser, changed: dict[str, str | None], status: int
) -> None:
    link = visit_link(browser)
    details: dict[str, Any] = {
        "name": "Ana Löwe",
        "phone": "+13165550142",
        "email": "ana@example.org",
        "language": "en",
    }
    contact(
        browser.world.context, subject_id=the_visit(browser).id, actor=RUTH, **details | changed
    )
    assert browser.get(link).status_code == status
    assert browser.get(f"{link}/visit.ics").status_code == status
    sent = browser.send(f"{link}/confirm", [("sure", "yes")])
    assert sent.status_code == (303 if status == 200 else status)


def test_who_the_mended_address_belongs_to_gets_a_link_of_their_own(browser: Browser) -> None:
    link = visit_link(browser)
    details = {"phone": "+13165550142", "email": "mended@example.org", "language": "en"}
    contact(
        browser.world.context,
        subject_id=the_visit(browser).id,
        actor=RUTH,
        name="Ana Löwe",
        **details,
    )
    browser.world.run_for(days=6, hours=12)
    mail = next(m for m in reversed(browser.world.mails.sent) if m.to == "mended@example.org")
    found = re.search(r"(/v/[A-Za-z0-9]{22})\b", mail.text)
    assert found is not None
    assert found[1] != link
    assert browser.get(found[1]).status_code == 200


def test_who_confirms_a_time_that_was_moved_meanwhile_is_shown_the_new_one(
    browser: Browser,
) -> None:
    link = visit_link(browser)
    (form,) = [form for form in browser.forms(link) if form.decision == "confirm"]
    reschedule.reschedule(
        browser.world.context,
        appointment_id=the_visit(browser).id,
        when=at("2026-12-09T09:00"),
        resource="room-1",
        actor=RUTH,
    )
    answer = browser.send(form.action, [*form.fields, ("sure", "yes")])
    assert answer.status_code == 409
    assert "This visit was moved on" in text_of(answer)
    assert "December 9" in text_of(answer)
    assert the_visit(browser).confirmed_at is None
    (form,) = [form for form in forms_of(answer.body.decode()) if form.decision == "confirm"]
    assert browser.send(form.action, [*form.fields, ("sure", "yes")]).status_code == 303
    assert the_visit(browser).confirmed_at is not None
