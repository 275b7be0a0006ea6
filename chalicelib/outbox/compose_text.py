"""The words of one text, from the current state."""

from datetime import datetime
from typing import NamedTuple

from chalicelib.clinic.careplan.plan import plan_of
from chalicelib.clinic.careplan.schedule import can_be_followed
from chalicelib.clinic.placeholders import choice_values, visit_values
from chalicelib.domain.messaging.wording import Wording
from chalicelib.domain.people.patient import Patient, TextConsent
from chalicelib.domain.visits.appointment import Appointment, Course
from chalicelib.domain.visits.request import ConsultationRequest
from chalicelib.messages import catalogue
from chalicelib.messages.render import render_text
from chalicelib.outbox.context import DeliveryContext, Snapshot, patient_and_phone


class Said(NamedTuple):
    """A text, ready to be sent."""

    body: str


def compose_text(context: DeliveryContext, snapshot: Snapshot) -> Said:
    """The text for this patient; CannotSay when a value or an approval is missing (R22)."""
    patient, _ = patient_and_phone(snapshot)
    wording, values = wording_of(context, snapshot, patient)
    return Said(render_text(wording, values, samples_allowed=context.samples_allowed))


def wording_of(
    context: DeliveryContext, snapshot: Snapshot, patient: Patient, *, by_mail: bool = False
) -> tuple[Wording, dict[str, str]]:
    message, visit = snapshot.message, snapshot.appointment
    if visit is None or message.step is None:
        wording = catalogue.wording(message.kind, patient.language, by_mail=by_mail)
        return wording, values_of(context, snapshot, wording.language, by_mail=by_mail)
    plan = plan_of(context.plans, visit)
    step = plan.step(message.step)
    adds = plan.find(message.facts.adds) if message.facts.adds else None
    if adds is not None and not can_be_followed(plan, adds, visit.start_at, snapshot.now):
        adds = None
    wants_detail = patient.texted_consent is TextConsent.DETAILED
    asks = step.still_asks(confirmed=visit.confirmed_at is not None, driver=visit.driver)
    wording = plan.wording(
        step,
        language=patient.language,
        level="detailed" if wants_detail else "neutral",
        ask=asks and not snapshot.is_resting,
        adds=adds,
        by_mail=by_mail,
    )
    return wording, values_of(context, snapshot, wording.language, by_mail=by_mail)


def values_of(
    context: DeliveryContext, snapshot: Snapshot, language: str, *, by_mail: bool = False
) -> dict[str, str]:
    """The values that a wording in this language may name: a text and its days use one language."""
    visit = snapshot.appointment
    if visit is None or snapshot.message.step is None:
        return _values(context, snapshot, language, by_mail=by_mail)
    return visit_values(
        context.clinic,
        plan_of(context.plans, visit),
        start=visit.start_at,
        reader_zone=snapshot.zone,
        language=language,
        long=by_mail,
    )


def leaves_question_out(context: DeliveryContext, snapshot: Snapshot) -> bool:
    """Whether its question must be left out, as there was a session less than a day ago (R20)."""
    visit, step_id = snapshot.appointment, snapshot.message.step
    if visit is None or step_id is None or not snapshot.is_resting:
        return False
    step = plan_of(context.plans, visit).step(step_id)
    return step.still_asks(confirmed=visit.confirmed_at is not None, driver=visit.driver)


def _values(
    context: DeliveryContext, snapshot: Snapshot, language: str, *, by_mail: bool
) -> dict[str, str]:
    """The values that a text of the catalogue may name, by the text's subject."""
    numbered = _starts(context, snapshot)
    starts = list(numbered.values())
    values = choice_values(
        context.clinic,
        starts,
        numbers=list(numbered),
        reader_zone=snapshot.zone,
        language=language,
        long=by_mail,
    )
    visit = snapshot.appointment
    first = visit.start_at if visit is not None else starts[0] if starts else None
    if first is None:
        return values
    return values | visit_values(
        context.clinic,
        None,
        start=first,
        reader_zone=snapshot.zone,
        language=language,
        long=by_mail,
    )


def _starts(context: DeliveryContext, snapshot: Snapshot) -> dict[int, datetime]:
    """The times that the text lists: offered, of a course, or of the visits it asks about.

    Each keeps the number that it had when the question was asked, even if visits were cancelled.
    """
    match snapshot.subject:
        case ConsultationRequest() as request if request.offers:
            return dict(enumerate((offer.start_at for offer in request.offers), 1))
    if snapshot.message.facts.starts:
        return dict(enumerate(snapshot.message.facts.starts, 1))
    rows = listed(context, snapshot)
    return {n: row.start_at for n, row in enumerate(rows, 1) if row is not None and row.is_open}


def listed(context: DeliveryContext, snapshot: Snapshot) -> tuple[Appointment | None, ...]:
    """The visits that the text lists, as they are now: of a course, or those it asks about."""
    ids = snapshot.message.facts.appointments
    if not ids and snapshot.message.kind == "course_overview":
        course = context.store.get(Course.ref(snapshot.message.owner_id))
        ids = course.appointment_ids if course is not None else ()
    return context.store.get_many(*map(Appointment.ref, ids)) if ids else ()
