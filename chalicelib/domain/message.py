"""A message that is owed: one outbox row, and every step of its life as a conditional patch.

pending → sending → sent → delivered | undelivered
pending → withdrawn | suppressed | expired | failed        sending → pending | failed
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from chalicelib.domain.change import Is, OneOf, Patch, Require, as_stored
from chalicelib.domain.record import Instant, Key, Record, Ref, Value

LEASE = timedelta(minutes=5)  # longer than one run of the courier may last (60 s)
LOOK_AFTER = timedelta(hours=6)  # a text without a receipt is looked up once after this (R40)


class Channel(StrEnum):
    TEXT = "text"
    EMAIL = "email"
    TASK = "task"  #: sent by opening a Task


class MessageStatus(StrEnum):
    PENDING = "pending"
    SENDING = "sending"  #: claimed; the provider may or may not have it
    SENT = "sent"  #: the provider accepted it
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"  #: we gave up
    WITHDRAWN = "withdrawn"  #: no longer owed
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
)  # the provider has taken it

WAITING = frozenset({MessageStatus.PENDING, MessageStatus.SENDING})  # somebody must see to it

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


class Happened(Value):
    """One line of a row's own history (R56)."""

    at: Instant
    what: str
    why: str = ""


class Subject(Value):
    """What a message is about, and when it is still owed: its version and one of these statuses."""

    pk: str
    sk: str
    version: int
    statuses: tuple[str, ...]

    def requirement(self) -> Require:
        return Require(
            Key(self.pk, self.sk), (Is("version", self.version), OneOf("status", self.statuses))
        )


class Message(Record):
    """One thing to say to one person on one channel, at its time, at most once."""

    KIND: ClassVar[str] = "message"

    id: str  #: `<owner's id>.<what it is about>`: made again, it is the same row
    kind: str  #: which wording: a kind of the catalogue, or of the visit's care plan
    step: str | None = None  #: the step of the care plan, when it is one
    channel: Channel
    patient_id: str | None = None
    staff_id: str | None = None  #: whom a mail to staff is for
    subject: Subject | None = None  #: None: owed whatever happens
    facts: dict[str, str] = Field(
        default_factory=dict
    )  #: what only the decision knew, such as the times proposed
    priority: int = 2  #: R19's class: 1 is never dropped
    answers_person: bool = False  #: an answer to a person's own text: no quiet hours (R14)
    follows: str | None = None  #: the message that must have left before this one (R4)
    scheduled_at: Instant  #: when it is meant to leave
    send_before: Instant  #: past this it is no use and is not sent (R13)
    created_at: Instant

    status: MessageStatus = MessageStatus.PENDING
    due_at: Instant | None = None  #: when there is next something to do; None: nothing
    reason: str | None = None  #: why it ended as it did, or what it waits for
    void_because: str | None = None  #: set when it is no longer owed; never claimed after that
    attempt: int = 0
    claim_id: str | None = None
    claimed_at: Instant | None = None
    first_claimed_at: Instant | None = None
    lease_until: Instant | None = None
    looked_at: Instant | None = None  #: when a complete look-up last found nothing
    to: str | None = None  #: the number or address it was claimed for
    body: str | None = None  #: the exact text that was claimed
    sid: str | None = None  #: the provider's id
    provider_status: str | None = None  #: the provider's own word
    error_code: int | None = None
    history: tuple[Happened, ...] = ()

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

    @property
    def owner_id(self) -> str:
        return self.id.partition(".")[0]

    @property
    def is_counted(self) -> bool:
        """Whether it stands in the number's count already: a retry never counts again (R19)."""
        return self.first_claimed_at is not None or "retry" in self.facts

    @property
    def shown_status(self) -> MessageStatus:
        """What a person should read: a void row that waits is as good as withdrawn."""
        if self.void_because is not None and self.status is MessageStatus.PENDING:
            return MessageStatus.WITHDRAWN
        return self.status


def message_key(message_id: str) -> Key:
    owner, _, about = message_id.partition(".")
    return Key(owner, f"MSG#{about}")


def voids(messages: Iterable[Message], *, because: str, now: datetime) -> list[Patch]:
    """Withdraw all that has not ended. Tests no status, so no courier can make it fail."""
    return [
        Patch(
            message.key,
            set=as_stored({"void_because": because, "due_at": now}),
            append={"history": (_line(now, "void", because),)},
        )
        for message in messages
        if message.status not in FINAL
        and message.status is not MessageStatus.SENT
        and message.void_because is None
    ]


