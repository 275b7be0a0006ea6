"""A Twilio of our own: keeps texts, a list of who said STOP, and the faults that are to come."""

import re
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import requests
from twilio.request_validator import RequestValidator

from chalicelib.domain.record import written
from chalicelib.domain.segments import count
from local.aws_keeper import Keeper
from local.twilio_callbacks import Callbacks, plan_of

STOP_WORDS = frozenset(
    {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"}
)
START_WORDS = frozenset({"start", "yes", "unstop"})
HELP_WORDS = frozenset({"help", "info"})
FINAL = frozenset({"delivered", "undelivered", "failed", "canceled", "received"})
MOST = 1600  # characters of a body
_MESSAGES, _STOPPED, _FAULTS = "twilio.messages", "twilio.stopped", "twilio.faults"

Text = dict[str, Any]


class Clock(Protocol):
    def now(self) -> datetime: ...


class ApiError(Exception):
    """An error as Twilio's API tells it."""

    def __init__(self, status: int, code: int | None, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class BrokenOff(Exception):
    """The text was taken, and the connection ends without an answer."""


class LocalTwilio:
    """One account with one number. Every text survives a restart."""

    def __init__(
        self,
        *,
        keeper: Keeper,
        clock: Clock,
        account_sid: str,
        auth_token: str,
        number: str,
        inbound_url: str,
    ) -> None:
        self.account_sid = account_sid
        self.auth_token = auth_token
        self.number = number
        self.before_answer: Callable[[], object] | None = None
        self._inbound_url = inbound_url
        self._keeper = keeper
        self._clock = clock
        self._lock = threading.RLock()
        self._texts: dict[str, Text] = keeper.keyed(_MESSAGES)
        self._stopped: set[str] = set(keeper.load(_STOPPED) or [])
        self._faults: list[dict[str, Any]] = keeper.load(_FAULTS) or []
        self._callbacks = Callbacks(
            post=self._post_status, update=self._update_status, clock=clock, keeper=keeper
        )
        for text in self._texts.values():
            if text["steps"]:
                self._callbacks.add(text["sid"], text["steps"])

    def create(self, form: Mapping[str, str]) -> Text:
        """The text is taken; ApiError says why not, BrokenOff that nobody hears that it was."""
        fault = self._next_fault()
        if "http" in fault:
            raise ApiError(int(fault["http"]), 20429 if fault["http"] == 429 else None, "fault")
        self._check(form)
        if "status" not in fault and "error" in fault:
            raise ApiError(400, int(fault["error"]), "fault")
        steps, late = plan_of(fault)
        text = self._new(
            direction="outbound",
            sender=form.get("From") or form.get("MessagingServiceSid", ""),
            to=form["To"],
            body=form["Body"],
            status="queued",
            validity=form.get("ValidityPeriod"),
            callback=form.get("StatusCallback", ""),
            steps=[] if late else steps,
        )
        if late:
            self._callbacks.add_late(text["sid"], steps)
        else:
            self._callbacks.add(text["sid"], steps)
        if self.before_answer is not None:
            self.before_answer()
        if fault.get("hang_after_accept"):
            raise BrokenOff
        return text

    def fetch(self, sid: str) -> Text:
        with self._lock:
            if sid not in self._texts:
                raise ApiError(404, 20404, "The requested resource was not found")
            return dict(self._texts[sid])

    def sent(self, **wanted: str) -> list[Text]:
        """The texts to and from these numbers, newest first."""
        with self._lock:
            found = [dict(text) for text in self._texts.values()]
        return [t for t in reversed(found) if all(t[name] == v for name, v in wanted.items())]

    def redact(self, sid: str) -> Text:
        """The body is gone; Twilio allows it once a text has come to its end."""
        text = self.fetch(sid)
        if text["status"] not in FINAL:
            raise ApiError(400, 20009, "Cannot redact a message in this state")
        return self._put({**text, "body": ""})

    def cancel(self, sid: str) -> Text:
        text = self.fetch(sid)
        if text["status"] in FINAL:
            raise ApiError(400, 30409, "Message is not cancelable")
        return self._put({**text, "status": "canceled", "steps": []})

    def delete(self, sid: str) -> None:
        with self._lock:
            self.fetch(sid)
            del self._texts[sid]
            self._keeper.put(_MESSAGES, {sid: None})

    def receive(self, from_: str, body: str) -> int:
        """A phone texts our number: kept, then a signed webhook; answers the webhook's status."""
        word = re.sub(r"[^a-z]", "", body.lower())
        opt_out = {
            **dict.fromkeys(STOP_WORDS, "STOP"),
            **dict.fromkeys(START_WORDS, "START"),
            **dict.fromkeys(HELP_WORDS, "HELP"),
        }.get(word)
        with self._lock:
            if opt_out == "STOP":
                self._stopped.add(from_)
            elif opt_out == "START":
                if word == "yes" and from_ not in self._stopped:
                    opt_out = None
                self._stopped.discard(from_)
            self._keeper.save(_STOPPED, sorted(self._stopped))
            text = self._new(
                direction="inbound", sender=from_, to=self.number, body=body, status="received"
            )
        fields = {
            "MessageSid": text["sid"],
            "SmsSid": text["sid"],
            "AccountSid": self.account_sid,
            "From": from_,
            "To": self.number,
            "Body": body,
            "NumMedia": "0",
            "ApiVersion": "2010-04-01",
            **({"OptOutType": opt_out} if opt_out else {}),
        }
        try:
            return self._post(self._inbound_url, fields)
        except requests.RequestException:
            return 502

    def texts(self) -> list[dict[str, Any]]:
        """Every text, oldest first, as the console's clients read them."""
        with self._lock:
            found = [dict(text) for text in self._texts.values()]
        rows = []
        for text in found:
            size = count(text["body"])
            rows.append(
                {
                    "sid": text["sid"],
                    "from": text["from"],
                    "to": text["to"],
                    "body": text["body"],
                    "direction": text["direction"],
                    "status": text["status"],
                    "segments": size.count,
                    "encoding": size.encoding,
                    "error_code": text["error_code"],
                    "at": text["at"],
                }
            )
        return rows

    def inject(self, faults: list[dict[str, Any]]) -> None:
        """The next texts that are created get these, one each, in order."""
        with self._lock:
            self._faults = [*self._faults, *faults]
            self._keeper.save(_FAULTS, self._faults)

    def wait_until_quiet(self, timeout: float) -> None:
        """Every callback that is due has been delivered; TimeoutError if that takes longer."""
        self._callbacks.wait_until_quiet(timeout)

    def deliver_late(self, now: datetime) -> None:
        self._callbacks.deliver_late(now)

    def next_late_at(self) -> datetime | None:
        return self._callbacks.next_late_at()

    def _check(self, form: Mapping[str, str]) -> None:
        to, body = form.get("To", ""), form.get("Body", "")
        if not re.fullmatch(r"\+1\d{10}", to):
            raise ApiError(400, 21211, "Invalid 'To' Phone Number")
        if not body:
            raise ApiError(400, 21602, "Message body is required")
        if len(body) > MOST:
            raise ApiError(400, 21617, "The message body exceeds 1600 characters")
        if not (form.get("From") or form.get("MessagingServiceSid")):
            raise ApiError(400, 21603, "A 'From' phone number is required")
        if to in self._stopped:
            raise ApiError(400, 21610, "Attempt to send to unsubscribed recipient")

    def _new(
        self,
        *,
        direction: str,
        sender: str,
        to: str,
        body: str,
        status: str,
        validity: str | None = None,
        callback: str = "",
        steps: Sequence[dict[str, Any]] = (),
    ) -> Text:
        return self._put(
            {
                "sid": f"SM{secrets.token_hex(16)}",
                "direction": direction,
                "from": sender,
                "to": to,
                "body": body,
                "status": status,
                "error_code": None,
                "at": written(self._clock.now()),
                "validity": validity,
                "callback": callback,
                "steps": [*steps],
            }
        )

    def _put(self, text: Text) -> Text:
        with self._lock:
            self._texts[text["sid"]] = text
            self._keeper.put(_MESSAGES, {text["sid"]: text})
            return dict(text)

    def _next_fault(self) -> dict[str, Any]:
        with self._lock:
            if not self._faults:
                return {}
            fault, *self._faults = self._faults
            self._keeper.save(_FAULTS, self._faults)
            return fault

    def _update_status(self, sid: str, status: str, error: int | None, left: Any) -> None:
        with self._lock:
            text = self._texts.get(sid)
            if text is None:
                return
            is_final = text["status"] in FINAL
            new = text if is_final else {**text, "status": status, "error_code": error}
            self._put({**new, "steps": left})

    def _post_status(self, sid: str, status: str, error: int | None) -> int:
        """The webhook's status; 0 where the text asked for none."""
        with self._lock:
            text = self._texts.get(sid)
        if text is None or not text["callback"]:
            return 0
        fields = {
            "MessageSid": sid,
            "SmsSid": sid,
            "MessageStatus": status,
            "SmsStatus": status,
            "To": text["to"],
            "From": text["from"],
            "AccountSid": self.account_sid,
            "ApiVersion": "2010-04-01",
            **({"ErrorCode": str(error)} if error is not None else {}),
        }
        return self._post(text["callback"].partition("#")[0], fields)

    def _post(self, url: str, fields: dict[str, str]) -> int:
        signature = RequestValidator(self.auth_token).compute_signature(url, fields)
        answer = requests.post(
            url, data=fields, headers={"X-Twilio-Signature": signature}, timeout=15
        )
        return answer.status_code
