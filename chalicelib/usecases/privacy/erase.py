"""Erase everything that is held about one patient, at their wish (R55, F70)."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple

from chalicelib.domain.change import Change, Operation, Patch, Require, Save
from chalicelib.domain.conditions import OneOf
from chalicelib.domain.errors import AlreadyDecided, NotFound
from chalicelib.domain.messaging.inbound_text import InboundText, ProviderId
from chalicelib.domain.messaging.message import Message, MessageStatus
from chalicelib.domain.messaging.task import Task, TaskStatus
from chalicelib.domain.messaging.transitions import erase_traces_patches, void_patches
from chalicelib.domain.people.patient import Patient, TextConsent
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.personal import NOBODY, without_personal_data
from chalicelib.domain.record import Record, Ref, erased_later
from chalicelib.domain.visits.appointment import Appointment, AppointmentStatus
from chalicelib.domain.visits.request import OPEN, ConsultationRequest, RequestStatus
from chalicelib.transaction import SERVICE, Actor, Context, change_of, run_in_transaction
from chalicelib.usecases.first_text import leave_number_writes
from chalicelib.usecases.patients.contact_details import patient_of
from chalicelib.usecases.visits.reschedule import PATIENT_ASKED, cancel

WHY = "erased at the patient's wish"
AT_ONCE = 40  # writes in one transaction; DynamoDB takes a hundred
CAUGHT_UP = timedelta(minutes=10)  # an index lags by seconds
AGAIN = timedelta(hours=1)  # while a text is under way


class Erased(NamedTuple):
    """How many rows were changed, and how many texts were being sent at that moment."""

    rows: int
    under_way: int  #: their rows are kept to learn what became of them: erase again in an hour


def erase(context: Context, who: str, *, actor: Actor) -> Erased:
    """Remove all that says who the patient was; withdraw what waits, cancel visits to come.

    The number's opt-out and the consents stay: they prove what was allowed. The next ticks erase
    Twilio's copies. Erasing again continues where it ended; a tick does so a little later too, as
    an index may lack what was written a moment before. AlreadyDecided while the patient is being
    treated.
    """
    patient = patient_named(context, who)
    about = context.store.of_patient(patient.id)
    # This comes first, so that nobody books for them, texts them or takes a text of theirs while
    # the rest goes on.
    _make_nameless(context, patient.id, about, actor)
    # The index may lack what was written a moment ago, so it is asked more than once.
    about += context.store.of_patient(patient.id)
    _call_off(context, about, actor)
    return _erase_words(context, patient, about, actor)


def erase_the_rest(context: Context, patient: Patient, now: datetime) -> Patient:
    """Erase what no index named when the patient was erased; returns the patient's new row."""
    _call_off(context, context.store.of_patient(patient.id), SERVICE)
    left = _erase_words(context, patient, (), SERVICE)
    return patient.evolve(erase_at=now + AGAIN if left.under_way else None)


def _call_off(context: Context, about: Sequence[Record], actor: Actor) -> None:
    """Cancel the visits of the patient who is erased, and tell nobody."""
    for visit in _visits(context, about):
        if visit.status is not AppointmentStatus.BOOKED:
            continue
        with suppress(AlreadyDecided):  # somebody else has just cancelled it
            cancel(
                context,
                appointment_id=visit.id,
                reason_code=PATIENT_ASKED,
                tell_patient=False,
                actor=actor,
            )


def _erase_words(
    context: Context, patient: Patient, about: Sequence[Record], actor: Actor
) -> Erased:
    rows = everything_about(context, patient, [*about, *context.store.of_patient(patient.id)])
    wanted = iter(rows)
    changed, under_way = 1, 0
    while part := list(islice(wanted, AT_ONCE)):
        of_part = _erase_words_in(context, part, actor)
        changed, under_way = changed + of_part.rows, under_way + of_part.under_way
    return Erased(changed, under_way)


def _visits(context: Context, about: Sequence[Record]) -> list[Appointment]:
    """Each visit once, in its current state: an index may show an older one."""
    ids = sorted({row.id for row in about if isinstance(row, Appointment)})
    found = context.store.get_many(*map(Appointment.ref, ids)) if ids else ()
    return [visit for visit in found if visit is not None]


def patient_named(context: Context, who: str) -> Patient:
    """The patient whom an id names: their own id, or that of a request or visit of theirs."""
    if not who.startswith("PAT-"):
        return patient_of(context, who)
    found = context.store.get(Patient.ref(who))
    if found is None:
        raise NotFound
    return found


