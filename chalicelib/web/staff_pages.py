"""What the staff's page shows: the thing itself, what can be decided now, and the timeline."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from chalice.app import Response

from chalicelib import wiring
from chalicelib.domain.appointment import Appointment, AppointmentStatus
from chalicelib.domain.message import Channel, Message, MessageStatus
from chalicelib.domain.people import Patient, Phone
from chalicelib.domain.request import OPEN, ConsultationRequest
from chalicelib.domain.work import AuditEvent
from chalicelib.messages import catalogue
from chalicelib.usecases.attending import UNDO_WITHIN, UNDONE
from chalicelib.usecases.deciding import Actor
from chalicelib.usecases.moving import CANCEL_REASONS
from chalicelib.usecases.offers import DECLINE_REASONS
from chalicelib.usecases.staff import name_of
from chalicelib.web import answers
from chalicelib.web.bodies import Form

# How a message's status reads, and whether it is good, open or bad news.
STATUS_WORDS: Mapping[MessageStatus, tuple[str, str]] = {
    MessageStatus.PENDING: ("waits", "open"),
    MessageStatus.SENDING: ("is being sent", "open"),
    MessageStatus.SENT: ("sent, not confirmed", "open"),
    MessageStatus.DELIVERED: ("delivered", "good"),
    MessageStatus.UNDELIVERED: ("not delivered", "bad"),
    MessageStatus.FAILED: ("failed", "bad"),
    MessageStatus.WITHDRAWN: ("withdrawn", "off"),
    MessageStatus.SUPPRESSED: ("not sent", "off"),
    MessageStatus.EXPIRED: ("not sent, too late", "off"),
}
KIND_WORDS: Mapping[str, str] = {
    "welcome": "First text to this number",
    "confirmation": "Confirmation",
    "moved": "New time",
    "cancelled": "Cancellation",
    "reminder": "Reminder",
    "ride": "Ride home",
    "preparation": "Preparation",
    "aftercare": "Aftercare",
    "check_in": "Check-in",
    "proposed": "Times offered",
    "declined": "Answer",
    "course_overview": "Course overview",
    "new_request": "Notice to staff",
    "request_waiting": "Reminder to staff",
    "request_overdue": "Reminder to the manager",
}
EVENT_WORDS: Mapping[str, str] = {
    "request_received": "Request received",
    "booked": "Booked",
    "course_booked": "Course booked",
    "proposed": "Times offered",
    "declined": "Declined",
    "moved": "Moved",
    "cancelled": "Cancelled",
    "arrived": "Arrived",
    "discharged": "Discharged",
    "no_show": "Did not come",
    "undone": "Last entry taken back",
    "driver": "Ride home noted",
    "move_asked": "Asked for another time",
    "contact_changed": "Contact details changed",
    "opted_out": "Opted out of texts",
}


class Typed(NamedTuple):
    """A form that came back: which one, what was typed, what is wrong, what is free instead."""

    decision: str = ""
    form: Form = MappingProxyType({})
    errors: Mapping[str, str] = MappingProxyType({})
    free: tuple[datetime, ...] = ()

    def value(self, decision: str, name: str, default: str = "") -> str:
        if decision != self.decision:
            return default
        return next(iter(self.form.get(name, [])), "")

    def values(self, decision: str, name: str) -> list[str]:
        return list(self.form.get(name, [])) if decision == self.decision else []

    def error(self, decision: str, name: str) -> str:
        return self.errors.get(name, "") if decision == self.decision else ""


class Line(NamedTuple):
    """One line of a timeline."""

    at: datetime
    what: str
    state: str
    tone: str
    why: str
    channel: str
    body: str


def page_of(
    subject: ConsultationRequest | Appointment,
    token: str,
    actor: Actor,
    *,
    status: int = 200,
    typed: Typed | None = None,
) -> Response:
    """The page, with what was typed if a form came back."""
    services = wiring.services()
    now = services.clock.now()
    patient = services.store.get(Patient.ref(subject.patient_id))
    phone = services.store.get(Phone.ref(patient.phone)) if patient else None
    records = services.store.owned(subject.key.pk)
    return answers.page(
        "staff/request.html" if isinstance(subject, ConsultationRequest) else "staff/visit.html",
        status=status,
        subject=subject,
        patient=patient,
        phone=phone,
        now=now,
        token=token,
        actor=actor,
        typed=typed or Typed(),
        timeline=timeline(records, now),
        **_about(subject, now),
        visit_types=services.clinic.visit_types,
        resources=services.clinic.resources,
        decline_reasons=DECLINE_REASONS,
        cancel_reasons=CANCEL_REASONS,
        day_link=services.links.day_url(staff_id=actor.id, now=now),
    )


def timeline(records: list[Any], now: datetime) -> list[Line]:
    """What happened and what will, by time; nothing is left out."""
    lines = [_of_message(r, now) for r in records if isinstance(r, Message)]
    lines += [_of_event(r) for r in records if isinstance(r, AuditEvent)]
    return sorted(lines, key=lambda line: line.at)


def _of_message(message: Message, now: datetime) -> Line:
    words, tone = STATUS_WORDS[message.shown_status]
    if message.channel is Channel.TASK:
        what = catalogue.task_title(message.kind)
        words = "task opened" if message.status is MessageStatus.SENT else words
    else:
        what = KIND_WORDS.get(message.kind, message.kind.replace("_", " ").capitalize())
    if message.channel is Channel.EMAIL and message.status is MessageStatus.SENT:
        words, tone = "sent", "good"
    why = message.void_because or message.reason or ""
    at = message.claimed_at or message.due_at or message.scheduled_at
    if message.void_because is not None or message.shown_status is MessageStatus.EXPIRED:
        at = message.scheduled_at
    return Line(at, what, words, tone, why, message.channel.value, message.body or "")


def _of_event(event: AuditEvent) -> Line:
    desk = wiring.services().desk
    by = {"patient": "the patient", "service": ""}.get(event.by) or name_of(desk, event.by)
    what = EVENT_WORDS.get(event.what, event.what.replace("_", " ").capitalize())
    return Line(event.at, what, f"by {by}" if by else "", "event", "", "", "")


def _about(subject: ConsultationRequest | Appointment, now: datetime) -> dict[str, Any]:
    if isinstance(subject, ConsultationRequest):
        return {"possible": _of_request(subject)}
    clinic = wiring.services().clinic
    return {
        "possible": _of_appointment(subject, now),
        "visit": clinic.visit_type(subject.visit_type),
        "room": clinic.resource(subject.resource),
    }


def _of_request(subject: ConsultationRequest) -> frozenset[str]:
    if subject.status in OPEN:
        return frozenset({"confirm", "propose", "decline", "course", "contact", "opt_out"})
    return frozenset({"contact", "opt_out"})


def _of_appointment(subject: Appointment, now: datetime) -> frozenset[str]:
    possible = {"confirm", "course", "contact", "opt_out"}
    if subject.status is AppointmentStatus.BOOKED:
        possible |= {"reschedule", "cancel", "arrived", "discharged"}
        if now >= subject.start_at:
            possible.add("no_show")
    if subject.status is AppointmentStatus.ARRIVED:
        possible.add("discharged")
    if subject.is_open and wiring.services().clinic.visit_type(subject.visit_type).needs_driver:
        possible.add("driver")
    last = subject.last()
    if last is not None and last.what in UNDONE and now - last.at <= UNDO_WITHIN:
        possible.add("undo")
    return frozenset(possible)
