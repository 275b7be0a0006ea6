"""Which decisions a request or a visit is open to now, so that a page offers no other."""

from datetime import datetime

from chalicelib import wiring
from chalicelib.domain.people.patient import Patient
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.visits.appointment import Appointment, AppointmentStatus
from chalicelib.domain.visits.request import OPEN, ConsultationRequest
from chalicelib.usecases.patients.opt_out import DOUBTFUL
from chalicelib.usecases.visits.attendance import UNDO_WITHIN, recorded_last


def possible_now(
    subject: ConsultationRequest | Appointment, patient: Patient, phone: Phone | None, now: datetime
) -> frozenset[str]:
    """The names of the decisions, as their addresses have them."""
    if isinstance(subject, ConsultationRequest):
        return _of_request(subject) | _of_patient(patient, phone)
    again = frozenset({"confirm", "course"}) if patient.erased_at is None else frozenset[str]()
    return _of_appointment(subject, now) | _of_patient(patient, phone) | again


def _of_patient(patient: Patient, phone: Phone | None) -> frozenset[str]:
    """What can be done about the patient; nothing once nobody knows who it was."""
    if patient.erased_at is not None:
        return frozenset()
    is_paused = phone is not None and phone.opted_out_means == DOUBTFUL
    return frozenset({"contact", "opt_out", *(["resume"] if is_paused else [])})


def _of_request(subject: ConsultationRequest) -> frozenset[str]:
    if subject.status in OPEN:
        return frozenset({"confirm", "propose", "decline", "course"})
    return frozenset()


def _of_appointment(subject: Appointment, now: datetime) -> frozenset[str]:
    clinic = wiring.services().clinic
    possible = set()
    if subject.status is AppointmentStatus.BOOKED:
        possible |= {"cancel", "arrived", "discharged"}
        if clinic.find_visit_type(subject.visit_type) is not None:
            possible.add("reschedule")
        if now >= subject.start_at:
            possible.add("no_show")
    if subject.status is AppointmentStatus.ARRIVED:
        possible.add("discharged")
    if subject.is_open and clinic.kind_of(subject).needs_driver:
        possible.add("driver")
    last = recorded_last(subject)
    if last is not None and now - last.at <= UNDO_WITHIN:
        possible.add("undo")
    return frozenset(possible)
