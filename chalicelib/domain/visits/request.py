"""A request for a consultation, and the row that makes sending it twice harmless."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar

from chalicelib.domain.errors import AlreadyDecided
from chalicelib.domain.personal import Personal
from chalicelib.domain.record import Instant, Key, Record, Ref, Value, erased_later, written


class Decision(Value):
    """What was decided, by whom and when; shown to a person who decides second (R50)."""

    what: str
    by: str  #: the staff member's id, or `patient`
    by_name: str
    at: Instant


class Offer(Value):
    """One of the times that were proposed. It reserves no slot."""

    start_at: Instant
    visit_type: str
    resource: str


class RequestStatus(StrEnum):
    RECEIVED = "received"
    PROPOSED = "proposed"
    BOOKED = "booked"
    DECLINED = "declined"
    CLOSED = "closed"


OPEN = (RequestStatus.RECEIVED, RequestStatus.PROPOSED)


class ConsultationRequest(Record):
    """What a patient asked for, and what became of it."""

    KIND: ClassVar[str] = "request"

    id: str  #: also the reference that the patient is told
    patient_id: str
    status: RequestStatus = RequestStatus.RECEIVED
    version: int = 1  #: raised by every proposal; messages name the version they are about
    reason: Annotated[str, Personal("undisclosed")]
    #: `mon:morning`
    preferred: Annotated[tuple[str, ...], Personal((), by_age=False)] = ()
    note: Annotated[str, Personal("")] = ""
    received_at: Instant
    answer_by: Instant  #: the patient was told to expect an answer by then (R48)
    source: str  #: `form`, `json`, `staff`
    suspicious_because: str | None = None  #: the limit that it exceeded: `number`, `address`
    is_told_with_others: bool = False  #: one mail reminds staff of it together with others (R68)
    offers: tuple[Offer, ...] = ()
    appointment_id: str | None = None  #: where the link of a booked request leads
    course_id: str | None = None
    reason_code: str | None = None  #: why it was declined
    decline_note: Annotated[str, Personal("")] = ""
    erase_at: Instant | None = None  #: when reason and notes are erased, once it is answered (R55)
    decisions: tuple[Decision, ...] = ()

    @property
    def key(self) -> Key:
        return Key(self.id, "REQ")

    @property
    def is_folded(self) -> bool:
        """Whether it is listed with the suspicious requests, until a person offers times (R68)."""
        return self.suspicious_because is not None and self.status is RequestStatus.RECEIVED

    def refuse_unless_shown(self, version: int | None) -> None:
        """Raises AlreadyDecided when times were offered since a page showed this version."""
        if version is not None and version != self.version and self.decisions:
            last = self.decisions[-1]
            raise AlreadyDecided(last.what, last.by_name, last.at)

    @staticmethod
    def ref(request_id: str) -> Ref["ConsultationRequest"]:
        return Ref(ConsultationRequest, Key(request_id, "REQ"))

    def index(self) -> Mapping[str, str | int]:
        base = {"patient_at": written(self.received_at)}
        if self.status in OPEN:
            kind = "folded" if self.is_folded else "request"
            return base | {"open_kind": kind, "deadline_at": written(self.answer_by)}
        return base | erased_later(self.erase_at)


class Submission(Record):
    """A form that was received: the same key and fields get the same reference (F2, F50)."""

    KIND: ClassVar[str] = "submission"

    key_hash: str
    fields_hash: str
    request_id: str
    answer_by: Instant
    expires_at: Instant

    @property
    def key(self) -> Key:
        return Key(f"SUB#{self.key_hash}", "SUB")

    @staticmethod
    def ref(key_hash: str) -> Ref["Submission"]:
        return Ref(Submission, Key(f"SUB#{key_hash}", "SUB"))

    def index(self) -> Mapping[str, str | int]:
        return {"ttl": int(self.expires_at.timestamp())}


class RateCount(Record):
    """How many requests came from one source in one window."""

    KIND: ClassVar[str] = "rate"

    source: str  #: a hash, never the number or the address itself
    window: str
    count: int = 0
    ttl: int = 0

    @property
    def key(self) -> Key:
        return Key(f"RATE#{self.source}#{self.window}", "RATE")

    @staticmethod
    def ref(source: str, window: str) -> Ref["RateCount"]:
        return Ref(RateCount, Key(f"RATE#{source}#{window}", "RATE"))
