"""What is not known is looked up at the provider; no text is ever sent again blindly (R31)."""

from collections.abc import Collection
from datetime import datetime, timedelta

from aws_lambda_powertools import Logger

from chalicelib.domain.change import Change, Patch
from chalicelib.domain.errors import Stale
from chalicelib.domain.messaging.inbound_text import ProviderId
from chalicelib.domain.messaging.message import Channel, Message, MessageStatus
from chalicelib.domain.messaging.transitions import (
    LOOK_AFTER,
    end_patch,
    hold_patch,
    look_up_patch,
    put_aside_patch,
    receipt_patch,
    remember_patch,
    retry_patch,
)
from chalicelib.domain.system import CircuitBreaker
from chalicelib.messages.render import CannotSay
from chalicelib.outbox import compose_text, send
from chalicelib.outbox.circuit_breaker import close_by_arrival
from chalicelib.outbox.context import (
    CLOCKS_DIFFER,
    DeliveryContext,
    Snapshot,
    patient_and_phone,
    take_snapshot,
)
from chalicelib.outbox.outcomes import refused
from chalicelib.outbox.outcomes.fallback import fallback_for
from chalicelib.outbox.outcomes.undelivered import follow_up
from chalicelib.ports import OutcomeUnknown, ProviderText, Refused

log = Logger(service="bookend", child=True)

SETTLED_AFTER = timedelta(minutes=15)  # a list read earlier than this proves nothing
AND_AGAIN = timedelta(minutes=5)  # later than the first, a second list must agree
LATE = timedelta(minutes=10)  # a claim this late may follow a restored table (F71)
RETRY_LOOK = timedelta(minutes=2)  # after a look-up that failed; longer the longer it lasts
RETRY_LOOK_MOST = timedelta(hours=1)
# After the first, second … mail of which nobody knows whether it left; the last stays.
MAILED_AGAIN = tuple(timedelta(minutes=minutes) for minutes in (0, 5, 15, 60, 240))


def is_late(message: Message, now: datetime) -> bool:
    """Whether it may have left in an hour that a restored table has forgotten (F71).

    Counted from the last try, else from when it was meant to leave: a due time moves whenever a
    text has to wait.
    """
    return now - (message.claimed_at or message.scheduled_at) > LATE


def before_late_claim(context: DeliveryContext, snapshot: Snapshot) -> None:
    """A text that was sent in a lost hour is found and settled; else it is sent now."""
    _, phone = patient_and_phone(snapshot)
    try:
        said = compose_text.compose_text(context, snapshot)
    except CannotSay as error:
        return refused.settle_unsayable(context, snapshot, error)
    bodies = {said.body, snapshot.message.body or said.body}
    since = snapshot.message.scheduled_at
    try:
        found = sent_before(context, phone.number, bodies=bodies, since=since)
    except Refused as error:
        return refused.settle_refused_look_up(context, snapshot, error)
    except OutcomeUnknown:
        return _look_again(context, snapshot)
    if found is None:
        return send.send_text(context, snapshot)
    return _remember(context, snapshot.message, found, snapshot.now)


def after_lease(context: DeliveryContext, message: Message, now: datetime) -> None:
    """A claim whose outcome nobody wrote down: look it up, settle it, or be certain it left not."""
    if message.lease_until is not None and now < message.lease_until:
        # Voiding made the row due while its courier still holds it; it is not ours to touch.
        patch = look_up_patch(message, found_nothing=False, due_at=message.lease_until, now=now)
        return context.commit(Change(patch), now)
    if message.channel is not Channel.TEXT:
        # A mail may repeat: better twice than never, and better seldom than every few minutes.
        due_at = now + MAILED_AGAIN[min(message.attempt, len(MAILED_AGAIN)) - 1]
        return context.commit(
            Change(retry_patch(message, due_at=due_at, why="unknown", now=now)), now
        )
    to, body, since = message.to or "", message.body or "", message.claimed_at or now
    try:
        found = sent_since(context, to, body=body, since=since)
    except (Refused, OutcomeUnknown):
        return _not_looked(context, message, now)
    if found is not None:
        return _found(context, message, found, now)
    return _nothing_found(context, message, now)


def without_receipt(context: DeliveryContext, message: Message, now: datetime) -> None:
    """A text that was accepted six hours ago and has no receipt is asked about once (R40)."""
    if message.channel is not Channel.TEXT or message.claimed_at is None:
        # Made due by a decision that saw it before it had left.
        return context.commit(Change(put_aside_patch(message, now=now)), now)
    if now < message.claimed_at + LOOK_AFTER:
        due_at = message.claimed_at + LOOK_AFTER
        return context.commit(
            Change(look_up_patch(message, found_nothing=False, due_at=due_at, now=now)), now
        )
    try:
        text = context.texts.fetch(message.sid or "")
    except (Refused, OutcomeUnknown):
        patch = look_up_patch(
            message, found_nothing=False, due_at=_next_look(message, now), now=now
        )
        return context.commit(Change(patch), now)
    news = None if text is None else _as_receipt(context, message, text, now)
    if text is None or news is None:
        # Sent, not confirmed, as some carriers leave it: nobody said that it failed.
        change = Change(put_aside_patch(message, now=now))
        change.include(
            close_by_arrival(context, context.store.get(CircuitBreaker.ref()), message, now)
        )
        return context.commit(change, now)
    return _written(context, message, text, Change(news), now)


def _look_again(context: DeliveryContext, snapshot: Snapshot) -> None:
    patch = hold_patch(
        snapshot.message, until=snapshot.now + RETRY_LOOK, why="not looked up yet", now=snapshot.now
    )
    if patch is not None:
        context.commit(Change(patch), snapshot.now)


