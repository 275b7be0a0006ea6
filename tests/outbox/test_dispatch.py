"""The tick queues what is due: oldest first, at the texts' pace, whatever one shard does."""

import tracemalloc
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.change import Change, Patch
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.messaging.message import Message, message_key
from chalicelib.domain.messaging.task import TaskKind
from chalicelib.domain.system import Heartbeat
from chalicelib.messages.factory import open_task
from chalicelib.outbox import deliver, dispatch
from chalicelib.outbox.context import DeliveryContext
from chalicelib.ports import Due
from local.memory_store import MemoryStore
from tests.builders.looks import row
from tests.builders.visits import just_booked
from tests.world import NOON, World

MINUTE = timedelta(minutes=1)
SHARDS = 8


class Queue:
    """Implements ports.DeliveryQueue: each list of ids that it was given, unless it loses them."""

    def __init__(self, *, loses: bool = False) -> None:
        self.batches: list[list[str]] = []
        self._loses = loses

    def send(self, message_ids: Sequence[str]) -> int:
        if self._loses:
            return 0
        self.batches.append([*message_ids])
        return len(message_ids)


class Sick:
    """A store of which some shards throttle, or take their time."""

    def __init__(self, world: World, store: MemoryStore) -> None:
        self._world = world
        self._store = store
        self.throttled: set[int] = set()
        self.slow: set[int] = set()
        self.asked: list[int] = []

    def due(self, *, shard: int, until: datetime, limit: int) -> list[Due]:
        self.asked.append(shard)
        if shard in self.throttled:
            raise Unavailable("query: ThrottlingException")
        if shard in self.slow:
            self._world.clock.at += timedelta(seconds=12)
        return self._store.due(shard=shard, until=until, limit=limit)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def with_rows(number: int, *, shards: int = SHARDS) -> tuple[MemoryStore, list[str]]:
    """So many rows that are due, and their ids from the oldest on."""
    store = MemoryStore(shards=shards)
    ids = []
    for n in range(number):
        at = NOON - timedelta(seconds=number - n)
        message = open_task(TaskKind.REPLY_TO_READ, f"REQ-{n:010d}.x", now=at)
        ids.append(message.id)
        store.commit(_saving(message))
    return store, ids


def _saving(message: Message) -> Change:
    values = {"record": "message", "due_at": message.model_dump(mode="json")["due_at"]}
    return Change(Patch(message.key, set=values))


def office_of(world: World, **changes: Any) -> DeliveryContext:
    base: DeliveryContext = world.delivery_context
    return replace(base, **changes)


def done(store: MemoryStore, ids: Sequence[str]) -> None:
    for message_id in ids:
        store.commit(Change(Patch(message_key(message_id), set={"due_at": None})))


def test_ten_thousand_rows_leave_in_order_at_the_pace_and_none_starves() -> None:
    world = World()
    store, ids = with_rows(10_000)
    queue = Queue()
    context = office_of(world, store=store, queue=queue, shards=SHARDS, texts_per_minute=300)
    left = []
    while dispatch.run(context):
        done(store, queue.batches[-1])
        left += queue.batches[-1]
        world.clock.at += MINUTE
    assert left == ids
    assert {len(batch) for batch in queue.batches[:-1]} == {300}
    assert len(queue.batches) == 34


def test_new_rows_wait_their_turn_behind_old_ones() -> None:
    world = World()
    store, ids = with_rows(100)
    queue = Queue()
    context = office_of(world, store=store, queue=queue, shards=SHARDS, texts_per_minute=40)
    for n in range(3):
        dispatch.run(context)
        done(store, queue.batches[-1])
        world.clock.at += MINUTE
        new = open_task(TaskKind.REPLY_TO_READ, f"REQ-NEW{n:07d}.x", now=world.clock.at)
        store.commit(_saving(new))
    assert [id_ for batch in queue.batches for id_ in batch][:100] == ids


class Endless:
    """A due index without end, that notes how much it was asked for."""

    def __init__(self, store: MemoryStore, rows: int) -> None:
        self._store = store
        self._rows = rows

    def due(self, *, shard: int, until: datetime, limit: int) -> list[Due]:
        number = min(self._rows, limit)
        return [Due(f"REQ-{shard}{n:09d}.x", until + n * MINUTE) for n in range(number)]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def test_a_tick_holds_no_more_when_more_is_due() -> None:
    world = World()

    def peak(rows: int) -> int:
        store: Any = Endless(MemoryStore(), rows)
        context = office_of(world, store=store, queue=Queue(), shards=SHARDS, texts_per_minute=60)
        dispatch.run(context)
        tracemalloc.start()
        dispatch.run(context)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(1_000_000) < peak(60) * 1.2


