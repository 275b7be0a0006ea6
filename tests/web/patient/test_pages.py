"""What the patient reads: the page of a visit, its words, and the calendar file."""

import re

import pytest
from icalendar import Calendar

from chalicelib.domain.change import Change, Save
from chalicelib.domain.people.patient import Patient, TextConsent
from chalicelib.usecases.visits import reschedule
from chalicelib.usecases.visits.patient_answers import confirm_visit
from tests.builders.pages import clinic_cancels, the_visit, visit_link
from tests.web.browser import Browser, text_of
from tests.world import RUTH, at

REVEALING = r"ketamine|infusion|depress|anxiety|PTSD|bipolar|pain|psychiatr|mental"


def test_the_page_says_when_where_and_how_to_prepare(browser: Browser) -> None:
    words = text_of(browser.get(visit_link(browser)))
    for said in ("Tuesday, December 8, 9:00 AM", "100 Sample Street", "after Tuesday 1:00 AM"):
        assert said in words
    for said in ("911", "988"):
        assert said in words


def test_without_the_second_consent_no_word_reveals_the_treatment(browser: Browser) -> None:
    link = visit_link(browser)
    assert not re.search(REVEALING, text_of(browser.get(link)), re.I)
    assert not re.search(REVEALING, browser.get(f"{link}/visit.ics").body.decode(), re.I)


def test_the_calendar_file_follows_the_visit(browser: Browser) -> None:
    link = visit_link(browser)
    first = Calendar.from_ical(browser.get(f"{link}/visit.ics").body)
    visit = the_visit(browser)
    reschedule.reschedule(
        browser.world.context,
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


def test_a_cancelled_visit_is_cancelled_in_the_calendar_too(browser: Browser) -> None:
    link = visit_link(browser)
    (before,) = Calendar.from_ical(browser.get(f"{link}/visit.ics").body).walk("VEVENT")
    clinic_cancels(browser)
    answer = browser.get(f"{link}/visit.ics")
    assert answer.headers["Content-Type"].startswith("text/calendar")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="visit.ics"'
    calendar = Calendar.from_ical(answer.body)
    (after,) = calendar.walk("VEVENT")
    assert (calendar["METHOD"], after["STATUS"]) == ("CANCEL", "CANCELLED")
    assert int(str(after["SEQUENCE"])) > int(str(before["SEQUENCE"]))


@pytest.mark.parametrize(
    ("consent", "discreet", "in_full"),
    [
        pytest.param("detailed", False, True, id="both consents"),
        pytest.param("neutral", False, False, id="the first alone"),
        pytest.param("detailed", True, False, id="discreet"),
        pytest.param("none", False, False, id="none"),
    ],
)
def test_words_are_plain_only_for_who_agreed_to_plain_words(
    browser: Browser, consent: str, discreet: bool, in_full: bool
) -> None:
    link = visit_link(browser, discreet=discreet)
    store = browser.world.store
    patient = store.get(Patient.ref(the_visit(browser).patient_id))
    assert patient is not None
    store.commit(Change(Save(patient.evolve(text_consent=consent))))
    words = text_of(browser.get(link))
    assert "911" in words.partition("Afterwards")[2]
    assert ("IV infusion" in words) == in_full
    assert ("dissociation" in words) == in_full
    assert bool(re.search(REVEALING, words, re.I)) == in_full


def test_whose_clock_differs_reads_which_clock_is_meant(browser: Browser) -> None:
    words = text_of(browser.get(visit_link(browser, time_zone="America/Denver")))
    assert "Tuesday, December 8, 9:00 AM CST" in words
    assert "No solid food after Tuesday 1:00 AM CST" in words


def test_after_the_visit_its_forms_are_gone_and_the_advice_stays(browser: Browser) -> None:
    link = visit_link(browser)
    browser.world.clock.at = the_visit(browser).end_at
    # Mails go on, and the link of one can end them.
    assert [form.decision for form in browser.forms(link)] == ["opt_out"]
    assert "No driving until tomorrow" in text_of(browser.get(link))


def test_the_page_says_nothing_that_its_address_was_made_to_say(browser: Browser) -> None:
    link = visit_link(browser)
    plain = browser.get(link).body
    assert browser.get(f"{link}?said=<script>").body == plain
    confirm_visit(browser.world.context, appointment_id=the_visit(browser).id)
    assert "Thank you." in text_of(browser.get(f"{link}?said=confirm"))


@pytest.mark.parametrize("said", ["confirm", "opt_out"])
def test_the_page_thanks_for_nothing_that_was_not_done(browser: Browser, said: str) -> None:
    """R72: whoever opens an address that was made up, or kept since."""
    link, patient_id = visit_link(browser), the_visit(browser).patient_id
    patient = browser.world.store.get(Patient.ref(patient_id))
    assert patient is not None
    agreed = patient.evolve(text_consent=TextConsent.NEUTRAL)
    browser.world.store.commit(Change(Save(agreed)))
    assert browser.get(f"{link}?said={said}").body == browser.get(link).body


@pytest.mark.parametrize("said", ["confirm", "choose", "reschedule"])
def test_a_visit_that_was_called_off_is_not_looked_forward_to(browser: Browser, said: str) -> None:
    """R72."""
    link, visit = visit_link(browser), the_visit(browser)
    confirm_visit(browser.world.context, appointment_id=visit.id)
    reschedule.cancel(
        browser.world.context,
        appointment_id=visit.id,
        reason_code="clinic_closed",
        tell_patient=False,
        actor=RUTH,
    )
    assert browser.get(f"{link}?said={said}").body == browser.get(link).body
