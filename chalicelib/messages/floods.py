"""Requests that staff are mailed of together, since too many came to mail of each (R68). Pure.

Each row here is a due row like any other; when it comes due, it becomes a mail to each of the staff
that says what is open then. Many requests share it, so that a flood makes few rows due at a time.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum

from chalicelib.domain.messaging.facts import Facts
from chalicelib.domain.messaging.message import Message
from chalicelib.domain.record import Value, to_milliseconds
from chalicelib.messages.factory import notice_of_many

KIND = "many_requests"
SPAN = timedelta(minutes=15)  # deadlines so close together are told of in one mail, at its end
HOUR = timedelta(hours=1)
STORED_BY_THEN = timedelta(minutes=1)  # longer than a request may take to be stored
_YEAR_ONE = datetime.min.replace(tzinfo=UTC)


class Stage(StrEnum):
    NEW = "new"  #: an hour is over in which more came than are mailed of singly
    WAITING = "waiting"  #: answers were due; everybody hears
    OVERDUE = "overdue"  #: they still are; the manager hears (R48)


class Span(Value):
    """Which requests a mail is about: those with a deadline in here."""

    stage: Stage
    since: datetime
    until: datetime

    @staticmethod
    def of(message: Message) -> "Span | None":
        """What the row tells of; None for any other message."""
        if message.kind != KIND:
            return None
        said = dict(message.facts)
        return Span.model_validate({name: said[name] for name in Span.model_fields})


def end_of_span(deadline: datetime) -> datetime:
    """When a deadline is told of together with others: at it, or less than a span later."""
    at = to_milliseconds(deadline)
    return at + (_YEAR_ONE - at) % SPAN


def came(now: datetime) -> Message:
    """Tells after this hour that more requests came in it than were mailed of singly."""
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    span = Span(stage=Stage.NEW, since=hour, until=hour + HOUR)
    return _row(f"FLOOD-{hour:%Y%m%d%H}", span, due_at=hour + HOUR + STORED_BY_THEN, now=now)


def waits(until: datetime, now: datetime) -> Message:
    """Tells everybody at a span's end of the requests whose deadline was in it."""
    return _row(_owner(until), _span(Stage.WAITING, until), due_at=until, now=now)


def is_overdue(until: datetime, *, due_at: datetime, now: datetime) -> Message:
    """Tells the manager later of those of the same span that are still open."""
    return _row(_owner(until), _span(Stage.OVERDUE, until), due_at=due_at, now=now)


def _span(stage: Stage, until: datetime) -> Span:
    # A deadline at the very beginning belongs to the span before.
    return Span(stage=stage, since=until - SPAN + timedelta(milliseconds=1), until=until)


def _owner(until: datetime) -> str:
    return f"FLOOD-{until:%Y%m%d%H%M}"


def _row(owner_id: str, span: Span, *, due_at: datetime, now: datetime) -> Message:
    """Of the channel `task`, whose sending is a commit."""
    facts = Facts(stage=span.stage.value, since=span.since, until=span.until)
    return notice_of_many(KIND, f"{owner_id}.{span.stage}", now=now, due_at=due_at, facts=facts)
