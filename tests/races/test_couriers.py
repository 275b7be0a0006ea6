"""Couriers and ticks that run at the same time, over DynamoDB Local: each text leaves once.

CI runs a share. The full size takes five minutes on two busy cores:
`COURIERS=50 TEXTS=5000 make test-all TESTS='tests/races -k many_couriers'`
"""

import os
import random
import threading
from collections import Counter, deque
from collections.abc import Callable
from functools import partial
from itertools import count

import pytest

from chalicelib.domain.change import Change, Patch
from chalicelib.domain.messaging.message import Message, MessageStatus
from chalicelib.domain.people.phone import SentCount
from chalicelib.outbox import deliver, dispatch
from chalicelib.usecases.inbound.receive import Incoming, receive_text
from tests.races.sharing import CountingTexts, at_once, due_texts, shared_world
from tests.world import World

pytestmark = pytest.mark.dynamodb_local

COURIERS = int(os.environ.get("COURIERS", "10"))
TEXTS = int(os.environ.get("TEXTS", "300"))
TODAY = "2026-12-01"
QUEUED = 3  # how often the queue brings each id


def empty(world: World, queue: deque[str]) -> None:
    """One courier, until the queue is empty."""
    while True:
        try:
            message_id = queue.popleft()
        except IndexError:
            return
        deliver.deliver(world.delivery_context, message_id)


def rows(world: World, ids: list[str]) -> list[Message]:
    return [row for row in world.store.get_many(*map(Message.ref, ids)) if row is not None]


def require_each_once(world: World, texts: CountingTexts, ids: list[str]) -> None:
    """Accepted once, written down as sent once, under its own id, and counted once."""
    assert texts.times_by_message() == Counter(ids)
    sent = rows(world, ids)
    assert Counter(row.status for row in sent) == {MessageStatus.SENT: len(ids)}
    sid_by_message = {
        url.partition("#")[0].rpartition("/")[2]: text.sid
        for url, text in zip(texts.callbacks, texts.sent, strict=True)
    }
    assert {row.id: row.sid for row in sent} == sid_by_message
    numbers = Counter(text.to for text in texts.sent)
    counts = world.store.get_many(*(SentCount.ref(number, TODAY) for number in numbers))
    assert {row.number: row.count for row in counts} == numbers


def test_many_couriers_send_each_of_many_texts_once() -> None:
    """F4, R30: the queue brings each id three times in a row, so that several meet on it."""
    with shared_world() as (world, texts):
        ids = due_texts(world, count=TEXTS, numbers=TEXTS // 2)
        shuffled = random.Random(5).sample(ids, len(ids))
        queue = deque(each for each in shuffled for _ in range(QUEUED))
        at_once(*[partial(empty, world, queue)] * COURIERS)
        # Two texts to one number, or one id at two couriers: who comes second may leave a row for
        # the next tick.
        world.run_for(minutes=10)
        require_each_once(world, texts, ids)


def test_two_ticks_at_once_and_their_couriers_send_once() -> None:
    """F5: both queue the same ids."""
    with shared_world() as (world, texts):
        ids = due_texts(world, count=40, numbers=40)
        at_once(*[partial(dispatch.run, world.delivery_context)] * 2)
        assert Counter(world.queue.ids) == dict.fromkeys(ids, 2)
        queue = deque(sorted(world.queue.ids))  # so that two couriers meet on each id
        at_once(*[partial(empty, world, queue)] * 8)
        require_each_once(world, texts, ids)


def meet(world: World, then: Callable[[], None]) -> None:
    """A claim and an opt-out meet after the courier's checks; every other time the claim lets the
    opt-out be written first. `then` is called when it is.
    """
    commit, gate = world.store.commit, threading.Barrier(2)
    written, rounds = threading.Event(), count()

    def together(change: Change) -> None:
        patches = [part.set for part in change.operations if isinstance(part, Patch)]
        if any("opted_out_at" in values for values in patches):
            written.clear()
            gate.wait(timeout=30)
            commit(change)
            then()
            written.set()
        elif any(values.get("status") == "sending" for values in patches):
            gate.wait(timeout=30)
            assert next(rounds) % 2 == 0 or written.wait(timeout=30)
            commit(change)
        else:
            commit(change)

    world.store.commit = together  # type: ignore[method-assign]


def test_a_stop_at_the_moment_of_a_claim_comes_before_it_or_after_it() -> None:
    """F66, R5: a claim that is not there when the STOP is written is never made."""
    with shared_world() as (world, texts):
        ids = due_texts(world, count=30, numbers=30)
        claimed: set[str] = set()

        def hear_stop(message_id: str) -> None:
            number = f"+1316555{message_id[4:8]}"
            said = Incoming(sid=f"SM{number[2:]:0>32}", sender=number, body="STOP")
            assert receive_text(world.context, said, quiet_words=frozenset({"stop"})) == "stop"

        def note_claimed() -> None:
            claimed.update(row.id for row in rows(world, ids) if row.first_claimed_at is not None)

        meet(world, note_claimed)
        for each in ids:
            at_once(
                partial(hear_stop, each), partial(deliver.deliver, world.delivery_context, each)
            )
        assert texts.times_by_message() == Counter(claimed)
        assert {row.id: row.status for row in rows(world, ids)} == {
            each: MessageStatus.SENT if each in claimed else MessageStatus.WITHDRAWN for each in ids
        }
