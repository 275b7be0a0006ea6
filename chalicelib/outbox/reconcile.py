"""What is not known is looked up at the provider; no text is ever sent again blindly (R31).

Each look-up returns what to write, by what it found.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from aws_lambda_powertools import Logger

from chalicelib.domain.change import Change
from chalicelib.domain.messaging.inbound_text import ProviderId
from chalicelib.domain.messaging.message import Channel, Message, MessageStatus
from chalicelib.domain.messaging.transitions import (
    LOOK_AFTER,
    end_patch,
    hold_patch,
    look_up_patch,
    put_aside_patch,
    retry_patch,
)
from chalicelib.domain.system import CircuitBreaker
from chalicelib.messages.render import CannotSay
from chalicelib.outbox.circuit_breaker import close_by_arrival
from chalicelib.outbox.compose_text import compose_text
from chalicelib.outbox.context import (
    CLOCKS_DIFFER,
    DeliveryContext,
    Snapshot,
    patient_and_phone,
    take_snapshot,
)
from chalicelib.outbox.outcomes.fallback import fallback_for
from chalicelib.outbox.outcomes.refused import refused_look_up_change, unsayable_change
from chalicelib.outbox.outcomes.undelivered import news_change
from chalicelib.ports import OutcomeUnknown, ProviderText, Refused

log = Logger(service="bookend", child=True)

SETTLED_AFTER = timedelta(minutes=15)  # a list that was read earlier than this proves nothing
AND_AGAIN = timedelta(minutes=5)  # so long after the first list, a second one must agree
LATE = timedelta(minutes=10)  # a claim this late may follow a restored table (F71)
RETRY_LOOK = timedelta(minutes=2)  # after a failed look-up; longer the longer it lasts
RETRY_LOOK_MOST = timedelta(hours=1)
# After the first, second … mail whose outcome is unknown; the last value repeats.
MAILED_AGAIN = tuple(timedelta(minutes=minutes) for minutes in (0, 5, 15, 60, 240))


def is_late(message: Message, now: datetime) -> bool:
    """Whether it may have left in an hour that a restored table has forgotten (F71).

    Counted from the last try, or from when it was meant to leave; not from the due time, which
    moves whenever a text has to wait.
    """
    return now - (message.claimed_at or message.scheduled_at) > LATE


def before_late_claim(context: DeliveryContext, snapshot: Snapshot) -> Change | None:
    """Find and settle a text that was sent in a lost hour; None: it never left, so send it."""
    message, now = snapshot.message, snapshot.now
    _, phone = patient_and_phone(snapshot)
    try:
        said = compose_text(context, snapshot)
    except CannotSay as error:
        return unsayable_change(context, snapshot, error)
    bodies = {said.body, message.body or said.body}
    try:
        found = sent_before(context, phone.number, bodies=bodies, since=message.scheduled_at)
    except Refused as error:
        return refused_look_up_change(snapshot, error)
    except OutcomeUnknown:
        return _hold(message, now)
    return None if found is None else _take_found(context, message, found, now)


def after_lease(context: DeliveryContext, message: Message, now: datetime) -> Change:
    """Look up a claim whose outcome nobody wrote down.

    - The text is found: the row takes it, with what follows (`_take_found`).
    - A complete list does not have it, twice: the row waits for its next claim (`_not_listed`).
    - No answer, or the provider hides its words: it is looked up again, until its window has
      closed and a person must act (`_not_known`).
    """
    if message.lease_until is not None and now < message.lease_until:
        # Voiding made the row due while its courier still holds it; another courier must not touch
        # it.
        return _look_at(message, message.lease_until, now)
    if message.channel is not Channel.TEXT:
        # A mail may repeat: better twice than never, but not every few minutes.
        due_at = now + MAILED_AGAIN[min(message.attempt, len(MAILED_AGAIN)) - 1]
        return Change(retry_patch(message, due_at=due_at, why="unknown", now=now))
    to, body, since = message.to or "", message.body or "", message.claimed_at or now
    try:
        found = sent_since(context, to, body=body, since=since)
    except (Refused, OutcomeUnknown):
        return _not_known(context, message, now)
    if found is None:
        return _not_listed(context, message, now)
    return _take_found(context, message, found, now)


def without_receipt(context: DeliveryContext, message: Message, now: datetime) -> Change:
    """Look up once a text that was accepted six hours ago and has no receipt (R40)."""
    if message.channel is not Channel.TEXT or message.claimed_at is None:
        # Made due by a decision that read the row before it had left.
        return Change(put_aside_patch(message, now=now))
    if now < message.claimed_at + LOOK_AFTER:
        return _look_at(message, message.claimed_at + LOOK_AFTER, now)
    try:
        text = context.texts.fetch(message.sid or "")
    except (Refused, OutcomeUnknown):
        return _look_at(message, _next_look(message, now), now)
    stop = context.store.get(CircuitBreaker.ref())
    news = None if text is None else _news(context, message, text, stop, now)
    if news is not None:
        return news
    # Sent, not confirmed, as some carriers leave it: nobody said that it failed.
    change = Change(put_aside_patch(message, now=now))
    change.include(close_by_arrival(context, stop, message, now))
    return change


def _take_found(
    context: DeliveryContext, message: Message, text: ProviderText, now: datetime
) -> Change:
    """The row takes the text that was found; one that did not arrive has consequences (F35)."""
    log.info("message.found", extra={"message_id": message.id})
    stop = context.store.get(CircuitBreaker.ref())
    return _news(context, message, text, stop, now) or Change()


def _news(
    context: DeliveryContext,
    message: Message,
    text: ProviderText,
    stop: CircuitBreaker | None,
    now: datetime,
) -> Change | None:
    return news_change(
        context,
        message,
        sid=text.sid,
        to=text.to,
        body=text.body,
        word=text.status,
        code=text.error_code,
        stop=stop,
        now=now,
    )


def _not_known(context: DeliveryContext, message: Message, now: datetime) -> Change:
    """The provider did not say, or hides its words: look it up again while the text is of use."""
    if now >= message.send_before:
        return _give_up(context, message, "nobody knows whether it left", now)
    return _look_at(message, _next_look(message, now), now)


def _not_listed(context: DeliveryContext, message: Message, now: datetime) -> Change:
    """A complete list lacks it. Two of them, not too early, prove that nothing left."""
    settled_at = (message.claimed_at or now) + SETTLED_AFTER
    if now < settled_at:
        return _look_at(message, settled_at, now)
    if message.looked_at is None:
        return _look_at(message, now + AND_AGAIN, now, found_nothing=True)
    if now < message.looked_at + AND_AGAIN:
        return _look_at(message, message.looked_at + AND_AGAIN, now)
    return _never_left(context, message, now)


def _never_left(context: DeliveryContext, message: Message, now: datetime) -> Change:
    if message.void_because is not None:
        status, why = MessageStatus.WITHDRAWN, message.void_because
        return Change(end_patch(message, status, why=why, now=now))
    if now >= message.send_before:
        return _give_up(context, message, "it never left, and now it is too late", now)
    return Change(retry_patch(message, due_at=now, why="it never left", now=now))


def _give_up(context: DeliveryContext, message: Message, why: str, now: datetime) -> Change:
    """A person must act (F12), unless it is no longer needed."""
    change = Change(end_patch(message, MessageStatus.FAILED, why=why, now=now))
    if message.void_because is None:
        change.include(fallback_for(context, take_snapshot(context, message, now)))
    return change


def _look_at(
    message: Message, due_at: datetime, now: datetime, *, found_nothing: bool = False
) -> Change:
    return Change(look_up_patch(message, found_nothing=found_nothing, due_at=due_at, now=now))


def _hold(message: Message, now: datetime) -> Change:
    """Nothing may be sent before it was looked up."""
    patch = hold_patch(message, until=now + RETRY_LOOK, why="not looked up yet", now=now)
    return Change() if patch is None else Change(patch)


def _next_look(message: Message, now: datetime) -> datetime:
    """Later the longer nobody answers, so that not every row asks a provider that is down."""
    waited = now - (message.claimed_at or now)
    return now + min(max(waited / 4, RETRY_LOOK), RETRY_LOOK_MOST)


def sent_since(
    context: DeliveryContext, to: str, *, body: str, since: datetime
) -> ProviderText | None:
    """The oldest text to the number since then with these words, and held by no other row.

    OutcomeUnknown when one that no row holds has words that the provider hides (F81).
    """
    unheld = _unheld_since(context, to, since)
    found = next((text for text in unheld if text.body == body), None)
    if found is None and any(not text.body for text in unheld):
        raise OutcomeUnknown("the provider hides what it sent")
    return found


def sent_before(
    context: DeliveryContext, to: str, *, bodies: Collection[str], since: datetime
) -> ProviderText | None:
    """Like `sent_since`, for a row that does not know in which words it may have left (F71).

    Its words may be different now, so OutcomeUnknown also if there is any text that no row holds:
    it may be this one.
    """
    unheld = _unheld_since(context, to, since)
    found = next((text for text in unheld if text.body in bodies), None)
    if found is None and unheld:
        raise OutcomeUnknown("a text to this number is on no row")
    return found


def _unheld_since(context: DeliveryContext, to: str, since: datetime) -> list[ProviderText]:
    """The texts to a number since then that no row holds, oldest first."""
    fresh = [text for text in context.texts.sent_to(to) if text.created_at >= since - CLOCKS_DIFFER]
    holders = context.store.get_many(*(ProviderId.ref(text.sid) for text in fresh)) if fresh else ()
    unheld = [text for text, row in zip(fresh, holders, strict=True) if row is None]
    return sorted(unheld, key=lambda text: text.created_at)
