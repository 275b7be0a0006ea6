"""Rows that the courier could not deal with: set aside, or put off, with their reason."""

from datetime import timedelta

from aws_lambda_powertools import Logger

from chalicelib.domain.change import Change, Patch, as_stored
from chalicelib.domain.errors import Stale, Unavailable
from chalicelib.domain.record import Key
from chalicelib.outbox.office import Office

log = Logger(service="bookend", child=True)

LATER = timedelta(minutes=5)  # until a row that failed for an unforeseen reason is tried again


def aside(office: Office, key: Key) -> None:
    """A row that this version cannot read leaves the index, so that it is not met every minute."""
    _write(office, Patch(key, set={"due_at": None, "reason": "unreadable"}))


def put_off(office: Office, key: Key, error: str) -> None:
    """The row comes due again in a while, and says what went wrong."""
    due_at = office.clock.now() + LATER
    _write(office, Patch(key, set=as_stored({"due_at": due_at, "reason": f"error: {error}"})))


def _write(office: Office, patch: Patch) -> None:
    try:
        office.store.commit(Change(patch))
    except (Stale, Unavailable) as error:
        # The row is as it was and comes due again; there is nothing else to record it on.
        log.error("message.not_put_off", extra={"error": type(error).__name__})
