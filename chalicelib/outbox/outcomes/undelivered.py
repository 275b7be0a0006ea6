"""What follows when a receipt or a look-up says whether a text arrived (F35)."""

from datetime import datetime

from chalicelib.domain.change import Change, Operation, Patch, Save
from chalicelib.domain.messaging.message import Message, MessageStatus
from chalicelib.domain.messaging.transitions import receipt_patch, remember_patch
from chalicelib.domain.system import CircuitBreaker
from chalicelib.messages.factory import retry_of
from chalicelib.outbox.circuit_breaker import close_by_arrival, open_breaker_by_receipt
from chalicelib.outbox.claim import hold_provider_id
from chalicelib.outbox.context import DeliveryContext, take_snapshot
from chalicelib.outbox.outcomes.fallback import fallback_for
from chalicelib.outbox.outcomes.refused import mark_number, tell_staff_of
from chalicelib.outbox.outcomes.retry_policy import AFTER_NO_ARRIVAL, next_try_at
from chalicelib.ports import FailureClass


def news_change(
    context: DeliveryContext,
    message: Message,
    *,
    sid: str,
    to: str,
    body: str,
    word: str,
    code: int | None,
    stop: CircuitBreaker | None,
    now: datetime,
) -> Change | None:
    """The row takes what is reported of its text, with the consequences; None when it is no news.

    So does a row that waits: the report proves that its text had left after all (F71, F80).
    """
    status = context.texts.status_of(word)
    patch: Patch | None
    if message.status is MessageStatus.PENDING and body:
        patch = remember_patch(
            message, sid=sid, to=to, body=body, status=status, word=word, code=code, now=now
        )
    else:
        patch = receipt_patch(message, sid=sid, status=status, word=word, code=code, now=now)
    if patch is None:
        return None
    change = Change(patch)
    if message.sid is None:
        change.include([hold_provider_id(context, sid, message, now)])
    change.include(follow_up(context, message, status, stop=stop, to=to, code=code, now=now))
    return change


def follow_up(
    context: DeliveryContext,
    message: Message,
    status: MessageStatus,
    *,
    stop: CircuitBreaker | None,
    to: str,
    code: int | None,
    now: datetime,
) -> list[Operation]:
    """Try a text that did not arrive again as a new row, or use the fallback.

    An error of our settings opens the breaker, although the provider accepts the texts; one that
    arrives closes it. Commit this with the row's new status, so that it happens once.
    """
    if status is MessageStatus.DELIVERED:
        return close_by_arrival(context, stop, message, now)
    if status is not MessageStatus.UNDELIVERED:
        return []
    failure_class = context.texts.failure_class_of(code)
    is_ours = failure_class is FailureClass.CONFIGURATION
    operations = open_breaker_by_receipt(stop, message, code, now) if is_ours else []
    snapshot = take_snapshot(context, message, now)
    if snapshot.is_erased:
        return operations
    operations += mark_number(message.evolve(to=to), failure_class, code, now, snapshot.phone)
    retry = _retry(message, failure_class, now)
    if retry is not None:
        return [*operations, Save(retry)]
    if message.void_because is not None:
        return operations
    operations += tell_staff_of(context, message, failure_class, code, now)
    return [*operations, *fallback_for(context, snapshot)]


def _retry(message: Message, failure_class: FailureClass, now: datetime) -> Message | None:
    """The same words in a new row; None once it was tried enough, or it would be too late."""
    at = next_try_at(AFTER_NO_ARRIVAL, failure_class, tried=message.facts.retry + 1, now=now)
    if at is None or message.void_because is not None or at >= message.send_before:
        return None
    return retry_of(message, at=at, now=now)
