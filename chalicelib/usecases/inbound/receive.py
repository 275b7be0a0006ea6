"""A text reached our number: it takes effect once, whichever way and how often we hear of it."""

from datetime import datetime, timedelta

from chalicelib.domain.change import Change, Operation, Save
from chalicelib.domain.errors import Unreadable
from chalicelib.domain.messaging.inbound_text import InboundText
from chalicelib.domain.people.phone import Phone
from chalicelib.messages.factory import task_message
from chalicelib.messages.replies.reading import Meaning
from chalicelib.transaction import PATIENT, SERVICE, Desk, change_of, decide
from chalicelib.usecases.inbound.context import (
    Heard,
    Incoming,
    as_heard,
    can_be_texted,
    known_rows,
    owner_id_of,
    read_this,
)
from chalicelib.usecases.inbound.echoes import without_our_words
from chalicelib.usecases.inbound.handlers import HANDLERS
from chalicelib.usecases.inbound.offer_choice import Choice, chosen, take_offer
from chalicelib.usecases.inbound.opt_out_first import opt_out_at_once
from chalicelib.usecases.inbound.urgent_alarm import alarm_at_once

__all__ = ["Incoming", "let_a_person_read", "receive_text"]

# A signature never expires, so a webhook may be replayed after years: the row without its words is
# what makes that harmless (F55).
REMEMBERED = timedelta(days=3650)


def receive_text(desk: Desk, incoming: Incoming, *, quiet_words: frozenset[str]) -> str:
    """What the text means has happened; a text heard before has no second effect (R38).

    `quiet_words` are the meanings that the provider answers itself (R8). Returns the meaning.
    """
    at = incoming.received_at or desk.clock.now()
    incoming = without_our_words(desk, incoming)
    is_news = False
    try:
        is_news = opt_out_at_once(desk, incoming, at)
    finally:
        # Neither of the two waits for the other to succeed.
        alarm_at_once(desk, incoming, at)
    # A digit that answers an offer books before the text itself is recorded. Dying in between is
    # harmless: heard again, the offer is found taken by this very patient.
    choice = _choice(desk, incoming)

    def attempt(now: datetime) -> tuple[Change, str]:
        known, phone = known_rows(desk, incoming)
        if known is not None:
            return Change(), getattr(known, "meaning", Meaning.OTHER.value)
        heard = as_heard(desk, incoming, phone, quiet_words, at=at, now=now, ends_texts=is_news)
        meaning = heard.reading.meaning
        change = change_of(heard.owner_id, "text_received", PATIENT, now, meaning=meaning)
        effects = _effects(heard, choice)
        change.include(effects)
        change.include(can_be_texted(phone, effects))
        change.include(heard.unless_erased())
        # A reader may not be the writer: words are their writer's.
        change.include([Save(_row(desk, incoming, meaning.value, at, now, heard.sender_id))])
        return change, meaning.value

    return decide(desk, attempt)


def let_a_person_read(desk: Desk, incoming: Incoming) -> str:
    """A text that cannot be heard is a task to read it; heard later, it has no effect any more."""
    at = incoming.received_at or desk.clock.now()

    def attempt(now: datetime) -> tuple[Change, str]:
        change = change_of(owner_id_of(incoming), "text_not_heard", SERVICE, now)
        what = "reply_to_read"
        task = task_message(
            owner_id=owner_id_of(incoming),
            about=what,
            what=what,
            number=incoming.sender,
            detail=incoming.body,
            deadline_at=now,
            now=now,
        )
        change.include([Save(task), Save(_row(desk, incoming, "not_heard", at, now, None))])
        return change, "not_heard"

    return decide(desk, attempt)


def _effects(heard: Heard, choice: Choice | None) -> list[Operation]:
    if choice is not None:
        return chosen(heard, choice)
    if not heard.is_whole and heard.reading.meaning is not Meaning.URGENT:
        # Whose text it is cannot be told, so nothing is applied by guess.
        return [read_this(heard, "reply_to_read")]
    return HANDLERS.get(heard.reading.meaning, HANDLERS[Meaning.OTHER])(heard)


def _choice(desk: Desk, incoming: Incoming) -> Choice | None:
    reading = incoming.reading()
    if reading.meaning is not Meaning.CHOICE:
        return None
    known, phone = known_rows(desk, incoming)
    if known is not None or not isinstance(phone, Phone):
        return None
    try:
        return take_offer(desk, phone, reading.number or 0, said_at=incoming.received_at)
    except Unreadable:
        # The offer is not to be had: a person reads the digit.
        return None


def _row(
    desk: Desk,
    incoming: Incoming,
    meaning: str,
    at: datetime,
    now: datetime,
    patient_id: str | None,
) -> InboundText:
    kept = timedelta(days=desk.clinic.retention.inbound_days)
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
