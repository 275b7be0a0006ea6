"""Opting out of texts, by any means, and ending a pause that was not meant (R5 to R10)."""

from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.change import Change, Operation, Patch, Require, Save
from chalicelib.domain.conditions import Is
from chalicelib.domain.errors import Invalid, LinkExpired, Unreadable
from chalicelib.domain.messaging.facts import Facts
from chalicelib.domain.messaging.message import Message
from chalicelib.domain.messaging.task import TaskKind
from chalicelib.domain.people.patient import UNWANTED, Patient
from chalicelib.domain.people.phone import Phone
from chalicelib.messages.factory import About, first_text, open_task
from chalicelib.tolerant_reads import read_each
from chalicelib.transaction import PATIENT, Actor, Context, change_of, run_in_transaction
from chalicelib.usecases.first_text import is_welcomed, pass_on_first_text_writes
from chalicelib.usecases.patients.contact_details import patient_of
from chalicelib.usecases.visits.load import open_visits

DOUBTFUL = "doubtful text"  # the means of a pause; staff may end it once they have asked
OWNER_ASKED_WITHIN = timedelta(hours=4)  # of opening hours (R9)
MOST_ASKED = 20  # at most so many patients of one phone are looked at when it opts out
SOON = timedelta(days=14)  # an opt-out this close to a visit may have been meant to cancel it (R10)


def opt_out(
    context: Context, *, subject_id: str, means: str, actor: Actor, links: int | None = None
) -> None:
    """Stop all texts to the patient's number, by whatever means they asked for it (R9).

    The opt-out is committed before anything else, as for a text; a refused commit is decided again,
    for the number that the patient has by then. The second commit, which asks whether a visit was
    meant to be cancelled (R10), may fail; the caller then asks for it again.

    LinkExpired when they asked through a link and the patient's `links` has changed since.
    """

    def attempt(now: datetime) -> tuple[Change, tuple[Patient, datetime]]:
        patient = patient_of(context, subject_id)
        patient.refuse_erased()
        if links is not None and links != patient.links:
            raise LinkExpired
        change = change_of(patient.id, "opted_out", actor, now, means=means)
        change.include([patient.while_reached_at(patient.phone)])
        change.include([opt_out_patch(patient.phone, means=means, now=now)])
        return change, (patient, now)

    patient, said_at = run_in_transaction(context, attempt)

    def follow_up(now: datetime) -> tuple[Change, None]:
        (phone,) = read_each(context.store, Phone.ref(patient.phone))
        others = phone.patients if isinstance(phone, Phone) else ()
        everybody = dict.fromkeys((patient.id, *others))
        rows = read_each(context.store, *map(Patient.ref, everybody))
        gone = {row.id for row in rows if isinstance(row, Patient) and row.erased_at is not None}
        asked = [id_ for id_ in everybody if id_ not in gone]
        change = Change()
        change.include(ask_whether_cancelling(context, asked, said_at=said_at, now=now))
        return change, None

    return run_in_transaction(context, follow_up)


def end_own_messages(context: Context, *, subject_id: str, links: int) -> None:
    """Stop the patient's mails and their own texts; the number itself keeps its texts (R9).

    They asked through a mailed link, which proves only the address: a person who typed somebody
    else's number cannot speak for the other users of that number (R67, F96). Asking again changes
    nothing. LinkExpired when the patient's `links` has changed since.
    """

    def attempt(now: datetime) -> tuple[Change, tuple[Patient, datetime]]:
        patient = patient_of(context, subject_id)
        patient.refuse_erased()
        if links != patient.links:
            raise LinkExpired
        ended: dict[str, Any] = {}
        if patient.texts_ended_at is None:
            ended["texts_ended_at"] = now
        if patient.mail_to is not None:
            ended["mail_stopped"] = UNWANTED
        if not ended:
            return Change(), (patient, now)
        change = change_of(patient.id, "own_messages_ended", PATIENT, now, means="mailed_link")
        still = patient.as_read("email", "phone", "erased_at")
        change.include([Patch.of(patient, when=still, **ended)])
        return change, (patient, now)

    patient, said_at = run_in_transaction(context, attempt)

    def follow_up(now: datetime) -> tuple[Change, None]:
        (phone,) = read_each(context.store, Phone.ref(patient.phone))
        change = Change()
        change.include(ask_whether_cancelling(context, [patient.id], said_at=said_at, now=now))
        change.include(
            _ask_owner_writes(context, subject_id, patient, phone, said_at=said_at, now=now)
        )
        if isinstance(phone, Phone):
            change.include(pass_on_first_text_writes(context, change.id, patient, phone, now=now))
        return change, None

    return run_in_transaction(context, follow_up)


