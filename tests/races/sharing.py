"""Many at once over one table of DynamoDB Local: a world for threads, and how to start them."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TypeVar

from chalicelib.adapters.clock import pause_with_jitter
from chalicelib.adapters.dynamodb import DynamoStore
from chalicelib.domain.change import MOST_OPERATIONS, Change, Save
from chalicelib.domain.errors import Refusal
from chalicelib.domain.messaging.message import Channel, Message
from chalicelib.domain.people.patient import Patient, TextConsent
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.record import Record
from chalicelib.ports import Accepted
from tests.aws import dynamodb_local
from tests.world import NOON, FakeTexts, World

T = TypeVar("T")


class CountingTexts(FakeTexts):
    """A provider that many may call at once, and that counts by message what it was given."""

    def __init__(self, world: World) -> None:
        super().__init__(world.clock)
        self._one_at_a_time = threading.Lock()

    def send(self, *, to: str, body: str, status_callback: str, validity: timedelta) -> Accepted:
        with self._one_at_a_time:
            return super().send(
                to=to, body=body, status_callback=status_callback, validity=validity
            )

    def times_by_message(self) -> Counter[str]:
        return Counter(url.partition("#")[0].rpartition("/")[2] for url in self.callbacks)


@contextmanager
def shared_world(at: datetime = NOON) -> Iterator[tuple[World, CountingTexts]]:
    """A world over an empty table of DynamoDB Local, with the pauses of production."""
    with dynamodb_local() as (client, table):
        world = World(at)
        store = DynamoStore(client=client, table=table, shards=2, pause=pause_with_jitter)
        world.store = store  # type: ignore[assignment]
        world.texts = texts = CountingTexts(world)
        world.replace(store=store, text_sender=texts, pause=pause_with_jitter)
        yield world, texts


def at_once(*acts: Callable[[], T]) -> list[T | Refusal]:
    """The result of each, in order; all start at the same moment. A refusal is a result."""
    gate = threading.Barrier(len(acts))

    def one(act: Callable[[], T]) -> T | Refusal:
        gate.wait()
        try:
            return act()
        except Refusal as refusal:
            return refusal

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(one, acts))


def due_texts(world: World, *, count: int, numbers: int) -> list[str]:
    """So many texts are due now, spread over so many numbers; returns their ids."""
    consent = TextConsent.NEUTRAL
    rows: list[Record] = []
    for place in range(numbers):
        number = f"+1316555{place:04d}"
        rows.append(Phone(number=number, patients=(f"PAT-{place:04d}",)))
        rows.append(
            Patient(
                id=f"PAT-{place:04d}",
                name=f"Pat Example {place}",
                phone=number,
                text_consent=consent,
                created_at=NOON,
            )
        )
    messages = [
        Message(
            id=f"PAT-{place % numbers:04d}.text-{place:05d}",
            kind="welcome",
            channel=Channel.TEXT,
            patient_id=f"PAT-{place % numbers:04d}",
            scheduled_at=NOON,
            send_before=NOON + timedelta(hours=4),
            created_at=NOON,
            due_at=NOON,
        )
        for place in range(count)
    ]
    save(world, [*rows, *messages])
    return [message.id for message in messages]


def save(world: World, rows: Sequence[Record]) -> None:
    for start in range(0, len(rows), MOST_OPERATIONS):
        some = rows[start : start + MOST_OPERATIONS]
        world.store.commit(Change(*(Save(row) for row in some)))
