"""What the staff's pages show: what was typed, what was said, what stands in the way."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.visits.appointment import Appointment
from chalicelib.domain.visits.request import ConsultationRequest
from chalicelib.messages.replies.reading import Meaning
from chalicelib.outbox.outcomes import email_events
from chalicelib.ports import MailEvent, MailOutcome
from chalicelib.usecases.inbound.receive import Incoming, receive_text
from chalicelib.usecases.privacy.erase import erase
from chalicelib.usecases.visits import patient_answers
from chalicelib.web.timeline.words import MEANING_WORDS
from tests.builders.pages import (
    BOOKING,
    all_of,
    staff_request_link,
    staff_visit_link,
    stored_rows,
    the_visit,
)
from tests.web.browser import SURE, Browser, forms_of, text_of
from tests.world import RUTH

NASTY = [
    pytest.param("{{7*7}} {% raw %}", id="a template"),
    pytest.param("<script>alert(1)</script>", id="a script"),
    pytest.param('" onmouseover="alert(1)', id="a quote"),
    pytest.param("\u202etxt.exe\u2066", id="marks that turn the direction"),
    pytest.param("=cmd()|' /C calc'!A0", id="a formula"),
    pytest.param("Bcc: x@example.com", id="a header"),
]


def escaped(text: str) -> str:
    for letter, code in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("'", "&#39;")):
        text = text.replace(letter, code)
    return text.replace(chr(34), "&#34;")


@pytest.mark.parametrize("nasty", NASTY)
def test_what_was_typed_is_shown_and_never_run(browser: Browser, nasty: str) -> None:
    link = staff_request_link(browser, name=nasty, note=nasty)
    page = browser.get(link).body.decode()
    assert page.count(f"<bdi>{escaped(nasty)}</bdi>") == 3
    typed = [("starts_at", nasty), ("visit_type", nasty), ("resource", nasty), ("note", nasty)]
    again = browser.send(f"{link}/confirm", typed)
    assert again.status_code == 422
    assert f'value="{escaped(nasty)}"' in again.body.decode()
    day = browser.get(browser.day_link()).body.decode()
    assert escaped(nasty) in day
    assert "<script>" not in page + again.body.decode() + day


def test_an_address_cannot_add_to_the_mail_it_opens(browser: Browser) -> None:
    page = browser.get(staff_request_link(browser, email="a?bcc=b&x@example.org")).body.decode()
    assert 'href="mailto:a%3Fbcc%3Db%26x@example.org"' in page


def test_a_request_shows_what_was_asked(browser: Browser) -> None:
    words = text_of(browser.get(staff_request_link(browser, note="Mornings are best.")))
    for said in (
        "Ana Löwe",
        "316-555-0142",
        "ana@example.org",
        "Depression",
        "Mon morning",
        "Mornings are best.",
        "due by Tue Dec 1, 4:00 PM",
        "Agreed to preparation and aftercare texts : on the website",
        "Request received : by the patient",
        "Notice to staff, Noor Nurse e-mail : sent",
    ):
        assert said in words


def test_a_visit_shows_what_was_asked_and_every_message(browser: Browser) -> None:
    link = staff_visit_link(browser, note="Mornings are best.")
    browser.world.run_until(the_visit(browser).start_at - timedelta(hours=1))
    words = text_of(browser.get(link))
    comes, _, happened = words.partition("What has happened")
    assert "Mornings are best." in comes
    for said in ("Aftercare text : waits", "Check-in text : waits"):
        assert said in comes
    for said in ("Booked : by Noor Nurse", "Confirmation text : sent", "Reply C to confirm"):
        assert said in happened


def test_a_moved_visits_old_messages_say_why_they_never_left(browser: Browser) -> None:
    link = staff_visit_link(browser)
    browser.world.drain()
    browser.send(
        f"{link}/reschedule", [("starts_at", "2026-12-10T13:00"), ("resource", "room-1"), SURE]
    )
    browser.world.drain()
    words = text_of(browser.get(link))
    assert "Preparation text : withdrawn (the visit was moved)" in words
    assert "It was meant for Mon Dec 7, 5:00 PM." in words


def test_what_waits_for_a_number_that_opted_out_is_shown_as_withheld(browser: Browser) -> None:
    link = staff_visit_link(browser)
    browser.send(f"{link}/opt_out", [("means", "phone"), SURE])
    words = text_of(browser.get(link))
    assert "Preparation text : withheld (opted out)" in words
    assert "Opted out of texts : by Noor Nurse (on the phone)" in words


def test_preparation_that_would_come_too_late_is_named_before_anything_is_pressed(
    browser: Browser,
) -> None:
    """R17: at noon tomorrow's visits still get it, in the evening they do not."""
    link = staff_request_link(browser)
    assert "before Wed Dec 2: the text “Preparation” is skipped" in text_of(browser.get(link))
    browser.world.run_until(datetime(2026, 12, 2, 0, 30, tzinfo=UTC))  # 6:30 PM in Wichita
    words = text_of(browser.get(link))
    assert "before Thu Dec 3: the text “Preparation” is skipped" in words


