"""The messages that a decision causes: each one row, made in the decision's own transaction."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from chalicelib.clinic.careplan.call_deadline import call_by
from chalicelib.clinic.careplan.conditions import Circumstances
from chalicelib.clinic.careplan.plan import plan_of
from chalicelib.clinic.careplan.schedule import Event, PlannedStep, plan_visit
from chalicelib.clinic.careplan.step import Step, StepKind
from chalicelib.domain.change import Save
from chalicelib.domain.messaging.message import Channel, Happened, Message, MessageStatus
from chalicelib.domain.messaging.subject import Subject
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.messages import catalogue
from chalicelib.messages.factory import subject_of, task_message
from chalicelib.transaction import Context

USEFUL = timedelta(days=2)  # an answer to a request is of no use after this
RIDE_KNOWN_BY = timedelta(hours=3)  # before the visit
ASKED_FOR_RIDE = ("booked", "course", "moved")
CALL_WITHIN = timedelta(hours=4)

# What a patient must learn of, and the call that says it where the plan has no step for it.
MUST_BE_TOLD: Mapping[Event, tuple[StepKind, str]] = {
    "moved": (StepKind.MOVED, "call_with_new_time"),
    "cancelled": (StepKind.CANCELLED, "call_with_cancellation"),
}


def visit_messages(
    context: Context, appointment: Appointment, phone: Phone, *, event: Event, now: datetime
) -> list[Save]:
    """Every message of a visit that this event causes, and why the skipped ones are not owed.

    A step that is not for this kind of visit has no row: `left_out` says it once. What the plan has
    no words for any more, a person says (R71).
    """
    plan = plan_of(context.plans, appointment)
    planned = plan_visit(
        plan,
        start=appointment.start_at,
        end=appointment.end_at,
        now=now,
        event=event,
        zone=context.clinic.zone,
        session=appointment.session,
        discharged_at=appointment.discharged_at,
    )
    saves: list[Save] = []
    if event in ASKED_FOR_RIDE and context.clinic.kind_of(appointment).needs_driver:
        saves.append(Save(_ride_unknown(appointment, now)))
    for part in planned:
        if part.never:
            continue
        saves.append(Save(_of_step(part, appointment, phone, event=event, now=now)))
        if part.skipped and part.step.kind == StepKind.PREPARATION:
            by = call_by(context.clinic, plan, start=appointment.start_at, now=now)
            saves.append(
                Save(
                    task_message(
                        owner_id=appointment.id,
                        about=f"v{appointment.version}-call-{part.step.id}",
                        what="call_with_preparation",
                        patient_id=appointment.patient_id,
                        subject=subject_of(appointment, ("booked",)),
                        deadline_at=by or appointment.start_at,
                        now=now,
                    )
                )
            )
    kind, call = MUST_BE_TOLD.get(event, (None, ""))
    if kind is not None and all(part.step.kind is not kind for part in planned):
        saves.append(Save(_call(appointment, call, now)))
    return saves


def _call(appointment: Appointment, what: str, now: datetime) -> Message:
    return task_message(
        owner_id=appointment.id,
        about=f"v{appointment.version}-{what}",
        what=what,
        patient_id=appointment.patient_id,
        subject=subject_of(appointment, (appointment.status.value,)),
        deadline_at=now + CALL_WITHIN,
        now=now,
    )


def left_out(context: Context, appointment: Appointment) -> dict[str, str]:
    """The fact for a decision's event: which steps of the plan this visit never gets, and why."""
    plan = plan_of(context.plans, appointment)
    visit = Circumstances(route=plan.route, session=appointment.session)
    reasons = [(step.id, step.why_never_owed(visit)) for step in plan.steps]
    told = "; ".join(f"no {step_id}: {why}" for step_id, why in reasons if why)
    return {"left_out": told} if told else {}


def _ride_unknown(appointment: Appointment, now: datetime) -> Message:
    """Nobody has said who drives the patient home: a person asks in time (R46)."""
    return task_message(
        owner_id=appointment.id,
        about=f"v{appointment.version}-ride-unknown",
        what="ride_unknown",
        patient_id=appointment.patient_id,
        subject=subject_of(appointment, ("booked",)),
        due_at=max(now, appointment.start_at - RIDE_KNOWN_BY),
        deadline_at=appointment.start_at,
        now=now,
    )


def _of_step(
    part: PlannedStep, appointment: Appointment, phone: Phone, *, event: Event, now: datetime
) -> Message:
    step: Step = part.step
    about = f"v{appointment.version}-{step.id}"
    if event == "discharged":
        # A discharge that was undone and recorded again causes new rows.
        about += f"-{len(appointment.decisions)}"
    skipped = part.skipped
    return Message(
        id=f"{appointment.id}.{about}",
        kind=step.kind.value,
        step=step.id,
        channel=Channel(step.channel),
        patient_id=appointment.patient_id,
        subject=subject_of(appointment, tuple(sorted(step.requires_status))),
        facts={"adds": part.adds} if part.adds else {},
        priority=part.priority,
        follows=phone.welcome_id,
        scheduled_at=part.due_at,
        send_before=part.useful_until,
        created_at=now,
        due_at=None if skipped else part.due_at,
        status=MessageStatus.EXPIRED if skipped else MessageStatus.PENDING,
        reason=skipped,
        history=(Happened(at=now, what="skipped", why=skipped),) if skipped else (),
    )


def note_to_patient(
    owner_id: str,
    about: str,
    kind: str,
    *,
    patient_id: str,
    now: datetime,
    follows: str | None = None,
    subject: Subject | None = None,
    facts: dict[str, str] | None = None,
    send_before: datetime | None = None,
    answers_person: bool = False,
    due_at: datetime | None = None,
) -> Message:
    """One text of the catalogue to a patient, due now unless said otherwise."""
    return Message(
        id=f"{owner_id}.{about}",
        kind=kind,
        channel=Channel.TEXT,
        patient_id=patient_id,
        subject=subject,
        facts=facts or {},
        priority=catalogue.priority(kind),
        answers_person=answers_person,
        exempt_from=catalogue.exempt_from(kind),
        follows=follows,
        scheduled_at=due_at or now,
        send_before=send_before or now + USEFUL,
        created_at=now,
        due_at=due_at or now,
    )
