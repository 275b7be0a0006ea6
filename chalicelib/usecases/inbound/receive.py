"""A text reached our number: it takes effect once, whichever way and how often we hear of it."""

from datetime import datetime, timedelta

from chalicelib.domain.change import Change, Operation, Save
from chalicelib.domain.errors import Unreadable
from chalicelib.domain.messaging.facts import Facts
from chalicelib.domain.messaging.inbound_text import InboundText
from chalicelib.domain.messaging.task import TaskKind
from chalicelib.domain.people.phone import Phone
from chalicelib.messages.factory import open_task
from chalicelib.messages.replies.reading import Meaning
from chalicelib.transaction import PATIENT, SERVICE, Context, change_of, run_in_transaction
from chalicelib.usecases.inbound.context import (
    InboundContext,
    Incoming,
    can_be_texted,
    inbound_context,
    known_rows,
    owner_id_of,
    read_this,
)
from chalicelib.usecases.inbound.echoes import without_our_words
from chalicelib.usecases.inbound.handlers import HANDLERS
from chalicelib.usecases.inbound.offer_choice import Choice, chosen, take_offer
from chalicelib.usecases.inbound.opt_out_first import opt_out_first
from chalicelib.usecases.inbound.urgent_alarm import raise_alarm

__all__ = ["Incoming", "hand_to_a_person", "receive_text"]

# A signature never expires, so a webhook may be replayed after years: the row without its words is
# what makes that harmless (F55).
REMEMBERED = timedelta(days=3650)


def receive_text(context: Context, incoming: Incoming, *, quiet_words: frozenset[str]) -> str:
    """What the text means has happened; a text heard before has no second effect (R38).

    `quiet_words` are the meanings that the provider answers itself (R8). Returns the meaning.
    """
    at = incoming.received_at or context.clock.now()
    incoming = without_our_words(context, incoming)
    is_news = False
    try:
        is_news = opt_out_first(context, incoming, at)
    finally:
        # Neither of the two waits for the other to succeed.
        raise_alarm(context, incoming, at)
    # A digit that answers an offer books before the text itself is recorded. Dying in between is
    # harmless: heard again, the offer is found taken by this very patient.
    choice = _choice(context, incoming)

    def attempt(now: datetime) -> tuple[Change, str]:
        known, phone = known_rows(context, incoming)
        if known is not None:
            return Change(), getattr(known, "meaning", Meaning.OTHER.value)
        inbound = inbound_context(
            context, incoming, phone, quiet_words, at=at, now=now, ends_texts=is_news
        )
        meaning = inbound.reading.meaning
        change = change_of(inbound.owner_id, "text_received", PATIENT, now, meaning=meaning)
        effects = _effects(inbound, choice)
        change.include(effects)
        change.include(can_be_texted(phone, effects))
        change.include(inbound.unless_erased())
        # A reader may not be the writer: words are their writer's.
        change.include([Save(_row(context, incoming, meaning.value, at, now, inbound.sender_id))])
        return change, meaning.value

    return run_in_transaction(context, attempt)


def hand_to_a_person(context: Context, incoming: Incoming) -> str:
    """A text that cannot be heard is a task to read it; heard later, it has no effect any more."""
    at = incoming.received_at or context.clock.now()

    def attempt(now: datetime) -> tuple[Change, str]:
        change = change_of(owner_id_of(incoming), "text_not_heard", SERVICE, now)
        kind = TaskKind.REPLY_TO_READ
        task = open_task(
            kind,
            f"{owner_id_of(incoming)}.{kind}",
            now=now,
            by=now,
            facts=Facts(number=incoming.sender, detail=incoming.body),
        )
        change.include([Save(task), Save(_row(context, incoming, "not_heard", at, now, None))])
        return change, "not_heard"

    return run_in_transaction(context, attempt)


def _effects(inbound: InboundContext, choice: Choice | None) -> list[Operation]:
    if choice is not None:
        return chosen(inbound, choice)
    if not inbound.is_whole and inbound.reading.meaning is not Meaning.URGENT:
        # Whose text it is cannot be told, so nothing is applied by guess.
        return [read_this(inbound, TaskKind.REPLY_TO_READ)]
    return HANDLERS.get(inbound.reading.meaning, HANDLERS[Meaning.OTHER])(inbound)


def _choice(context: Context, incoming: Incoming) -> Choice | None:
    reading = incoming.reading()
    if reading.meaning is not Meaning.CHOICE:
        return None
    known, phone = known_rows(context, incoming)
    if known is not None or not isinstance(phone, Phone):
        return None
    try:
        return take_offer(context, phone, reading.number or 0, said_at=incoming.received_at)
    except Unreadable:
        # The offer is not to be had: a person reads the digit.
        return None


def _row(
    context: Context,
    incoming: Incoming,
    meaning: str,
    at: datetime,
    now: datetime,
    patient_id: str | None,
) -> InboundText:
    kept = timedelta(days=context.clinic.retention.inbound_days)
    return InboundText(
        sid=incoming.sid,
        phone=incoming.sender,
        patient_id=patient_id,
        body=incoming.body,
        meaning=meaning,
        at=at,
        erase_at=now + kept,
        ttl=int((now + REMEMBERED).timestamp()),
    )