def claimed(
    message: Message, *, claim_id: str, now: datetime, to: str | None, body: str | None
) -> Patch:
    """The row taken by one courier: nobody else sends it while the lease lasts (R30)."""
    return _step(
        message,
        MessageStatus.SENDING,
        now,
        "",
        {
            "claim_id": claim_id,
            "claimed_at": now,
            "first_claimed_at": message.first_claimed_at or now,
            "lease_until": now + LEASE,
            "due_at": now + LEASE,
            "attempt": message.attempt + 1,
            "to": to,
            "body": body,
            "looked_at": None,
            "reason": None,
        },
        Is("void_because", None),
        Is("attempt", message.attempt),
    )


def accepted(
    message: Message, *, claim_id: str, sid: str | None, provider_status: str, now: datetime
) -> Patch:
    """The provider took it. A text stays in the index until its receipt or one look-up."""
    due_at = now + LOOK_AFTER if message.channel is Channel.TEXT else None
    return _step(
        message,
        MessageStatus.SENT,
        now,
        provider_status,
        {"sid": sid, "provider_status": provider_status, "due_at": due_at},
        Is("claim_id", claim_id),
    )


def opened(message: Message, *, now: datetime) -> Patch:
    """A row of the channel `task` has opened its task; the commit itself was the sending."""
    if message.channel is not Channel.TASK:
        raise ValueError("only a task is sent by committing it")
    return Patch(
        message.key,
        set=as_stored({"status": MessageStatus.SENT, "due_at": None}),
        append={"history": (_line(now, "opened", ""),)},
        when=(Is("status", MessageStatus.PENDING.value), Is("void_because", None)),
    )


def again(
    message: Message, *, due_at: datetime, why: str, now: datetime, code: int | None = None
) -> Patch:
    """Nothing left, for certain: the row waits for its next try."""
    return _step(
        message,
        MessageStatus.PENDING,
        now,
        why,
        {
            "due_at": due_at,
            "claim_id": None,
            "lease_until": None,
            "looked_at": None,
            "error_code": code,
            "reason": why,
        },
        Is("claim_id", message.claim_id),
    )


def held(message: Message, *, until: datetime, why: str, now: datetime) -> Patch | None:
    """The row waits for a reason; None when it already waits so and nothing need be written."""
    if message.due_at == until and message.reason == why:
        return None
    line = () if message.reason == why else (_line(now, "hold", why),)
    return Patch(
        message.key,
        set=as_stored({"due_at": until, "reason": why}),
        append={"history": line} if line else {},
        when=(Is("status", message.status.value), Is("attempt", message.attempt)),
    )


def ended(
    message: Message, status: MessageStatus, *, why: str, now: datetime, code: int | None = None
) -> Patch:
    """The row has come to its end without being sent, with the reason."""
    return _step(
        message,
        status,
        now,
        why,
        {"due_at": None, "reason": why, "error_code": code},
        Is("attempt", message.attempt),
    )


def receipt(
    message: Message, *, sid: str, status: MessageStatus, word: str, code: int | None, now: datetime
) -> Patch | None:
    """What the provider reported later; None when it says nothing new. Only ever forward."""
    if status not in NEXT.get(message.status, frozenset()):
        return None
    due_at = None if status in FINAL else now + LOOK_AFTER
    return _step(
        message,
        status,
        now,
        word if code is None else f"{word} {code}",
        {"sid": sid, "provider_status": word, "error_code": code, "due_at": due_at},
    )


def looked(message: Message, *, found_nothing: bool, due_at: datetime, now: datetime) -> Patch:
    """A look-up told nothing new, or a first complete one found nothing; it is looked up again."""
    return Patch(
        message.key,
        set=as_stored({"due_at": due_at} | ({"looked_at": now} if found_nothing else {})),
        append={"history": (_line(now, "looked up", "nothing found" if found_nothing else ""),)},
        when=(Is("status", message.status.value), Is("claim_id", message.claim_id)),
    )


def put_aside(message: Message, *, now: datetime) -> Patch:
    """Nothing more to do with this row: it leaves the index and keeps its status."""
    return Patch(
        message.key,
        set={"due_at": None},
        when=(Is("status", message.status.value), Is("attempt", message.attempt)),
    )


def _step(
    message: Message,
    status: MessageStatus,
    now: datetime,
    why: str,
    values: Mapping[str, Any],
    *when: Is,
) -> Patch:
    if status not in NEXT.get(message.status, frozenset()):
        raise ValueError(f"{message.status} cannot become {status}")
    return Patch(
        message.key,
        set=as_stored({"status": status, **values}),
        append={"history": (_line(now, status, why),)},
        when=(Is("status", message.status.value), *when),
    )


def _line(now: datetime, what: str, why: str) -> dict[str, str]:
    return Happened(at=now, what=what, why=why).model_dump(mode="json")
