"""What a person of the clinic must do, what was decided, and the clinic's own small marks."""

from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar

from pydantic import Field

from chalicelib.domain.record import Instant, Key, Record, Ref, erased_later, written


class TaskStatus(StrEnum):
    OPEN = "open"
    DONE = "done"


class Task(Record):
    """Something a person must do by a deadline: call a patient, read a reply."""

    KIND: ClassVar[str] = "task"

    id: str
    what: str  #: which kind, such as `call_patient`; the words come from the catalogue
    detail: str = ""  #: what the person needs to know, such as the text that came in
    patient_id: str | None = None
    number: str | None = None  #: whence the text came; the only lead when nobody knows the sender
    subject_id: str | None = None
    urgent: bool = False
    opened_at: Instant
    deadline_at: Instant
    status: TaskStatus = TaskStatus.OPEN
    version: int = 1  #: never changes; messages about a task name it as they do for a visit
    done_at: Instant | None = None
    done_by: str | None = None
    done_by_name: str | None = None  #: what they were called then (R71)
    note: str = ""
    erase_at: Instant | None = None  #: when its words go, once it is done (R55)

    @property
    def key(self) -> Key:
        return Key(self.id, "TSK")

    @staticmethod
    def ref(task_id: str) -> Ref["Task"]:
        return Ref(Task, Key(task_id, "TSK"))

    def index(self) -> Mapping[str, str | int]:
        base: dict[str, str | int] = {}
        if self.patient_id is not None:
            base |= {"patient_at": written(self.opened_at)}
        if self.status is TaskStatus.OPEN:
            kind = "urgent" if self.urgent else "task"
            base |= {"open_kind": kind, "deadline_at": written(self.deadline_at)}
            return base
        return base | erased_later(self.erase_at)


class AuditEvent(Record):
    """Who did what, when and why. Append only; its id is that of the change it came with."""

    KIND: ClassVar[str] = "audit"

    change_id: str
    owner_id: str
    what: str
    by: str  #: a staff member's id, `patient` or `service`
    by_name: str = ""  #: what they were called then, for when nothing names them any more (R71)
    at: Instant
    facts: dict[str, str] = Field(default_factory=dict)

    @property
    def key(self) -> Key:
        return Key(self.owner_id, f"AUDIT#{written(self.at)}#{self.change_id}")


class Heartbeat(Record):
    """When the dispatcher last ran."""

    KIND: ClassVar[str] = "heartbeat"

    at: Instant

    @property
    def key(self) -> Key:
        return Key("SYS#heartbeat", "SYS")

    @staticmethod
    def ref() -> Ref["Heartbeat"]:
        return Ref(Heartbeat, Key("SYS#heartbeat", "SYS"))


class Stop(Record):
    """All texts wait because the provider refuses our configuration; probed now and then (R33)."""

    KIND: ClassVar[str] = "stop"

    since: Instant
    code: int
    probe_at: Instant  #: one text may try from then on
    by_receipt: bool = False  #: texts are accepted and fail later, so only an arrival ends it
    ended_at: Instant | None = None  #: since then texts go again

    @property
    def stands(self) -> bool:
        return self.ended_at is None

    @property
    def key(self) -> Key:
        return Key("SYS#stop", "SYS")

    @staticmethod
    def ref() -> Ref["Stop"]:
        return Ref(Stop, Key("SYS#stop", "SYS"))


class InboundMark(Record):
    """Up to when every text that reached our number is known to have had its effect (R60)."""

    KIND: ClassVar[str] = "inbound_mark"

    at: Instant
    alarmed: bool = False  #: staff were told that it has not moved for long

    @property
    def key(self) -> Key:
        return Key("SYS#inbound", "SYS")

    @staticmethod
    def ref() -> Ref["InboundMark"]:
        return Ref(InboundMark, Key("SYS#inbound", "SYS"))


class InboundText(Record):
    """A text that reached our number; its row makes a repeated webhook harmless (R38)."""

    KIND: ClassVar[str] = "inbound"

    sid: str
    phone: str
    patient_id: str | None = None
    body: str
    meaning: str
    at: Instant
    ttl: int  #: epoch seconds
    erase_at: Instant | None = None  #: when its words go, here and at the provider (R55)

    @property
    def key(self) -> Key:
        return Key(f"TXT-{self.sid}", "TXT")

    @staticmethod
    def ref(sid: str) -> Ref["InboundText"]:
        return Ref(InboundText, Key(f"TXT-{sid}", "TXT"))

    def index(self) -> Mapping[str, str | int]:
        by_patient = {} if self.patient_id is None else {"patient_at": written(self.at)}
        return by_patient | erased_later(self.erase_at)


class ProviderId(Record):
    """Which message holds a provider's id, so that no look-up takes it for another's (F77)."""

    KIND: ClassVar[str] = "provider_id"

    sid: str
    message_id: str
    ttl: int  #: epoch seconds
    erase_at: Instant | None = None  #: when the text's words go, here and at the provider (R55)

    @property
    def key(self) -> Key:
        return Key(f"SID#{self.sid}", "SID")

    @staticmethod
    def ref(sid: str) -> Ref["ProviderId"]:
        return Ref(ProviderId, Key(f"SID#{sid}", "SID"))

    def index(self) -> Mapping[str, str | int]:
        return erased_later(self.erase_at)
