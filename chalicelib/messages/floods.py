"""Mails to staff about many requests, when too many come for a mail each (R68). Pure.

Each row here is a due row like any other; when it comes due, it becomes a mail to each of the staff
that says what is open then. Many requests share it, so a flood makes few rows due at once.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum

from chalicelib.domain.messaging.facts import Facts
from chalicelib.domain.messaging.message import Message
from chalicelib.domain.record import Value, to_milliseconds
from chalicelib.messages.factory import notice_of_many

KIND = "many_requests"
SPAN = timedelta(minutes=15)  # deadlines so close together are in one mail, at the end of the span
HOUR = timedelta(hours=1)
STORED_BY_THEN = timedelta(minutes=1)  # longer than it may take to store a request
_YEAR_ONE = datetime.min.replace(tzinfo=UTC)


class Stage(StrEnum):
    NEW = "new"  #: in a past hour more requests came than get a mail of their own
    WAITING = "waiting"  #: answers were due; everybody is told
    OVERDUE = "overdue"  #: they still are; the manager is told (R48)


class Span(Value):
    """The requests that a mail is about: those with a deadline in this span."""

    stage: Stage
    since: datetime
    until: datetime

    @staticmethod
    def of(message: Message) -> "Span | None":
        """What the row reports; None for any other message."""
        if message.kind != KIND:
            return None
        said = dict(message.facts)
        return Span.model_validate({name: said[name] for name in Span.model_fields})


def end_of_span(deadline: datetime) -> datetime:
    """When a deadline is reported together with others: at it, or less than a span later."""
    at = to_milliseconds(deadline)
    return at + (_YEAR_ONE - at) % SPAN


def came(now: datetime) -> Message:
    """Reports after this hour that more requests came in it than get a mail of their own."""
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    span = Span(stage=Stage.NEW, since=hour, until=hour + HOUR)
    return _row(f"FLOOD-{hour:%Y%m%d%H}", span, due_at=hour + HOUR + STORED_BY_THEN, now=now)


def waits(until: datetime, now: datetime) -> Message:
    """Reports to everybody, at a span's end, the requests whose deadline was in it."""
    return _row(_owner(until), _span(Stage.WAITING, until), due_at=until, now=now)


def is_overdue(until: datetime, *, due_at: datetime, now: datetime) -> Message:
    """Reports to the manager, later, those of the same span that are still open."""
    return _row(_owner(until), _span(Stage.OVERDUE, until), due_at=due_at, now=now)


def _span(stage: Stage, until: datetime) -> Span:
    # A deadline at the very beginning belongs to the span before.
    return Span(stage=stage, since=until - SPAN + timedelta(milliseconds=1), until=until)


def _owner(until: datetime) -> str:
    return f"FLOOD-{until:%Y%m%d%H%M}"


def _row(owner_id: str, span: Span, *, due_at: datetime, now: datetime) -> Message:
    """A row of the channel `task`, which is sent by a commit."""
    facts = Facts(stage=span.stage.value, since=span.since, until=span.until)
    return notice_of_many(KIND, f"{owner_id}.{span.stage}", now=now, due_at=due_at, facts=facts)
