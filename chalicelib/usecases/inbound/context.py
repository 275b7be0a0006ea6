"""A text as it was heard, whose it may be, and what may follow any: an answer or a task."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.domain.change import Operation, Patch, Save
from chalicelib.domain.errors import Unreadable
from chalicelib.domain.messaging.facts import Facts
from chalicelib.domain.messaging.inbound_text import InboundText
from chalicelib.domain.messaging.task import TaskKind
from chalicelib.domain.people.patient import Patient, TextConsent
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.record import Instant, Value
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.messages.factory import NO_FACTS, About, answer_to_patient, open_task, subject_of
from chalicelib.messages.replies.reading import Meaning, Reading, plain, understand
from chalicelib.tolerant_reads import read_each
from chalicelib.transaction import Context

# https://help.twilio.com/articles/223134027: these alone in a text, in any case, have its answer.
PROVIDERS_STOPS = frozenset(
    ("STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT")
)
PROVIDERS_WORDS = PROVIDERS_STOPS | {"START", "YES", "UNSTOP", "HELP", "INFO"}


class Incoming(Value):
    """A text as the provider reports it, its shape checked at the border."""

    sid: str
    sender: str  #: E.164, a short code or a name
    body: str
    opt_out_type: str | None = None
    words: str | None = None  #: what is theirs of the body; None: all of it (R61)
    received_at: Instant | None = None  #: None: just now

    def reading(self, *, opted_out: bool = False) -> Reading:
        """What their own words mean; our words alone that came back mean nothing."""
        if self.words is not None and not self.words.strip() and not self.opt_out_type:
            return Reading(meaning=Meaning.ECHO)
        words = self.body if self.words is None else self.words
        return understand(words, opt_out_type=self.opt_out_type, opted_out=opted_out)


@dataclass(frozen=True, kw_only=True)
class InboundContext:
    """A text, whom it may be from, and what it was understood as."""

    context: Context
    owner_id: str
    phone: Phone
    patients: list[Patient]
    is_whole: bool  #: the number's row and each of its patients could be read
    reading: Reading
    body: str
    quiet: bool  #: the provider has answered this word itself
    ends_texts: bool  #: no opt-out or pause stood before this one
    now: datetime
    at: datetime  #: when it reached our number: before `now` if the webhook missed it (R60)

    def reader(self, about: str | None = None) -> Patient | None:
        """Whom an answer is for: the patient it is about, if they agreed to texts; else who did.

        Who gave the number first does not matter: anyone can type anyone's number into a form.
        """
        agreed = [p for p in self.patients if p.text_consent is not TextConsent.NONE]
        meant = [p for p in agreed if p.id == about]
        texted = [p for p in agreed if p.gets_texts]
        return next(iter(meant or texted or agreed or self.patients), None)

    @property
    def found_at(self) -> datetime | None:
        """When a text that was found late had come; one that comes just now is the last word."""
        return self.at if is_before(self.at, self.now) else None

    @property
    def sender_id(self) -> str | None:
        """The patient who wrote, when there can be no doubt who of the phone it was."""
        return self.patients[0].id if self.is_whole and len(self.patients) == 1 else None

    def unless_erased(self) -> list[Operation]:
        """A condition: nothing is put under the name of who is erased at this very moment."""
        return [p.unless_erased() for p in self.patients if p.id == self.sender_id]


def owner_id_of(incoming: Incoming) -> str:
    return f"TXT-{incoming.sid}"


def known_rows(
    context: Context, incoming: Incoming
) -> tuple[InboundText | Unreadable | None, Phone | Unreadable | None]:
    """The text's row, if it was heard before, and its number's; an odd one stops nothing."""
    text, phone = read_each(
        context.store, InboundText.ref(incoming.sid), Phone.ref(incoming.sender)
    )
    return text, phone


def inbound_context(
    context: Context,
    incoming: Incoming,
    phone: Phone | Unreadable | None,
    quiet_words: frozenset[str],
    *,
    at: datetime,
    now: datetime,
    ends_texts: bool = False,
) -> InboundContext:
    known = phone if isinstance(phone, Phone) else Phone(number=incoming.sender)
    patients = read_each(context.store, *map(Patient.ref, known.patients))
    reading = incoming.reading(opted_out=known.opted_out_at is not None)
    return InboundContext(
        context=context,
        owner_id=owner_id_of(incoming),
        phone=known.evolve(bad_because=None),
        patients=[p for p in patients if isinstance(p, Patient) and p.phone == known.number],
        is_whole=not any(isinstance(row, Unreadable) for row in (phone, *patients)),
        reading=reading,
        body=incoming.body,
        quiet=reading.meaning.value in quiet_words and _is_providers_word(incoming),
        ends_texts=ends_texts,
        now=now,
        at=at,
    )


def reply(
    inbound: InboundContext,
    kind: str,
    *,
    about: Appointment | None = None,
    within: timedelta | None = None,
    facts: Facts = NO_FACTS,
) -> list[Operation]:
    """One text back, to a known patient alone: an unknown number learns nothing (R45).

    About a visit, it is owed only while the visit is as it was: what comes late is not true of a
    time that it was moved to. With `within`, it leaves so soon after their text or not at all.
    """
    reader = inbound.reader(about.patient_id if about else None)
    if reader is None:
        return []
    return [
        # Who leaves the number at this very moment gets no answer there: then it is another's.
        reader.while_reached_at(inbound.phone.number),
        Save(
            answer_to_patient(
                kind,
                f"{inbound.owner_id}.{kind}",
                About(reader.id, subject_of(about, ("arrived", "booked")) if about else None),
                now=inbound.now,
                # A table that was restored may have forgotten an answer, so a late one is looked
                # up before it leaves (F71).
                due_at=inbound.at,
                send_before=inbound.at + within if within else None,
                facts=facts,
            )
        ),
    ]


def read_this(inbound: InboundContext, kind: TaskKind, *, facts: Facts = NO_FACTS) -> Operation:
    """A person reads the text and does what it needs."""
    said = facts.evolve(number=inbound.phone.number, detail=inbound.body)
    return Save(
        open_task(
            kind,
            f"{inbound.owner_id}.{kind}",
            About(inbound.sender_id),
            now=inbound.now,
            facts=said,
        )
    )


def _is_providers_word(incoming: Incoming) -> bool:
    """Whether the provider knows the word too: what only we understand, only we can answer."""
    if incoming.opt_out_type is not None or incoming.body.strip().upper() in PROVIDERS_WORDS:
        return True
    # A STOP with a full stop needs no words of ours either (R63).
    return plain(incoming.body).upper() in PROVIDERS_STOPS


def can_be_texted(phone: Phone | Unreadable | None, effects: list[Operation]) -> list[Operation]:
    """Who texts us can be texted: a mark that the number is bad goes away."""
    if not isinstance(phone, Phone) or phone.bad_because is None:
        return []
    if any(isinstance(effect, Save) and effect.key == phone.key for effect in effects):
        return []
    return [Patch.of(phone, bad_because=None)]


def is_before(said_at: datetime | None, asked_at: datetime | None) -> bool:
    """Whether it was said in an earlier second; a provider's times have whole seconds."""
    if said_at is None or asked_at is None:
        return False
    return said_at < asked_at.replace(microsecond=0)