def test_a_session_says_its_place_in_the_course_and_when_the_clinic_is_closed(
    browser: Browser,
) -> None:
    link = staff_request_link(browser)
    fields = [("first_starts_at", "2026-12-11T09:00"), *BOOKING[1:], ("sessions", "2")]
    browser.send(f"{link}/course", [*fields, ("spacing_days", "2")])
    visits = sorted(all_of(browser, Appointment), key=lambda visit: visit.start_at)
    links = browser.world.services.links
    now = browser.world.clock.now()
    tokens = [links.staff_token(subject_id=visit.id, staff_id="nurse", now=now) for visit in visits]
    said = [text_of(browser.get(f"/s/{token}")) for token in tokens]
    assert "Session 1 of 2. If this one is moved" in said[0]
    assert "Session 2 of 2. If this one is moved" in said[1]
    assert ["outside the clinic's opening hours" in words for words in said] == [False, True]


def test_a_declined_request_says_why_and_by_whom(browser: Browser) -> None:
    link = staff_request_link(browser)
    browser.send(f"{link}/decline", [("reason_code", "no_capacity"), ("note", "call in May"), SURE])
    words = text_of(browser.get(link))
    for said in ("No places at the moment", "by Noor Nurse", "call in May"):
        assert said in words
    answer = browser.send(f"{link}/confirm", BOOKING)
    assert answer.status_code == 409
    assert "The request was declined by Noor Nurse" in text_of(answer)


@pytest.mark.parametrize(
    ("decision", "fields", "said"),
    [
        pytest.param("undo", [("sure", "yes")], "nothing to take back", id="undo"),
        pytest.param("no_show", [("sure", "yes")], "has not begun yet", id="no show"),
        pytest.param("arrived", [("sure", "yes")], "long before the visit", id="arrived"),
    ],
)
def test_what_cannot_be_yet_is_said_also_where_its_form_is_not_shown(
    browser: Browser, decision: str, fields: list[tuple[str, str]], said: str
) -> None:
    link = staff_visit_link(browser)
    before = stored_rows(browser)
    answer = browser.send(f"{link}/{decision}", fields)
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert stored_rows(browser) == before


@pytest.mark.parametrize(
    "wrong",
    [
        "0001-01-01T00:00",
        "9999-12-31T23:59",
        "2026-13-01T09:00",
        "2026-12-08T25:00",
        "2026-12-08 09:00",
        "2026-12-08T09:00+01:00",
        "20261208T0900",
        "\uff12\uff10\uff126-12-08T09:00",
        "2027-03-14T02:30",
        "2026-11-30T09:00",
        "2098-01-01T09:00",
        "tomorrow",
    ],
)
def test_a_time_that_cannot_be_is_said_beside_its_field(browser: Browser, wrong: str) -> None:
    link = staff_request_link(browser)
    before = stored_rows(browser)
    for decision, field in (
        ("confirm", "starts_at"),
        ("propose", "starts_at"),
        ("course", "first_starts_at"),
    ):
        more = [*BOOKING[1:], ("sessions", "2"), ("spacing_days", "7")]
        answer = browser.send(f"{link}/{decision}", [(field, wrong), *more])
        assert answer.status_code == 422
        (form,) = [f for f in forms_of(answer.body.decode()) if f.decision == decision]
        assert (field, wrong) in form.fields
        assert f'id="{decision}-{field}' in answer.body.decode()
    assert stored_rows(browser) == before


def test_seconds_are_tolerated_and_a_doubled_field_is_not(browser: Browser) -> None:
    link = staff_request_link(browser)
    twice = [*BOOKING, ("resource", "room-2")]
    assert browser.send(f"{link}/confirm", twice).status_code == 422
    exact = [("starts_at", "2026-12-08T09:00:59"), *BOOKING[1:]]
    assert browser.send(f"{link}/confirm", exact).status_code == 303
    assert the_visit(browser).start_at.minute == 0


