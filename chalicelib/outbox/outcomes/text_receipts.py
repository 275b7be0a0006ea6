"""What the provider reports about a text later: one effect, and only ever forward (R38)."""

from datetime import datetime
from enum import Enum, auto

from aws_lambda_powertools import Logger

from chalicelib.domain.change import Change
from chalicelib.domain.messaging.inbound_text import ProviderId
from chalicelib.domain.messaging.message import FINAL, Message
from chalicelib.domain.messaging.transitions import late_word_patch
from chalicelib.domain.system import CircuitBreaker
from chalicelib.outbox.claim import hold_provider_id
from chalicelib.outbox.context import DeliveryContext
from chalicelib.outbox.outcomes.undelivered import news_change
from chalicelib.transaction import run_in_transaction

log = Logger(service="bookend", child=True)


class Receipt(Enum):
    """What a receipt means for the row."""

    TAKEN = auto()
    NO_NEWS = auto()
    NOT_OURS = auto()
    AFTER_THE_END = auto()  #: the row has ended as one that never left
    OF_A_REPEAT = auto()  #: accepted long after two look-ups found nothing; sent again since (F80)


def take(
    context: DeliveryContext,
    message_id: str,
    *,
    sid: str,
    to: str,
    status: str,
    error_code: int | None,
) -> bool:
    """Whether the receipt was news. Unavailable when it could not be written.

    A row with a provider's id takes no other id (F60). A row without one takes the id of the first
    receipt for the row, if the row was claimed and the number is its own: a receipt may come before
    our own note of the provider's answer.
    """

    def attempt(now: datetime) -> tuple[Change, Receipt]:
        message, stop = context.store.get_many(Message.ref(message_id), CircuitBreaker.ref())
        if message is not None and _is_of_a_repeat(message, sid=sid, to=to):
            return _note_late_text(context, message, sid, status, now), Receipt.OF_A_REPEAT
        if message is None or not _is_ours(message, sid=sid, to=to):
            return Change(), Receipt.NOT_OURS
        if message.sid is None and message.status in FINAL:
            return _note_late_text(context, message, sid, status, now), Receipt.AFTER_THE_END
        news = news_change(
            context,
            message,
            sid=sid,
            to=to,
            body=message.body or "",
            word=status,
            code=error_code,
            stop=stop,
            now=now,
        )
        return (Change(), Receipt.NO_NEWS) if news is None else (news, Receipt.TAKEN)

    receipt = run_in_transaction(context, attempt)
    _log(receipt, {"message_id": message_id, "status": status})
    return receipt is Receipt.TAKEN


def _log(receipt: Receipt, told: dict[str, str]) -> None:
    match receipt:
        case Receipt.TAKEN:
            log.info("receipt.taken", extra=told)
        case Receipt.NOT_OURS:
            log.warning("receipt.not_ours", extra=told)
        case Receipt.AFTER_THE_END:
            log.warning("receipt.after_the_end", extra=told)
        case Receipt.OF_A_REPEAT:
            log.error("text.repeated", extra=told)


def _note_late_text(
    context: DeliveryContext, message: Message, sid: str, word: str, now: datetime
) -> Change:
    """The row keeps its end and notes what left after all; those words are erased too (R55)."""
    if context.store.get(ProviderId.ref(sid)) is not None:
        return Change()
    return Change(
        hold_provider_id(context, sid, message, now), late_word_patch(message, word=word, now=now)
    )


def _is_of_a_repeat(message: Message, *, sid: str, to: str) -> bool:
    """Whether it is another text of this row, to its number: the row was claimed more than once."""
    is_other = message.sid is not None and message.sid != sid
    return is_other and message.to == to and message.attempt > 1


def _is_ours(message: Message, *, sid: str, to: str) -> bool:
    if message.sid is not None:
        return message.sid == sid
    return message.first_claimed_at is not None and message.to == to
