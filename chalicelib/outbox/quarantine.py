"""Rows that the courier could not deal with: put off, with the reason, and a person is told."""

from datetime import datetime, timedelta
from typing import NamedTuple

from aws_lambda_powertools import Logger

from chalicelib.domain.change import Change, Patch, Save
from chalicelib.domain.conditions import OneOf
from chalicelib.domain.errors import Stale, Unavailable, Unreadable
from chalicelib.domain.messaging.facts import Facts
from chalicelib.domain.messaging.message import WAITING, Message, MessageStatus, message_id
from chalicelib.domain.messaging.task import TaskKind
from chalicelib.domain.messaging.transitions import end_patch
from chalicelib.domain.record import Key, Ref
from chalicelib.messages.factory import open_task
from chalicelib.outbox.context import DeliveryContext
from chalicelib.outbox.outcomes.fallback import TASK_BY_KIND

log = Logger(service="bookend", child=True)

RETRY = timedelta(minutes=5)  # before a row that failed for an unforeseen reason is tried again
ASIDE = timedelta(hours=1)  # before an unreadable row is: another version may read it (F28)
NEXT_TICK = timedelta(minutes=1)
LONG = timedelta(minutes=30)  # a person looks at a row that changes under the courier so long
_WAITS = (OneOf("status", tuple(sorted(WAITING))),)


class _Oddity(NamedTuple):
    """Why a row is put off, for how long, and which task tells a person."""

    why: str
    until: timedelta
    what: TaskKind


def aside(context: DeliveryContext, key: Key) -> None:
    """Put off a row that this version cannot read, or whose subject it cannot read (F23)."""
    _put_off(context, key, _Oddity("unreadable", ASIDE, TaskKind.A_MESSAGE_CANNOT_BE_READ))


def put_off(context: DeliveryContext, key: Key, error: str) -> None:
    """The row comes due again later and states the error; after its window it has failed."""
    _put_off(context, key, _Oddity(f"error: {error}", RETRY, TaskKind.A_MESSAGE_CANNOT_BE_SENT))


def give_way(context: DeliveryContext, message: Message) -> None:
    """The row or its subject changed at each attempt to write: other rows go first."""
    now = context.clock.now()
    if now - max(message.scheduled_at, message.created_at) > LONG:
        return put_off(context, message.key, Stale.__name__)
    return _wait(context, message.key, now + NEXT_TICK)


def wait(context: DeliveryContext, key: Key) -> None:
    """The store did not answer: nothing is wrong with the row, which comes due again."""
    _wait(context, key, context.clock.now() + RETRY)


def _put_off(context: DeliveryContext, key: Key, oddity: _Oddity) -> None:
    now = context.clock.now()
    message = _read(context, key)
    # An unreadable row has no status to test; a row that is missing had not failed.
    as_read = () if message is None else message.as_read("status")
    patch = _end(message, oddity, now) or Patch.of(
        Ref(Message, key),
        due_at=now + oddity.until,
        reason=oddity.why,
        set_aside=True,
        when=as_read,
    )
    # A kind that must not be lost has a task of its own, whatever else of the visit has failed.
    is_vital = message is not None and message.kind in TASK_BY_KIND
    about = f"{key.sk.removeprefix('MSG#')}-failing" if is_vital else oddity.what
    task = open_task(oddity.what, f"{key.pk}.{about}", now=now, facts=Facts(detail=message_id(key)))
    # The task exists already if this is not the first time, or if it is the odd row itself.
    is_told = task.key == key or not _write(context, Change(patch, Save(task)))
    if is_told:
        _write(context, Change(patch))


def _wait(context: DeliveryContext, key: Key, until: datetime) -> None:
    """Only if the row exists and still waits: a row that has left keeps its own due time (R40)."""
    _write(context, Change(Patch.of(Ref(Message, key), due_at=until, when=_WAITS)))


def _read(context: DeliveryContext, key: Key) -> Message | None:
    try:
        return context.store.get(Ref(Message, key))
    except (Unreadable, Unavailable):
        return None


def _end(message: Message | None, oddity: _Oddity, now: datetime) -> Patch | None:
    """End a row that kept failing until its window closed, so that no row stays open for ever."""
    if message is None or message.status is not MessageStatus.PENDING or now < message.send_before:
        return None
    return end_patch(message, MessageStatus.FAILED, why=oddity.why, now=now)


def _write(context: DeliveryContext, change: Change) -> bool:
    try:
        context.commit(change)
    except (Stale, Unavailable) as error:
        # The row is unchanged and comes due again; there is nowhere else to record this.
        log.error("message.not_put_off", extra={"error": type(error).__name__})
        return False
    return True