def test_a_form_that_comes_back_under_a_requests_link_acts_on_the_visit(browser: Browser) -> None:
    link = staff_request_link(browser)
    browser.send(f"{link}/confirm", BOOKING)
    back = browser.send(f"{link}/cancel", [("reason_code", "")])
    assert back.status_code == 422
    (form,) = [f for f in forms_of(back.body.decode()) if f.decision == "confirm"]
    another = [("starts_at", "2026-12-15T09:00"), *BOOKING[1:]]
    assert browser.send(form.action, another).status_code == 303


@pytest.mark.parametrize(
    ("failure_class", "why"),
    [
        (MailOutcome.BOUNCED, "no mail goes there any more, since one came back"),
        (MailOutcome.UNWANTED, "no mail goes there any more, since one was marked as unwanted"),
    ],
)
def test_an_address_that_gets_no_more_mail_says_so(
    browser: Browser, failure_class: MailOutcome, why: str
) -> None:
    world = browser.world
    link = staff_visit_link(browser, sms_consent=False, detailed_consent=False)
    world.drain()
    mail = next(mail for mail in world.mails.sent if mail.to == "ana@example.org")
    assert why not in text_of(browser.get(link))
    email_events.take(world.delivery_context, MailEvent(mail.message_id, "ses-1", failure_class))
    assert why in text_of(browser.get(link))


def test_the_pages_of_an_erased_patient_still_open_and_name_nobody(browser: Browser) -> None:
    world = browser.world
    link = staff_visit_link(browser)
    world.drain()
    erase(world.context, the_visit(browser).id, actor=RUTH)
    world.drain()
    for page in (browser.get(link), browser.get(browser.day_link())):
        assert page.status_code == 200
        assert "Ana" not in text_of(page)
        assert "555-0142" not in text_of(page)
    page = browser.get(link)
    assert "Visit of a patient who was erased" in text_of(page)
    assert "at the patient's wish: Ruth Example" in text_of(page)
    assert "data-decision" not in page.body.decode()


def test_who_comes_later_is_told_that_the_patient_was_erased(browser: Browser) -> None:
    link = staff_request_link(browser)
    (request,) = all_of(browser, ConsultationRequest)
    erase(browser.world.context, request.id, actor=RUTH)
    page = browser.send(f"{link}/confirm", BOOKING)
    assert page.status_code == 409
    assert "The request was closed by Ruth Example" in text_of(page)


@pytest.mark.parametrize(
    ("decision", "typed"),
    [
        ("confirm", BOOKING),
        ("opt_out", [("means", "phone"), SURE]),
        (
            "contact",
            [("name", "Ana"), ("phone", "+13165550142"), ("language", "en"), ("sure", "yes")],
        ),
    ],
)
def test_nothing_makes_an_erased_patient_known_again(
    browser: Browser, decision: str, typed: list[tuple[str, str]]
) -> None:
    link = staff_visit_link(browser)
    erase(browser.world.context, the_visit(browser).id, actor=RUTH)
    page = browser.send(f"{link}/{decision}", typed)
    assert page.status_code == 409
    assert "erased, at their wish, by Ruth Example" in text_of(page)


def test_what_a_patient_texted_and_was_answered_stands_on_the_visits_page(
    browser: Browser,
) -> None:
    link = staff_visit_link(browser)
    browser.world.run_for(minutes=2)
    said = Incoming(sid="SM" + "1" * 32, sender="+13165550142", body="C")
    receive_text(browser.world.context, said, quiet_words=frozenset())
    browser.world.drain()
    words = text_of(browser.get(link))
    assert "Text received : will come C" in words
    assert "Answer: thank you text : sent, not confirmed" in words
    assert "thank you, your visit on Tue Dec 8" in words


def test_a_visit_that_was_confirmed_on_the_patients_page_says_when(browser: Browser) -> None:
    link, visit_id = staff_visit_link(browser), the_visit(browser).id
    patient_answers.confirm_visit(browser.world.context, appointment_id=visit_id)
    patient_answers.confirm_visit(browser.world.context, appointment_id=visit_id)
    assert text_of(browser.get(link)).count("Will come : by the patient") == 1


def test_every_meaning_of_a_text_has_its_words() -> None:
    assert set(MEANING_WORDS) == set(Meaning)
