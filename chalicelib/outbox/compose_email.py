"""The words of one mail, from the current state: to a member of staff, or to a patient."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, NamedTuple

from chalicelib.clinic.careplan.plan import plan_of
from chalicelib.clinic.local_time import said_day, said_time
from chalicelib.clinic.staff_directory import member_of
from chalicelib.domain.errors import NotFound
from chalicelib.domain.messaging.task import Task
from chalicelib.domain.people.patient import Patient, SentBy
from chalicelib.domain.visits.request import ConsultationRequest
from chalicelib.messages import catalogue
from chalicelib.messages.calendar import visit_ics
from chalicelib.messages.emails import render_email
from chalicelib.messages.floods import Span
from chalicelib.messages.letters import letters
from chalicelib.messages.render import render_line
from chalicelib.outbox.compose_text import values_of, wording_of
from chalicelib.outbox.context import DeliveryContext, Snapshot, patient_and_phone
from chalicelib.outbox.floods import Waiting
from chalicelib.ports import Attachment, Email

DAY = "day"  # what a link to the day sheet names


class Letter(NamedTuple):
    """Which mail replaces a text, and which of its words it takes."""

    template: str
    change: str = ""
    about: str = ""


# A kind of text that has a mail of its own; any other kind becomes a plain note.
LETTERS: Mapping[str, Letter] = {
    "confirmation": Letter("patient_visit", change="booked"),
    "moved": Letter("patient_visit", change="moved"),
    "cancelled": Letter("patient_visit", change="cancelled"),
    "preparation": Letter("patient_preparation"),
    "aftercare": Letter("patient_aftercare"),
    "check_in": Letter("patient_note", about="check_in"),
    "proposed": Letter("patient_note", about="times"),
    "declined": Letter("patient_note", about="request"),
    "course_overview": Letter("patient_note", about="visits"),
}
LEAFLETS: Mapping[str, Literal["before", "after"]] = {
    "preparation": "before",
    "aftercare": "after",
}
NOTE = Letter("patient_note", about="visit")


def compose_email(context: DeliveryContext, snapshot: Snapshot) -> Email:
    """The mail; NotFound when there is nobody to write to."""
    if snapshot.message.staff_id is not None:
        return _to_staff(context, snapshot, snapshot.message.staff_id)
    patient, _ = patient_and_phone(snapshot)
    return _to_patient(context, snapshot, patient)


def _to_staff(context: DeliveryContext, snapshot: Snapshot, staff_id: str) -> Email:
    member = member_of(context.store, context.clinic, staff_id)
    if member is None or not member.may_act(snapshot.now):
        raise NotFound
    values = {
        **context.clinic.values(),
        "staff_name": member.name,
        "initials": snapshot.patient.initials if snapshot.patient else "unknown",
        "day_sheet_link": context.links.day_url(staff_id=staff_id, now=snapshot.now),
        **_staff_values(context, snapshot, staff_id),
    }
    mail = render_email(snapshot.message.kind, values)
    return Email(to=member.email, subject=mail.subject, text=mail.text, html=mail.html)


def _staff_values(context: DeliveryContext, snapshot: Snapshot, staff_id: str) -> dict[str, object]:
    if snapshot.waiting is not None:
        return _of_many(context, snapshot, snapshot.waiting)
    match snapshot.subject:
        case ConsultationRequest() as request:
            return {
                "reference": request.id,
                "received": _moment(context, request.received_at),
                "answer_by": _moment(context, request.answer_by),
                "link": _staff_link(context, request.id, staff_id, snapshot.now),
            }
        case Task() as task:
            page = task.subject_id if task.subject_id and _has_page(task.subject_id) else None
            return {
                "reference": page or task.id,
                "what": catalogue.task_title(task.what),
                "received": _moment(context, task.opened_at),
                "deadline": _moment(context, task.deadline_at),
                "link": _staff_link(context, page or DAY, staff_id, snapshot.now),
            }
        case _:
            about = snapshot.message.facts.subject_id or DAY
            return {
                "reference": about,
                "link": _staff_link(context, about, staff_id, snapshot.now),
                "expires": "in 30 days",
                "received": _moment(context, snapshot.message.created_at),
            }


def _of_many(context: DeliveryContext, snapshot: Snapshot, waiting: Waiting) -> dict[str, object]:
    span = Span.of(snapshot.message)
    return {
        **waiting._asdict(),
        "number": "1 request" if waiting.many == 1 else f"{waiting.many} requests",
        "more": waiting.many - len(waiting.references),
        "answer_by": _moment(context, span.until) if span else "",
    }


def _to_patient(context: DeliveryContext, snapshot: Snapshot, patient: Patient) -> Email:
    if patient.mail_to is None:
        raise NotFound
    letter = LETTERS.get(snapshot.message.kind, NOTE)
    wording, values = wording_of(context, snapshot, patient, by_mail=True)
    said = render_line(wording, values, samples_allowed=context.samples_allowed)
    about = snapshot.message.page_of
    token = context.links.patient_token(patient.link_name(about, SentBy.MAIL)) if about else ""
    link = context.links.patient_url(token) if about else ""
    mail = render_email(
        letter.template,
        {
            **values_of(context, snapshot, patient.language, by_mail=True),
            "change": letter.change,
            "about": letter.about,
            "lines": _lines(context, snapshot, said, letter, patient.language),
            "link": link,
        },
        patient.language,
    )
    return Email(
        to=patient.mail_to,
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        attachments=_calendar(context, snapshot, patient.language) if letter.change else (),
    )


def _lines(
    context: DeliveryContext,
    snapshot: Snapshot,
    said: str,
    letter: Letter,
    language: str,
) -> list[str]:
    """The whole leaflet, as a mail has room for it; a note says what the text would have said.

    A patient who wants discretion gets the note too: a leaflet shows what kind of visit it is.
    """
    visit = snapshot.appointment
    which = LEAFLETS.get(snapshot.message.kind)
    wishes_discretion = snapshot.patient is not None and snapshot.patient.discreet
    if visit is None or which is None or wishes_discretion:
        return [] if letter.change else [said]
    lines = plan_of(context.plans, visit).leaflet_lines(which, language)
    return [
        render_line(
            line,
            values_of(context, snapshot, line.language, by_mail=True),
            samples_allowed=context.samples_allowed,
        )
        for line in lines
    ]


def _calendar(
    context: DeliveryContext, snapshot: Snapshot, language: str
) -> tuple[Attachment, ...]:
    visit = snapshot.appointment
    if visit is None:
        return ()
    kind = context.clinic.kind_of(visit)
    text = visit_ics(
        visit,
        title=f"{kind.said(language)}, {context.clinic.sender}",
        where=context.clinic.address.line,
        now=snapshot.now,
    )
    name = letters(language)["calendar_file"]
    return (Attachment(name=name, content_type="text/calendar", text=text),)


def _staff_link(context: DeliveryContext, subject_id: str, staff_id: str, now: datetime) -> str:
    if subject_id == DAY:
        return context.links.day_url(staff_id=staff_id, now=now)
    token = context.links.staff_token(subject_id=subject_id, staff_id=staff_id, now=now)
    return context.links.staff_url(token)


def _has_page(subject_id: str) -> bool:
    return subject_id.startswith(("REQ-", "APT-"))


def _moment(context: DeliveryContext, at: datetime) -> str:
    return f"{said_day(at, context.clinic.zone)}, {said_time(at, context.clinic.zone)}"
