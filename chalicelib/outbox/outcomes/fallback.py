"""What replaces a text that cannot reach a patient: an e-mail, or a task to call (R11).

Also what becomes of a mail to a staff member who has left.
"""

from collections.abc import Mapping
from datetime import datetime

from chalicelib.clinic.careplan.call_deadline import call_by
from chalicelib.clinic.careplan.plan import NO_PLAN, plan_of
from chalicelib.clinic.staff_directory import staff_now
from chalicelib.domain.change import Operation, Save
from chalicelib.domain.messaging.message import Channel, Message
from chalicelib.domain.messaging.task import CALL_WITHIN, TaskKind
from chalicelib.messages.factory import About, mail_instead, open_task, same_to_staff
from chalicelib.outbox.context import DeliveryContext, Snapshot
from chalicelib.tolerant_reads import read_each

# What a person must do when there is no e-mail address either; a kind that is not listed here may
# be lost without harm. The catalogue has the words of each task.
TASK_BY_KIND: Mapping[str, TaskKind] = {
    "confirmation": TaskKind.CALL_WITH_CONFIRMATION,
    "moved": TaskKind.CALL_WITH_NEW_TIME,
    "cancelled": TaskKind.CALL_WITH_CANCELLATION,
    "course_overview": TaskKind.CALL_WITH_CONFIRMATION,
    "proposed": TaskKind.CALL_WITH_TIMES,
    "declined": TaskKind.CALL_WITH_ANSWER,
    "preparation": TaskKind.CALL_WITH_PREPARATION,
    "aftercare": TaskKind.CALL_WITH_AFTERCARE,
    "check_in": TaskKind.CALL_TO_CHECK_IN,
}

ALSO_CALL = frozenset({"preparation"})  # a mail alone may be read too late


def fallback_for(context: DeliveryContext, snapshot: Snapshot) -> list[Operation]:
    """The rows that replace the text; the same rows however often they are made.

    If it cannot be mailed either, it becomes a call: a mail never replaces a mail. There is no
    second call if a discharge has made one. A patient who was erased gets neither.
    """
    message, patient, now = snapshot.message, snapshot.patient, snapshot.now
    task = TASK_BY_KIND.get(message.kind)
    if task is None or patient is None or snapshot.is_erased:
        return []
    rows = []
    is_mail = message.channel is Channel.EMAIL
    can_mail = patient.mail_to is not None and _can_be_said(context, snapshot)
    by_mail = not is_mail and can_mail and now < message.send_before
    if by_mail:
        rows.append(mail_instead(message, now=now))
    is_called = message.kind in ALSO_CALL
    needs_call = is_called if by_mail else not (is_called and message.stands_in_for is not None)
    if needs_call and not message.facts.called:
        rows.append(
            open_task(
                task,
                f"{message.id}-call",
                About.message(message),
                now=now,
                by=visit_call_by(context, snapshot),
            )
        )
    return [Save(row) for row in rows]


def to_others(context: DeliveryContext, snapshot: Snapshot) -> list[Operation]:
    """Send a mail for a staff member who has left to the present staff who were not told (R71).

    Those who were told have a row of their own. A link that somebody asked for goes to nobody else.
    """
    gone = snapshot.message
    if gone.subject is None or gone.staff_id is None:
        return []
    here = staff_now(context.store, context.clinic, snapshot.now)
    rows = same_to_staff(gone, here, now=snapshot.now)
    told = read_each(context.store, *(Message.ref(row.id) for row in rows)) if rows else ()
    return [Save(row) for row, known in zip(rows, told, strict=True) if known is None]


def visit_call_by(context: DeliveryContext, snapshot: Snapshot) -> datetime | None:
    """When to call about the visit at the latest; None without a visit, or once it has begun.

    Soon, if the plan is gone: nobody knows when its fasting would begin (R71).
    """
    visit = snapshot.appointment
    if visit is None:
        return None
    plan = plan_of(context.plans, visit)
    by = call_by(context.clinic, plan, start=visit.start_at, now=snapshot.now)
    return min(by, snapshot.now + CALL_WITHIN) if by is not None and plan is NO_PLAN else by


def _can_be_said(context: DeliveryContext, snapshot: Snapshot) -> bool:
    """Whether the plan still has the step: if not, its words no longer exist."""
    visit, step_id = snapshot.appointment, snapshot.message.step
    if visit is None or step_id is None:
        return True
    return plan_of(context.plans, visit).find(step_id) is not None
