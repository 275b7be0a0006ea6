"""A small world for tests: everything real but the table, the clock and the providers."""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from chalicelib.adapters.links import SignedLinks
from chalicelib.adapters.twilio import codes, statuses
from chalicelib.clinic.careplan.plan import load_careplans
from chalicelib.clinic.profile import load_profile
from chalicelib.domain.messaging.message import Message, MessageStatus
from chalicelib.domain.messaging.task import Task
from chalicelib.domain.record import new_id
from chalicelib.outbox import deliver, dispatch
from chalicelib.outbox.outcomes import text_receipts
from chalicelib.ports import Accepted, Email, FailureClass, ProviderText, ReceivedText
from chalicelib.settings import Settings
from chalicelib.transaction import Actor
from chalicelib.usecases.requests.submit import Origin, Receipt, RequestForm, submit
from chalicelib.usecases.visits.slots import WallTime
from chalicelib.wiring import Services
from local.memory_store import MemoryStore
from tests.mail_rules import refuse_unwritable
from tests.twilio_rules import NUMBER, StopList, may_wait, refuse_under_way

NOON = datetime(2026, 12, 1, 18, 0, tzinfo=UTC)  # a Tuesday, noon in Wichita
RUTH = Actor("ruth", "Ruth Example")
FORM = Origin(means="form", page="/request", address="192.0.2.1", per_number=5, per_address=30)

SETTINGS = Settings(
    stage="local",
    table_name="bookend-test",
    queue_url="http://127.0.0.1/queue",
    base_url="http://127.0.0.1:8000",
    email_from="clinic@example.com",
    link_keys=("a-key-for-tests-alone-0123456789",),
    twilio_account_sid="AC" + "0" * 32,
    twilio_auth_token="a-token-for-tests-alone",
    twilio_from=NUMBER,
)


