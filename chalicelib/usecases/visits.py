"""A visit with all that belongs to it, as one query reads it."""

from typing import NamedTuple

from chalicelib.domain.appointment import Appointment
from chalicelib.domain.errors import NotFound
from chalicelib.domain.message import Message
from chalicelib.domain.people import Patient, Phone
from chalicelib.domain.work import AuditEvent
from chalicelib.usecases.deciding import Desk


class Visit(NamedTuple):
    """An appointment, its patient, and its whole timeline, past and coming."""

    appointment: Appointment
    patient: Patient
    phone: Phone
    messages: list[Message]
    events: list[AuditEvent]


def visit_of(desk: Desk, appointment_id: str) -> Visit:
    """The visit; NotFound when there is none. The appointment's revision guards what follows."""
    records = desk.store.owned(appointment_id)
    appointment = next((r for r in records if isinstance(r, Appointment)), None)
    if appointment is None:
        raise NotFound
    patient = desk.store.get(Patient.ref(appointment.patient_id))
    if patient is None:
        raise NotFound
    phone = desk.store.get(Phone.ref(patient.phone)) or Phone(number=patient.phone)
    return Visit(
        appointment,
        patient,
        phone,
        [r for r in records if isinstance(r, Message)],
        [r for r in records if isinstance(r, AuditEvent)],
    )
