"""A stand-in for Twilio: keeps texts, the numbers that said STOP, and the faults to come."""

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

import requests

from local.aws.keeper import Keeper
from local.twilio.callbacks import Callbacks, Steps, plan_of
from local.twilio.rules import (
    FINAL,
    ApiError,
    BrokenOff,
    kind_of_fault,
    opt_out_type,
    require_sendable,
    validity_of,
)
from local.twilio.texts import Text, new_text, told
from local.twilio.webhooks import Hooks

OK = 200  # a page of a list that a fault lets through
EXPIRED = 30036  # Twilio's code for a text that waited too long
_MESSAGES, _STOPPED, _FAULTS = "twilio.messages", "twilio.stopped", "twilio.faults"


class Clock(Protocol):
    def now(self) -> datetime: ...


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
        self._hooks = Hooks(account_sid=account_sid, auth_token=auth_token, inbound_url=inbound_url)
        self._keeper = keeper
        self._clock = clock
        self._lock = threading.RLock()
        self._texts: dict[str, Text] = keeper.keyed(_MESSAGES)
        self._stopped: set[str] = set(keeper.load(_STOPPED) or [])
        self._faults: list[dict[str, Any]] = keeper.load(_FAULTS) or []
        self._callbacks = Callbacks(
            post=self._post_status,
            update=self._update_status,
            current=self._unless_too_old,
            clock=clock,
            keeper=keeper,
        )
        for text in self._texts.values():
            if text["steps"]:
                self._callbacks.add(text["sid"], text["steps"])

    def create(self, form: Mapping[str, str]) -> Text:
        """Create a text; ApiError says why not, BrokenOff means that the caller gets no answer."""
        fault = self._next_fault()
        if "http" in fault:
            raise ApiError(int(fault["http"]), 20429 if fault["http"] == 429 else None, "fault")
        require_sendable(form, stopped=self._stopped)
        if "status" not in fault and "error" in fault:
            raise ApiError(400, int(fault["error"]), "fault")
        steps, late_steps = plan_of(fault)
        text = self._put(
            new_text(
                at=self._clock.now(),
                direction="outbound",
                sender=form.get("From") or form.get("MessagingServiceSid", ""),
                to=form["To"],
                body=form["Body"],
                status="queued",
                validity=validity_of(form),
                callback=form.get("StatusCallback", ""),
                steps=steps,
            )
        )
        if late_steps:
            self._callbacks.add_late(text["sid"], late_steps)
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
        """The texts to and from these numbers, newest first; ApiError when a fault waits."""
        with self._lock:
            if (fault := self._next_fault("list")) and fault["list"] != OK:
                raise ApiError(int(fault["list"]), None, "fault")
            found = [dict(text) for text in self._texts.values()]
        return [t for t in reversed(found) if all(t[name] == v for name, v in wanted.items())]

    def redact(self, sid: str) -> Text:
        """Remove the body; Twilio allows it once a text has its final status."""
        with self._lock:
            text = self.fetch(sid)
            if text["status"] not in FINAL:
                raise ApiError(400, 20009, "Cannot redact a message in this state")
            return self._put({**text, "body": ""})

    def cancel(self, sid: str) -> Text:
        """The text goes no further, and nothing more is reported about it."""
        with self._lock:
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
        """A phone texts our number: kept, then a signed webhook; returns the webhook's status.

        502 when nobody answers it, or a fault prevents it.
        """
        with self._lock:
            is_missed = bool(self._next_fault("inbound"))
            means = opt_out_type(body, is_stopped=from_ in self._stopped)
            if means == "STOP":
                self._stopped.add(from_)
            elif means == "START":
                self._stopped.discard(from_)
            self._keeper.save(_STOPPED, sorted(self._stopped))
            text = self._put(
                new_text(
                    at=self._clock.now(),
                    direction="inbound",
                    sender=from_,
                    to=self.number,
                    body=body,
                    status="received",
                )
            )
        if is_missed:
            return 502
        try:
            return self._hooks.tell_inbound(text, opt_out_type=means)
        except requests.RequestException:
            return 502

    def texts(self) -> list[dict[str, Any]]:
        """Every text, oldest first, in the form for the console's clients."""
        with self._lock:
            return [told(text) for text in self._texts.values()]

    def inject(self, faults: list[dict[str, Any]]) -> None:
        """The next created texts, arriving texts or lists get these faults, in order."""
        with self._lock:
            self._faults = [*self._faults, *faults]
            self._keeper.save(_FAULTS, self._faults)

    def end(self, *, within: float) -> None:
        """Make no more calls to the service; what is left goes on in the next run."""
        self._callbacks.end(within=within)

    def wait_until_quiet(self, timeout: float) -> None:
        """Every callback that is due has been delivered; TimeoutError if that takes longer."""
        self._callbacks.wait_until_quiet(timeout)

    def deliver_late(self, now: datetime) -> None:
        self._callbacks.deliver_late(now)

    def next_late_at(self) -> datetime | None:
        return self._callbacks.next_late_at()

    def _put(self, text: Text) -> Text:
        with self._lock:
            self._texts[text["sid"]] = text
            self._keeper.put(_MESSAGES, {text["sid"]: text})
            return dict(text)

    def _next_fault(self, of: str = "create") -> dict[str, Any]:
        """Take the first fault that fits this call, which uses it up."""
        with self._lock:
            fault = next((one for one in self._faults if kind_of_fault(one) == of), None)
            if fault is None:
                return {}
            self._faults.remove(fault)
            self._keeper.save(_FAULTS, self._faults)
            return fault

    def _update_status(self, sid: str, status: str, error: int | None, left: Steps) -> bool:
        """False for a text that was deleted or canceled; a final status is not changed."""
        with self._lock:
            text = self._texts.get(sid)
            if text is None or text["status"] == "canceled":
                return False
            is_final = text["status"] in FINAL
            new = text if is_final else {**text, "status": status, "error_code": error}
            self._put({**new, "steps": left})
            return True

    def _post_status(self, sid: str, status: str, error: int | None) -> int:
        with self._lock:
            text = self._texts.get(sid)
        return self._hooks.tell_status(text, status, error) if text else 0

    def _unless_too_old(self, sid: str, steps: Steps) -> Steps:
        """The steps left for a text: one that waited past its validity fails."""
        with self._lock:
            text = self._texts.get(sid)
        if text is None or text["status"] != "queued":
            return steps
        until = datetime.fromisoformat(text["at"]) + timedelta(seconds=text["validity"])
        if self._clock.now() <= until:
            return steps
        return [{"status": "failed", "error": EXPIRED, "told": True}]
