"""A text reached our number: it takes effect once, whichever way and how often we hear of it."""

from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.domain.change import Change, Is, Operation, Patch, Save
from chalicelib.domain.people import Patient, Phone
from chalicelib.domain.record import Instant, Value, written
from chalicelib.domain.work import InboundText
from chalicelib.messages.replies import Meaning, Reading, understand
from chalicelib.usecases.contacting import opted_out
from chalicelib.usecases.deciding import PATIENT, Desk, change_of, decide
from chalicelib.usecases.hearing import Heard, alarm, is_before
from chalicelib.usecases.meanings import HANDLERS
from chalicelib.usecases.picking import Choice, chosen, take_offer

FORGOTTEN = timedelta(days=30)  # after its words are erased, a text's row may go


class Incoming(Value):
    """A text as the provider reports it, its shape checked at the border."""

    sid: str
    sender: str  #: E.164, a short code or a name
    body: str
    opt_out_type: str | None = None
    received_at: Instant | None = None  #: None: just now


def receive_text(desk: Desk, incoming: Incoming, *, quiet_words: frozenset[str]) -> str:
    """What the text means has happened; a text heard before has no second effect (R38).

    `quiet_words` are the meanings that the provider answers itself (R8). Returns the meaning.
    """
    # A digit that answers an offer books before the text itself is recorded. Dying in between is
    # harmless: heard again, the offer is found taken by this very patient.
    at = incoming.received_at or desk.clock.now()
    _opt_out_at_once(desk, incoming, at)
    choice = _choice(desk, incoming)

    def attempt(now: datetime) -> tuple[Change, str]:
        known, phone = desk.store.get_many(
            InboundText.ref(incoming.sid), Phone.ref(incoming.sender)
        )
        if known is not None:
            return Change(), known.meaning
        reading = _understood(incoming, phone)
        patients = _patients(desk, phone)
        heard = Heard(
            desk=desk,
            owner_id=f"TXT-{incoming.sid}",
            phone=(phone or Phone(number=incoming.sender)).evolve(bad_because=None),
            patients=patients,
            reading=reading,
            body=incoming.body,
            quiet=reading.meaning.value in quiet_words,
            now=now,
            at=at,
        )
        change = change_of(heard.owner_id, "text_received", PATIENT, now, meaning=reading.meaning)
        effects = _effects(heard, choice)
        change.include(effects)
        change.include(_can_be_texted(phone, effects))
        if reading.urgent:
            change.include(alarm(heard))
        # Under nobody's name who is erased meanwhile.
        change.include(p.unless_erased() for p in patients if p.id == heard.sender_id)
        change.include([Save(_row(desk, incoming, heard))])
        return change, reading.meaning.value

    return decide(desk, attempt)


def _opt_out_at_once(desk: Desk, incoming: Incoming, at: datetime) -> None:
    """A STOP stands before anything else is looked at, so nothing can fail it (R5).

    Dying after it is harmless: heard again, it stands again and the rest follows.
    """
    if understand(incoming.body, opt_out_type=incoming.opt_out_type).meaning is not Meaning.STOP:
        return

    def attempt(now: datetime) -> tuple[Change, None]:
        known, phone = desk.store.get_many(
            InboundText.ref(incoming.sid), Phone.ref(incoming.sender)
        )
        if known is not None or (phone is not None and is_before(at, phone.opted_in_at)):
            return Change(), None
        out = phone.opted_out_at if phone is not None else None
        stands = opted_out(incoming.sender, means="text", now=max(at, out or at))
        if incoming.received_at is not None:
            # What is found late may be older than an opt-out of this very moment.
            stands = replace(stands, when=(Is("opted_out_at", out and written(out)),))
        return Change(stands), None

    decide(desk, attempt)


def _effects(heard: Heard, choice: Choice | None) -> list[Operation]:
    if choice is not None:
        return chosen(heard, choice)
    return HANDLERS.get(heard.reading.meaning, HANDLERS[Meaning.OTHER])(heard)


def _can_be_texted(phone: Phone | None, effects: list[Operation]) -> list[Operation]:
    """Who texts us can be texted: a mark that the number is bad goes away."""
    is_bad = phone is not None and phone.bad_because is not None
    if (
        phone is None
        or not is_bad
        or any(isinstance(e, Save) and e.key == phone.key for e in effects)
    ):
        return []
    return [Patch(phone.key, set={"bad_because": None})]


def _choice(desk: Desk, incoming: Incoming) -> Choice | None:
    reading = understand(incoming.body, opt_out_type=incoming.opt_out_type)
    if reading.meaning is not Meaning.CHOICE:
        return None
    known, phone = desk.store.get_many(InboundText.ref(incoming.sid), Phone.ref(incoming.sender))
    if known is not None or phone is None:
        return None
    return take_offer(desk, phone, reading.number or 0, said_at=incoming.received_at)


def _understood(incoming: Incoming, phone: Phone | None) -> Reading:
    return understand(
        incoming.body,
        opt_out_type=incoming.opt_out_type,
        opted_out=phone is not None and phone.opted_out_at is not None,
    )


def _patients(desk: Desk, phone: Phone | None) -> list[Patient]:
    if phone is None or not phone.patients:
        return []
    rows = desk.store.get_many(*(Patient.ref(id_) for id_ in phone.patients))
    return [row for row in rows if row is not None and row.phone == phone.number]


def _row(desk: Desk, incoming: Incoming, heard: Heard) -> InboundText:
    kept = timedelta(days=desk.clinic.retention.inbound_days)
    return InboundText(
        sid=incoming.sid,
        phone=incoming.sender,
        patient_id=heard.sender_id,  # a reader may not be the writer: words are their writer's
        body=incoming.body,
        meaning=heard.reading.meaning.value,
        at=heard.at,
        erase_at=heard.now + kept,
        ttl=int((heard.now + kept + FORGOTTEN).timestamp()),
    )
