"""The day sheet: who waits, what is to be done, who comes; and a caller's request."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import urlencode

import pytest

from chalicelib.domain.people.patient import Consent, Patient
from chalicelib.domain.record import new_id
from chalicelib.domain.visits.request import ConsultationRequest
from chalicelib.usecases.inbound.receive import Incoming, receive_text
from chalicelib.usecases.requests.submit import submit
from chalicelib.web.staff.day_rows import PAGE
from tests.builders.pages import (
    all_of,
    opened_task,
    staff_request_link,
    staff_visit_link,
    stored_rows,
    the_visit,
)
from tests.web.browser import Browser, text_of
from tests.world import FORM, request_form

CALLER = [("name", "Cy Example"), ("phone", "316-555-0160"), ("reason", "anxiety")]


def test_the_sheet_shows_requests_tasks_and_visits(browser: Browser) -> None:
    visit = staff_visit_link(browser)
    browser.send(f"{visit}/driver", [("has", "no")])
    browser.world.request(phone="+13165550143", name="Bo Example")
    words = text_of(browser.get(f"{browser.day_link()}?date=2026-12-08"))
    for shown in (
        "Bo Example",
        "9:00 AM to 11:00 AM, Ana Löwe",
        "Booked, not confirmed, ride home missing",
        "Room 2 Free.",
        "Wednesday, December 9",
    ):
        assert shown in words
    assert "in all" not in words
    assert "Over a limit" not in words


def test_what_is_late_is_marked_and_an_alarm_comes_first(browser: Browser) -> None:
    staff_request_link(browser)
    opened_task(browser)
    day = opened_task(browser, "TSK-2", urgent=True)
    browser.world.clock.at += timedelta(hours=5)
    words = text_of(browser.get(day))
    assert words.index("Urgent text: call now") < words.index("A reply to read")
    assert words.index("A reply to read") < words.index("Requests waiting")
    assert words.count("overdue") == 3
    assert "Open for 5 hours, due by Tue Dec 1, 2:00 PM." in words


def test_an_alarm_is_on_the_sheet_however_many_tasks_are_older(browser: Browser) -> None:
    staff_request_link(browser)
    for number in range(PAGE):
        opened_task(browser, f"TSK-{number:03}")
    browser.world.clock.at += timedelta(hours=5)
    day = opened_task(browser, "TSK-urgent", urgent=True)
    words = text_of(browser.get(day))
    assert words.index("Urgent text: call now") < words.index("A reply to read")
    assert words.count("A reply to read") == PAGE - 1
    assert f"Page 1 of 2, {PAGE + 1} in all" in words
    (after,) = links_called(browser, day, "Those after")
    assert text_of(browser.get(after)).count("A reply to read") == 1
    assert links_called(browser, after, "Those before") == [day]


def links_called(browser: Browser, path: str, words: str) -> list[str]:
    """The paths that links with these words lead to, as `path` is written."""
    page = browser.get(path).body.decode()
    found = re.findall(rf'<a href="([^"]+)">{re.escape(words)}</a>', page)
    base = path.partition("/d/")[0]
    return [base + unescape(link) for link in found]


def flooded(browser: Browser, many: int, *, one_number: bool) -> set[str]:
    """The names of so many who asked."""
    names = set()
    for number in range(many):
        phone = 142 if one_number else 100 + number % 100
        origin = FORM._replace(address=f"198.51.100.{number % 200}")
        asking = request_form(name=f"Prank {number:03}", phone=f"+13165550{phone}")
        submit(browser.world.context, asking, origin=origin, key=new_id("KEY"))
        names.add(asking.name)
    return names


def pages_of(browser: Browser, first: str) -> list[str]:
    """What the first page and all after it say."""
    words, path = [], first
    while True:
        words.append(text_of(browser.get(path)))
        after = links_called(browser, path, "Those after")
        if not after:
            return words
        (path,) = after


def test_every_request_of_a_flood_has_its_place_on_the_sheet(browser: Browser) -> None:
    """R68: paged and counted, and each with its deadline."""
    names = flooded(browser, 250, one_number=False)
    browser.world.drain()
    told = pages_of(browser, browser.day_link())
    assert [page.count("Answer by") for page in told] == [100, 100, 50]
    assert all(f"Page {n} of 3, 250 in all" in page for n, page in enumerate(told, 1))
    assert set(re.findall(r"Prank \d{3}", " ".join(told))) == names


def test_what_is_suspicious_is_folded_and_counted_with_its_deadlines(browser: Browser) -> None:
    names = flooded(browser, 125, one_number=True)
    browser.world.drain()
    browser.world.clock.at += timedelta(hours=5)
    day = browser.day_link()
    page = browser.get(day).body.decode()
    inside = page.partition("<summary>Over a limit: 120, 120 overdue</summary>")[2]
    inside, _, rest = inside.partition("</details>")
    assert inside.count("Answer by") == 100
    assert inside.count("more than usual with this phone number") == 100
    assert "Prank" not in rest
    assert '<details class="fold">\n  <summary>Over a limit' in page
    told = pages_of(browser, day)
    assert set(re.findall(r"Prank \d{3}", " ".join(told))) == names
    assert '<details class="fold" open>' in browser.get(f"{day}?folded=2").body.decode()


def test_the_page_of_a_folded_request_says_why_and_how_staff_are_reminded(browser: Browser) -> None:
    flooded(browser, 6, one_number=True)
    browser.world.drain()
    day = browser.day_link()
    inside = browser.get(day).body.decode().partition("<summary>Over a limit: 1<")[2]
    found = re.search(r'href="([^"]*/s/[^"]+)"', inside)
    assert found is not None
    words = text_of(browser.get(day.partition("/d/")[0] + unescape(found[1])))
    assert "Over a limit more than usual with this phone number within an hour" in words
    assert "Reminders in one mail with others, since many came" in words


@pytest.mark.parametrize("asked_for", ["0", "-1", "x", "", "1.5", "١", "9999999", "2"])  # noqa: RUF001
def test_a_page_that_there_is_not_shows_what_there_is(browser: Browser, asked_for: str) -> None:
    staff_request_link(browser)
    query = urlencode({"requests": asked_for, "folded": asked_for, "tasks": asked_for})
    answer = browser.get(f"{browser.day_link()}?{query}")
    assert answer.status_code == 200
    assert "Ana Löwe" in text_of(answer)


def test_whoever_closes_a_task_of_a_later_page_comes_back_to_it(browser: Browser) -> None:
    staff_request_link(browser)
    for number in range(PAGE + 2):
        day = opened_task(browser, f"TSK-{number:03}")
    done = [("task", "TSK-101"), ("note", "called"), ("sure", "yes")]
    later = f"{day}?date=2026-12-08&tasks=2"
    form = next(f for f in browser.forms(later) if f.decision == "done")
    assert form.action.endswith("/done?date=2026-12-08&tasks=2")
    assert browser.send(form.action, done).headers["Location"] == later


@pytest.mark.parametrize(
    ("sender", "shown"),
    [
        pytest.param(
            "+13165550199",
            "From 316-555-0199 , which is no",
            id="a stranger",
        ),
        pytest.param(
            "+13165550142",
            "From 316-555-0142 , whose texts may be from Ana Löwe or Bo Example",
            id="a shared phone",
        ),
        pytest.param("+13165550143", "Cy Example , 316-555-0143 .", id="a phone of one's own"),
        pytest.param("24273", "From 24273 , which is no", id="a short code"),
    ],
)
def test_whoever_texts_can_be_called_back(browser: Browser, sender: str, shown: str) -> None:
    for name, phone in (("Ana Löwe", 142), ("Bo Example", 142), ("Cy Example", 143)):
        browser.world.request(name=name, phone=f"+13165550{phone}")
    receive_text(
        browser.world.context,
        Incoming(sid="SM" + "a" * 32, sender=sender, body="I have chest pain"),
        quiet_words=frozenset(),
    )
    browser.world.drain()
    assert shown in text_of(browser.get(browser.day_link()))


def test_links_of_the_sheet_are_the_same_persons(browser: Browser) -> None:
    staff_visit_link(browser)
    page = browser.get(f"{browser.day_link()}?date=2026-12-08").body.decode()
    link = page.partition('href="/s/')[2].partition('"')[0]
    assert browser.send(f"/s/{link}/driver", [("has", "yes")]).status_code == 303
    assert the_visit(browser).decisions[-1].by == "scheduler"


@pytest.mark.parametrize(
    "date", ["", "2026-12-08", "0001-01-01", "9999-12-31", "2026-02-30", "<b>", "2026-W50-1"]
)
def test_any_date_that_is_asked_for_gets_a_sheet(browser: Browser, date: str) -> None:
    staff_request_link(browser)
    assert browser.get(f"{browser.day_link()}?date={date}").status_code == 200


def test_a_scanner_changes_nothing(browser: Browser) -> None:
    staff_request_link(browser)
    day = opened_task(browser)
    before = stored_rows(browser)
    assert browser.head(day).status_code == 200
    forms = browser.forms(day)
    assert {form.decision for form in forms} == {"done", "new"}
    for form in forms:
        assert all(values[0] == "" for values in form.options.values())
        assert browser.send(form.action, form.fields).status_code == 422
    assert stored_rows(browser) == before


def test_a_task_is_closed_once_and_says_by_whom(browser: Browser) -> None:
    staff_request_link(browser)
    day = opened_task(browser)
    done = [("task", "TSK-1"), ("note", "called"), ("sure", "yes")]
    assert browser.send(f"{day}/done", done).headers["Location"] == day
    assert browser.world.store.open("task") == []
    answer = browser.send(f"{day}/done", done)
    assert answer.status_code == 409
    assert "The task was closed by Sam Scheduler, Tue Dec 1, 12:00 PM." in text_of(answer)


def test_an_unfinished_form_comes_back_as_it_was_typed(browser: Browser) -> None:
    staff_request_link(browser)
    day = opened_task(browser)
    back = browser.send(f"{day}/done?date=2026-12-08", [("task", "TSK-1"), ("note", "called <b>")])
    assert back.status_code == 422
    assert "called &lt;b&gt;</textarea>" in back.body.decode()
    assert "Please tick the box" in text_of(back)
    assert f'action="{day}/done?date=2026-12-08"' in back.body.decode()
    assert browser.send(f"{day}/done", [("sure", "yes")]).status_code == 422
    unknown = [("task", "TSK-9"), ("sure", "yes")]
    assert browser.send(f"{day}/done", unknown).status_code == 404
    assert browser.send(f"{day}/nonsense", unknown).status_code == 404


def test_a_callers_request_is_written_down_with_how_they_agreed(browser: Browser) -> None:
    staff_request_link(browser)
    fields = [*CALLER, ("preferred", "mon:morning"), ("sms_consent", "yes")]
    day = browser.day_link()
    told = [*fields, ("consent_means", "phone")]
    assert browser.send(f"{day}/new", told).status_code == 303
    patients = {patient.name: patient for patient in all_of(browser, Patient)}
    assert patients["Cy Example"].text_consent == "neutral"
    consent = next(c for c in all_of(browser, Consent) if c.phone == "+13165550160")
    assert (consent.means, consent.page, consent.address) == ("phone", "day sheet", "")
    request = next(r for r in all_of(browser, ConsultationRequest) if r.source == "phone")
    assert request.preferred == ("mon:morning",)


def test_a_ticked_consent_needs_to_be_told_how_it_was_given(browser: Browser) -> None:
    staff_request_link(browser)
    before = stored_rows(browser)
    day = browser.day_link()
    back = browser.send(f"{day}/new", [*CALLER, ("phone", "x"), ("sms_consent", "yes")])
    assert back.status_code == 422
    back = browser.send(f"{day}/new", [*CALLER, ("sms_consent", "yes")])
    assert back.status_code == 422
    assert "Please say how the patient agreed" in text_of(back)
    assert 'value="Cy Example"' in back.body.decode()
    assert stored_rows(browser) == before


def test_callers_who_want_no_texts_get_none_and_many_may_call(browser: Browser) -> None:
    staff_request_link(browser)
    day = browser.day_link()
    for number in range(8):
        fields = [("name", f"Cy Example {number}"), *CALLER[1:], ("consent_means", "none")]
        assert browser.send(f"{day}/new", [*fields, ("sms_consent", "yes")]).status_code == 303
    callers = [p for p in all_of(browser, Patient) if p.phone == "+13165550160"]
    assert {p.text_consent for p in callers} == {"none"}
    assert len(callers) == 8
