"""What follows when the provider refuses a message, or when its words cannot be made."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from aws_lambda_powertools import Logger

from chalicelib.domain.change import Change, Operation, Patch, Save
from chalicelib.domain.conditions import Is
from chalicelib.domain.messaging.message import Channel, Exemption, Message, MessageStatus
from chalicelib.domain.messaging.task import Task, TaskKind, TaskStatus
from chalicelib.domain.messaging.transitions import end_patch, hold_patch, retry_patch
from chalicelib.domain.people.phone import Phone
from chalicelib.messages.factory import About, open_task
from chalicelib.messages.render import CannotSay
from chalicelib.outbox.circuit_breaker import PROBE_EVERY, open_breaker, probe_patch
from chalicelib.outbox.context import DeliveryContext, Snapshot
from chalicelib.outbox.outcomes.fallback import TASK_BY_KIND, fallback_for, visit_call_by
from chalicelib.outbox.outcomes.retry_policy import AFTER_REFUSAL, next_try_at
from chalicelib.outbox.outcomes.staff_alerts import staff_unreachable, texts_refused
from chalicelib.ports import FailureClass, Refused

log = Logger(service="bookend", child=True)

# The row's status for each class of failure that ends the message.
END_BY_CLASS: Mapping[FailureClass, MessageStatus] = {
    FailureClass.PERMANENT: MessageStatus.FAILED,
    FailureClass.RETRY_FEW: MessageStatus.FAILED,
    FailureClass.NUMBER_BAD: MessageStatus.FAILED,
    FailureClass.OPTED_OUT: MessageStatus.WITHDRAWN,
    FailureClass.EXPIRED: MessageStatus.EXPIRED,
}


def refusal_changes(
    context: DeliveryContext, snapshot: Snapshot, taken: Message, error: Refused
) -> Iterator[Change]:
    """It is certain that nothing left: the row waits for another try or ends, by the error's class.

    The first change includes the consequences for the number or for all texts. The second, without
    them, is for when the first is refused: another courier has just written the same, or a START
    has come.
    """
    now = context.clock.now()
    consequences = _consequences(context, snapshot, taken, error, now)
    yield _put_back(context, snapshot, taken, error, now, consequences)
    yield _put_back(context, snapshot, taken, error, now, [])


def _put_back(
    context: DeliveryContext,
    snapshot: Snapshot,
    taken: Message,
    error: Refused,
    now: datetime,
    also: list[Operation],
) -> Change:
    change = Change()
    change.include(also)
    retry_at = next_try_at(AFTER_REFUSAL, error.failure_class, tried=taken.attempt, now=now)
    if retry_at is not None and retry_at < taken.send_before:
        why = f"refused for now: {error.code or error.failure_class.value}"
        change.include([retry_patch(taken, due_at=retry_at, why=why, now=now, code=error.code)])
    else:
        status = END_BY_CLASS.get(error.failure_class, MessageStatus.EXPIRED)
        why = f"refused: {error.code or error.failure_class.value}"
        change.include([end_patch(taken, status, why=why, now=now, code=error.code)])
        change.include(fallback_for(context, snapshot))
        change.include(tell_staff_of(context, taken, error.failure_class, error.code, now))
    return change


def tell_staff_of(
    context: DeliveryContext,
    message: Message,
    failure_class: FailureClass,
    code: int | None,
    now: datetime,
) -> list[Operation]:
    """Tell staff of a permanent refusal whose content nobody says in another way (R33, F36)."""
    if failure_class is not FailureClass.PERMANENT:
        return []
    if message.staff_id is not None:
        return staff_unreachable(context, message.staff_id, "are refused by the mail service", now)
    if message.channel is Channel.TEXT and message.kind not in TASK_BY_KIND:
        return texts_refused(context, code, now)
    return []


def refused_look_up_change(snapshot: Snapshot, error: Refused) -> Change:
    """Nothing may be sent before the look-up; an error of our settings opens the breaker."""
    now, is_ours = snapshot.now, error.failure_class is FailureClass.CONFIGURATION
    why = f"not looked up yet: {error.code or error.failure_class.value}"
    patch = hold_patch(snapshot.message, until=now + PROBE_EVERY, why=why, now=now)
    change = Change() if patch is None else Change(patch)
    if is_ours and snapshot.open_breaker is not None:
        change.include([probe_patch(snapshot.open_breaker, now)])
    elif is_ours:
        change.include(open_breaker(snapshot.stop, error.code, now))
    return change


def mark_number(
    message: Message,
    failure_class: FailureClass,
    code: int | None,
    now: datetime,
    phone: Phone | None,
) -> list[Operation]:
    """Mark the number as bad, or as blocked at the provider, and tell a person (R12).

    `phone` is the row as it was read: a START that came since then has the last word (R7).
    """
    if failure_class not in _MARKS or message.to is None:
        return []
    blocked = _answer_blocked(message) if failure_class is FailureClass.OPTED_OUT else []
    is_known = phone is not None and phone.opted_out_at is not None
    if (
        failure_class is FailureClass.OPTED_OUT
        and is_known
        and Exemption.OPT_OUT in message.exempt_from
    ):
        return blocked
    task, marks = _MARKS[failure_class](code, now)
    when: tuple[Is, ...] = ()
    if failure_class is FailureClass.OPTED_OUT and phone is not None and phone.number == message.to:
        when = phone.as_read("opted_in_at")
    return [
        *blocked,
        Patch.upsert(Phone.ref(message.to), number=message.to, when=when, **marks),
        Save(open_task(task, f"{message.id}-number", About(message.patient_id), now=now)),
    ]


def _answer_blocked(message: Message) -> list[Operation]:
    """Note on the alarm that its sender got no answer, for the person who takes it (R44)."""
    if message.facts.alarm is None:
        return []
    alarm = Task.ref(message.facts.alarm)
    note = "The provider blocks this number: our answer did not reach them."
    return [Patch.of(alarm, note=note, when=(Is("status", TaskStatus.OPEN.value),))]


_MARKS: Mapping[FailureClass, Callable[[int | None, datetime], tuple[TaskKind, dict[str, Any]]]] = {
    FailureClass.NUMBER_BAD: lambda code, _now: (
        TaskKind.NUMBER_BAD,
        {"bad_because": f"this number cannot be texted ({code})"},
    ),
    FailureClass.OPTED_OUT: lambda _code, now: (
        TaskKind.BLOCKED_BY_PROVIDER,
        {"opted_out_at": now, "opted_out_means": "provider"},
    ),
}


def unsayable_change(context: DeliveryContext, snapshot: Snapshot, error: CannotSay) -> Change:
    """Never send a text with a gap: nothing is sent and staff are told (R22, F24)."""
    message = snapshot.message
    change = Change(end_patch(message, MessageStatus.FAILED, why=str(error), now=snapshot.now))
    change.include(
        [
            Save(
                open_task(
                    TaskKind.CANNOT_SAY,
                    f"{message.id}-wording",
                    About(message.patient_id),
                    now=snapshot.now,
                    by=visit_call_by(context, snapshot),
                )
            )
        ]
    )
    log.error("message.not_sayable", extra={"message_id": message.id, "why": str(error)})
    return change


def _consequences(
    context: DeliveryContext, snapshot: Snapshot, taken: Message, error: Refused, now: datetime
) -> list[Operation]:
    if taken.channel is not Channel.TEXT:
        return []
    if error.failure_class is not FailureClass.CONFIGURATION:
        return mark_number(taken, error.failure_class, error.code, now, snapshot.phone)
    return open_breaker(snapshot.stop, error.code, now)
