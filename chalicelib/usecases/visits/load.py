"""Read a visit with all that belongs to it by one query."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from chalicelib.clinic.local_time import said_day, said_time
from chalicelib.domain.audit import AuditEvent
from chalicelib.domain.errors import Invalid, NotFound
from chalicelib.domain.messaging.message import Message
from chalicelib.domain.people.patient import Patient
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.record import Record
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.transaction import Context
from chalicelib.usecases.visits.slots import Slot

LATEST = timedelta(hours=12)  # so long after its planned end, no visit is still under way


class Visit(NamedTuple):
    """An appointment, its patient, and its whole timeline, past and coming."""

    appointment: Appointment
    patient: Patient
    phone: Phone
    messages: list[Message]
    events: list[AuditEvent]


def visit_of(context: Context, appointment_id: str) -> Visit:
    """The visit; NotFound when there is none. The appointment's revision guards later writes.

    The visit's names are filled in while the clinic's data has its kind, so that the next decision
    stores them (R71).
    """
    records = context.store.owned(appointment_id)
    appointment = next((r for r in records if isinstance(r, Appointment)), None)
    if appointment is None:
        raise NotFound
    patient = context.store.get(Patient.ref(appointment.patient_id))
    if patient is None:
        raise NotFound
    phone = context.store.get(Phone.ref(patient.phone)) or Phone(number=patient.phone)
    return Visit(
        context.clinic.with_kind(appointment),
        patient,
        phone,
        [r for r in records if isinstance(r, Message)],
        [r for r in records if isinstance(r, AuditEvent)],
    )


def open_visits(context: Context, patient_id: str) -> list[Appointment]:
    """The patient's visits to come or under way, by start, without old ones that were left open."""
    return still_open(context.store.of_patient(patient_id), context.clock.now())


def still_open(about: Iterable[Record], now: datetime) -> list[Appointment]:
    """Like `open_visits`, among the records that were read of the patient."""
    found = [
        record
        for record in about
        if isinstance(record, Appointment) and record.is_open and record.end_at > now - LATEST
    ]
    return sorted(found, key=lambda visit: visit.start_at)


def refuse_two_at_once(
    context: Context, patient_id: str, wanted: Iterable[Slot | Appointment], *, field: str
) -> None:
    """Invalid when the patient has another visit at one of these times.

    The index that it reads may be seconds old, so this helps staff; it does not guard a slot.
    """
    others = open_visits(context, patient_id)
    zone = context.clinic.zone
    for visit in wanted:
        own_id = visit.id if isinstance(visit, Appointment) else None
        for other in others:
            meets = visit.start_at < other.end_at and other.start_at < visit.end_at
            if meets and other.id != own_id:
                at = f"{said_day(other.start_at, zone)}, {said_time(other.start_at, zone)}"
                raise Invalid(**{field: f"The patient has another visit then: {at}."})
