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
    """A message that is due."""

    message_id: str
    due_at: datetime


class Store(Protocol):
    """Where everything is kept. Reads by key and by owner include every earlier commit."""

    def get(self, ref: Ref[R]) -> R | None:
        """The record, or None. Unreadable when this version cannot read it."""

    def get_many(self, *refs: Ref[Any]) -> tuple[Any, ...]:
        """One record or None for each, in order, in as few requests as possible."""

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
        """Open rows of a kind by deadline; both ends of a span belong to it.

        Kinds: `request`; `folded` (a suspicious request); `task`; `urgent` (a task); `erase` (a row
        whose words are to be erased). May lag by seconds. `skip` leaves out so many of the first.
        """

    def count_open(self, kind: str, *, until: datetime | None = None) -> int:
        """How many there are, including those that cannot be read. May lag by seconds."""

    def of_patient(self, patient_id: str) -> list[Record]:
        """Every record about a patient, by its time. May lag by seconds."""

    def commit(self, change: Change) -> None:
        """Write the whole change or nothing.

        Stale when a condition failed; Unavailable when it is certain that nothing was written, or
        when that cannot be found out. The same change committed again is applied once.
        """


class FailureClass(StrEnum):
    """What a provider's error means for the message (R33)."""

    RETRY = "later"  #: not processed; try again
    RETRY_FEW = "a_few_times"  #: try again at most twice
    PERMANENT = "never"  #: this message cannot be sent
    NUMBER_BAD = "number_bad"  #: this number cannot be texted
    OPTED_OUT = "opted_out"
    CONFIGURATION = "configuration"  #: nothing can be sent until somebody corrects the settings
    EXPIRED = "expired"


class Accepted(NamedTuple):
    """The provider has accepted the message."""

    sid: str | None
    status: str  #: in the provider's own word


class Refused(Exception):
    """The provider certainly did not accept it."""

    def __init__(self, failure_class: FailureClass, code: int | None = None) -> None:
        super().__init__(f"{failure_class} {code}")
        self.failure_class = failure_class
        self.code = code


class OutcomeUnknown(Exception):
    """The provider may or may not have it: never send again without a look-up (R31)."""


class ProviderText(NamedTuple):
    """A text in the provider's own record."""

    sid: str
    to: str
    body: str  #: empty when the provider hides the words, or has erased them
    status: str  #: the provider's own word; `TextSender.status_of` says what it means
    error_code: int | None
    created_at: datetime


class TextSender(Protocol):
    def send(self, *, to: str, body: str, status_callback: str, validity: timedelta) -> Accepted:
        """Send one text; the provider tries for `validity`, or less if its maximum is shorter.

        Raises Refused or OutcomeUnknown. Never tries twice by itself.
        """

    def sent_to(self, number: str) -> list[ProviderText]:
        """Every text to a number that the provider knows, newest first; complete or it raises."""

    def fetch(self, sid: str) -> ProviderText | None:
        """One text, or None when the provider does not know it."""

    def failure_class_of(self, code: int | None) -> FailureClass:
        """What an error code of a receipt means."""

    def status_of(self, word: str) -> MessageStatus:
        """The status that the provider's word for a text means; an unknown word: SENT."""


class ReceivedText(NamedTuple):
    """A text that reached our number, from the provider's list."""

    sid: str
    sender: str
    body: str
    at: datetime  #: when the provider received it, in whole seconds


class TextInbox(Protocol):
    def received_since(self, at: datetime) -> list[ReceivedText]:
        """Every text that reached our number since then, oldest first; raises if it is incomplete.

        Raises Refused or OutcomeUnknown. What came a moment ago may still be missing.
        """

    def erase(self, sid: str) -> None:
        """Erase the words of a text, ours or theirs, at the provider; an unknown text is no error.

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
    message_id: str = ""  #: the row that it is for: later reports about the mail name it


class EmailSender(Protocol):
    def send(self, email: Email) -> Accepted:
        """Send one mail to one person, once. Raises Refused or OutcomeUnknown."""


class MailOutcome(StrEnum):
    """What is reported about a mail after it was accepted."""

    BOUNCED = "bounced"  #: nobody can be reached at this address
    DELAYED = "bounced for now"  #: this mail did not arrive; another one may
    REFUSED = "refused"  #: the provider will not send it after all
    UNWANTED = "complained"  #: its reader marked it as unwanted


class MailEvent(NamedTuple):
    """What became of a mail. May come twice, late, or before our own note that it was sent."""

    message_id: str
    sid: str
    outcome: MailOutcome


class DeliveryQueue(Protocol):
    def send(self, message_ids: Sequence[str]) -> int:
        """Put ids on the courier's queue, best effort; returns how many were accepted."""


class StaffLink(NamedTuple):
    """What a staff link names: its subject, and to whom it was mailed."""

    subject_id: str
    staff_id: str


class Links(Protocol):
    """Makes and reads the links of mails and texts. Absolute, from the configured base URL."""

    def staff_token(self, *, subject_id: str, staff_id: str, now: datetime) -> str: ...

    def staff_url(self, token: str) -> str: ...

    def read_staff(self, token: str, *, now: datetime) -> StaffLink:
        """The content of a token. NotFound for a wrong one; LinkExpired for one that was valid."""

    def read_expired(self, token: str) -> StaffLink:
        """The content of a token, however old; NotFound for a wrong one."""

    def patient_token(self, subject_id: str) -> str:
        """22 characters derived from a key and the subject: always the same for these."""

    def patient_url(self, token: str) -> str: ...

    def hashed(self, token: str) -> str:
        """The part of a patient's token that is stored."""

    def day_url(self, *, staff_id: str, now: datetime) -> str: ...

    def status_callback(self, message_id: str) -> str: ...


class Pause(Protocol):
    def __call__(self, attempt: int) -> None:
        """Wait a little, with jitter, before the decision is tried again."""
