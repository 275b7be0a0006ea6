"""A provider of texts like ours: it accepts or refuses, lists what it has, has a STOP list."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

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
from tests.simulation.engine.faults import Faults
from tests.simulation.engine.stage import Stage
from tests.simulation.world.delivery import Delivery, Taken
from tests.twilio_rules import NUMBER, StopList, may_wait, refuse_under_way

SETTINGS_REFUSED = "text: our settings refused for hours"
LISTED = 3.0  # minutes until a list shows a text, at most
CLOCK_OFF = 30.0  # seconds: the provider's clock against true time, at most


@dataclass
class Provider:
    """Implements ports.TextSender and ports.TextInbox."""

    stage: Stage
    faults: Faults
    report: Callable[[Taken, str, int | None], None]  #: a receipt's webhook
    ring: Callable[[Taken], None]  #: the phone shows the text
    judge: Callable[[Taken], None]  #: checks whether it may have been accepted
    bad_numbers: frozenset[str] = frozenset()
    taken: list[Taken] = field(default_factory=list)
    received: list[ReceivedText] = field(default_factory=list)  #: in the order of their times
    means: dict[str, str | None] = field(default_factory=dict)  #: STOP, START, HELP or nothing
    misconfigured_until: datetime | None = None
    misconfigured_at: list[datetime] = field(default_factory=list)  #: each text refused so

    def __post_init__(self) -> None:
        self._by_number: dict[str, list[Taken]] = defaultdict(list)
        self._by_sid: dict[str, Taken] = {}
        self._stops = StopList()
        self._delivery = Delivery(self.faults, report=self.report, ring=self.ring, among=self.taken)
        self._place_of: dict[str, int] = {}  #: the place of a text in `received`
        self._off = timedelta(seconds=self.faults.chance.uniform(-CLOCK_OFF, CLOCK_OFF))

    # What the service asks

    def send(self, *, to: str, body: str, status_callback: str, validity: timedelta) -> Accepted:
        faults = self.faults
        faults.boundary("provider: text, before")
        self._is_up()
        if faults.happens(SETTINGS_REFUSED):
            hours = faults.chance.uniform(0.1, 5)
            self.misconfigured_until = self.stage.now + timedelta(hours=hours)
        validity = may_wait(validity)
        self._refuse(to, body, validity)
        if faults.happens("text: 429"):
            raise Refused(FailureClass.RETRY, 429)
        if faults.happens("text: 5xx, not accepted"):
            raise OutcomeUnknown("simulated 503")
        message_id = status_callback.partition("#")[0].rpartition("/")[2]
        called_at = self.stage.now
        if faults.happens("text: time-out, accepted minutes later"):
            seconds = faults.chance.uniform(11, 720)
            self.stage.after(
                partial(self._accept, to, body, message_id, called_at, validity), seconds=seconds
            )
            faults.boundary("provider: text, after")
            raise OutcomeUnknown("simulated time-out")
        text = self._accept(to, body, message_id, called_at, validity)
        if faults.happens("text: accepted, answer lost"):
            raise OutcomeUnknown("simulated broken connection")
        faults.boundary("provider: text, after")
        return Accepted(text.sid, "queued")

    def sent_to(self, number: str) -> list[ProviderText]:
        self._asked()
        texts = [text for text in self._by_number[number] if text.shown_at <= self.stage.now]
        return [self._shown(text) for text in reversed(texts)]

    def received_since(self, at: datetime) -> list[ReceivedText]:
        self._asked()
        second = at.replace(microsecond=0)
        since = bisect_left(self.received, second, key=lambda text: text.at)
        seen = self.received[since:]
        if self.faults.happens("text: the list lags"):
            lag = timedelta(minutes=self.faults.chance.uniform(0.5, 5))
            seen = [text for text in seen if text.at < self.stage.now - lag]
        return seen

    def fetch(self, sid: str) -> ProviderText | None:
        self._asked()
        if sid in self._place_of:
            theirs = self.received[self._place_of[sid]]
            return ProviderText(sid, NUMBER, theirs.body, "received", None, theirs.at)
        text = self._by_sid.get(sid)
        return self._shown(text) if text is not None else None

    def failure_class_of(self, code: int | None) -> FailureClass:
        return codes.failure_class_of(code)

    def status_of(self, word: str) -> MessageStatus:
        return statuses.status_of(word)

    def erase(self, sid: str) -> None:
        self._asked()
        if sid in self._by_sid:
            refuse_under_way(self._by_sid[sid].status)
            self._by_sid[sid].body = ""
        if sid in self._place_of:
            place = self._place_of[sid]
            self.received[place] = self.received[place]._replace(body="")

    # What people do

    def hear(self, number: str, body: str) -> ReceivedText:
        """A phone sends a text to our number."""
        at = (self.stage.now + self._off).replace(microsecond=0)
        text = ReceivedText(f"SM{len(self.received) + 1:032x}", number, body, at)
        self.means[text.sid] = self._stops.hear(number, body)
        self._place_of[text.sid] = len(self.received)
        self.received.append(text)
        return text

    # Inside

    def _is_up(self) -> None:
        if self.faults.lasts("no provider for hours", "no provider for a day"):
            if self.faults.chance.random() < 0.5:
                raise Refused(FailureClass.RETRY)  # no connection: certainly nothing left
            raise OutcomeUnknown("simulated outage")

    def _asked(self) -> None:
        self.faults.boundary("provider: asked")
        self._knows_us()
        if self.faults.lasts("no provider for hours", "no provider for a day"):
            raise OutcomeUnknown("simulated outage")
        if self.faults.happens("text: listing or fetch fails"):
            raise OutcomeUnknown("simulated: the list broke off")

    def _knows_us(self) -> None:
        until = self.misconfigured_until
        if until is not None and self.stage.now < until and not self.faults.is_calm:
            raise Refused(FailureClass.CONFIGURATION, 20003)

    def _refuse(self, to: str, body: str, validity: timedelta) -> None:
        try:
            self._knows_us()
        except Refused:
            self.misconfigured_at.append(self.stage.now)
            raise
        self._stops.refuse(to=to, body=body, validity=validity)
        if to in self.bad_numbers:
            raise Refused(self.failure_class_of(21614), 21614)
        if self.faults.happens("text: refused for good"):
            code = self.faults.chance.choice([21611, 30007, 30003, 99999])
            raise Refused(self.failure_class_of(code), code)

    def _accept(
        self, to: str, body: str, message_id: str, called_at: datetime, validity: timedelta
    ) -> Taken:
        now = self.stage.now
        late = self.faults.happens("text: listed minutes late")
        before = next(reversed(self._by_number[to]), None)
        text = Taken(
            sid=f"SM{0xA0000000 + len(self.taken):032x}",
            message_id=message_id,
            to=to,
            body=body,
            at=now,
            called_at=called_at,
            listed_at=(now + self._off).replace(microsecond=0),
            expires_at=now + validity,
            shown_at=now + timedelta(minutes=self.faults.chance.uniform(0, LISTED) * late),
            hidden=self.faults.happens("text: words hidden in the listing"),
        )
        self.taken.append(text)
        self._by_number[to].append(text)
        self._by_sid[text.sid] = text
        self.judge(text)
        self._delivery.begins(text, before)
        return text

    def _shown(self, text: Taken) -> ProviderText:
        body = "" if text.hidden else text.body
        return ProviderText(text.sid, text.to, body, text.status, text.error_code, text.listed_at)
