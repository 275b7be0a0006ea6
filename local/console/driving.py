"""Moves the clock as time would have passed: it stops at every minute with something due, in order.

It goes on only when nothing is due any more and the provider has no more callbacks.
"""

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Protocol

from chalicelib.ports import Due

ROUNDS = 200  # ticks in one minute; more means an endless loop
QUIET = 30  # seconds that the provider's callbacks of one round may take
FOREVER = datetime(9999, 1, 1, tzinfo=UTC)  # later than any row
_MINUTE = timedelta(minutes=1)


class Clock(Protocol):
    def now(self) -> datetime: ...

    def move_to(self, at: datetime) -> None: ...


class Provider(Protocol):
    def wait_until_quiet(self, timeout: float) -> object: ...

    def deliver_late(self, now: datetime) -> object: ...

    def next_late_at(self) -> datetime | None: ...


class BackInTime(ValueError):
    """The clock does not go back."""


class Ending(Exception):
    """The run ends, so the clock goes no further."""


class StillDue(Exception):
    """Rows are due again and again in one minute, so the clock cannot go on."""

    def __init__(self, rows: Sequence[Due]) -> None:
        names = ", ".join(f"{row.message_id} (due {row.due_at.isoformat()})" for row in rows[:20])
        super().__init__(f"still due after {ROUNDS} rounds: {names}")
        self.rows = tuple(rows)


class Driver:
    """Ticks and deliveries, one at a time, whoever asks for them."""

    def __init__(
        self,
        *,
        clock: Clock,
        due: Callable[[datetime], Sequence[Due]],
        tick: Callable[[], object],
        deliver_queue: Callable[[], int],
        twilio: Provider,
    ) -> None:
        """`due` gives the rows up to an instant, oldest first; `deliver_queue` says how many."""
        self._clock = clock
        self._due = due
        self._tick = tick
        self._deliver_queue = deliver_queue
        self._twilio = twilio
        # While the clock is driven, the automatic ticker and the queue's worker wait for this.
        self._turn = threading.RLock()
        self._is_ending = False

    def tick(self) -> None:
        """One tick of the automatic ticker; late callbacks that are due by now go out first."""
        with self._turn:
            if not self._is_ending:
                self._twilio.deliver_late(self._clock.now())
                self._tick()

    def deliver(self) -> int:
        """Deliver what is on the queue; returns how many ids."""
        with self._turn:
            return 0 if self._is_ending else self._deliver_queue()

    def end(self, *, within: float) -> None:
        """Start nothing new; what is in progress has that many seconds to finish."""
        self._is_ending = True
        if self._turn.acquire(timeout=within):
            self._turn.release()

    def advance_by(self, duration: timedelta) -> None:
        """Like advance_to, from now."""
        with self._turn:
            self._drive(self._clock.now() + duration)

    def advance_to(self, at: datetime) -> None:
        """The clock shows `at`, and all that was due by then is delivered.

        BackInTime; StillDue when a minute does not come to an end; TimeoutError when the provider's
        callbacks do not; Ending when the whole run ends meanwhile.
        """
        with self._turn:
            if at < self._clock.now():
                raise BackInTime(BackInTime.__doc__)
            self._drive(at)

    def _drive(self, at: datetime) -> None:
        self._visit(self._clock.now())
        while (moment := self._next_at()) is not None and moment <= at:
            self._visit(min(_ceil(moment), at))
        self._visit(at)

    def _next_at(self) -> datetime | None:
        rows = self._due(FOREVER)
        moments = [rows[0].due_at] if rows else []
        late_at = self._twilio.next_late_at()
        return min([*moments, late_at] if late_at else moments, default=None)

    def _visit(self, moment: datetime) -> None:
        self._go_to(moment)
        self._twilio.deliver_late(self._clock.now())
        for done in range(ROUNDS):
            if self._is_ending:
                raise Ending
            # Once in any case, as the automatic ticker would: this shows that the dispatcher runs.
            if not done or self._due(self._clock.now()):
                self._tick()
            delivered = self._deliver_queue()
            self._twilio.wait_until_quiet(QUIET)
            # A callback may have caused another message, so the queue is checked once more.
            if not delivered and not self._due(self._clock.now()):
                return
        raise StillDue(self._due(self._clock.now()))

    def _go_to(self, moment: datetime) -> None:
        # The clock runs on while it is driven, and may have passed the moment already.
        with suppress(ValueError):
            self._clock.move_to(moment)


def _ceil(moment: datetime) -> datetime:
    """The automatic ticker runs at full minutes, so a row is found then."""
    whole = moment.replace(second=0, microsecond=0)
    return whole if whole == moment else whole + _MINUTE
