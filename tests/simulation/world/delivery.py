"""What becomes of an accepted text, and its receipts: late, twice, days later, misaddressed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tests.simulation.engine.faults import Faults

NUMBER_REFUSED = "text: accepted, our number refused for hours"
UNDELIVERED = (30003, 30005, 30006, 30007, 30008, 30036, 99999)
UNREGISTERED, EXPIRED = 30034, 30036

Report = Callable[["Taken", str, int | None], None]


@dataclass
class Taken:
    """A text that the provider accepted, with the true times."""

    sid: str
    message_id: str
    to: str
    body: str
    at: datetime  #: when it was accepted
    called_at: datetime  #: when it was handed over; earlier than `at` if the network was slow
    listed_at: datetime  #: by the provider's own clock, in whole seconds
    expires_at: datetime
    shown_at: datetime  #: from then on a list shows it
    status: str = "queued"
    error_code: int | None = None
    hidden: bool = False


class Delivery:
    """To the phone, and back as receipts."""

    def __init__(
        self,
        faults: Faults,
        *,
        report: Report,
        ring: Callable[[Taken], None],
        among: Sequence[Taken],
    ) -> None:
        self._faults = faults
        self._stage = faults.stage
        self._report = report
        self._ring = ring
        self._among = among  #: all that were accepted so far
        self._unregistered_until: datetime | None = None

    def begins(self, text: Taken, before: Taken | None) -> None:
        """A text was accepted; `before` is the earlier one to the same number, if there is one."""
        faults, chance = self._faults, self._faults.chance
        sent_in, ends_in = chance.uniform(0.2, 3), chance.uniform(3, 40)
        if faults.happens("receipts reversed"):
            sent_in, ends_in = ends_in, sent_in
        code = None
        is_off = before is not None and before.status == "undelivered"
        if faults.happens("text undelivered") or (is_off and faults.happens("text: off as before")):
            code = chance.choice(UNDELIVERED)
        if faults.happens(NUMBER_REFUSED):
            hours = chance.uniform(0.1, 5)
            self._unregistered_until = self._stage.now + timedelta(hours=hours)
        until = self._unregistered_until
        if until is not None and self._stage.now < until and not faults.is_calm:
            code = UNREGISTERED
        if code is None and faults.happens("text: the phone is off for hours"):
            ends_in = chance.uniform(60, 36000)
            left = (text.expires_at - self._stage.now).total_seconds()
            if ends_in >= left:
                ends_in, code = left, EXPIRED
        end = "delivered" if code is None else "undelivered"
        self._stage.after(lambda: self._becomes(text, "sent", None), seconds=sent_in)
        self._stage.after(lambda: self._becomes(text, end, code), seconds=ends_in)

    def _becomes(self, text: Taken, status: str, code: int | None) -> None:
        faults = self._faults
        if text.status not in ("delivered", "undelivered"):
            text.status, text.error_code = status, code
        if status == "delivered":
            self._ring(text)
        if faults.happens("receipt lost") or faults.lasts("no webhooks for an hour"):
            return
        seconds = faults.chance.uniform(0.1, 2)
        if faults.happens("receipt hours late"):
            seconds = faults.chance.uniform(600, 30000)
        for _ in range(2 if faults.happens("receipt twice") else 1):
            self._stage.after(lambda: self._report(text, status, code), seconds=seconds)
            seconds += faults.chance.uniform(0, 60)
        if faults.happens("receipt replayed days later"):
            hours = faults.chance.uniform(1, 200)
            self._stage.after(lambda: self._report(text, status, code), hours=hours)
        other = faults.chance.choice(self._among)
        if other.to != text.to and faults.happens("receipt on another row's address"):
            stray = replace(text, message_id=other.message_id)
            self._stage.after(lambda: self._report(stray, status, code), seconds=seconds)
