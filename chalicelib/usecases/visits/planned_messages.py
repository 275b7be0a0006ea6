"""The messages that a decision causes: one row each, made in the decision's transaction."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from chalicelib.clinic.careplan.call_deadline import call_by
from chalicelib.clinic.careplan.conditions import Circumstances
from chalicelib.clinic.careplan.plan import plan_of
from chalicelib.clinic.careplan.schedule import Event, plan_visit
from chalicelib.clinic.careplan.step import StepKind
from chalicelib.domain.change import Save
from chalicelib.domain.messaging.message import Message
from chalicelib.domain.messaging.task import TaskKind
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.visits.appointment import Appointment, AppointmentStatus
from chalicelib.messages.factory import About, open_task, step_of_plan
from chalicelib.transaction import Context

RIDE_KNOWN_BY = timedelta(hours=3)  # before the visit
ASKED_FOR_RIDE = ("booked", "course", "moved")

# What a patient must be told, and the call that tells it if the plan has no step for it.
MUST_BE_TOLD: Mapping[Event, tuple[StepKind, TaskKind]] = {
    "moved": (StepKind.MOVED, TaskKind.CALL_WITH_NEW_TIME),
    "cancelled": (StepKind.CANCELLED, TaskKind.CALL_WITH_CANCELLATION),
}


def visit_messages(
    context: Context, appointment: Appointment, phone: Phone, *, event: Event, now: datetime
) -> list[Save]:
    """Every message of a visit that this event causes, including skipped ones with the reason.

    A step that never applies to this kind of visit has no row: `left_out` lists it once. If the
    plan has no step for what must be told, a person tells it (R71).
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
        saves.append(Save(step_of_plan(part, appointment, phone, event=event, now=now)))
        if part.skipped and part.step.kind == StepKind.PREPARATION:
            by = call_by(context.clinic, plan, start=appointment.start_at, now=now)
            saves.append(
                Save(
                    open_task(
                        TaskKind.CALL_WITH_PREPARATION,
                        f"{appointment.id}.v{appointment.version}-call-{part.step.id}",
                        About.visit(appointment, AppointmentStatus.BOOKED),
                        now=now,
                        by=by or appointment.start_at,
                    )
                )
            )
    if event in MUST_BE_TOLD:
        kind, call = MUST_BE_TOLD[event]
        if all(part.step.kind is not kind for part in planned):
            saves.append(Save(_call(appointment, call, now)))
    return saves


def _call(appointment: Appointment, kind: TaskKind, now: datetime) -> Message:
    return open_task(
        kind,
        f"{appointment.id}.v{appointment.version}-{kind}",
        About.visit(appointment, appointment.status),
        now=now,
    )


def left_out(context: Context, appointment: Appointment) -> dict[str, str]:
    """For a decision's event: which steps of the plan this visit never gets, and why."""
    plan = plan_of(context.plans, appointment)
    visit = Circumstances(route=plan.route, session=appointment.session)
    reasons = [(step.id, step.why_never_owed(visit)) for step in plan.steps]
    told = "; ".join(f"no {step_id}: {why}" for step_id, why in reasons if why)
    return {"left_out": told} if told else {}


def _ride_unknown(appointment: Appointment, now: datetime) -> Message:
    """A task for the time when nobody has said who drives the patient home (R46)."""
    return open_task(
        TaskKind.RIDE_UNKNOWN,
        f"{appointment.id}.v{appointment.version}-ride-unknown",
        About.visit(appointment, AppointmentStatus.BOOKED),
        now=now,
        due_at=max(now, appointment.start_at - RIDE_KNOWN_BY),
    )
