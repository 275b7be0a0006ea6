"""How a patient is reached: their contact details, and their wish not to be texted."""

from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.domain.appointment import Appointment
from chalicelib.domain.change import Change, Is, Operation, Patch, Require, Save, as_stored
from chalicelib.domain.errors import Invalid, LinkExpired, NotFound
from chalicelib.domain.message import Message
from chalicelib.domain.owed import task_message
from chalicelib.domain.people import Patient, Phone, TextConsent
from chalicelib.domain.request import ConsultationRequest
from chalicelib.readable import read_each
from chalicelib.usecases.deciding import Actor, Desk, change_of, decide
from chalicelib.usecases.visits import open_visits
from chalicelib.usecases.welcoming import first_text, is_welcomed, left_by

DOUBTFUL = "doubtful text"  # the means of a pause, which staff may end once they have asked
MOST_ASKED = 20  # patients of one phone who are looked after when it opts out
SOON = timedelta(days=14)  # an opt-out this close before a visit may have meant to cancel it (R10)


def contact(
    desk: Desk,
    *,
    subject_id: str,
    name: str,
    phone: str,
    email: str | None,
    language: str,
    actor: Actor,
) -> Patient:
    """The details are as typed. A new number has no consent until it gives its own (F68).

    Invalid when somebody else changes them at this moment: what was typed is older than that.
    """
    read: list[Patient] = []

    def attempt(now: datetime) -> tuple[Change, Patient]:
        patient = patient_of(desk, subject_id)
        patient.refuse_erased()
        read.append(patient)
        if _details(patient) != _details(read[0]):
            raise Invalid(sure="Somebody has just changed these details. Please look again.")
        changed = patient.evolve(name=name, phone=phone, email=email, language=language)
        if email != patient.email:
            changed = changed.evolve(mail_stopped=None)
        if phone != patient.phone or patient.email not in (None, email):
            # Whoever reads the old number or address is not this patient any more, or never was.
            changed = changed.evolve(links=patient.links + 1)
        change = change_of(patient.id, "contact_changed", actor, now)
        if phone != patient.phone:
            changed = changed.evolve(text_consent=TextConsent.NONE)
            change.include(_other_number(desk, change.id, patient, phone, now))
        else:
            # Somebody has looked at the number and says that it is right.
            change.include([Patch(Phone.ref(phone).key, set=_NOT_BAD | {"number": phone})])
        change.include([Save(changed)])
        return change, changed

    return decide(desk, attempt)


def _details(patient: Patient) -> tuple[str | None, ...]:
    return patient.name, patient.phone, patient.email, patient.language


_NOT_BAD: dict[str, object] = {"record": Phone.KIND, "bad_because": None}


def opt_out(
    desk: Desk, *, subject_id: str, means: str, actor: Actor, links: int | None = None
) -> None:
    """The patient's number gets no text any more, by whatever means they said so (R9).

    That stands before anything else is looked at, as for a text; it is refused only to be decided
    again for the number that the patient has by then. What may fail is asked for again by whoever
    sees that it did: whether a visit was meant to be cancelled (R10).

    LinkExpired when it was said through a link, and the patient's `links` are others since.
    """

    def stands(now: datetime) -> tuple[Change, tuple[Patient, datetime]]:
        patient = patient_of(desk, subject_id)
        patient.refuse_erased()
        if links is not None and links != patient.links:
            raise LinkExpired
        change = change_of(patient.id, "opted_out", actor, now, means=means)
        change.include([_still_theirs(patient)])
        change.include([opted_out(patient.phone, means=means, now=now)])
        return change, (patient, now)

    patient, said_at = decide(desk, stands)

    def asks(now: datetime) -> tuple[Change, None]:
        (phone,) = read_each(desk.store, Phone.ref(patient.phone))
        others = phone.patients if isinstance(phone, Phone) else ()
        everybody = dict.fromkeys((patient.id, *others))
        change = Change()
        change.include(cancelling_meant(desk, list(everybody), said_at=said_at, now=now))
        return change, None

    return decide(desk, asks)


