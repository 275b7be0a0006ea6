"""What is done when a text cannot reach a patient: an e-mail, else a task to call (R11).

And when a mail to staff was for somebody who is gone.
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

# What a person must do when there is no e-mail address either; a kind that is not named here
# may be lost without harm. The words of each task come from the catalogue of tasks.
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
    """The rows that take the text's place; the same rows however often they are made.

    What cannot be mailed either becomes a call: a mail never stands in for a mail. No second call
    is made of what a discharge has made one of. Who was erased gets neither.
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
    """What was for one of the staff who is gone goes to those who are here and were not told (R71).

    Who was has a row of their own. A link that somebody asked for is nobody else's.
    """
    gone = snapshot.message
    if gone.subject is None or gone.staff_id is None:
        return []
    here = staff_now(context.store, context.clinic, snapshot.now)
    rows = same_to_staff(gone, here, now=snapshot.now)
    told = read_each(context.store, *(Message.ref(row.id) for row in rows)) if rows else ()
    return [Save(row) for row, known in zip(rows, told, strict=True) if known is None]


def visit_call_by(context: DeliveryContext, snapshot: Snapshot) -> datetime | None:
    """By when to call about the visit; None when there is none, or it has begun.

    Soon, where the plan is gone: nobody knows when its fasting would begin (R71).
    """
    visit = snapshot.appointment
    if visit is None:
        return None
    plan = plan_of(context.plans, visit)
    by = call_by(context.clinic, plan, start=visit.start_at, now=snapshot.now)
    return min(by, snapshot.now + CALL_WITHIN) if by is not None and plan is NO_PLAN else by


def _can_be_said(context: DeliveryContext, snapshot: Snapshot) -> bool:
    """Not the words of a step that was taken out of the plan: nobody has them any more."""
    visit, step_id = snapshot.appointment, snapshot.message.step
    if visit is None or step_id is None:
        return True
    return plan_of(context.plans, visit).find(step_id) is not None
