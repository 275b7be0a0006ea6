"""Ends the whole of `make run` at a chosen point of a delivery, as a power cut would."""

import os
import signal
import threading
from collections.abc import Callable
from datetime import timedelta

from chalicelib.domain.messaging.message import MessageStatus
from chalicelib.ports import Accepted, FailureClass, ProviderText, Refused, TextSender
from local.parent import make_above


def end_the_run() -> None:
    """Kill everything; the caller of `make run` sees 137, as after `kill -9`."""
    # make would turn a killed child into its own exit code 2, so it is killed first.
    if (make := make_above()) is not None:
        os.kill(make, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


class KillSwitch:
    """Once armed, it kills the run at the first delivery that reaches its point."""

    def __init__(self, end: Callable[[], None] = end_the_run) -> None:
        self._end = end
        self._lock = threading.Lock()
        self._armed_at: str | None = None

    def arm(self, point: str) -> None:
        with self._lock:
            self._armed_at = point

    def reached(self, point: str) -> None:
        with self._lock:
            goes_off = self._armed_at == point
            self._armed_at = None if goes_off else self._armed_at
        if goes_off:
            self._end()


class KillableTexts:
    """The text sender, with the points before its call and after its answer."""

    def __init__(self, *, texts: TextSender, switch: KillSwitch) -> None:
        self._texts = texts
        self._switch = switch

    def send(self, *, to: str, body: str, status_callback: str, validity: timedelta) -> Accepted:
        self._switch.reached("after_claim")
        try:
            accepted = self._texts.send(
                to=to, body=body, status_callback=status_callback, validity=validity
            )
        except Refused:
            self._switch.reached("before_settle")
            raise
        self._switch.reached("before_settle")
        return accepted

    def sent_to(self, number: str) -> list[ProviderText]:
        return self._texts.sent_to(number)

    def fetch(self, sid: str) -> ProviderText | None:
        return self._texts.fetch(sid)

    def failure_class_of(self, code: int | None) -> FailureClass:
        return self._texts.failure_class_of(code)

    def status_of(self, word: str) -> MessageStatus:
        return self._texts.status_of(word)
