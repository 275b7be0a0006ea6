"""What the provider reports about a text later: taken once, only ever forward (R38)."""

from contextlib import suppress
from datetime import datetime

from aws_lambda_powertools import Logger

from chalicelib.domain.change import Change, Patch
from chalicelib.domain.errors import Stale, Unavailable
from chalicelib.domain.messaging.inbound_text import ProviderId
from chalicelib.domain.messaging.message import FINAL, Message, MessageStatus
from chalicelib.domain.messaging.transitions import late_word_patch, receipt_patch, remember_patch
from chalicelib.domain.system import CircuitBreaker
from chalicelib.outbox.context import DeliveryContext
from chalicelib.outbox.outcomes.undelivered import follow_up
from chalicelib.outbox.send import held_by

log = Logger(service="bookend", child=True)

TRIES = 5


def take(
    context: DeliveryContext,
    message_id: str,
    *,
    sid: str,
    to: str,
    status: str,
    error_code: int | None,
) -> bool:
    """Whether the receipt told anything new.

    A row with a provider's id takes no other (F60). One without takes the id of the first receipt
    on its own address, if it was claimed and the number is its own: a receipt may be faster than
    our own note of the answer.
    """
    for _ in range(TRIES):
        now = context.clock.now()
        message, stop = context.store.get_many(Message.ref(message_id), CircuitBreaker.ref())
        if message is not None and _is_of_a_repeat(message, sid=sid, to=to):
            # Accepted long after two look-ups had found nothing, and sent again since (F80).
            log.error("text.repeated", extra={"message_id": message_id, "status": status})
            return _too_late(context, message, sid=sid, word=status, now=now)
        if message is None or not _is_ours(message, sid=sid, to=to):
            log.warning("receipt.not_ours", extra={"message_id": message_id})
            return False
        if message.sid is None and message.status in FINAL:
            log.warning("receipt.after_the_end", extra={"message_id": message_id, "status": status})
            return _too_late(context, message, sid=sid, word=status, now=now)
        became = context.texts.status_of(status)
        patch = _news(message, sid=sid, status=became, word=status, code=error_code, now=now)
        if patch is None:
            return False
        change = Change(patch)
        if message.sid is None:
            change.include([held_by(context, sid, message, now)])
        change.include(
            follow_up(context, message, became, stop=stop, to=to, code=error_code, now=now)
        )
        try:
            context.commit(change, now)
        except Stale:
            continue
        log.info("receipt.taken", extra={"message_id": message_id, "status": status})
        return True
    raise Unavailable("the receipt could not be written")


def _too_late(
    context: DeliveryContext, message: Message, *, sid: str, word: str, now: datetime
) -> bool:
    """The row stays as it ended, and says what left all the same; whose words go in time (R55)."""
    if context.store.get(ProviderId.ref(sid)) is not None:
        return False
    change = Change(
        held_by(context, sid, message, now), late_word_patch(message, word=word, now=now)
    )
    with suppress(Stale):  # the same receipt came twice at once
        context.commit(change, now)
    return False


def _is_of_a_repeat(message: Message, *, sid: str, to: str) -> bool:
    """Another text of this very row, to its own number: the row was claimed more than once."""
    is_other = message.sid is not None and message.sid != sid
    return is_other and message.to == to and message.attempt > 1


def _news(
    message: Message,
    *,
    sid: str,
    status: MessageStatus,
    word: str,
    code: int | None,
    now: datetime,
) -> Patch | None:
    """What the receipt changes. One for a row that waits again proves that its text had left."""
    if message.status is MessageStatus.PENDING and message.to and message.body:
        return remember_patch(
            message,
            sid=sid,
            to=message.to,
            body=message.body,
            status=status,
            word=word,
            code=code,
            now=now,
        )
    return receipt_patch(message, sid=sid, status=status, word=word, code=code, now=now)


def _is_ours(message: Message, *, sid: str, to: str) -> bool:
    if message.sid is not None:
        return message.sid == sid
    return message.first_claimed_at is not None and message.to == to
