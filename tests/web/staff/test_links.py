"""The staff's link itself: whose it is, how long it is good, and how a fresh one comes."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from chalicelib.adapters.links import SignedLinks
from chalicelib.domain.audit import AuditEvent
from chalicelib.domain.change import Change, Save
from chalicelib.domain.people.staff_member import StaffMember
from tests.builders.pages import BOOKING, all_of, staff_request_link, staff_visit_link, stored_rows
from tests.web.browser import Browser, forms_of, text_of
from tests.world import SETTINGS, World


def flipped(link: str) -> str:
    return link[:-5] + ("A" if link[-5] != "A" else "B") + link[-4:]


def of_another_key(link: str) -> str:
    foreign = SignedLinks(base_url="", keys=("another-clinics-key-0123456789abcdef",))
    now = World().clock.now()
    return "/s/" + foreign.staff_token(subject_id="REQ-1", staff_id="nurse", now=now)


def of_another_purpose(link: str) -> str:
    links = SignedLinks(base_url="", keys=SETTINGS.link_keys)
    return "/s/" + links.patient_token("REQ-1")


WRONG: dict[str, Callable[[str], str]] = {
    "cut": lambda link: link[:-1],
    "cut in the middle": lambda link: link[: len(link) // 2],
    "flipped": flipped,
    "with more behind it": lambda link: link + "x",
    "of another key": of_another_key,
    "of another purpose": of_another_purpose,
    "nothing like it": lambda link: "/s/x",
    "with a NUL": lambda link: "/s/%00",
    "no characters": lambda link: "/s/%ff%fe",
    "a path": lambda link: "/s/%2e%2e%2f%2e%2e",
}


@pytest.mark.parametrize("made", WRONG.values(), ids=WRONG)
def test_a_wrong_token_is_404_and_says_no_more(
    browser: Browser, made: Callable[[str], str]
) -> None:
    link = staff_request_link(browser)
    before = stored_rows(browser)
    answer, other = browser.get(made(link)), browser.get("/s/y")
    assert (answer.status_code, answer.body) == (404, other.body)
    assert browser.send(f"{made(link)}/confirm", BOOKING).status_code == 404
    assert browser.send(f"{made(link)}/renew", []).status_code == 202
    assert stored_rows(browser) == before


def test_a_link_opens_only_its_own_kind_of_page(browser: Browser) -> None:
    link, day = staff_request_link(browser), browser.day_link()
    assert browser.get(link.replace("/s/", "/d/")).status_code == 404
    assert browser.get(day.replace("/d/", "/s/")).status_code == 404
    assert browser.get(link.replace("/s/", "/v/")).status_code == 404
    assert browser.send(f"{link}/nonsense", BOOKING).status_code == 404
    assert browser.send(f"{link}/cancel", [("reason_code", "other")]).status_code == 404
    visit = staff_visit_link(browser, phone="+13165550143")
    assert browser.send(f"{visit}/decline", [("reason_code", "other")]).status_code == 404


def leaves(browser: Browser) -> None:
    """The nurse does not work here any more."""
    left = StaffMember(
        id="nurse",
        name="Noor Nurse",
        email="nurse@example.com",
        role="nurse",
        removed_at=browser.world.clock.at,
    )
    browser.world.store.commit(Change(Save(left)))


def test_a_leavers_links_stop_at_once(browser: Browser) -> None:
    """F69."""
    link = staff_request_link(browser)
    leaves(browser)
    assert browser.get(link).status_code == 404
    assert browser.send(f"{link}/confirm", BOOKING).status_code == 404
    mails = len(browser.world.mails.sent)
    assert browser.send(f"{link}/renew", []).status_code == 202
    browser.world.drain()
    assert len(browser.world.mails.sent) == mails


def test_what_a_leaver_decided_keeps_their_name(browser: Browser) -> None:
    """F69: on the page, in the record, and for whoever comes second."""
    staff_request_link(browser)
    colleague = browser.staff_link("manager")
    assert browser.send(f"{browser.staff_link()}/confirm", BOOKING).status_code == 303
    browser.world.clock.at += timedelta(days=1)
    leaves(browser)
    page = text_of(browser.get(browser.get(colleague).headers["Location"]))
    assert "Status Booked , Noor Nurse, Tue Dec 1, 12:00 PM" in page
    assert "Booked : by Noor Nurse" in page
    second = browser.send(f"{colleague}/confirm", BOOKING)
    assert second.status_code == 409
    assert "A visit was booked by Noor Nurse, Tue Dec 1, 12:00 PM." in text_of(second)
    decided = [each for each in all_of(browser, AuditEvent) if each.what == "booked"]
    assert [event.by for event in decided] == ["nurse"]


def test_an_old_link_offers_a_fresh_one_and_mails_it_once(browser: Browser) -> None:
    link = staff_request_link(browser)
    browser.world.clock.at += timedelta(days=31)
    answer = browser.get(link)
    assert answer.status_code == 410
    assert browser.send(f"{link}/confirm", BOOKING).status_code == 410
    (form,) = forms_of(answer.body.decode())
    mails = len(browser.world.mails.sent)
    unticked = browser.send(form.action, form.fields)
    assert (unticked.status_code, "Please tick the box" in text_of(unticked)) == (202, True)
    for _ in range(3):
        assert browser.send(form.action, [*form.fields, ("sure", "yes")]).status_code == 202
        browser.world.clock.at += timedelta(minutes=3)
    browser.world.drain()
    fresh = [mail for mail in browser.world.mails.sent[mails:] if "fresh" in mail.text.lower()]
    assert [mail.to for mail in fresh] == ["nurse@example.com"]
    assert browser.get(browser.staff_link()).status_code == 200
    browser.world.clock.at += timedelta(minutes=3)
    browser.send(form.action, [])
    browser.world.drain()
    again = [mail for mail in browser.world.mails.sent[mails:] if "fresh" in mail.text.lower()]
    assert len(again) == 2


def test_a_day_sheets_old_link_is_mailed_anew(browser: Browser) -> None:
    staff_request_link(browser)
    day = browser.day_link()
    browser.world.clock.at += timedelta(days=31)
    assert browser.get(day).status_code == 410
    assert browser.raw(day.replace("/d/", "/s/") + "/renew", b"", "").status_code == 202
    browser.world.drain()
    assert "/d/" in browser.world.mails.sent[-1].text


def test_a_booked_requests_link_leads_on_for_the_same_person(browser: Browser) -> None:
    link = staff_request_link(browser)
    colleague = browser.staff_link("manager")
    browser.send(f"{link}/confirm", BOOKING)
    answer = browser.get(colleague)
    assert answer.status_code == 303
    visit = answer.headers["Location"]
    assert browser.head(colleague).headers["Location"] == visit
    assert browser.send(f"{visit}/driver", [("has", "yes")]).status_code == 303
    assert "by Max Manager" in browser.get(visit).body.decode()
