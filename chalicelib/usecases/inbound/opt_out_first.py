"""An opt-out stands before anything else of a text is looked at, so that nothing can fail it (R5).

Dying after it is harmless: the text is read again.
"""

from datetime import datetime

from chalicelib.domain.change import Change, Operation, Require
from chalicelib.domain.conditions import Is
from chalicelib.domain.errors import Unreadable
from chalicelib.domain.messaging.inbound_text import InboundText
from chalicelib.domain.people.phone import Phone
from chalicelib.messages.replies.reading import Meaning
from chalicelib.transaction import Context, run_in_transaction
from chalicelib.usecases.inbound.context import (
    Incoming,
    is_before,
    known_rows,
)
from chalicelib.usecases.patients.opt_out import opt_out_patch, pause_patch


def opt_out_first(context: Context, incoming: Incoming, at: datetime) -> bool:
    """A STOP stands before anything else is looked at, so nothing can fail it (R5).

    So does a pause for what may have meant one (R6). Dying after it is harmless: heard again, it
    stands again and the rest follows. Returns whether texts went until now.
    """
    meaning = incoming.reading().meaning
    if meaning not in (Meaning.STOP, Meaning.DOUBTFUL_STOP):
        return False

    def attempt(now: datetime) -> tuple[Change, bool]:
        known, phone = known_rows(context, incoming)
        if known is not None:
            return Change(), False
        # The same text, told twice at once, may be heard by now, and a START have come after it.
        unheard = Require.of(InboundText.ref(incoming.sid), Is("record", None))
        if meaning is Meaning.DOUBTFUL_STOP:
            pause = _pause(incoming, phone, at)
            return Change(*pause, *([unheard] if pause else [])), bool(pause)
        if isinstance(phone, Unreadable):
            # Nothing of the row is needed for it to stand.
            return Change(opt_out_patch(incoming.sender, means="text", now=at), unheard), False
        # One that comes just now is the last word, whatever two clocks that differ say (F22).
        if phone is not None and is_before(incoming.received_at, phone.opted_in_at):
            return Change(), False
        out = phone.opted_out_at if phone is not None else None
        stands = opt_out_patch(incoming.sender, means="text", now=max(at, out or at))
        if incoming.received_at is not None:
            # What is found late may be older than an opt-out, or a START, of this very moment.
            stands = stands.only_if(*_as_read(incoming, phone))
        return Change(stands, unheard), out is None

    return run_in_transaction(context, attempt)


def _pause(incoming: Incoming, phone: Phone | Unreadable | None, at: datetime) -> list[Operation]:
    """Nothing where texts have stopped already, or were wished for since."""
    if isinstance(phone, Phone):
        is_answered = is_before(incoming.received_at, phone.opted_in_at)
        if phone.opted_out_at is not None or is_answered:
            return []
    pause = pause_patch(incoming.sender, now=at)
    if incoming.received_at is not None and not isinstance(phone, Unreadable):
        pause = pause.only_if(*_as_read(incoming, phone))
    return [pause]


def _as_read(incoming: Incoming, phone: Phone | None) -> tuple[Is, ...]:
    """That neither an opt-out nor a START has come since the number's row was read."""
    known = phone or Phone(number=incoming.sender)
    return known.as_read("opted_out_at", "opted_in_at")
