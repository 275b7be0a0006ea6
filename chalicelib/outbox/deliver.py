"""The courier: takes one due row, checks it against the current state, claims, sends, settles.

The row is the truth: an id that comes twice, late or out of order changes nothing (F4). Each
decision about the row is a change, which is committed here.
"""

from datetime import datetime

from aws_lambda_powertools import Logger

from chalicelib.domain.change import Change, Patch
from chalicelib.domain.errors import Stale, Unavailable, Unreadable
from chalicelib.domain.messaging.message import (
    FINAL,
    LEFT,
    Channel,
    Message,
    MessageStatus,
    message_key,
)
from chalicelib.domain.messaging.transitions import end_patch, hold_patch, put_aside_patch
from chalicelib.outbox import reconcile, send
from chalicelib.outbox.checks import Drop, Hold, judge
from chalicelib.outbox.context import EARLY, DeliveryContext, Snapshot, take_snapshot
from chalicelib.outbox.outcomes.fallback import fallback_for
from chalicelib.outbox.quarantine import aside, give_way, put_off, wait

log = Logger(service="bookend", child=True)

TRIES = 3  # when the row, or its subject, changes while the courier works on it


def deliver(context: DeliveryContext, message_id: str) -> None:
    """Do what is to be done about this row now. Never raises for a row (R35).

    An unforeseen failure is written on the row, which comes due again later; other rows go on.
    """
    try:
        _until_it_holds(context, message_id)
    except Unreadable as error:
        log.error("message.unreadable", extra={"message_id": message_id, "why": str(error)})
        aside(context, message_key(message_id))
    except Unavailable as error:
        log.error("message.store", extra={"message_id": message_id, "why": str(error)})
        wait(context, message_key(message_id))
    except Exception as error:  # noqa: BLE001 - the one broad catch: one bad row stops no other
        log.error("message.failed", extra={"message_id": message_id, "error": type(error).__name__})
        put_off(context, message_key(message_id), type(error).__name__)


def _until_it_holds(context: DeliveryContext, message_id: str) -> None:
    """Decide again while the row changes concurrently; after some tries, others go first."""
    for _ in range(TRIES):
        try:
            return _deliver(context, message_id)
        except Stale:
            # Not `run_in_transaction`: an attempt may send or look up, and others are waiting.
            log.info("message.changed", extra={"message_id": message_id})
    message = context.store.get(Message.ref(message_id))
    if message is not None and _is_due(message, context.clock.now()):
        give_way(context, message)
    return None


def _deliver(context: DeliveryContext, message_id: str) -> None:
    now = context.clock.now()
    message = context.store.get(Message.ref(message_id))
    if message is None or not _is_due(message, now):
        return
    change = _next_change(context, message, now)
    if change.operations:
        context.commit(change)
        _log_end(message, change)


def _next_change(context: DeliveryContext, message: Message, now: datetime) -> Change:
    match message.status:
        case MessageStatus.PENDING:
            return _send_if_owed(context, message, now)
        case MessageStatus.SENDING:
            return reconcile.after_lease(context, message, now)
        case MessageStatus.SENT:
            return reconcile.without_receipt(context, message, now)
        case _:
            return Change(put_aside_patch(message, now=now))


def _send_if_owed(context: DeliveryContext, message: Message, now: datetime) -> Change:
    snapshot = take_snapshot(context, message, now)
    first = snapshot.first_text
    if first is not None and first.status is MessageStatus.PENDING and _is_due(first, now):
        # Whichever of the two the queue names first, the number's first text leaves first (R4).
        deliver(context, first.id)
        snapshot = take_snapshot(context, message, context.clock.now())
    verdict = judge(context, snapshot)
    match verdict:
        case Hold(until, why):
            patch = hold_patch(message, until=until, why=why, now=now)
            return Change() if patch is None else Change(patch)
        case Drop():
            return _drop(context, snapshot, verdict)
        case None if snapshot.waiting is not None and message.channel is Channel.TASK:
            return send.tell_of_many(context, snapshot, snapshot.waiting)
        case None if message.channel is Channel.TASK:
            return send.open_task(context, snapshot)
        case None if message.channel is Channel.EMAIL:
            return send.send_mail(context, snapshot)
        case None if reconcile.is_late(message, now):
            found = reconcile.before_late_claim(context, snapshot)
            return send.send_text(context, snapshot) if found is None else found
        case None:
            return send.send_text(context, snapshot)


def _drop(context: DeliveryContext, snapshot: Snapshot, verdict: Drop) -> Change:
    change = Change(end_patch(snapshot.message, verdict.status, why=verdict.why, now=snapshot.now))
    if verdict.instead and snapshot.message.channel is not Channel.TASK:
        change.include(fallback_for(context, snapshot))
    return change


def _log_end(message: Message, change: Change) -> None:
    """Said once it is written: somebody else may have been faster."""
    written = next((part for part in change.operations if part.key == message.key), None)
    if isinstance(written, Patch) and written.set.get("status") in FINAL - LEFT:
        told = {"status": written.set["status"], "why": written.set["reason"]}
        log.info("message.dropped", extra={"message_id": message.id, **told})


def _is_due(message: Message, now: datetime) -> bool:
    return message.due_at is not None and message.due_at <= now + EARLY
