"""Texts by Twilio's own client: one try, always with a time-out, no request line in the log."""

import logging
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from urllib3.exceptions import NewConnectionError

from chalicelib.adapters.twilio import codes, statuses
from chalicelib.domain.messaging.message import MessageStatus
from chalicelib.ports import (
    Accepted,
    FailureClass,
    OutcomeUnknown,
    ProviderText,
    ReceivedText,
    Refused,
)

TIME_OUT = 10.0  # seconds; less than the function's time-out, which is less than the lease

# What a look-up raises for anything but a clear refusal; a page of a list has its own class.
_UNREADABLE = (
    TwilioException,
    requests.RequestException,
    ValueError,
    TypeError,
    KeyError,
    AttributeError,
)

_GONE = (20404, 404)  # the provider does not know the text, or has deleted it

MOST_VALID = timedelta(seconds=36_000)  # the longest that a text may wait at Twilio

MOST_A_PAGE = 1000  # the most texts that Twilio returns in one page

_SID = re.compile(r"^(SM|MM)[0-9a-f]{32}$")


class TwilioTexts:
    """Implements ports.TextSender and ports.TextInbox."""

    def __init__(self, *, account_sid: str, auth_token: str, sender: str, api_url: str) -> None:
        # The client logs request addresses, which contain numbers, at INFO.
        logging.getLogger("twilio.http_client").setLevel(logging.WARNING)
        # A pooled connection that the other side has closed looks like a lost answer, so each
        # request has its own; then a failure to connect certainly sent nothing.
        http = TwilioHttpClient(pool_connections=False, timeout=TIME_OUT)
        self._client = Client(account_sid, auth_token, http_client=http)
        self._client.api.base_url = api_url
        self._sender = sender

    def send(self, *, to: str, body: str, status_callback: str, validity: timedelta) -> Accepted:
        sender = "messaging_service_sid" if self._sender.startswith("MG") else "from_"
        try:
            message = self._client.messages.create(
                to=to,
                body=body,
                status_callback=status_callback,
                validity_period=int(min(validity, MOST_VALID).total_seconds()),
                **{sender: self._sender},
            )
        except TwilioRestException as error:
            raise _refusal(error) from None
        except requests.RequestException as error:
            raise _connection_failure(error) from None
        except (ValueError, TypeError, KeyError, AttributeError):
            # An answer that is not Twilio's JSON says nothing about what happened (F33).
            raise OutcomeUnknown("unreadable answer") from None
        if not _SID.match(str(message.sid)):
            raise OutcomeUnknown("an answer without an id")
        return Accepted(str(message.sid), str(message.status))

    def sent_to(self, number: str) -> list[ProviderText]:
        # No date filter: with one, new messages are missing for minutes.
        messages = self._read(self._client.messages.list, to=number, page_size=MOST_A_PAGE)
        return [_listed(message) for message in messages]

    def received_since(self, at: datetime) -> list[ReceivedText]:
        # A messaging service has several numbers; then all numbers of the account are listed.
        ours = {} if self._sender.startswith("MG") else {"to": self._sender}
        messages = self._read(
            self._client.messages.list, date_sent_after=at, page_size=MOST_A_PAGE, **ours
        )
        # New texts push older ones onto the next page while we read, so one may come twice.
        inbound = {str(m.sid): m for m in messages if m.direction == "inbound"}
        return sorted(map(_received, reversed(inbound.values())), key=lambda text: text.at)

    def erase(self, sid: str) -> None:
        try:
            self._read(self._client.messages(sid).update, body="")
        except Refused as error:
            if error.code not in _GONE:
                raise

    def fetch(self, sid: str) -> ProviderText | None:
        try:
            return _text(self._read(self._client.messages(sid).fetch))
        except Refused as error:
            if error.code in _GONE:
                return None
            raise

    def failure_class_of(self, code: int | None) -> FailureClass:
        return codes.failure_class_of(code)

    def status_of(self, word: str) -> MessageStatus:
        return statuses.status_of(word)

    def _read(self, call: Any, **arguments: Any) -> Any:
        try:
            return call(**arguments)
        except TwilioRestException as error:
            raise _refusal(error) from None
        except _UNREADABLE:
            raise OutcomeUnknown("the look-up failed") from None


def _refusal(error: TwilioRestException) -> Exception:
    if error.status >= 500:
        return OutcomeUnknown(str(error.status))
    code = error.code or error.status
    if error.status == 429:
        return Refused(FailureClass.RETRY, code)
    if error.status == 401:
        return Refused(FailureClass.CONFIGURATION, code)
    return Refused(codes.failure_class_of(code), code)


def _connection_failure(error: requests.RequestException) -> Exception:
    """Refused only if nothing can have been sent: there never was a connection (R31)."""
    if isinstance(error, requests.ConnectTimeout):
        return Refused(FailureClass.RETRY)
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", cause)
    if isinstance(reason, NewConnectionError) or "CERTIFICATE_VERIFY_FAILED" in str(reason):
        return Refused(FailureClass.RETRY)
    return OutcomeUnknown(type(error).__name__)


def _text(message: Any) -> ProviderText:
    created = message.date_created
    return ProviderText(
        sid=str(message.sid),
        to=str(message.to),
        body=_shown(str(message.body or "")),
        status=str(message.status),
        error_code=int(message.error_code) if message.error_code else None,
        created_at=created if isinstance(created, datetime) else datetime.min.replace(tzinfo=UTC),
    )


def _shown(body: str) -> str:
    """The words; empty where the account hides them (F81)."""
    return "" if not body.strip() or "redacted" in body.casefold() else body


def _listed(message: Any) -> ProviderText:
    """OutcomeUnknown for a text without its time or id: it may be the one we look for (R31)."""
    _refuse_unplaced(message)
    return _text(message)


def _refuse_unplaced(message: Any) -> None:
    if not isinstance(message.date_created, datetime) or not _SID.match(str(message.sid)):
        raise OutcomeUnknown("a list that cannot be read")


def _received(message: Any) -> ReceivedText:
    _refuse_unplaced(message)
    return ReceivedText(
        sid=str(message.sid),
        sender=str(message.from_ or "anonymous"),
        body=str(message.body or ""),
        at=message.date_created,
    )
