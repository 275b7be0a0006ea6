"""The first text to a number: it leaves before any other and says who sends texts (R4)."""

from datetime import datetime

from chalicelib.domain.change import Operation, Patch, Save
from chalicelib.domain.messaging.message import LEFT, WAITING, Message, MessageStatus
from chalicelib.domain.messaging.transitions import void_patches
from chalicelib.domain.people.patient import ENDED_BY_MAIL, Patient
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.domain.visits.request import ConsultationRequest
from chalicelib.messages.factory import first_text
from chalicelib.tolerant_reads import read_each
from chalicelib.transaction import Context


def welcome(
    context: Context, owner_id: str, patient: Patient, phone: Phone, *, now: datetime
) -> tuple[Phone, list[Operation]]:
    """The number's first text, made once and sent before any other (R4); none without a consent.

    Staff have looked at this patient, so the number's row lists the patient from now on.
    """
    joins = () if patient.id in phone.patients else (patient.id,)
    known = phone.evolve(patients=(*phone.patients, *joins))
    # A first text that an opt-out withdrew waits for START; a second one would be withdrawn as
    # well.
    waits = phone.welcome_id is not None and not phone.may_be_texted
    told = None if waits else first_text_or_reader(context, phone)
    if not patient.gets_texts or waits or told is not None:
        # The patient for whom the first text waits may change number, end their texts, or be erased
        # at the same moment.
        still = [told.while_texted_at(phone.number)] if isinstance(told, Patient) else []
        return known, [*([Save(known)] if joins else []), *still]
    message = first_text(owner_id, patient, phone, now=now)
    welcomed = known.evolve(welcome_id=message.id)
    return welcomed, [Save(message), Save(welcomed)]


def leave_number_writes(
    context: Context, owner_id: str, patient: Patient, phone: Phone, *, now: datetime
) -> list[Operation]:
    """Take the patient off the number; a first text that waited for them goes to another."""
    others = tuple(id_ for id_ in phone.patients if id_ != patient.id)
    left = phone.evolve(patients=others, choosing={})
    message = _for_another(context, owner_id, patient, phone, now=now)
    if message is None:
        return [Save(left)]
    return [Save(message), Save(left.evolve(welcome_id=message.id))]


def pass_on_first_text_writes(
    context: Context, owner_id: str, patient: Patient, phone: Phone, *, now: datetime
) -> list[Operation]:
    """Withdraw the first text of a patient who ended their own texts, and write it to another."""
    if phone.welcome_id is None:
        return []
    (known,) = read_each(context.store, Message.ref(phone.welcome_id))
    waits = isinstance(known, Message) and known.shown_status is MessageStatus.PENDING
    if not waits or known.patient_id != patient.id:
        return []
    operations: list[Operation] = [*void_patches([known], because=ENDED_BY_MAIL, now=now)]
    message = _for_another(context, owner_id, patient, phone, now=now)
    if message is None:
        return operations
    welcomed = Patch.of(phone, welcome_id=message.id, when=phone.as_read("welcome_id"))
    return [*operations, Save(message), welcomed]


def _for_another(
    context: Context, owner_id: str, patient: Patient, phone: Phone, *, now: datetime
) -> Message | None:
    """The first text for another patient of the number, if it is needed and not waiting for one."""
    is_owed = phone.welcome_id is not None and phone.may_be_texted
    if not is_owed or is_welcomed(context, phone, gone=patient.id):
        return None
    others = (id_ for id_ in phone.patients if id_ != patient.id)
    rows = read_each(context.store, *map(Patient.ref, others))
    reader = next((row for row in rows if _is_texted(context, row, phone)), None)
    return None if reader is None else first_text(owner_id, reader, phone, now=now)


def _is_texted(context: Context, row: object, phone: Phone) -> bool:
    """Whether it is a patient who agreed to texts and on whom staff have acted (R13)."""
    if not isinstance(row, Patient) or row.phone != phone.number:
        return False
    return row.gets_texts and any(
        isinstance(about, Appointment)
        or (isinstance(about, ConsultationRequest) and about.decisions != ())
        for about in context.store.of_patient(row.id)
    )


def is_welcomed(context: Context, phone: Phone, *, gone: str | None = None) -> bool:
    """Whether the first text has left, or waits for a patient other than `gone`."""
    return first_text_or_reader(context, phone, gone=gone) is not None


def first_text_or_reader(
    context: Context, phone: Phone, *, gone: str | None = None
) -> Message | Patient | None:
    """The number's first text once it has left, or the patient for whom it waits.

    None when there is none, or when its patient has another number by now or ended their texts:
    then it never leaves.
    """
    if phone.welcome_id is None:
        return None
    (known,) = read_each(context.store, Message.ref(phone.welcome_id))
    if not isinstance(known, Message):
        return None
    if known.status in LEFT:
        return known
    if known.shown_status not in WAITING or known.patient_id in (None, gone):
        return None
    (reader,) = read_each(context.store, Patient.ref(known.patient_id))
    is_theirs = isinstance(reader, Patient) and reader.phone == phone.number
    return reader if is_theirs and reader.texts_ended_at is None else None
