"""A message to be sent: one outbox row. The steps of its life are in `transitions.py`.

pending → sending → sent → delivered | undelivered
pending → withdrawn | suppressed | expired | failed        sending → pending | failed
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Self

from pydantic import model_validator

from chalicelib.domain.messaging.facts import Facts
from chalicelib.domain.messaging.subject import Subject
from chalicelib.domain.personal import Personal
from chalicelib.domain.record import Instant, Key, Record, Ref, Value, written


class Channel(StrEnum):
    TEXT = "text"
    EMAIL = "email"
    TASK = "task"  #: sent by opening a Task


class Recipient(StrEnum):
    """Whom a row is for. This and the channel decide what is checked before it leaves."""

    PATIENT = "patient"
    STAFF = "staff"


class MessageStatus(StrEnum):
    PENDING = "pending"
    SENDING = "sending"  #: claimed; the provider may or may not have it
    SENT = "sent"  #: the provider accepted it
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"  #: we gave up
    WITHDRAWN = "withdrawn"  #: no longer needed
    SUPPRESSED = "suppressed"  #: not allowed: a cap, a missing consent, a rule
    EXPIRED = "expired"  #: too late to be of use


FINAL = frozenset(
    {
        MessageStatus.DELIVERED,
        MessageStatus.UNDELIVERED,
        MessageStatus.FAILED,
        MessageStatus.WITHDRAWN,
        MessageStatus.SUPPRESSED,
        MessageStatus.EXPIRED,
    }
)
LEFT = frozenset(
    {MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.UNDELIVERED}
)  # the provider has accepted it

WAITING = frozenset({MessageStatus.PENDING, MessageStatus.SENDING})  # the courier has work to do

NEXT: Mapping[MessageStatus, frozenset[MessageStatus]] = {
    MessageStatus.PENDING: frozenset(
        {
            MessageStatus.SENDING,
            MessageStatus.WITHDRAWN,
            MessageStatus.SUPPRESSED,
            MessageStatus.EXPIRED,
            MessageStatus.FAILED,
        }
    ),
    MessageStatus.SENDING: frozenset(
        {
            MessageStatus.SENT,
            MessageStatus.DELIVERED,
            MessageStatus.UNDELIVERED,
            MessageStatus.PENDING,
            MessageStatus.FAILED,
            MessageStatus.WITHDRAWN,
            MessageStatus.EXPIRED,
        }
    ),
    MessageStatus.SENT: frozenset({MessageStatus.DELIVERED, MessageStatus.UNDELIVERED}),
}


class Exemption(StrEnum):
    """What does not hold back a text that answers a person's own text."""

    OPT_OUT = "opt_out"  #: leaves although the number wants no texts from us
    CONSENT = "consent"  #: leaves although nobody agreed to texts


class Happened(Value):
    """One line of a row's own history (R56)."""

    at: Instant
    what: str
    why: str = ""


class Owed(Value):
    """What to say, to whom and when. A later row of the same thing repeats it."""

    id: str  #: `<owner's id>.<what it is about>`: the same message always gets the same id
    base_id: str = ""  #: its id without the part that tells retries, repetitions and readers apart
    repetition: int = 0  #: how often it was sent before, if it is repeated
    stands_in_for: str | None = None  #: the text that this mail replaces
    kind: str  #: which wording: a kind in the catalogue, or in the visit's care plan
    step: str | None = None  #: the step of the care plan, if it is one
    channel: Channel
    patient_id: str | None = None
    staff_id: str | None = None  #: whom a mail to staff is for
    subject: Subject | None = None  #: None: needed in any case
    #: what only the decision that made it knew, such as the times proposed
    facts: Annotated[Facts, Personal(Facts(), by_age=False)] = Facts()
    priority: int = 2  #: R19's class: 1 is never dropped
    answers_person: bool = False  #: an answer to a person's own text: no quiet hours (R14)
    exempt_from: tuple[Exemption, ...] = ()  #: what does not hold it back (R6, R44)
    follows: str | None = None  #: the message that must leave before this one (R4)
    scheduled_at: Instant  #: when it is meant to leave
    send_before: Instant  #: after this it is of no use and is not sent (R13)
    created_at: Instant