def test_a_shard_that_throttles_stops_no_other_and_goes_first_when_it_is_well() -> None:
    world = World()
    store, ids = with_rows(200)
    sick: Any = Sick(world, store)
    sick.throttled = {3}
    queue = Queue()
    context = office_of(world, store=sick, queue=queue, shards=SHARDS, texts_per_minute=60)
    while dispatch.run(context):
        done(store, queue.batches[-1])
    left = [id_ for batch in queue.batches for id_ in batch]
    held = [id_ for id_ in ids if id_ not in left]
    assert left == [id_ for id_ in ids if id_ in left]
    assert 0 < len(held) < 100
    assert store.get(Heartbeat.ref()) is not None
    sick.throttled = set()
    dispatch.run(context)
    assert queue.batches[-1] == held


def test_shards_that_hang_cannot_keep_the_tick_from_its_end() -> None:
    world = World()
    store, _ = with_rows(200)
    sick: Any = Sick(world, store)
    sick.slow = set(range(SHARDS))
    queue = Queue()
    context = office_of(world, store=sick, queue=queue, shards=SHARDS, texts_per_minute=60)
    for minute in range(SHARDS):
        world.clock.at = NOON + minute * MINUTE
        assert dispatch.run(context) > 0
        assert world.clock.at < NOON + (minute + 1) * MINUTE
    # One shard a minute is all that there was time for, and each had its turn.
    assert Counter(sick.asked) == dict.fromkeys(range(SHARDS), 1)


@pytest.mark.parametrize("ticks", [2, 5])
def test_ticks_that_run_at_once_send_nothing_twice(ticks: int) -> None:
    world = World()
    just_booked(world)
    world.queue.ids.clear()
    for _ in range(ticks):
        dispatch.run(world.delivery_context)
    assert len(world.queue.ids) > len(set(world.queue.ids))
    world.drain()
    assert len(world.texts.bodies) == len(set(world.texts.bodies)) == 2


def test_a_queue_that_loses_every_hint_costs_a_minute() -> None:
    world = World()
    world.replace(queue=Queue(loses=True))
    visit_id = just_booked(world).id
    assert world.texts.sent == []
    world.replace(queue=world.queue)
    world.clock.at += MINUTE
    world.tick()
    world.tick()
    assert len(world.texts.sent) == 2
    assert row(world, f"{visit_id}.v1-confirmation").claimed_at == world.clock.at


def test_a_courier_whose_clock_is_behind_sends_nothing_early_and_nothing_twice() -> None:
    world = World()
    visit_id = just_booked(world).id
    reminder = next(m for m in world.messages(visit_id) if m.kind == "reminder")
    assert reminder.due_at is not None
    world.run_until(reminder.due_at - timedelta(minutes=3))
    sent = len(world.texts.sent)
    # The tick's clock is two minutes ahead, so it queues the row; the courier's says not yet.
    world.clock.at = reminder.due_at
    dispatch.run(world.delivery_context)
    assert reminder.id in world.queue.ids
    world.clock.at -= timedelta(minutes=2)
    world.drain()
    assert len(world.texts.sent) == sent
    world.clock.at = reminder.due_at
    world.tick()
    # And back again, as if another container had it: a row that is taken stays taken.
    world.clock.at -= timedelta(minutes=2)
    deliver.deliver(world.delivery_context, reminder.id)
    world.tick()
    assert len(world.texts.sent) == sent + 1


def test_a_lease_is_not_stolen_by_a_clock_two_minutes_ahead() -> None:
    world = World()
    visit_id = just_booked(world).id
    deliver.deliver(world.delivery_context, f"{visit_id}.welcome")
    world.texts.after.append(KeyboardInterrupt())  # type: ignore[arg-type]
    with pytest.raises(KeyboardInterrupt):
        deliver.deliver(world.delivery_context, f"{visit_id}.v1-confirmation")
    held = row(world, f"{visit_id}.v1-confirmation")
    sent = len(world.texts.sent)
    world.clock.at += timedelta(minutes=2)
    deliver.deliver(world.delivery_context, held.id)
    assert row(world, held.id) == held
    assert len(world.texts.sent) == sent


def test_what_left_is_logged_with_its_channel_and_each_receipt_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The alarm on texts without receipts counts these two events (F83)."""
    world = World()
    with caplog.at_level("INFO"):
        just_booked(world)
        world.drain()
        world.deliver_all()
        world.deliver_all()
    sent = [r.__dict__["channel"] for r in caplog.records if r.message == "message.sent"]
    taken = [record for record in caplog.records if record.message == "receipt.taken"]
    assert sent.count("text") == len(taken) == len(world.texts.sent) == 2
    assert sent.count("email") == len(world.mails.sent)
