"""What a person of the clinic must do by a deadline."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar

from chalicelib.domain.personal import Personal
from chalicelib.domain.record import Instant, Key, Record, Ref, erased_later, written


class TaskStatus(StrEnum):
    OPEN = "open"
    DONE = "done"


class Task(Record):
    """Something a person must do by a deadline: call a patient, read a reply."""

    KIND: ClassVar[str] = "task"

    id: str
    what: str  #: which kind, such as `call_patient`; the words come from the catalogue
    #: what the person needs to know, such as the text that came in
    detail: Annotated[str, Personal("")] = ""
    patient_id: str | None = None
    #: whence the text came; the only lead when nobody knows the sender
    number: Annotated[str | None, Personal(None, by_age=False)] = None
    subject_id: str | None = None
    urgent: bool = False
    opened_at: Instant
    deadline_at: Instant
    status: TaskStatus = TaskStatus.OPEN
    version: int = 1  #: never changes; messages about a task name it as they do for a visit
    done_at: Instant | None = None
    done_by: str | None = None
    done_by_name: str | None = None  #: what they were called then (R71)
    note: Annotated[str, Personal("")] = ""
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
