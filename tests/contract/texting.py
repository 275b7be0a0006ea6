"""Every provider of texts, each with its phones and its clock."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Protocol

from chalicelib.ports import TextInbox, TextSender
from tests.local.provider import NUMBER as LOCAL_NUMBER
from tests.local.provider import World as LocalTwilioWorld
from tests.simulation.engine.faults import KINDS, Faults
from tests.simulation.engine.stage import Stage, StageClock
from tests.simulation.world.provider import Provider
from tests.twilio_rules import NUMBER
from tests.world import FakeTexts, MovableClock

BEGIN = datetime.fromisoformat("2026-12-01T18:00:00.700Z")
STATUS_CALLBACK = "https://example.com/twilio/status/m1#rc=5&rp=all"


class Texts(TextSender, TextInbox, Protocol):
    """The sender and the list that the service uses."""


class Texting(Protocol):
    """A provider of texts, and its world."""

    texts: Texts

    @property
    def number(self) -> str:
        """Our number."""

    @property
    def status_callback(self) -> str:
        """The address to which it reports what becomes of a text."""

    def now(self) -> datetime: ...

    def hear(self, sender: str, body: str) -> None:
        """A phone texts our number."""

    def hold(self) -> None:
        """Texts that are sent from now on are not settled until `settle`."""

    def settle(self) -> None:
        """Every text arrives."""

    def wait(self, **span: float) -> None:
        """Time passes."""


class Twilio:
    """The service's adapter, by Twilio's own client, over HTTP to the local Twilio."""

    number = LOCAL_NUMBER

    def __init__(self, world: LocalTwilioWorld) -> None:
        self._world = world
        self._may_answer = threading.Event()
        world.clock.at = BEGIN
        self.now = world.clock.now
        self.status_callback = f"{world.service.url}/twilio/status/m1#rc=5&rp=all"
        self.texts: Texts = world.texts()

    def hear(self, sender: str, body: str) -> None:
        self._world.twilio.receive(sender, body)

    def hold(self) -> None:
        self._world.service.on_call = partial(self._may_answer.wait, 10)

    def settle(self) -> None:
        self._may_answer.set()
        self._world.settle()

    def wait(self, **span: float) -> None:
        self._world.clock.at += timedelta(**span)


class Fake:
    """The sender of most tests."""

    number = NUMBER
    status_callback = STATUS_CALLBACK

    def __init__(self) -> None:
        self._clock = MovableClock(BEGIN)
        self.now = self._clock.now
        self._fake = FakeTexts(self._clock)
        self.texts: Texts = self._fake

    def hear(self, sender: str, body: str) -> None:
        self._fake.hear(sender, body)

    def hold(self) -> None:
        """Always so."""

    def settle(self) -> None:
        self._fake.deliver_all()

    def wait(self, **span: float) -> None:
        self._clock.at += timedelta(**span)


class Simulated:
    """The simulation's provider, without faults."""

    number = NUMBER
    status_callback = STATUS_CALLBACK

    def __init__(self) -> None:
        self._stage = Stage(Random(1), BEGIN)
        self.now = StageClock(self._stage).now
        faults = Faults(Random(2), self._stage, days=1, without=KINDS)
        self._provider = Provider(
            self._stage,
            faults,
            report=lambda text, status, code: None,
            ring=lambda text: None,
            judge=lambda text: None,
        )
        self.texts: Texts = self._provider

    def hear(self, sender: str, body: str) -> None:
        self._provider.hear(sender, body)

    def hold(self) -> None:
        """Always so."""

    def settle(self) -> None:
        while self._stage.next_at() is not None:
            self._stage.step()

    def wait(self, **span: float) -> None:
        self._stage.now += timedelta(**span)


@contextmanager
def twilio(folder: Path) -> Iterator[Texting]:
    world = LocalTwilioWorld(folder)
    try:
        yield Twilio(world)
    finally:
        world.close()
        world.service.close()


@contextmanager
def fake(folder: Path) -> Iterator[Texting]:
    yield Fake()


@contextmanager
def simulated(folder: Path) -> Iterator[Texting]:
    yield Simulated()


PROVIDERS: Mapping[str, Callable[[Path], AbstractContextManager[Texting]]] = {
    "twilio": twilio,
    "fake": fake,
    "simulation": simulated,
}