def _ask_owner_writes(
    context: Context,
    subject_id: str,
    patient: Patient,
    phone: Phone | Unreadable | None,
    *,
    said_at: datetime,
    now: datetime,
) -> list[Operation]:
    """A task to ask the number's owner, if others get texts at this number; once a day (R9)."""
    if isinstance(phone, Phone) and not (phone.may_be_texted and _others(context, patient, phone)):
        return []
    today = said_at.astimezone(context.clinic.zone).date()
    task = open_task(
        TaskKind.NUMBER_OWNER_MEANT,
        f"{patient.id}.owner-meant-{today.isoformat()}",
        About(patient.id),
        now=now,
        by=context.clinic.after_open_hours(now, OWNER_ASKED_WITHIN),
        facts=Facts(number=patient.phone, page=subject_id),
    )
    (there,) = read_each(context.store, Message.ref(task.id))
    return [] if there is not None else [patient.unless_erased(), Save(task)]


def _others(context: Context, patient: Patient, phone: Phone) -> bool:
    """Whether anybody else gets texts at this number, or may, if a row cannot be read."""
    rows = read_each(
        context.store, *(Patient.ref(id_) for id_ in phone.patients if id_ != patient.id)
    )
    return any(
        isinstance(row, Unreadable)
        or (isinstance(row, Patient) and row.phone == phone.number and row.gets_texts)
        for row in rows
    )


def resume(context: Context, *, subject_id: str, actor: Actor) -> None:
    """Texts that a doubtful text had paused go again: somebody has asked what was meant (R6).

    Invalid for an opt-out that was meant: only the patient's own START lifts that one (R7).
    """

    def attempt(now: datetime) -> tuple[Change, None]:
        patient = patient_of(context, subject_id)
        phone = context.store.get(Phone.ref(patient.phone))
        if phone is None or phone.opted_out_means != DOUBTFUL:
            raise Invalid(sure="No text is paused here. After STOP the patient must text START.")
        change = change_of(patient.id, "texts_resumed", actor, now)
        change.include([patient.while_reached_at(patient.phone)])
        lifted: dict[str, Any] = {"opted_out_at": None, "opted_out_means": None}
        when = phone.as_read("opted_out_means", "welcome_id")
        # This does not make a first text for a number that did not need one yet.
        reader = None if phone.welcome_id is None else _who_agreed(context, patient, phone)
        if reader is not None and not is_welcomed(context, phone):
            first = first_text(change.id, reader, phone, now=now)
            change.include([Save(first)])
            lifted["welcome_id"] = first.id
        change.include([Patch.of(phone, when=when, **lifted)])
        return change, None

    return run_in_transaction(context, attempt)


def opt_out_patch(number: str, *, means: str, now: datetime) -> Patch:
    """Record the opt-out on the phone's row. It tests nothing, so it is never refused (R5)."""
    return Patch.upsert(Phone.ref(number), number=number, opted_out_at=now, opted_out_means=means)


def pause_patch(number: str, *, now: datetime) -> Patch:
    """Pause what may have been meant as an opt-out (R6); refused after a real opt-out."""
    return opt_out_patch(number, means=DOUBTFUL, now=now).only_if(Is("opted_out_at", None))


def ask_whether_cancelling(
    context: Context, patient_ids: list[str], *, said_at: datetime, now: datetime
) -> list[Operation]:
    """A task for each patient with a visit soon: did they mean to cancel it? (R10)

    One a day: a patient who says STOP again is not asked again. The tasks are refused for a patient
    who is erased at the same moment (R55).
    """
    tasks, still = [], []
    for patient_id in patient_ids[:MOST_ASKED]:
        soon = [
            v for v in open_visits(context, patient_id) if said_at < v.start_at < said_at + SOON
        ]
        if not soon:
            continue
        still.append(Require.of(Patient.ref(patient_id), Is("erased_at", None)))
        first = min(soon, key=lambda visit: visit.start_at)
        today = said_at.astimezone(context.clinic.zone).date()
        tasks.append(
            open_task(
                TaskKind.OPTED_OUT_BEFORE_VISIT,
                f"{first.id}.opted-out-{today.isoformat()}",
                About.visit(first),
                now=now,
            )
        )
    there = context.store.get_many(*(Message.ref(task.id) for task in tasks)) if tasks else ()
    return [
        part
        for task, row, condition in zip(tasks, there, still, strict=True)
        if row is None
        for part in (condition, Save(task))
    ]


def _who_agreed(context: Context, patient: Patient, phone: Phone) -> Patient | None:
    """The patient, or another patient of the same number, who agreed to texts."""
    others = (id_ for id_ in phone.patients if id_ != patient.id)
    everybody = (patient, *read_each(context.store, *map(Patient.ref, others)))
    return next(
        (
            one
            for one in everybody
            if isinstance(one, Patient) and one.phone == phone.number and one.gets_texts
        ),
        None,
    )
