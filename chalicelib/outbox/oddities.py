"""Rows that the courier could not deal with: put off, with their reason, and told to a person."""

from datetime import datetime, timedelta

from aws_lambda_powertools import Logger

from chalicelib.domain.change import Change, Patch, Save, as_stored
from chalicelib.domain.errors import Stale, Unavailable, Unreadable
from chalicelib.domain.life import ended
from chalicelib.domain.message import Message, MessageStatus, message_id
from chalicelib.domain.owed import task_message
from chalicelib.domain.record import Key, Ref
from chalicelib.outbox.office import Office

log = Logger(service="bookend", child=True)

LATER = timedelta(minutes=5)  # until a row that failed for an unforeseen reason is tried again
ASIDE = timedelta(hours=1)  # until one that cannot be read is: another version may read it (F28)
SEE_WITHIN = timedelta(hours=4)


def aside(office: Office, key: Key) -> None:
    """A row, or what it is about, that this version cannot read: others go on (F23)."""
    now = office.clock.now()
    patch = Patch(key, set=as_stored({"due_at": now + ASIDE, "reason": "unreadable"}))
    _tell(office, patch, "a_message_cannot_be_read", now)


def put_off(office: Office, key: Key, error: str) -> None:
    """The row comes due again in a while and says what went wrong; in the end it has failed."""
    now = office.clock.now()
    values = {"due_at": now + LATER, "reason": f"error: {error}"}
    _tell(office, _end(office, key, error, now) or Patch(key, set=as_stored(values)), _FAILING, now)


def wait(office: Office, key: Key) -> None:
    """The store did not answer: nothing is wrong with the row, which comes due again."""
    _write(office, Change(Patch(key, set=as_stored({"due_at": office.clock.now() + LATER}))))


_FAILING = "a_message_cannot_be_sent"


def _end(office: Office, key: Key, error: str, now: datetime) -> Patch | None:
    """The end of a row whose window closed while it kept failing: no state is left by no one."""
    try:
        message = office.store.get(Ref(Message, key))
    except (Unreadable, Unavailable):
        return None
    if message is None or message.status is not MessageStatus.PENDING or now < message.send_before:
        return None
    return ended(message, MessageStatus.FAILED, why=f"error: {error}", now=now)


def _tell(office: Office, patch: Patch, what: str, now: datetime) -> None:
    """The row's patch, with one task for everything that goes wrong with the same visit."""
    task = task_message(
        owner_id=patch.key.pk,
        about=what,
        what=what,
        detail=message_id(patch.key),
        deadline_at=now + SEE_WITHIN,
        now=now,
    )
    # The task stands already when this is not the first time.
    if not _write(office, Change(patch, Save(task))):
        _write(office, Change(patch))


def _write(office: Office, change: Change) -> bool:
    try:
        office.store.commit(change)
    except (Stale, Unavailable) as error:
        # The row is as it was and comes due again; there is nothing else to record it on.
        log.error("message.not_put_off", extra={"error": type(error).__name__})
        return False
    return True