class MovableClock:
    """Implements ports.Clock: it stands still until a test moves it."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


class Queue:
    """Implements ports.DeliveryQueue: an id waits until a test takes it off."""

    def __init__(self) -> None:
        self.ids: deque[str] = deque()

    def send(self, message_ids: Sequence[str]) -> int:
        self.ids.extend(message_ids)
        return len(message_ids)


class FakeTexts:
    """Implements ports.TextSender and TextInbox: keeps what it accepted, as the provider would.

    `answers` are given first, one to each call: an exception is raised, after the text was accepted
    if it is in `after`.
    """

    def __init__(self, clock: MovableClock) -> None:
        self._clock = clock
        self.sent: list[ProviderText] = []
        self.validity: list[timedelta] = []
        self.callbacks: list[str] = []
        self.before: deque[Exception | None] = deque()
        self.after: deque[Exception | None] = deque()
        self.listing: deque[Exception] = deque()
        self.erasing: deque[Exception | None] = deque()
        self.received: list[ReceivedText] = []
        self._stops = StopList()
        self._sids = (f"SM{number:032x}" for number in count(1))

    def send(self, *, to: str, body: str, status_callback: str, validity: timedelta) -> Accepted:
        if self.before and (error := self.before.popleft()) is not None:
            raise error
        validity = may_wait(validity)
        self._stops.refuse(to=to, body=body, validity=validity)
        sid = next(self._sids)
        self.sent.append(ProviderText(sid, to, body, "queued", None, self._second()))
        self.validity.append(validity)
        self.callbacks.append(status_callback)
        if self.after and (error := self.after.popleft()) is not None:
            raise error
        return Accepted(sid, "queued")

    def sent_to(self, number: str) -> list[ProviderText]:
        if self.listing:
            raise self.listing.popleft()
        return [text for text in reversed(self.sent) if text.to == number]

    def received_since(self, at: datetime) -> list[ReceivedText]:
        if self.listing:
            raise self.listing.popleft()
        since = at.replace(microsecond=0)
        return sorted((t for t in self.received if t.at >= since), key=lambda text: text.at)

    def erase(self, sid: str) -> None:
        if self.erasing and (error := self.erasing.popleft()) is not None:
            raise error
        for text, validity in zip(self.sent, self.validity, strict=True):
            if text.sid == sid and self._clock.now() < text.created_at + validity:
                refuse_under_way(text.status)
        self.sent = [text._replace(body="") if text.sid == sid else text for text in self.sent]
        self.received = [t._replace(body="") if t.sid == sid else t for t in self.received]

    def fetch(self, sid: str) -> ProviderText | None:
        theirs = (
            ProviderText(text.sid, NUMBER, text.body, "received", None, text.at)
            for text in self.received
        )
        return next((text for text in (*self.sent, *theirs) if text.sid == sid), None)

    def failure_class_of(self, code: int | None) -> FailureClass:
        return codes.failure_class_of(code)

    def status_of(self, word: str) -> MessageStatus:
        return statuses.status_of(word)

    def hear(self, number: str, body: str) -> ReceivedText:
        """A phone texts our number; whether a webhook tells the service is up to the test."""
        self._stops.hear(number, body)
        text = ReceivedText(next(self._sids), number, body, self._second())
        self.received.append(text)
        return text

    def deliver_all(self) -> None:
        """Every text that is being sent arrives."""
        self.sent = [text._replace(status="delivered") for text in self.sent]

    def _second(self) -> datetime:
        return self._clock.now().replace(microsecond=0)

    @property
    def bodies(self) -> list[str]:
        return [text.body for text in self.sent]


class FakeMails:
    """Implements ports.EmailSender: keeps what it was given."""

    def __init__(self) -> None:
        self.sent: list[Email] = []
        self.before: deque[Exception | None] = deque()

    def send(self, email: Email) -> Accepted:
        if self.before and (error := self.before.popleft()) is not None:
            raise error
        refuse_unwritable(email)
        self.sent.append(email)
        return Accepted(f"mail-{len(self.sent)}", "accepted")


class World:
    """The service over a table in memory, with a clock that moves when it is told to."""

    def __init__(self, at: datetime = NOON) -> None:
        self.clock = MovableClock(at)
        self.store = MemoryStore(shards=2)
        self.queue = Queue()
        self.texts = FakeTexts(self.clock)
        self.mails = FakeMails()
        self.services = Services(
            settings=SETTINGS.model_copy(update={"due_shards": 2}),
            clinic=load_profile(),
            plans=load_careplans(),
            clock=self.clock,
            store=self.store,
            text_sender=self.texts,
            text_inbox=self.texts,
            email_sender=self.mails,
            queue=self.queue,
            links=SignedLinks(base_url=SETTINGS.base_url, keys=SETTINGS.link_keys),
            pause=lambda attempt: None,
        )

    @property
    def context(self) -> Any:
        return self.services.context

    @property
    def delivery_context(self) -> Any:
        return self.services.delivery_context

    def replace(self, **changes: Any) -> None:
        """The same world with another clinic, other plans …"""
        self.services = replace(self.services, **changes)

    def drain(self) -> None:
        """Deliver what is on the queue, and what that adds to it."""
        for _ in range(500):
            if not self.queue.ids:
                return
            deliver.deliver(self.delivery_context, self.queue.ids.popleft())
        raise AssertionError("the queue never empties")

    def tick(self) -> None:
        dispatch.run(self.delivery_context)
        self.drain()

    def run_until(self, until: datetime) -> None:
        """Visit each minute that has something due, in order, as the dispatcher would."""
        self.tick()
        for _ in range(5000):
            due = [
                at
                for shard in range(2)
                for _, at in self.store.due(shard=shard, until=until, limit=1)
            ]
            if not due:
                break
            self.clock.at = max(self.clock.at, _next_minute(min(due)))
            self.tick()
        else:
            raise AssertionError("it never ends")
        self.clock.at = max(self.clock.at, until)

    def run_for(self, **span: float) -> None:
        self.run_until(self.clock.at + timedelta(**span))

    def deliver_all(self) -> None:
        """Every text arrives, and there is a receipt for each."""
        self.texts.deliver_all()
        for text, callback in zip(self.texts.sent, self.texts.callbacks, strict=True):
            message_id = callback.partition("#")[0].rpartition("/")[2]
            text_receipts.take(
                self.delivery_context,
                message_id,
                sid=text.sid,
                to=text.to,
                status="delivered",
                error_code=None,
            )

    def request(self, **changes: Any) -> Receipt:
        return submit(self.context, request_form(**changes), origin=FORM, key=new_id("KEY"))

    def open_tasks(self) -> list[Task]:
        """The open tasks as staff see them, urgent ones first."""
        found = [*self.store.open("urgent"), *self.store.open("task")]
        return [task for task in found if isinstance(task, Task)]

    def messages(self, owner_id: str) -> list[Message]:
        return [r for r in self.store.owned(owner_id) if isinstance(r, Message)]

    def message(self, owner_id: str, about: str) -> Message:
        return next(m for m in self.messages(owner_id) if m.id == f"{owner_id}.{about}")


def request_form(**changes: Any) -> RequestForm:
    base: dict[str, Any] = {
        "name": "Ana Löwe",
        "phone": "+13165550142",
        "email": "ana@example.org",
        "reason": "depression",
        "preferred": ("mon:morning",),
        "sms_consent": True,
        "detailed_consent": True,
    }
    return RequestForm(**(base | changes))


def at(text: str) -> WallTime:
    """`2026-12-08T09:00` on the clinic's clock."""
    when = datetime.fromisoformat(text)
    return WallTime(when.date(), when.time())


def _next_minute(moment: datetime) -> datetime:
    whole = moment.replace(second=0, microsecond=0)
    return whole if whole == moment else whole + timedelta(minutes=1)