class Message(Owed, Record):
    """One thing to say to one person on one channel, at its time, at most once."""

    KIND: ClassVar[str] = "message"

    status: MessageStatus = MessageStatus.PENDING
    due_at: Instant | None = None  #: when the courier must look at it next; None: never
    reason: str | None = None  #: why it ended as it did, or what it waits for
    set_aside: bool = False  #: its courier could not deal with it: no other row waits for it (R35)
    void_because: str | None = None  #: set when it is no longer needed; never claimed after that
    attempt: int = 0
    claim_id: str | None = None
    claimed_at: Instant | None = None
    first_claimed_at: Instant | None = None
    lease_until: Instant | None = None
    looked_at: Instant | None = None  #: when a complete look-up last did not find it
    #: the number or address it was claimed for
    to: Annotated[str | None, Personal(None, by_age=False)] = None
    #: the exact text that was claimed
    body: Annotated[str | None, Personal(None)] = None
    sid: str | None = None  #: the provider's id
    provider_status: str | None = None  #: the provider's own status
    error_code: int | None = None
    history: tuple[Happened, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _reads_older_rows(cls, given: Any) -> Any:
        if not isinstance(given, Mapping) or "base_id" in given:
            return given
        return {**_said_by_its_id(given), **given}

    @model_validator(mode="after")
    def _comes_due(self) -> Self:
        if self.due_at is None and self.status in WAITING:
            raise ValueError(f"a message that is {self.status} must come due")
        return self

    @property
    def key(self) -> Key:
        return message_key(self.id)

    @staticmethod
    def ref(message_id: str) -> Ref["Message"]:
        return Ref(Message, message_key(message_id))

    def index(self) -> Mapping[str, str | int]:
        """Indexed by patient where its owner is not the patient's own, so that erasure finds it."""
        is_elsewhere = self.owner_id.startswith(("TXT-", "CHG-"))
        if self.patient_id is None or not is_elsewhere:
            return {}
        return {"patient_at": written(self.created_at)}

    @property
    def owner_id(self) -> str:
        return self.id.partition(".")[0]

    @property
    def recipient(self) -> Recipient:
        """Whom the row is for; a task is for any of the staff."""
        is_staffs = self.staff_id is not None or self.channel is Channel.TASK
        return Recipient.STAFF if is_staffs else Recipient.PATIENT

    @property
    def page_of(self) -> str | None:
        """The id that the patient's page of this message shows; None when it has no page."""
        return self.facts.page or (self.subject.pk if self.subject else None)

    @property
    def is_counted(self) -> bool:
        """Whether the number's count already includes it: a retry is not counted again (R19)."""
        return self.first_claimed_at is not None or self.facts.retry > 0

    @property
    def shown_status(self) -> MessageStatus:
        """The status to show to people: a void row that still waits is shown as withdrawn."""
        if self.void_because is not None and self.status is MessageStatus.PENDING:
            return MessageStatus.WITHDRAWN
        return self.status


def message_id(key: Key) -> str:
    """The id of the message that is stored under a key."""
    return f"{key.pk}.{key.sk.removeprefix('MSG#')}"


def message_key(message_id: str) -> Key:
    owner, _, about = message_id.partition(".")
    return Key(owner, f"MSG#{about}")


def _said_by_its_id(row: Mapping[str, Any]) -> dict[str, Any]:
    """What rows from before November 29, 2026 say only by their reason and the end of their id."""
    id_, staff_id, facts = row.get("id"), row.get("staff_id"), row.get("facts")
    if not isinstance(id_, str):
        return {}
    text_id = id_.removesuffix("-mail")
    tried = dict(facts).get("retry") if isinstance(facts, Facts | Mapping) else None
    first, _, repetition = text_id.removesuffix(f"-r{tried}").partition("-again-")
    return {
        "base_id": first if staff_id is None else first.removesuffix(f"-{staff_id}"),
        "repetition": int(repetition) if repetition.isdigit() else 0,
        "stands_in_for": text_id if text_id != id_ else None,
        "set_aside": str(row.get("reason")).startswith(("unreadable", "error: ")),
    }
