"""The words of one mail, from the state of now: to a member of staff, or to a patient."""

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
from chalicelib.outbox.context import Office, Situation, patient_and_phone
from chalicelib.outbox.floods import Waiting
from chalicelib.ports import Attachment, Email

DAY = "day"  # what a link to the day sheet names


class Letter(NamedTuple):
    """Which mail stands in for a text, and which of its words it takes."""

    template: str
    change: str = ""
    about: str = ""


# A kind of text that can go by mail as well; any other kind becomes a plain note.
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


def mail_of(office: Office, seen: Situation) -> Email:
    """The mail; NotFound when there is nobody to write to."""
    if seen.message.staff_id is not None:
        return _to_staff(office, seen, seen.message.staff_id)
    patient, _ = patient_and_phone(seen)
    return _to_patient(office, seen, patient)


def _to_staff(office: Office, seen: Situation, staff_id: str) -> Email:
    member = member_of(office.store, office.clinic, staff_id)
    if member is None or not member.may_act(seen.now):
        raise NotFound
    values = {
        **office.clinic.values(),
        "staff_name": member.name,
        "initials": seen.patient.initials if seen.patient else "unknown",
        "day_sheet_link": office.links.day_url(staff_id=staff_id, now=seen.now),
        **_staff_values(office, seen, staff_id),
    }
    mail = render_email(seen.message.kind, values)
    return Email(to=member.email, subject=mail.subject, text=mail.text, html=mail.html)


def _staff_values(office: Office, seen: Situation, staff_id: str) -> dict[str, object]:
    if seen.waiting is not None:
        return _of_many(office, seen, seen.waiting)
    match seen.subject:
        case ConsultationRequest() as request:
            return {
                "reference": request.id,
                "received": _moment(office, request.received_at),
                "answer_by": _moment(office, request.answer_by),
                "link": _staff_link(office, request.id, staff_id, seen.now),
            }
        case Task() as task:
            page = task.subject_id if task.subject_id and _has_page(task.subject_id) else None
            return {
                "reference": page or task.id,
                "what": catalogue.task_title(task.what),
                "received": _moment(office, task.opened_at),
                "deadline": _moment(office, task.deadline_at),
                "link": _staff_link(office, page or DAY, staff_id, seen.now),
            }
        case _:
            about = seen.message.facts.get("subject_id", DAY)
            return {
                "reference": about,
                "link": _staff_link(office, about, staff_id, seen.now),
                "expires": "in 30 days",
                "received": _moment(office, seen.message.created_at),
            }


def _of_many(office: Office, seen: Situation, waiting: Waiting) -> dict[str, object]:
    span = Span.of(seen.message)
    return {
        **waiting._asdict(),
        "number": "1 request" if waiting.many == 1 else f"{waiting.many} requests",
        "more": waiting.many - len(waiting.references),
        "answer_by": _moment(office, span.until) if span else "",
    }


def _to_patient(office: Office, seen: Situation, patient: Patient) -> Email:
    if patient.mail_to is None:
        raise NotFound
    letter = LETTERS.get(seen.message.kind, NOTE)
    wording, values = wording_of(office, seen, patient, by_mail=True)
    said = render_line(wording, values, samples_allowed=office.samples_allowed)
    about = seen.message.page_of
    token = office.links.patient_token(patient.link_name(about, SentBy.MAIL)) if about else ""
    link = office.links.patient_url(token) if about else ""
    mail = render_email(
        letter.template,
        {
            **values_of(office, seen, patient.language, by_mail=True),
            "change": letter.change,
            "about": letter.about,
            "lines": _lines(office, seen, said, letter, patient.language),
            "link": link,
        },
        patient.language,
    )
    return Email(
        to=patient.mail_to,
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        attachments=_calendar(office, seen, patient.language) if letter.change else (),
    )


def _lines(
    office: Office,
    seen: Situation,
    said: str,
    letter: Letter,
    language: str,
) -> list[str]:
    """A mail has room for the whole leaflet; a note says what the text would have said.

    So does a mail to who wishes discretion: a leaflet shows what kind of visit it is about.
    """
    visit = seen.appointment
    which = LEAFLETS.get(seen.message.kind)
    wishes_discretion = seen.patient is not None and seen.patient.discreet
    if visit is None or which is None or wishes_discretion:
        return [] if letter.change else [said]
    lines = plan_of(office.plans, visit).leaflet_lines(which, language)
    return [
        render_line(
            line,
            values_of(office, seen, line.language, by_mail=True),
            samples_allowed=office.samples_allowed,
        )
        for line in lines
    ]


def _calendar(office: Office, seen: Situation, language: str) -> tuple[Attachment, ...]:
    visit = seen.appointment
    if visit is None:
        return ()
    kind = office.clinic.kind_of(visit)
    text = visit_ics(
        visit,
        title=f"{kind.said(language)}, {office.clinic.sender}",
        where=office.clinic.address.line,
        now=seen.now,
    )
    name = letters(language)["calendar_file"]
    return (Attachment(name=name, content_type="text/calendar", text=text),)


def _staff_link(office: Office, subject_id: str, staff_id: str, now: datetime) -> str:
    if subject_id == DAY:
        return office.links.day_url(staff_id=staff_id, now=now)
    token = office.links.staff_token(subject_id=subject_id, staff_id=staff_id, now=now)
    return office.links.staff_url(token)


def _has_page(subject_id: str) -> bool:
    return subject_id.startswith(("REQ-", "APT-"))


def _moment(office: Office, at: datetime) -> str:
    return f"{said_day(at, office.clinic.zone)}, {said_time(at, office.clinic.zone)}"
