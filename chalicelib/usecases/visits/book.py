"""Book a visit for a request, or for a patient who has been here."""

from datetime import datetime
from typing import NamedTuple

from chalicelib.domain.change import Change, Operation, Save
from chalicelib.domain.errors import AlreadyDecided, NotFound
from chalicelib.domain.messaging.message import Message
from chalicelib.domain.messaging.transitions import void_patches
from chalicelib.domain.people.patient import Patient
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.record import new_id
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.domain.visits.request import OPEN, ConsultationRequest, RequestStatus
from chalicelib.transaction import Actor, Context, change_of, run_in_transaction
from chalicelib.usecases.first_text import welcome
from chalicelib.usecases.visits.load import refuse_two_at_once
from chalicelib.usecases.visits.planned_messages import left_out, visit_messages
from chalicelib.usecases.visits.slots import (
    Slot,
    WallTime,
    place,
    sheet_writes,
    sheets_of,
    slot,
    taking,
)


class Wanted(NamedTuple):
    """Whom a booking is for: the request it answers, or a patient's earlier visit."""

    patient: Patient
    phone: Phone
    request: ConsultationRequest | None
    pending: list[Message]  #: texts that are needed only until the request is answered


def confirm(
    context: Context,
    *,
    subject_id: str,
    when: WallTime,
    visit_type: str,
    resource: str,
    actor: Actor,
    shown_version: int | None = None,
) -> Appointment:
    """Book the visit, make every text about it, and answer the request.

    Raises AlreadyDecided, SlotTaken with free times nearby, Invalid by field.
    """

    def attempt(now: datetime) -> tuple[Change, Appointment]:
        wanted = wanted_by(context, subject_id, shown_version)
        wished = slot(context, when, visit_type=visit_type, resource=resource, now=now)
        booked = book(context, wanted, wished, actor=actor, now=now)
        refuse_two_at_once(context, wanted.patient.id, [wished], field="starts_at")
        return booked

    return run_in_transaction(context, attempt)


def book(
    context: Context, wanted: Wanted, wished: Slot, *, actor: Actor, now: datetime
) -> tuple[Change, Appointment]:
    """The writes of one booking, for `confirm` and `choose`."""
    appointment = new_visit(context, wanted, wished, actor=actor, now=now)
    at = place(context, wished.resource, wished.start_at)
    sheet = sheets_of(context, [at])[at]
    change = change_of(
        appointment.id,
        "booked",
        actor,
        now,
        resource=wished.resource,
        **left_out(context, appointment),
    )
    phone, first_text = welcome(context, appointment.id, wanted.patient, wanted.phone, now=now)
    change.include(
        [
            wanted.patient.unless_erased(),
            *sheet_writes(context, taking(context, sheet, appointment, now)),
            Save(appointment),
            *first_text,
            *visit_messages(context, appointment, phone, event="booked", now=now),
            *answer_writes(wanted, actor, now, appointment_id=appointment.id),
        ]
    )
    return change, appointment


def wanted_by(context: Context, subject_id: str, shown_version: int | None = None) -> Wanted:
    """Whom the booking is for.

    AlreadyDecided when the request was answered before (R50), or changed since a page showed this
    version.
    """
    records = context.store.owned(subject_id)
    request = next((r for r in records if isinstance(r, ConsultationRequest)), None)
    visit = next((r for r in records if isinstance(r, Appointment)), None)
    subject = request or visit
    if subject is None:
        raise NotFound
    if request is not None and request.status not in OPEN:
        raise answered_before(request)
    subject.refuse_unless_shown(shown_version)
    patient = context.store.get(Patient.ref(subject.patient_id))
    if patient is None:
        raise NotFound
    patient.refuse_erased()
    phone = context.store.get(Phone.ref(patient.phone)) or Phone(number=patient.phone)
    pending = [r for r in records if isinstance(r, Message) and _ends_with_request(r)]
    return Wanted(patient, phone, request, pending if request else [])


def _ends_with_request(message: Message) -> bool:
    """Whether the answer to the request ends it: not the number's first text (R4), nor staff mails.

    The first text is about no request. Mails to staff are withdrawn when they come due after the
    answer, so a decision needs no more writes when more people work here (F27).
    """
    return message.subject is not None and message.staff_id is None


def answered_before(request: ConsultationRequest) -> AlreadyDecided:
    last = request.decisions[-1]
    return AlreadyDecided(request.status, last.by_name, last.at)


def new_visit(
    context: Context,
    wanted: Wanted,
    wished: Slot,
    *,
    actor: Actor,
    now: datetime,
    course_id: str | None = None,
    session: int | None = None,
) -> Appointment:
    """The visit as it is first stored."""
    return Appointment(
        id=new_id("APT"),
        patient_id=wanted.patient.id,
        visit_type=wished.visit_type,
        booked_as=context.clinic.kind(wished.visit_type),
        resource=wished.resource,
        start_at=wished.start_at,
        end_at=wished.end_at,
        request_id=wanted.request.id if wanted.request else None,
        course_id=course_id,
        session=session,
        booked_at=now,
        decisions=(actor.decided("booked", now),),
    )


def answer_writes(
    wanted: Wanted,
    actor: Actor,
    now: datetime,
    *,
    appointment_id: str,
    course_id: str | None = None,
) -> list[Operation]:
    """Mark the request as booked and void its waiting messages; no writes for an earlier visit."""
    if wanted.request is None:
        return []
    booked = wanted.request.evolve(
        status=RequestStatus.BOOKED,
        appointment_id=appointment_id,
        course_id=course_id,
        decisions=(*wanted.request.decisions, actor.decided("booked", now)),
    )
    return [
        Save(booked),
        *void_patches(wanted.pending, because="the request was answered", now=now),
    ]
