"""A patient who reads Spanish, from the offer to the day after: no English on page or mail."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from icalendar import Calendar

from chalicelib import wiring
from chalicelib.domain.change import Change, Save
from chalicelib.domain.people.patient import Patient, PatientLink
from chalicelib.ports import Email
from chalicelib.usecases.visits import attendance, book, offers, reschedule
from tests.builders.pages import mailed_link, the_visit
from tests.web.browser import SURE, Browser, browsing, text_of
from tests.web.spanish_world import (
    all_spanish,
    asked_in_spanish,
    booked_in_spanish,
    spanish,
    spanish_world,
)
from tests.world import RUTH, at


@pytest.fixture
def browser() -> Iterator[Browser]:
    with browsing(spanish_world()) as one:
        yield one


def mails(browser: Browser) -> list[Email]:
    return [mail for mail in browser.world.mails.sent if mail.to == "ana@example.org"]


@pytest.mark.parametrize("consent", ["detailed", "neutral", "none"])
def test_the_page_of_a_visit_is_spanish_whatever_was_agreed_to(
    browser: Browser, consent: str
) -> None:
    link = booked_in_spanish(browser)
    store = browser.world.store
    patient = store.get(Patient.ref(the_visit(browser).patient_id))
    assert patient is not None
    store.commit(Change(Save(patient.evolve(text_consent=consent))))
    words = spanish(browser.get(link))
    assert "Miércoles, 9 de diciembre, 9:00 AM" in words
    assert ("Infusión intravenosa" in words) == (consent == "detailed")
    for said in ("confirm", "reschedule", "opt_out", "choose"):
        spanish(browser.get(f"{link}?said={said}"))
    for answer in ("confirm", "reschedule", "opt_out"):
        assert "Marque la casilla" in spanish(browser.send(f"{link}/{answer}", []), 422)
    assert browser.send(f"{link}/confirm", [("sure", "yes")]).status_code == 303
    assert "que vendrá" in spanish(browser.get(link))


def test_a_calendar_names_the_visit_in_spanish_and_nothing_else(browser: Browser) -> None:
    """R25."""
    answer = browser.get(f"{booked_in_spanish(browser)}/visit.ics")
    (event,) = Calendar.from_ical(answer.body).walk("VEVENT")
    assert event["SUMMARY"] == "Visita, Cottonwood Clinic"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="visita.ics"'


def test_times_are_chosen_in_spanish(browser: Browser) -> None:
    world = browser.world
    reference = asked_in_spanish(browser)
    offers.propose(
        world.context,
        subject_id=reference,
        times=[at("2026-12-12T09:00"), at("2026-12-09T13:00")],
        visit_type="consultation",
        resource="room-1",
        actor=RUTH,
    )
    world.drain()
    link = mailed_link(browser)
    words = spanish(browser.get(link))
    assert "Sábado, 12 de diciembre, 9:00 AM" in words
    assert "Miércoles, 9 de diciembre, 1:00 PM" in words
    spanish(browser.send(f"{link}/choose", [("starts_at", "")]), 422)
    other = world.request(phone="+13165550143", name="Bo Example")
    book.confirm(
        world.context,
        subject_id=other.reference,
        when=at("2026-12-09T13:00"),
        visit_type="consultation",
        resource="room-1",
        actor=RUTH,
    )
    taken = [("starts_at", "2026-12-09T13:00"), SURE]
    assert "Esa hora ya no está libre" in spanish(browser.send(f"{link}/choose", taken), 409)
    chosen = [("starts_at", "2026-12-12T09:00"), SURE]
    assert browser.send(f"{link}/choose", chosen).status_code == 303
    assert "se programó el martes, 1 de diciembre" in spanish(
        browser.send(f"{link}/choose", chosen), 409
    )


def test_a_request_is_answered_in_spanish_whatever_the_answer(browser: Browser) -> None:
    world = browser.world
    reference = asked_in_spanish(browser)
    link = made_link(browser, reference)
    assert "a más tardar el martes, 1 de diciembre" in spanish(browser.get(link))
    offers.decline(
        world.context, subject_id=reference, reason_code="no_capacity", note="", actor=RUTH
    )
    world.drain()
    spanish(browser.get(mailed_link(browser)))


def made_link(browser: Browser, subject_id: str) -> str:
    """A link that no mail has named yet."""
    services = browser.world.services
    token = services.links.patient_token(subject_id)
    ends = services.clock.now() + timedelta(days=1)
    row = PatientLink(hash=services.links.hashed(token), subject_id=subject_id, expires_at=ends)
    services.store.commit(Change(Save(row)))
    return services.links.patient_url(token)


def test_every_mail_of_a_visit_is_spanish_with_its_accents(browser: Browser) -> None:
    world = browser.world
    booked_in_spanish(browser)
    world.run_until(the_visit(browser).start_at)
    visit = the_visit(browser)
    attendance.record_arrival(world.context, appointment_id=visit.id, at=None, actor=RUTH)
    world.run_for(hours=2)
    attendance.record_discharge(world.context, appointment_id=visit.id, at=None, actor=RUTH)
    world.run_for(days=2)
    sent = mails(browser)
    assert {mail.subject for mail in sent} >= {
        "Su visita: miércoles, 9 de diciembre, 9:00 AM",
        "Antes de su visita: miércoles, 9 de diciembre, 9:00 AM",
        "Después de su visita",
    }
    for mail in sent:
        all_spanish(mail)
    leaflets = [mail for mail in sent if "mañana temprano" in mail.text.lower()]
    assert len(leaflets) >= 3
    assert all("línea con acentos" in mail.html for mail in leaflets)


def test_a_move_and_a_cancellation_are_told_in_spanish(browser: Browser) -> None:
    world = browser.world
    link = booked_in_spanish(browser)
    reschedule.reschedule(
        world.context,
        appointment_id=the_visit(browser).id,
        when=at("2026-12-10T10:00"),
        resource="room-1",
        actor=RUTH,
    )
    world.drain()
    reschedule.cancel(
        world.context,
        appointment_id=the_visit(browser).id,
        reason_code="clinic_closed",
        tell_patient=True,
        actor=RUTH,
    )
    world.drain()
    booked_mail, moved, cancelled = mails(browser)
    assert moved.subject == "Su visita cambió: jueves, 10 de diciembre, 10:00 AM"
    assert cancelled.subject == "Su visita cancelada: jueves, 10 de diciembre, 10:00 AM"
    for mail in (booked_mail, moved, cancelled):
        all_spanish(mail)
        (calendar,) = mail.attachments
        assert calendar.name == "visita.ics"
        assert "SUMMARY:Visita" in calendar.text
    assert "Esta visita está cancelada" in spanish(browser.get(link))
    assert "se canceló el martes" in spanish(
        browser.send(f"{link}/confirm", [("sure", "yes")]), 409
    )


def test_a_link_that_is_too_old_says_so_in_spanish(browser: Browser) -> None:
    link = booked_in_spanish(browser)
    browser.world.clock.at += timedelta(days=90)
    assert "ya venció" in spanish(browser.get(link), 410)


def test_a_line_without_a_translation_is_english_with_its_days(browser: Browser) -> None:
    """Half a sentence in each language is worse than one language."""
    world = browser.world
    plans = {
        code: plan.model_copy(update={"leaflet": {"en": plan.leaflet["en"]}})
        for code, plan in world.services.plans.items()
    }
    world.replace(plans=plans)
    wiring.provide(world.services)
    words = text_of(browser.get(booked_in_spanish(browser)))
    assert "No solid food after Wednesday 1:00 AM" in words
    assert "Miércoles, 9 de diciembre" in words