def everything_about(context: Context, patient: Patient, about: Sequence[Record]) -> list[Record]:
    """Every row about the patient, by key: theirs, and those under their requests and visits.

    A text or a decision may have told several patients of one number; each has their own rows.
    """
    rows: dict[tuple[str, str], Record] = {r.key: r for r in about if isinstance(r, Message)}
    theirs = {patient.id, *(record.key.pk for record in about if record.key not in rows)}
    for pk in sorted(theirs):
        for record in context.store.owned(pk):
            if getattr(record, "patient_id", None) in (None, patient.id):
                rows[record.key] = record
    sids = {row.sid for row in rows.values() if isinstance(row, Message) and row.sid}
    texts = sorted(sid for sid in sids if sid.startswith(("SM", "MM")))
    held = context.store.get_many(Phone.ref(patient.phone), *map(ProviderId.ref, texts))
    rows |= {row.key: row for row in held if row is not None}
    return [rows[key] for key in sorted(rows)]


def _make_nameless(
    context: Context, patient_id: str, about: Sequence[Record], actor: Actor
) -> None:
    """From now on no text and no mail finds the patient, and none of their links works.

    AlreadyDecided while they are being treated, also when they arrive at the same moment.
    """
    not_here = tuple(status for status in AppointmentStatus if status != AppointmentStatus.ARRIVED)

    def attempt(now: datetime) -> tuple[Change, None]:
        visits = _visits(context, about)
        for visit in visits:
            visit.refuse_unless(*not_here)
        patient = patient_named(context, patient_id)
        phone = context.store.get(Phone.ref(patient.phone))
        change = change_of(patient.id, "erased", actor, now)
        nobody = without_personal_data(patient).evolve(
            text_consent=TextConsent.NONE,
            links=patient.links + 1,
            erased_at=patient.erased_at or now,
            erased_by=patient.erased_by or actor.name,
            erase_at=now + CAUGHT_UP,
        )
        change.include([Save(nobody)])
        change.include(
            Require.of(visit, OneOf("status", not_here))
            for visit in visits
            if visit.status is AppointmentStatus.BOOKED
        )
        if phone is not None:
            change.include(leave_number_writes(context, change.id, patient, phone, now=now))
        return change, None

    run_in_transaction(context, attempt)


def _erase_words_in(context: Context, rows: Sequence[Record], actor: Actor) -> Erased:
    """Read these rows again and remove the patient's words and the words about them."""

    def attempt(now: datetime) -> tuple[Change, Erased]:
        change = Change()
        fresh = context.store.get_many(*(Ref(type(row), row.key) for row in rows))
        # A text that was being sent at the first read may have left since.
        left = {row.sid for row in fresh if isinstance(row, Message) and row.sid and row.body}
        held = context.store.get_many(*map(ProviderId.ref, sorted(left))) if left else ()
        for row in (*fresh, *held):
            change.include(_erase_writes(row, actor, now))
        under_way = sum(isinstance(row, Message) and _is_under_way(row) for row in fresh)
        return change, Erased(len(change.operations), under_way)

    return run_in_transaction(context, attempt)


def _erase_writes(row: Record | None, actor: Actor, now: datetime) -> list[Operation]:
    match row:
        case Message():
            # Refused when a courier claims it at the same moment: then it counts as under way.
            same = row.as_read("claim_id")
            void = [patch.only_if(*same) for patch in void_patches([row], because=WHY, now=now)]
            return [*void, *([] if _is_under_way(row) else erase_traces_patches(row, now=now))]
        case ProviderId(erase_at=datetime()):
            return [Patch.of(row, erase_at=now, **erased_later(now))]
        case InboundText() if row.phone != NOBODY:
            # A tick erases the provider's copy; the row stays, so that the text is not processed
            # again.
            at = now if row.erase_at is not None else None
            return [Save(without_personal_data(row).evolve(erase_at=at))]
        case Task():
            done_at = row.done_at or now
            done = {"status": TaskStatus.DONE, "done_at": done_at, "erase_at": None}
            return _save_if_changed(row, without_personal_data(row).evolve(**done))
        case ConsultationRequest():
            gone: dict[str, object] = {"erase_at": None}
            if row.status in OPEN:
                closed = (*row.decisions, actor.decided("closed", now))
                gone |= {"status": RequestStatus.CLOSED, "decisions": closed}
            return _save_if_changed(row, without_personal_data(row).evolve(**gone))
    return []


def _save_if_changed(row: Record, new: Record) -> list[Operation]:
    """No write where nothing changes, so that erasing again writes no row again."""
    return [] if new == row else [Save(new)]


def _is_under_way(message: Message) -> bool:
    """Whether it is being sent: then only its number and words identify it (R31)."""
    return message.status is MessageStatus.SENDING