def _remember(
    context: DeliveryContext, message: Message, text: ProviderText, now: datetime
) -> None:
    """The row that waits takes the text that the provider has."""
    patch = remember_patch(
        message,
        sid=text.sid,
        to=text.to,
        body=text.body,
        status=context.texts.status_of(text.status),
        word=text.status,
        code=text.error_code,
        now=now,
    )
    change = Change(send.held_by(context, text.sid, message, now), patch)
    _written(context, message, text, change, now)
    log.info("message.remembered", extra={"message_id": message.id})


def _found(context: DeliveryContext, message: Message, text: ProviderText, now: datetime) -> None:
    """The row takes the text that the provider has."""
    change = Change(send.held_by(context, text.sid, message, now))
    patch = receipt_patch(
        message,
        sid=text.sid,
        status=context.texts.status_of(text.status),
        word=text.status,
        code=text.error_code,
        now=now,
    )
    if patch is None:
        raise Stale(message.key.sk)
    change.include([patch])
    _written(context, message, text, change, now)
    log.info("message.found", extra={"message_id": message.id})


def _written(
    context: DeliveryContext, message: Message, text: ProviderText, change: Change, now: datetime
) -> None:
    """The row knows what became of its text; one that did not arrive has its consequences (F35)."""
    status, code = context.texts.status_of(text.status), text.error_code
    stop = context.store.get(CircuitBreaker.ref())
    change.include(follow_up(context, message, status, stop=stop, to=text.to, code=code, now=now))
    context.commit(change, now)


def _nothing_found(context: DeliveryContext, message: Message, now: datetime) -> None:
    claimed_at = message.claimed_at or now
    if now < claimed_at + SETTLED_AFTER:
        until = claimed_at + SETTLED_AFTER
        patch = look_up_patch(message, found_nothing=False, due_at=until, now=now)
        return context.commit(Change(patch), now)
    if message.looked_at is None or now < message.looked_at + AND_AGAIN:
        due_at = (message.looked_at or now) + AND_AGAIN
        patch = look_up_patch(
            message, found_nothing=message.looked_at is None, due_at=due_at, now=now
        )
        return context.commit(Change(patch), now)
    # Two complete lists agree: nothing left.
    if message.void_because is not None:
        gone = end_patch(message, MessageStatus.WITHDRAWN, why=message.void_because, now=now)
        return context.commit(Change(gone), now)
    if now >= message.send_before:
        return _too_late(context, message, "it never left, and now it is too late", now)
    return context.commit(
        Change(retry_patch(message, due_at=now, why="it never left", now=now)), now
    )


def _not_looked(context: DeliveryContext, message: Message, now: datetime) -> None:
    if now >= message.send_before:
        return _too_late(context, message, "nobody knows whether it left", now)
    patch = look_up_patch(message, found_nothing=False, due_at=_next_look(message, now), now=now)
    return context.commit(Change(patch), now)


def _next_look(message: Message, now: datetime) -> datetime:
    """The longer nobody answers, the later: a provider that is down is not asked by every row."""
    waited = now - (message.claimed_at or now)
    return now + min(max(waited / 4, RETRY_LOOK), RETRY_LOOK_MOST)


def _too_late(context: DeliveryContext, message: Message, why: str, now: datetime) -> None:
    """A person must see to it (F12), unless it is not owed any more."""
    change = Change(end_patch(message, MessageStatus.FAILED, why=why, now=now))
    if message.void_because is None:
        change.include(fallback_for(context, take_snapshot(context, message, now)))
    context.commit(change, now)


def _as_receipt(
    context: DeliveryContext, message: Message, text: ProviderText, now: datetime
) -> Patch | None:
    status = context.texts.status_of(text.status)
    if status is MessageStatus.SENT:
        return None
    return receipt_patch(
        message, sid=text.sid, status=status, word=text.status, code=text.error_code, now=now
    )


def sent_since(
    context: DeliveryContext, to: str, *, body: str, since: datetime
) -> ProviderText | None:
    """The oldest text with these words made since then that no other row holds.

    OutcomeUnknown when there is one that nobody holds and whose words the provider hides (F81).
    """
    unheld = _unheld_since(context, to, since)
    found = next((text for text in unheld if text.body == body), None)
    if found is None and any(not text.body for text in unheld):
        raise OutcomeUnknown("the provider hides what it sent")
    return found


def sent_before(
    context: DeliveryContext, to: str, *, bodies: Collection[str], since: datetime
) -> ProviderText | None:
    """As `sent_since`, for a row that does not know in which words it may have left (F71).

    What it says now may differ from what it said then, so OutcomeUnknown as well while there is
    any text that nobody holds: it may be this one.
    """
    unheld = _unheld_since(context, to, since)
    found = next((text for text in unheld if text.body in bodies), None)
    if found is None and unheld:
        raise OutcomeUnknown("a text to this number is on no row")
    return found


def _unheld_since(context: DeliveryContext, to: str, since: datetime) -> list[ProviderText]:
    """The texts to a number made since then that no row holds, oldest first."""
    fresh = [text for text in context.texts.sent_to(to) if text.created_at >= since - CLOCKS_DIFFER]
    hold_patch = (
        context.store.get_many(*(ProviderId.ref(text.sid) for text in fresh)) if fresh else ()
    )
    unheld = [text for text, row in zip(fresh, hold_patch, strict=True) if row is None]
    return sorted(unheld, key=lambda text: text.created_at)