def resume(desk: Desk, *, subject_id: str, actor: Actor) -> None:
    """Texts that a doubtful text had paused go again: somebody has asked what was meant (R6).

    Invalid for any opt-out that was meant: that one only the patient's own START lifts (R7).
    """

    def attempt(now: datetime) -> tuple[Change, None]:
        patient = patient_of(desk, subject_id)
        phone = desk.store.get(Phone.ref(patient.phone))
        if phone is None or phone.opted_out_means != DOUBTFUL:
            raise Invalid(sure="No text is paused here. After STOP the patient must text START.")
        change = change_of(patient.id, "texts_resumed", actor, now)
        change.include([_still_theirs(patient)])
        lifted: dict[str, object] = {"opted_out_at": None, "opted_out_means": None}
        when = (Is("opted_out_means", DOUBTFUL), Is("welcome_id", phone.welcome_id))
        # A number that was owed no text yet is owed none by this.
        reader = None if phone.welcome_id is None else _who_agreed(desk, patient, phone)
        if reader is not None and not is_welcomed(desk, phone):
            first = first_text(change.id, reader, phone, now=now)
            change.include([Save(first)])
            lifted["welcome_id"] = first.id
        change.include([Patch(phone.key, set=lifted, when=when)])
        return change, None

    return decide(desk, attempt)


def opted_out(number: str, *, means: str, now: datetime) -> Patch:
    """The one fact on the phone's row. It tests nothing, so it is never refused (R5)."""
    return Patch(
        Phone.ref(number).key,
        set=as_stored(
            {
                "record": Phone.KIND,
                "number": number,
                "opted_out_at": now,
                "opted_out_means": means,
            }
        ),
    )


def paused(number: str, *, now: datetime) -> Patch:
    """The same for what may have meant stop (R6); refused beside an opt-out that was meant."""
    return replace(opted_out(number, means=DOUBTFUL, now=now), when=(Is("opted_out_at", None),))


def cancelling_meant(
    desk: Desk, patient_ids: list[str], *, said_at: datetime, now: datetime
) -> list[Operation]:
    """A task for each patient who had a visit soon: did they mean to cancel it? (R10)

    One a day: who says STOP again is not asked about again.
    """
    tasks = []
    for patient_id in patient_ids[:MOST_ASKED]:
        soon = [v for v in open_visits(desk, patient_id) if said_at < v.start_at < said_at + SOON]
        if not soon:
            continue
        first = min(soon, key=lambda visit: visit.start_at)
        today = said_at.astimezone(desk.clinic.zone).date()
        tasks.append(
            task_message(
                owner_id=first.id,
                about=f"opted-out-{today.isoformat()}",
                what="opted_out_before_visit",
                patient_id=patient_id,
                deadline_at=first.start_at,
                now=now,
            )
        )
    there = desk.store.get_many(*(Message.ref(task.id) for task in tasks)) if tasks else ()
    return [Save(task) for task, row in zip(tasks, there, strict=True) if row is None]


def _who_agreed(desk: Desk, patient: Patient, phone: Phone) -> Patient | None:
    """The patient, or somebody else of the same number, who agreed to texts."""
    others = (id_ for id_ in phone.patients if id_ != patient.id)
    everybody = (patient, *read_each(desk.store, *map(Patient.ref, others)))
    return next(
        (
            one
            for one in everybody
            if isinstance(one, Patient)
            and one.phone == phone.number
            and one.text_consent is not TextConsent.NONE
        ),
        None,
    )


def _still_theirs(patient: Patient) -> Require:
    """What is decided for a patient's number is decided anew when they have another by then."""
    return Require(patient.key, (Is("phone", patient.phone),))


def patient_of(desk: Desk, subject_id: str) -> Patient:
    """The patient whom a request or an appointment is about."""
    subject = subject_by_id(desk, subject_id)
    patient = desk.store.get(Patient.ref(subject.patient_id))
    if patient is None:
        raise NotFound
    return patient


def subject_by_id(desk: Desk, subject_id: str) -> ConsultationRequest | Appointment:
    """The request or appointment that a link names."""
    if subject_id.startswith("REQ-"):
        found: ConsultationRequest | Appointment | None = desk.store.get(
            ConsultationRequest.ref(subject_id)
        )
    else:
        found = desk.store.get(Appointment.ref(subject_id))
    if found is None:
        raise NotFound
    return found


def _other_number(
    desk: Desk, owner_id: str, patient: Patient, number: str, now: datetime
) -> list[Operation]:
    old, new = desk.store.get_many(Phone.ref(patient.phone), Phone.ref(number))
    new = new or Phone(number=number)
    operations: list[Operation] = [Save(new.evolve(patients=(*new.patients, patient.id)))]
    if old is not None:
        # A digit from the old number is about nobody's visit any more.
        operations += left_by(desk, owner_id, patient, old, now=now)
    return operations
