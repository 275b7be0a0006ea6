"""The courier: takes one due row, checks it against the state of now, claims it, sends it, settles.

The row is the truth: an id that comes twice, late or out of order changes nothing (F4).
"""

from datetime import datetime

from aws_lambda_powertools import Logger

from chalicelib.domain.change import Change
from chalicelib.domain.errors import Stale, Unavailable, Unreadable
from chalicelib.domain.messaging.message import Channel, Message, MessageStatus, message_key
from chalicelib.domain.messaging.transitions import ended, held, put_aside
from chalicelib.outbox import reconcile, send
from chalicelib.outbox.checks import Drop, Hold, judge
from chalicelib.outbox.context import EARLY, Office, Situation, situation
from chalicelib.outbox.outcomes.fallback import instead_of
from chalicelib.outbox.quarantine import aside, give_way, put_off, wait

log = Logger(service="bookend", child=True)

TRIES = 3  # when the row, or what it is about, changes under the courier's hands


def deliver(office: Office, message_id: str) -> None:
    """What is to be done about this row now is done. Never raises for a row (R35).

    A failure that nobody foresaw is written on the row, which comes due again later; the others
    go on.
    """
    try:
        _until_it_holds(office, message_id)
    except Unreadable as error:
        log.error("message.unreadable", extra={"message_id": message_id, "why": str(error)})
        aside(office, message_key(message_id))
    except Unavailable as error:
        log.error("message.store", extra={"message_id": message_id, "why": str(error)})
        wait(office, message_key(message_id))
    except Exception as error:  # noqa: BLE001 - the one broad catch: one bad row stops no other
        log.error("message.failed", extra={"message_id": message_id, "error": type(error).__name__})
        put_off(office, message_key(message_id), type(error).__name__)


def _until_it_holds(office: Office, message_id: str) -> None:
    """Looked at again while it changes under our hands; then others go first."""
    for _ in range(TRIES):
        try:
            return _deliver(office, message_id)
        except Stale:
            log.info("message.changed", extra={"message_id": message_id})
    message = office.store.get(Message.ref(message_id))
    if message is not None and _is_due(message, office.clock.now()):
        give_way(office, message)
    return None


def _deliver(office: Office, message_id: str) -> None:
    now = office.clock.now()
    message = office.store.get(Message.ref(message_id))
    if message is None or not _is_due(message, now):
        return
    match message.status:
        case MessageStatus.PENDING:
            _send_if_owed(office, message, now)
        case MessageStatus.SENDING:
            reconcile.after_lease(office, message, now)
        case MessageStatus.SENT:
            reconcile.without_receipt(office, message, now)
        case _:
            office.commit(Change(put_aside(message, now=now)), now)


def _send_if_owed(office: Office, message: Message, now: datetime) -> None:
    seen = situation(office, message, now)
    first = seen.first_text
    if first is not None and first.status is MessageStatus.PENDING and _is_due(first, now):
        # Whichever of the two the queue names first, the number's first text leaves first (R4).
        deliver(office, first.id)
        seen = situation(office, message, office.clock.now())
    verdict = judge(office, seen)
    match verdict:
        case Hold(until, why):
            patch = held(message, until=until, why=why, now=now)
            if patch is not None:
                office.commit(Change(patch), now)
        case Drop():
            _drop(office, seen, verdict)
        case None if seen.waiting is not None and message.channel is Channel.TASK:
            send.tell_of_many(office, seen, seen.waiting)
        case None if message.channel is Channel.TASK:
            send.open_task(office, seen)
        case None if message.channel is Channel.EMAIL:
            send.send_mail(office, seen)
        case None if reconcile.is_late(message, now):
            reconcile.before_late_claim(office, seen)
        case None:
            send.send_text(office, seen)


def _drop(office: Office, seen: Situation, verdict: Drop) -> None:
    change = Change(ended(seen.message, verdict.status, why=verdict.why, now=seen.now))
    if verdict.instead and seen.message.channel is not Channel.TASK:
        change.include(instead_of(office, seen))
    office.commit(change, seen.now)
    log.info(
        "message.dropped",
        extra={
            "message_id": seen.message.id,
            "status": verdict.status.value,
            "why": verdict.why,
        },
    )


def _is_due(message: Message, now: datetime) -> bool:
    return message.due_at is not None and message.due_at <= now + EARLY
