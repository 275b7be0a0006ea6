"""Aftercare that no text can say in time: staff hand over the words at the discharge, or call.

R14: late at night no text leaves, so the discharge form asks whether they were handed over.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from chalicelib.clinic.careplan.conditions import circumstances_of
from chalicelib.clinic.careplan.plan import plan_of
from chalicelib.clinic.careplan.step import StepKind
from chalicelib.clinic.quiet_hours import aftercare_until, held_until, quiet_until
from chalicelib.domain.change import Operation, Save
from chalicelib.domain.messaging.facts import Facts
from chalicelib.domain.messaging.message import (
    LEFT,
    WAITING,
    Channel,
    Message,
    MessageStatus,
)
from chalicelib.domain.messaging.task import TaskKind
from chalicelib.domain.visits.appointment import Appointment, AppointmentStatus
from chalicelib.messages.factory import About, never_sent, open_task
from chalicelib.transaction import Context
from chalicelib.usecases.visits.load import Visit

AT_ONCE = timedelta(minutes=15)  # as fast as a text would have left (R14)
HANDED_OVER = "the words were handed over at the discharge"


def unsaid_aftercare(
    context: Context, visit: Visit, left: Appointment, owed: Iterable[Operation], now: datetime
) -> list[Message]:
    """The discharge's aftercare rows that no text says now or within 15 minutes."""
    saved = [part.record for part in owed if isinstance(part, Save)]
    return [
        row
        for row in saved
        if isinstance(row, Message)
        and row.kind == StepKind.AFTERCARE
        and row.channel is Channel.TEXT
        and _is_owed(context, visit, left, row)
        and not _leaves(context, visit, left, row, now)
    ]


def discharge_writes(
    context: Context,
    visit: Visit,
    left: Appointment,
    owed: list[Operation],
    *,
    handed_over: bool,
    now: datetime,
) -> list[Operation]:
    """The discharge's writes, with a task to call about aftercare that no text can say in time.

    No task if it was handed over. At night the task is urgent, as the patient is on the way home.
    By day it concerns a past night, and there is none if a mail or another call said it since.
    """
    rows = unsaid_aftercare(context, visit, left, owed, now)
    if not rows:
        return owed
    others = [part for part in owed if not (isinstance(part, Save) and part.record in rows)]
    if handed_over:
        return [*others, *(Save(_handed_over_row(row, now)) for row in rows)]
    is_night = (
        quiet_until(now, context.clinic.zone_of(visit.patient), context.clinic.quiet) is not None
    )
    if not is_night and any(_was_said(visit, left, row) for row in rows):
        return owed
    called = [Save(row.evolve(facts=row.facts.evolve(called=True))) for row in rows]
    return [*others, *called, Save(_call(left, rows[0], now, is_night=is_night))]


def _is_owed(context: Context, visit: Visit, left: Appointment, row: Message) -> bool:
    step = plan_of(context.plans, left).find(row.step or "")
    kind = context.clinic.kind_of(left)
    now = circumstances_of(kind, left, visit.patient)
    return step is not None and step.why_not_owed(left.status, now) is None


def _leaves(context: Context, visit: Visit, left: Appointment, row: Message, now: datetime) -> bool:
    """Whether quiet hours let the text leave when it is due; False once it is too late."""
    if row.due_at is None:
        return False
    clinic = context.clinic
    until = aftercare_until(
        left.discharged_at or left.end_at, left.discharge_recorded_at, clinic.zone, clinic.quiet
    )
    at = max(row.due_at, now)
    return (
        held_until(at, context.clinic.zone_of(visit.patient), clinic.quiet, leaves_until=until)
        is None
    )


def _was_said(visit: Visit, left: Appointment, row: Message) -> bool:
    """Whether a mail or a task for this step exists already."""
    first = f"{left.id}.v{left.version}-{row.step}"
    return any(
        message.id.startswith(first)
        and message.channel is not Channel.TEXT
        and message.shown_status in LEFT | WAITING
        for message in visit.messages
    )


def _handed_over_row(row: Message, now: datetime) -> Message:
    return never_sent(row, MessageStatus.WITHDRAWN, "withdrawn", why=HANDED_OVER, now=now)


def _call(left: Appointment, row: Message, now: datetime, *, is_night: bool) -> Message:
    return open_task(
        TaskKind.CALL_WITH_AFTERCARE,
        f"{row.id}-call",
        About.visit(left, AppointmentStatus.FULFILLED),
        now=now,
        by=now + AT_ONCE if is_night else None,
        facts=Facts(urgent=is_night),
    )
