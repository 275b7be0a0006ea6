"""Move or cancel a booked visit: old messages are withdrawn in the same transaction."""

from datetime import datetime

from chalicelib.domain.change import Change, Save
from chalicelib.domain.errors import AlreadyDecided, Invalid
from chalicelib.domain.messaging.message import Message
from chalicelib.domain.messaging.transitions import void_patches
from chalicelib.domain.visits.appointment import Appointment, AppointmentStatus
from chalicelib.transaction import Actor, Context, change_of, run_in_transaction
from chalicelib.usecases.first_text import welcome
from chalicelib.usecases.visits.course_rules import calling_off_writes, course_requirements
from chalicelib.usecases.visits.load import Visit, refuse_two_at_once, visit_of
from chalicelib.usecases.visits.planned_messages import left_out, visit_messages
from chalicelib.usecases.visits.slots import (
    WallTime,
    moved_slot,
    place,
    sheet_writes,
    sheets_of,
    taking,
)

PATIENT_ASKED = "patient_asked"  # recorded for an erased patient, also if staff cannot choose it
CANCEL_REASONS = {
    PATIENT_ASKED: "The patient asked",
    "clinic_closed": "The clinic cannot hold the visit",
    "clinician_ill": "The clinician is ill",
    "medical": "A medical reason",
    "other": "Another reason",
}


def reschedule(
    context: Context,
    *,
    appointment_id: str,
    when: WallTime,
    resource: str,
    actor: Actor,
    shown_version: int | None = None,
) -> Appointment:
    """Move the visit: the old time's messages are void and the new time's messages exist (R18).

    AlreadyDecided when it is there already or was moved since a page showed this version,
    SlotTaken, Invalid by field.
    """

    def attempt(now: datetime) -> tuple[Change, Appointment]:
        visit = visit_of(context, appointment_id)
        old = visit.appointment
        old.refuse_unless(AppointmentStatus.BOOKED)
        old.refuse_unless_shown(shown_version)
        wished = moved_slot(context, old, when, resource=resource, now=now)
        if (wished.start_at, wished.resource) == (old.start_at, old.resource):
            raise _there_already(old)
        moved = old.evolve(
            start_at=wished.start_at,
            end_at=wished.end_at,
            resource=wished.resource,
            version=old.version + 1,
            confirmed_at=None,
            driver=None,
            decisions=(*old.decisions, actor.decided("moved", now)),
        )
        refuse_two_at_once(context, old.patient_id, [moved], field="starts_at")
        leaving = place(context, old.resource, old.start_at)
        coming = place(context, moved.resource, moved.start_at)
        sheets = sheets_of(context, [leaving, coming])
        sheets[leaving] = sheets[leaving].without(old.id)
        sheets[coming] = taking(context, sheets[coming], moved, now)
        phone, first_text = welcome(context, old.id, visit.patient, visit.phone, now=now)
        change = change_of(
            old.id, "moved", actor, now, resource=moved.resource, **left_out(context, moved)
        )
        change.include(
            [
                *(part for sheet in sheets.values() for part in sheet_writes(context, sheet)),
                Save(moved),
                *course_requirements(context, old, moved),
                *first_text,
                *void_patches(_owed(visit), because="the visit was moved", now=now),
                *visit_messages(context, moved, phone, event="moved", now=now),
            ]
        )
        return change, moved

    return run_in_transaction(context, attempt)


def cancel(
    context: Context,
    *,
    appointment_id: str,
    reason_code: str,
    tell_patient: bool,
    actor: Actor,
    shown_version: int | None = None,
) -> Appointment:
    """Cancel the visit, free its slot, void its messages; tell the patient if that is wanted."""

    def attempt(now: datetime) -> tuple[Change, Appointment]:
        visit = visit_of(context, appointment_id)
        old = visit.appointment
        old.refuse_unless(AppointmentStatus.BOOKED)
        old.refuse_unless_shown(shown_version)
        if reason_code not in {*CANCEL_REASONS, PATIENT_ASKED}:
            raise Invalid(reason_code="Choose a reason.")
        cancelled = old.evolve(
            status=AppointmentStatus.CANCELLED,
            reason_code=reason_code,
            decisions=(*old.decisions, actor.decided("cancelled", now)),
        )
        leaving = place(context, old.resource, old.start_at)
        sheet = sheets_of(context, [leaving])[leaving].without(old.id)
        change = change_of(old.id, "cancelled", actor, now, reason_code=reason_code)
        change.include(
            [
                Save(sheet),
                Save(cancelled),
                *void_patches(_owed(visit), because="the visit was cancelled", now=now),
            ]
        )
        phone = visit.phone
        if tell_patient:
            phone, first_text = welcome(context, old.id, visit.patient, visit.phone, now=now)
            change.include(first_text)
            change.include(visit_messages(context, cancelled, phone, event="cancelled", now=now))
        change.include(calling_off_writes(context, cancelled, phone, now=now))
        return change, cancelled

    return run_in_transaction(context, attempt)


def _there_already(appointment: Appointment) -> AlreadyDecided:
    last = appointment.last("moved", "booked")
    if last is None:
        return AlreadyDecided("at that time", "the clinic", appointment.booked_at)
    return AlreadyDecided("at that time", last.by_name, last.at)


def _owed(visit: Visit) -> list[Message]:
    """The visit's messages, without the number's first text, which is about no visit."""
    return [message for message in visit.messages if message.subject is not None]
