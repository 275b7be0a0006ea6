"""Status callbacks, in order, one at a time; some late, doubled, reordered or lost."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Protocol

import requests

from local.aws.keeper import Keeper

LATE = timedelta(minutes=10)  # of the movable clock
RETRIES = 5  # after an answer of 5xx, as `#rc=5&rp=all` asks
TRIES = 25  # while nobody answers: the service may be starting
WAIT = 0.2  # seconds of real time between two tries
_LATE = "twilio.late"

log = logging.getLogger(__name__)

Steps = list[dict[str, Any]]


class Clock(Protocol):
    def now(self) -> datetime: ...


def plan_of(fault: Mapping[str, Any]) -> tuple[Steps, Steps]:
    """The statuses that a text goes through, and those that are repeated late."""
    last = fault.get("status", "delivered")
    steps: Steps = [
        {"status": "sent", "error": None, "told": True},
        {"status": last, "error": fault.get("error") if "status" in fault else None, "told": True},
    ]
    untold = [{**step, "told": False} for step in steps]
    match fault.get("callback"):
        case "twice":
            return [step for step in steps for _ in range(2)], []
        case "reversed":
            return steps[::-1], []
        case "lost":
            return untold, []
        case "late":
            return untold, steps
    return steps, []


class Callbacks:
    """One worker that posts callbacks and records the status of each text."""

    def __init__(
        self,
        *,
        post: Callable[[str, str, int | None], int],
        update: Callable[[str, str, int | None, Steps], bool],
        current: Callable[[str, Steps], Steps],
        clock: Clock,
        keeper: Keeper,
    ) -> None:
        """`update` stores a status and the steps left; False if the text goes no further."""
        self._post = post
        self._update = update
        self._current = current
        self._clock = clock
        self._keeper = keeper
        self._waiting: deque[tuple[str, Steps]] = deque()
        self._busy = 0
        self._changed = threading.Condition()
        self._ending = threading.Event()
        self._worker = threading.Thread(target=self._work, name="twilio-callbacks", daemon=True)
        self._worker.start()

    def end(self, *, within: float) -> None:
        """Send no more callbacks; what is left is kept for the next run."""
        self._ending.set()
        with self._changed:
            self._changed.notify_all()
        self._worker.join(within)

    def add(self, sid: str, steps: Steps) -> None:
        with self._changed:
            self._waiting.append((sid, steps))
            self._busy += 1
            self._changed.notify_all()

    def add_late(self, sid: str, steps: Steps) -> None:
        due = self._clock.now() + LATE
        self._keeper.put(_LATE, {sid: {"at": due.isoformat(), "steps": steps}})

    def deliver_late(self, now: datetime) -> None:
        """What was late and is due now joins the others."""
        for sid, late in self._keeper.keyed(_LATE).items():
            if datetime.fromisoformat(late["at"]) <= now:
                steps = late["steps"]
                # The text takes them over first, so that a run that ends here sends them in the
                # next.
                goes_on = self._update(sid, steps[0]["status"], steps[0]["error"], steps)
                self._keeper.put(_LATE, {sid: None})
                if goes_on:
                    self.add(sid, steps)

    def next_late_at(self) -> datetime | None:
        times = [datetime.fromisoformat(late["at"]) for late in self._keeper.keyed(_LATE).values()]
        return min(times, default=None)

    def wait_until_quiet(self, timeout: float) -> None:
        with self._changed:
            if not self._changed.wait_for(lambda: self._busy == 0, timeout):
                raise TimeoutError("callbacks are still under way")

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._waiting) or self._ending.is_set())
                if self._ending.is_set():
                    return
                sid, steps = self._waiting.popleft()
            try:
                self._go_through(sid, self._current(sid, steps))
            finally:
                with self._changed:
                    self._busy -= 1
                    self._changed.notify_all()

    def _go_through(self, sid: str, steps: Steps) -> None:
        """A step is finished only when it was sent, so a run that is killed sends it again."""
        for n, step in enumerate(steps):
            if not self._update(sid, step["status"], step["error"], steps[n:]):
                return
            if step["told"] and not self._is_told(sid, step):
                return
        if steps:
            self._update(sid, steps[-1]["status"], steps[-1]["error"], [])

    def _is_told(self, sid: str, step: Mapping[str, Any]) -> bool:
        """Try again while nobody answers or the answer is a 5xx.

        False when the run ends before that; after the last try Twilio gives up, which counts as
        sent.
        """
        refused = 0
        for _ in range(TRIES):
            try:
                status = self._post(sid, step["status"], step["error"])
            except requests.RequestException as error:
                log.debug("twilio.unanswered", extra={"sid": sid, "error": type(error).__name__})
            else:
                refused += status >= 500
                if status < 500 or refused > RETRIES:
                    return True
            if self._ending.wait(WAIT):
                return False
        return True
