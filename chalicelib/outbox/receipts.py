"""What the provider reports about a text later: taken once, only ever forward (R38)."""

from datetime import datetime, timedelta

from aws_lambda_powertools import Logger

from chalicelib.domain.change import Change, Operation, Patch, Save
from chalicelib.domain.errors import Stale, Unavailable
from chalicelib.domain.message import Message, MessageStatus
from chalicelib.domain.news import receipt, remembered
from chalicelib.domain.record import to_milliseconds
from chalicelib.outbox.instead import instead_of
from chalicelib.outbox.office import Office, situation
from chalicelib.outbox.provider_words import STATUS_BY_WORD
from chalicelib.outbox.refusals import number_marked
from chalicelib.outbox.sending import held_by, nudge_new
from chalicelib.ports import Fate

log = Logger(service="bookend", child=True)

TRIES = 5
FEW = 2  # how often an undelivered text is tried again, each time as a new row
RETRY_AFTER = timedelta(minutes=15)


def take(
    office: Office, message_id: str, *, sid: str, to: str, status: str, error_code: int | None
) -> bool:
    """Whether the receipt told anything new.

    A row with a provider's id takes no other (F60). One without takes the id of the first receipt
    on its own address, if it was claimed and the number is its own: a receipt may be faster than
    our own note of the answer.
    """
    for _ in range(TRIES):
        now = office.clock.now()
        message = office.store.get(Message.ref(message_id))
        if message is not None and _is_of_a_repeat(message, sid=sid, to=to):
            # Accepted long after two look-ups had found nothing, and sent again since (F80).
            log.error("text.repeated", extra={"message_id": message_id, "status": status})
            return False
        if message is None or not _is_ours(message, sid=sid, to=to):
            log.warning("receipt.not_ours", extra={"message_id": message_id})
            return False
        patch = _news(message, sid=sid, word=status, code=error_code, now=now)
        if patch is None:
            return False
        change = Change(patch)
        if message.sid is None:
            change.include([held_by(office, sid, message, now)])
        if STATUS_BY_WORD[status] is MessageStatus.UNDELIVERED:
            change.include(_not_delivered(office, message, error_code, now))
        try:
            office.store.commit(change)
        except Stale:
            continue
        nudge_new(office, change, now)
        log.info("receipt.taken", extra={"message_id": message_id, "status": status})
        return True
    raise Unavailable("the receipt could not be written")


def _is_of_a_repeat(message: Message, *, sid: str, to: str) -> bool:
    """Another text of this very row, to its own number: the row was claimed more than once."""
    is_other = message.sid is not None and message.sid != sid
    return is_other and message.to == to and message.attempt > 1


def _news(
    message: Message, *, sid: str, word: str, code: int | None, now: datetime
) -> Patch | None:
    """What the receipt changes. One for a row that waits again proves that its text had left."""
    status = STATUS_BY_WORD[word]
    if message.status is MessageStatus.PENDING and message.to and message.body:
        return remembered(
            message,
            sid=sid,
            to=message.to,
            body=message.body,
            status=status,
            word=word,
            code=code,
            now=now,
        )
    return receipt(message, sid=sid, status=status, word=word, code=code, now=now)


def _is_ours(message: Message, *, sid: str, to: str) -> bool:
    if message.sid is not None:
        return message.sid == sid
    return message.first_claimed_at is not None and message.to == to


def _not_delivered(
    office: Office, message: Message, code: int | None, now: datetime
) -> list[Operation]:
    """Tried again as a new row where that may help, else said otherwise (F35)."""
    seen = situation(office, message, now)
    fate = office.texts.fate_of(code)
    operations = number_marked(message, fate, code, now)
    retry = _retry(message, now) if fate is Fate.A_FEW_TIMES else None
    if retry is not None:
        return [*operations, Save(retry)]
    if message.void_because is not None:
        return operations
    return [*operations, *instead_of(office, seen)]


def _retry(message: Message, now: datetime) -> Message | None:
    """A fresh row for the same words, so that a final status stays final; None once enough."""
    tried = int(message.facts.get("retry", "0"))
    due_at = to_milliseconds(now + RETRY_AFTER)
    if tried >= FEW or message.void_because is not None or due_at >= message.send_before:
        return None
    base = message.id.removesuffix(f"-r{tried}")
    return Message(
        id=f"{base}-r{tried + 1}",
        kind=message.kind,
        step=message.step,
        channel=message.channel,
        patient_id=message.patient_id,
        subject=message.subject,
        facts={**message.facts, "retry": str(tried + 1)},
        priority=message.priority,
        answers_person=message.answers_person,
        scheduled_at=due_at,
        send_before=message.send_before,
        created_at=now,
        due_at=due_at,
    )
