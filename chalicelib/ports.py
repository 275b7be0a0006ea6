"""What the service needs from outside, as Protocols. Adapters and fakes implement them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, Protocol, TypeVar

from chalicelib.domain.change import Change
from chalicelib.domain.messaging.message import MessageStatus
from chalicelib.domain.record import Record, Ref, Value

R = TypeVar("R", bound=Record)


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, aware, in UTC."""


class Due(NamedTuple):
    """A message with something to do."""

    message_id: str
    due_at: datetime


class Store(Protocol):
    """Where everything is kept. Reads by key and by owner see every earlier commit."""

    def get(self, ref: Ref[R]) -> R | None:
        """The record, or None. Unreadable when this version cannot read it."""

    def get_many(self, *refs: Ref[Any]) -> tuple[Any, ...]:
        """One record or None for each, in order, in as few requests as can be."""

    def owned(self, pk: str) -> list[Record]:
        """Everything under one owner, by sort key; rows that cannot be read are left out."""

    def due(self, *, shard: int, until: datetime, limit: int) -> list[Due]:
        """The messages of a shard that are due, oldest first. May lag by seconds."""

    def open(
        self,
        kind: str,
        *,
        limit: int | None = 100,
        since: datetime | None = None,
        until: datetime | None = None,
        skip: int = 0,
    ) -> list[Record]:
        """Open `request`s, suspicious ones that are `folded`, `task`s or `urgent` tasks, or what
        is to `erase`, by deadline; both ends of a span belong to it.

        May lag by seconds. `skip` leaves out so many of the first.
        """

    def count_open(self, kind: str, *, until: datetime | None = None) -> int:
        """How many there are, those that cannot be read among them. May lag by seconds."""

    def of_patient(self, patient_id: str) -> list[Record]:
        """Every record about a patient, by its time. May lag by seconds."""

    def commit(self, change: Change) -> None:
        """Write all of the change or nothing.

        Stale when a condition failed; Unavailable when it is certain that nothing was written or
        nothing more can be learnt. The same change committed again is applied once.
        """


class FailureClass(StrEnum):
    """What a provider's error means for the message (R33)."""

    RETRY = "later"  #: not processed; try again
    RETRY_FEW = "a_few_times"  #: try again at most twice
    PERMANENT = "never"  #: this message cannot be sent
    NUMBER_BAD = "number_bad"  #: this number cannot be texted
    OPTED_OUT = "opted_out"
    CONFIGURATION = "configuration"  #: nothing can be sent until somebody mends it
    EXPIRED = "expired"


class Accepted(NamedTuple):
    """The provider has the message."""

    sid: str | None
    status: str  #: in its own word


class Refused(Exception):
    """The provider did not take it, for certain."""

    def __init__(self, failure_class: FailureClass, code: int | None = None) -> None:
        super().__init__(f"{failure_class} {code}")
        self.failure_class = failure_class
        self.code = code


class OutcomeUnknown(Exception):
    """The provider may or may not have it: never send again without looking it up (R31)."""


class ProviderText(NamedTuple):
    """A text as the provider has it."""

    sid: str
    to: str
    body: str  #: empty where the provider hides the words, or has erased them
    status: str  #: its own word; `TextSender.status_of` says what it means
    error_code: int | None
    created_at: datetime


class TextSender(Protocol):
    def send(self, *, to: str, body: str, status_callback: str, validity: timedelta) -> Accepted:
        """One text, tried for so long, or for as long as the provider can if that is shorter.

        Raises Refused or OutcomeUnknown. Never tries twice by itself.
        """

    def sent_to(self, number: str) -> list[ProviderText]:
        """Every text to a number that the provider knows, newest first; complete or it raises."""

    def fetch(self, sid: str) -> ProviderText | None:
        """One text, or None when the provider does not know it."""

    def failure_class_of(self, code: int | None) -> FailureClass:
        """What an error code of a receipt means."""

    def status_of(self, word: str) -> MessageStatus:
        """What the provider's word for the state of a text means; an unknown one: SENT."""


class ReceivedText(NamedTuple):
    """A text that reached our number, as the provider lists it."""

    sid: str
    sender: str
    body: str
    at: datetime  #: when the provider took it, in whole seconds


class TextInbox(Protocol):
    def received_since(self, at: datetime) -> list[ReceivedText]:
        """Every text that reached our number since then, oldest first; complete or it raises.

        Raises Refused or OutcomeUnknown. What came a moment ago may still be missing.
        """

    def erase(self, sid: str) -> None:
        """The provider keeps no word of a text, ours or theirs; one it does not know is no error.

        Raises Refused or OutcomeUnknown.
        """


class Attachment(Value):
    name: str
    content_type: str
    text: str


class Email(Value):
    to: str
    subject: str
    text: str
    html: str
    attachments: tuple[Attachment, ...] = ()
    message_id: str = ""  #: which row it is for: what is told of it later names it


class EmailSender(Protocol):
    def send(self, email: Email) -> Accepted:
        """One mail to one person. Raises Refused or OutcomeUnknown; never tries twice itself."""


class MailOutcome(StrEnum):
    """What is told of a mail after it was accepted."""

    BOUNCED = "bounced"  #: nobody can be reached at this address
    DELAYED = "bounced for now"  #: this mail did not arrive; another one may
    REFUSED = "refused"  #: the provider will not send it after all
    UNWANTED = "complained"  #: its reader called it unwanted


class MailEvent(NamedTuple):
    """What became of a mail. May come twice, late, or before our own note of its sending."""

    message_id: str
    sid: str
    outcome: MailOutcome


class DeliveryQueue(Protocol):
    def send(self, message_ids: Sequence[str]) -> int:
        """Put ids on the courier's queue, best effort; how many were taken."""


class StaffLink(NamedTuple):
    """What a staff link names: its subject and whom it was mailed to."""

    subject_id: str
    staff_id: str


class Links(Protocol):
    """Makes and reads the links of mails and texts. Absolute, from the configured base URL."""

    def staff_token(self, *, subject_id: str, staff_id: str, now: datetime) -> str: ...

    def staff_url(self, token: str) -> str: ...

    def read_staff(self, token: str, *, now: datetime) -> StaffLink:
        """NotFound for a wrong token; LinkExpired for one that was good."""

    def read_expired(self, token: str) -> StaffLink:
        """What a token names, however old; NotFound for a wrong one."""

    def patient_token(self, subject_id: str) -> str:
        """22 characters derived from a key and the subject: the same whenever it is asked."""

    def patient_url(self, token: str) -> str: ...

    def hashed(self, token: str) -> str:
        """What is stored of a patient's token."""

    def day_url(self, *, staff_id: str, now: datetime) -> str: ...

    def status_callback(self, message_id: str) -> str: ...


class Pause(Protocol):
    def __call__(self, attempt: int) -> None:
        """Wait a little, with jitter, before the decision is tried again."""
