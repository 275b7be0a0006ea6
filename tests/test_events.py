"""The event functions of app.py, called as the platform calls them, over the world of the tests."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from chalice.local import LambdaContext

import app
from chalicelib import wiring
from chalicelib.domain.people import Phone
from chalicelib.ports import ReceivedText
from tests.outbox.rows import booked
from tests.world import World

SCHEDULED: dict[str, Any] = {
    "version": "0",
    "id": "test",
    "account": "000000000000",
    "region": "us-east-1",
    "source": "aws.events",
    "detail-type": "Scheduled Event",
    "detail": {},
    "time": "2026-12-01T12:00:00Z",
    "resources": [],
}


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    wiring.provide(world.services)
    yield world
    wiring.provide(None)


def call(name: str, event: dict[str, Any]) -> Any:
    return getattr(app, name)(event, LambdaContext(name, 256, 60_000))


def test_a_tick_queues_what_is_due_and_hears_what_the_webhook_missed(world: World) -> None:
    booked(world)
    world.queue.ids.clear()
    at = world.clock.at.replace(microsecond=0)
    world.texts.received.append(ReceivedText("SM" + "1" * 32, "+13165550142", "STOP", at))
    world.clock.at += timedelta(minutes=5)
    told = call("tick", SCHEDULED)
    assert told["missed"] == 1
    assert told["queued"] == len(world.queue.ids) - 1  # the STOP's own task was nudged
    phone = world.store.get(Phone.ref("+13165550142"))
    assert phone is not None
    assert phone.opted_out_at == at
