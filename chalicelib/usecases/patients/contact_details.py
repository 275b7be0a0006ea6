"""How a patient is reached."""

from datetime import datetime

from chalicelib.domain.change import Change, Operation, Patch, Save
from chalicelib.domain.errors import Invalid, NotFound
from chalicelib.domain.people.patient import Patient, TextConsent
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.domain.visits.request import ConsultationRequest
from chalicelib.transaction import Actor, Context, change_of, run_in_transaction
from chalicelib.usecases.first_text import leave_number_writes


def contact(
    context: Context,
    *,
    subject_id: str,
    name: str,
    phone: str,
    email: str | None,
    language: str,
    actor: Actor,
) -> Patient:
    """Store the details as typed. A new number has no consent until it gives its own (F68).

    Invalid when somebody else changes them at the same moment, as what was typed is older.
    """
    read: list[Patient] = []

    def attempt(now: datetime) -> tuple[Change, Patient]:
        patient = patient_of(context, subject_id)
        patient.refuse_erased()
        read.append(patient)
        if _details(patient) != _details(read[0]):
            raise Invalid(sure="Somebody has just changed these details. Please look again.")
        changed = patient.evolve(name=name, phone=phone, email=email, language=language)
        if email != patient.email:
            changed = changed.evolve(mail_stopped=None)
        if phone != patient.phone or patient.email not in (None, email):
            # The reader of the old number or address is no longer this patient, or never was.
            changed = changed.evolve(links=patient.links + 1)
        change = change_of(patient.id, "contact_changed", actor, now)
        if phone != patient.phone:
            changed = changed.evolve(text_consent=TextConsent.NONE)
            change.include(_other_number(context, change.id, patient, phone, now))
        else:
            # A person has looked at the number and says that it is right.
            change.include([Patch.upsert(Phone.ref(phone), number=phone, bad_because=None)])
        change.include([Save(changed)])
        return change, changed

    return run_in_transaction(context, attempt)


def _details(patient: Patient) -> tuple[str | None, ...]:
    return patient.name, patient.phone, patient.email, patient.language


def patient_of(context: Context, subject_id: str) -> Patient:
    """The patient whom a request or an appointment is about."""
    subject = subject_by_id(context, subject_id)
    patient = context.store.get(Patient.ref(subject.patient_id))
    if patient is None:
        raise NotFound
    return patient


def subject_by_id(context: Context, subject_id: str) -> ConsultationRequest | Appointment:
    """The request or appointment that a link names."""
    if subject_id.startswith("REQ-"):
        found: ConsultationRequest | Appointment | None = context.store.get(
            ConsultationRequest.ref(subject_id)
        )
    else:
        found = context.store.get(Appointment.ref(subject_id))
    if found is None:
        raise NotFound
    return found


def _other_number(
    context: Context, owner_id: str, patient: Patient, number: str, now: datetime
) -> list[Operation]:
    old, new = context.store.get_many(Phone.ref(patient.phone), Phone.ref(number))
    new = new or Phone(number=number)
    operations: list[Operation] = [Save(new.evolve(patients=(*new.patients, patient.id)))]
    if old is not None:
        # A digit sent from the old number no longer answers for any visit.
        operations += leave_number_writes(context, owner_id, patient, old, now=now)
    return operations
