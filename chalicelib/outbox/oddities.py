"""Rows that the courier could not deal with: put off, with their reason, and told to a person."""

from datetime import datetime, timedelta

from aws_lambda_powertools import Logger

from chalicelib.domain.change import Change, Patch, Save, as_stored
from chalicelib.domain.errors import Stale, Unavailable, Unreadable
from chalicelib.domain.life import ended
from chalicelib.domain.message import Message, MessageStatus, message_id
from chalicelib.domain.owed import task_message
from chalicelib.domain.record import Key, Ref
from chalicelib.outbox.instead import TASK_BY_KIND
from chalicelib.outbox.office import Office

log = Logger(service="bookend", child=True)

LATER = timedelta(minutes=5)  # until a row that failed for an unforeseen reason is tried again
ASIDE = timedelta(hours=1)  # until one that cannot be read is: another version may read it (F28)
SEE_WITHIN = timedelta(hours=4)


def aside(office: Office, key: Key) -> None:
    """A row, or what it is about, that this version cannot read: others go on (F23)."""
    now = office.clock.now()
    patch = Patch(key, set=as_stored({"due_at": now + ASIDE, "reason": "unreadable"}))
    what = "a_message_cannot_be_read"
    _tell(office, patch, what, now, about=what)


def put_off(office: Office, key: Key, error: str) -> None:
    """The row comes due again in a while and says what went wrong; in the end it has failed."""
    now = office.clock.now()
    message = _read(office, key)
    values = {"due_at": now + LATER, "reason": f"error: {error}"}
    patch = _end(message, error, now) or Patch(key, set=as_stored(values))
    # What may not be lost without harm is told by itself, whatever else of the visit has failed.
    is_vital = message is not None and message.kind in TASK_BY_KIND
    about = f"{key.sk.removeprefix('MSG#')}-failing" if is_vital else _FAILING
    _tell(office, patch, _FAILING, now, about=about)


def wait(office: Office, key: Key) -> None:
    """The store did not answer: nothing is wrong with the row, which comes due again."""
    now = office.clock.now()
    _write(office, Change(Patch(key, set=as_stored({"due_at": now + LATER}))), now)


_FAILING = "a_message_cannot_be_sent"


def _read(office: Office, key: Key) -> Message | None:
    try:
        return office.store.get(Ref(Message, key))
    except (Unreadable, Unavailable):
        return None


def _end(message: Message | None, error: str, now: datetime) -> Patch | None:
    """The end of a row whose window closed while it kept failing: no state is left by no one."""
    if message is None or message.status is not MessageStatus.PENDING or now < message.send_before:
        return None
    return ended(message, MessageStatus.FAILED, why=f"error: {error}", now=now)


def _tell(office: Office, patch: Patch, what: str, now: datetime, *, about: str) -> None:
    """The row's patch, with a task; the same one however often it goes wrong."""
    task = task_message(
        owner_id=patch.key.pk,
        about=about,
        what=what,
        detail=message_id(patch.key),
        deadline_at=now + SEE_WITHIN,
        now=now,
    )
    # The task stands already when this is not the first time.
    if not _write(office, Change(patch, Save(task)), now):
        _write(office, Change(patch), now)


def _write(office: Office, change: Change, now: datetime) -> bool:
    try:
        office.commit(change, now)
    except (Stale, Unavailable) as error:
        # The row is as it was and comes due again; there is nothing else to record it on.
        log.error("message.not_put_off", extra={"error": type(error).__name__})
        return False
    return True
