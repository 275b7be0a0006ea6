"""The event functions of app.py, called as the platform calls them, over the world of the tests."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from chalicelib import wiring
from chalicelib.adapters.ses import tagged
from chalicelib.domain.people.phone import Phone
from tests.builders.visits import just_booked
from tests.events import SCHEDULED, call, notified
from tests.world import World

PROJECT = Path(__file__).parent.parent
TICK = """
import app
from chalicelib import wiring
from tests.events import SCHEDULED, call
from tests.world import World
wiring.provide(World().services)
call("tick", SCHEDULED)
"""


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    wiring.provide(world.services)
    yield world
    wiring.provide(None)


def test_a_tick_queues_what_is_due_and_hears_what_the_webhook_missed(world: World) -> None:
    just_booked(world)
    world.queue.ids.clear()
    at = world.texts.hear("+13165550142", "STOP").at
    world.clock.at += timedelta(minutes=5)
    told = call("tick", SCHEDULED)
    assert told["missed"] == 1
    assert told["queued"] == len(world.queue.ids) - 1  # the STOP's own task was nudged
    phone = world.store.get(Phone.ref("+13165550142"))
    assert phone is not None
    assert phone.opted_out_at == at


def test_a_mail_that_came_back_is_told_to_the_staff(world: World) -> None:
    world.request()
    world.drain()
    mail = world.mails.sent[0]
    told = {
        "eventType": "Bounce",
        "bounce": {"bounceType": "Permanent"},
        "mail": {"messageId": "ses-1", "tags": {"message": [tagged(mail.message_id)]}},
    }
    for _ in range(2):
        call("mail_event", notified(json.dumps(told)))
        world.drain()
    tasks = [getattr(task, "what", "") for task in world.store.open("task")]
    assert tasks == ["staff_mail_does_not_arrive"]


def test_what_is_no_news_of_a_mail_is_left(world: World) -> None:
    call("mail_event", notified("Successfully validated SNS topic"))
    assert world.store.open("task") == []


def test_an_event_is_logged_as_json_with_its_ids() -> None:
    """In a process of its own: a test's own handlers see a record before it is written."""
    told = subprocess.run(
        [sys.executable, "-c", TICK], capture_output=True, text=True, check=True, cwd=PROJECT
    ).stdout
    lines = [json.loads(line) for line in told.splitlines()]
    assert [line["message"] for line in lines] == ["tick", "inbound.listed"]
    assert lines[0] | {"level": "INFO", "service": "bookend", "due": 0, "queued": 0} == lines[0]
