"""What Twilio accepts and refuses, and which words it understands: data and conditions."""

import re
from collections.abc import Collection, Mapping
from datetime import timedelta

STOP_WORDS = frozenset(
    {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"}
)
START_WORDS = frozenset({"start", "yes", "unstop"})
HELP_WORDS = frozenset({"help", "info"})
FINAL = frozenset({"delivered", "undelivered", "failed", "canceled", "received"})
MOST = 1600  # characters of a body
LONGEST = 36_000  # seconds that a text may wait at Twilio, also the default

_KIND_BY_WORD = {
    **dict.fromkeys(STOP_WORDS, "STOP"),
    **dict.fromkeys(START_WORDS, "START"),
    **dict.fromkeys(HELP_WORDS, "HELP"),
}


class ApiError(Exception):
    """An error in the form of Twilio's API."""

    def __init__(self, status: int, code: int | None, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class BrokenOff(Exception):
    """The text was accepted, and the connection ends without an answer."""


def kind_of_fault(fault: Mapping[str, object]) -> str:
    """Which call gets it: an arriving text (`inbound`), a `list`, or creating one of ours."""
    return next((kind for kind in ("inbound", "list") if kind in fault), "create")


def opt_out_type(body: str, *, is_stopped: bool) -> str | None:
    """What Twilio understands by a text: STOP, START, HELP or nothing."""
    # The word must be the whole text, as at Twilio: "Stop." and "opt out" are for the service.
    word = body.strip().lower()
    if word == "yes" and not is_stopped:
        return None
    return _KIND_BY_WORD.get(word)


def require_sendable(form: Mapping[str, str], *, stopped: Collection[str]) -> None:
    """Raises the ApiError that Twilio would answer."""
    to, body = form.get("To", ""), form.get("Body", "")
    if not re.fullmatch(r"\+1[0-9]{10}", to):
        raise ApiError(400, 21211, "Invalid 'To' Phone Number")
    if not body:
        raise ApiError(400, 21602, "Message body is required")
    if len(body) > MOST:
        raise ApiError(400, 21617, f"The message body exceeds {MOST} characters")
    if not (form.get("From") or form.get("MessagingServiceSid")):
        raise ApiError(400, 21603, "A 'From' phone number is required")
    validity_of(form)
    if to in stopped:
        raise ApiError(400, 21610, "Attempt to send to unsubscribed recipient")


def validity_of(form: Mapping[str, str]) -> timedelta:
    """How long the text may wait at Twilio."""
    given = form.get("ValidityPeriod", str(LONGEST))
    if not re.fullmatch("[0-9]{1,9}", given) or not 1 <= int(given) <= LONGEST:
        raise ApiError(400, 21624, "Invalid validity period value")
    return timedelta(seconds=int(given))
