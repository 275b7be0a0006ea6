"""What a person of the clinic must do by a deadline. The kinds of tasks are a table."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, ClassVar, NamedTuple

from chalicelib.domain.personal import Personal
from chalicelib.domain.record import Instant, Key, Record, Ref, erased_later, written


class TaskStatus(StrEnum):
    OPEN = "open"
    DONE = "done"


class TaskKind(StrEnum):
    """What is to be done. `RULES` has the rule of each kind, the catalogue its title."""

    CALL_WITH_CONFIRMATION = "call_with_confirmation"
    CALL_WITH_NEW_TIME = "call_with_new_time"
    CALL_WITH_CANCELLATION = "call_with_cancellation"
    CALL_WITH_TIMES = "call_with_times"
    CALL_WITH_ANSWER = "call_with_answer"
    CALL_WITH_PREPARATION = "call_with_preparation"
    CALL_WITH_AFTERCARE = "call_with_aftercare"
    CALL_TO_CHECK_IN = "call_to_check_in"
    REPLY_TO_READ = "reply_to_read"
    DOUBTFUL_STOP = "doubtful_stop"
    URGENT_TEXT = "urgent_text"
    URGENT_AGAIN = "urgent_again"
    MOVE_ASKED = "move_asked"
    NO_DRIVER = "no_driver"
    RIDE_UNKNOWN = "ride_unknown"
    QUESTION_LEFT_OUT = "question_left_out"
    SESSION_MISSED = "session_missed"
    OPTED_OUT_BEFORE_VISIT = "opted_out_before_visit"
    NUMBER_OWNER_MEANT = "number_owner_meant"
    NUMBER_BAD = "number_bad"
    BLOCKED_BY_PROVIDER = "blocked_by_provider"
    PATIENT_WANTS_NO_MAIL = "patient_wants_no_mail"
    CANNOT_SAY = "cannot_say"
    A_MESSAGE_CANNOT_BE_READ = "a_message_cannot_be_read"
    A_MESSAGE_CANNOT_BE_SENT = "a_message_cannot_be_sent"
    STAFF_MAIL_DOES_NOT_ARRIVE = "staff_mail_does_not_arrive"
    TEXTS_REFUSED = "texts_refused"
    TEXTS_STOPPED = "texts_stopped"
    TEXTS_MAY_BE_MISSED = "texts_may_be_missed"
    MANY_REQUESTS_AT_ONCE = "many_requests_at_once"


CALL_WITHIN = timedelta(hours=4)  # a person says what could not be sent
READ_WITHIN = timedelta(hours=4)  # a person reads an inbound text
SEE_WITHIN = timedelta(hours=4)  # a person looks at what is wrong with the sending
TALK_WITHIN = timedelta(hours=24)  # a person talks about a wish, or about a missed session
FLOOD_SEEN_WITHIN = timedelta(hours=1)


class TaskRule(NamedTuple):
    """The rule for every task of a kind, unless the code that opens the task says otherwise.

    Its deadline is the earlier of the two; if it has neither, the caller gives the deadline.
    """

    within: timedelta | None = None  #: counted from the moment it is made
    by_visit: bool = False  #: before the visit begins, or the next session
    never_past: bool = False  #: due at once if the visit has begun
    is_urgent: bool = False  #: is listed above all others
    is_mailed: bool = True  #: a mail to each of the staff; if not, it is on the day sheet only


_CALL = TaskRule(CALL_WITHIN)
_READ = TaskRule(READ_WITHIN)
_SEE = TaskRule(SEE_WITHIN)
_AT_ONCE = timedelta(0)

RULES: Mapping[TaskKind, TaskRule] = {
    TaskKind.CALL_WITH_CONFIRMATION: _CALL,
    TaskKind.CALL_WITH_NEW_TIME: _CALL,
    TaskKind.CALL_WITH_CANCELLATION: _CALL,
    TaskKind.CALL_WITH_TIMES: _CALL,
    TaskKind.CALL_WITH_ANSWER: _CALL,
    TaskKind.CALL_WITH_PREPARATION: _CALL,
    TaskKind.CALL_WITH_AFTERCARE: _CALL,
    TaskKind.CALL_TO_CHECK_IN: _CALL,
    TaskKind.REPLY_TO_READ: _READ,
    TaskKind.DOUBTFUL_STOP: _READ,
    TaskKind.URGENT_TEXT: TaskRule(_AT_ONCE, is_urgent=True),
    TaskKind.URGENT_AGAIN: TaskRule(READ_WITHIN, is_mailed=False),
    TaskKind.MOVE_ASKED: TaskRule(TALK_WITHIN, by_visit=True, never_past=True),
    TaskKind.NO_DRIVER: TaskRule(by_visit=True),
    TaskKind.RIDE_UNKNOWN: TaskRule(by_visit=True),
    TaskKind.QUESTION_LEFT_OUT: TaskRule(by_visit=True, never_past=True),
    TaskKind.SESSION_MISSED: TaskRule(TALK_WITHIN, by_visit=True),
    TaskKind.OPTED_OUT_BEFORE_VISIT: TaskRule(by_visit=True),
    TaskKind.NUMBER_OWNER_MEANT: TaskRule(),  # within some hours of opening (R9)
    TaskKind.NUMBER_BAD: _CALL,
    TaskKind.BLOCKED_BY_PROVIDER: _CALL,
    TaskKind.PATIENT_WANTS_NO_MAIL: _CALL,
    TaskKind.CANNOT_SAY: _CALL,
    TaskKind.A_MESSAGE_CANNOT_BE_READ: _SEE,
    TaskKind.A_MESSAGE_CANNOT_BE_SENT: _SEE,
    TaskKind.STAFF_MAIL_DOES_NOT_ARRIVE: _SEE,
    TaskKind.TEXTS_REFUSED: _SEE,
    TaskKind.TEXTS_STOPPED: TaskRule(_AT_ONCE),
    TaskKind.TEXTS_MAY_BE_MISSED: TaskRule(_AT_ONCE),
    TaskKind.MANY_REQUESTS_AT_ONCE: TaskRule(FLOOD_SEEN_WITHIN),
}


def deadline_of(kind: TaskKind, *, now: datetime, visit_at: datetime | None = None) -> datetime:
    """The deadline of a task of this kind; ValueError when the caller has to give it."""
    rule = RULES[kind]
    times = [] if rule.within is None else [now + rule.within]
    if rule.by_visit and visit_at is not None:
        times.append(visit_at)
    if not times or (rule.by_visit and visit_at is None):
        raise ValueError(f"nobody has said by when {kind} is to be done")
    return max(now, min(times)) if rule.never_past else min(times)


class Task(Record):
    """Something a person must do by a deadline: call a patient, read a reply."""

    KIND: ClassVar[str] = "task"

    id: str
    what: str  #: its TaskKind, or one that another version knows; the catalogue has the words
    #: what the person needs to know, such as the inbound text
    detail: Annotated[str, Personal("")] = ""
    patient_id: str | None = None
    #: the number that sent the text; the only lead when nobody knows the sender
    number: Annotated[str | None, Personal(None, by_age=False)] = None
    subject_id: str | None = None
    urgent: bool = False
    opened_at: Instant
    deadline_at: Instant
    status: TaskStatus = TaskStatus.OPEN
    version: int = 1  #: never changes; messages about a task name one, as those about a visit do
    done_at: Instant | None = None
    done_by: str | None = None
    done_by_name: str | None = None  #: their name at the time (R71)
    note: Annotated[str, Personal("")] = ""
    erase_at: Instant | None = None  #: when its words are erased, once it is done (R55)

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
