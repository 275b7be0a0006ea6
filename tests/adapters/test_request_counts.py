"""What each thing that people do costs in requests to DynamoDB: a number that only goes down."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from chalicelib.outbox import courier, receipts, tick
from chalicelib.usecases import booking
from chalicelib.usecases.inbound import Incoming, receive_text
from tests.counting import Requests, counted_world
from tests.web.browser import Browser, browsing
from tests.world import RUTH, World, at

FIELDS = {"name": "Ana Example", "phone": "316-555-0142", "reason": "other", "sms_consent": True}


@pytest.fixture
def counted() -> Iterator[tuple[World, Requests]]:
    with counted_world() as both:
        yield both


def visit(world: World) -> str:
    asked = world.request()
    return booking.confirm(
        world.desk,
        subject_id=asked.reference,
        when=at("2026-12-08T09:00"),
        visit_type="iv_infusion",
        resource="room-1",
        actor=RUTH,
    ).id


def test_the_form_page_asks_for_nothing(counted: tuple[World, Requests]) -> None:
    world, requests = counted
    with browsing(world) as browser:
        browser.get("/request")
    assert requests.of() == {}


def test_a_request(counted: tuple[World, Requests]) -> None:
    world, requests = counted
    with browsing(world) as browser:
        ask(browser)
    # The second write counts the clinic's requests of the hour, apart from the request (F48).
    assert requests.of() == {"BatchGetItem": 2, "TransactWriteItems": 2}


def ask(browser: Browser) -> None:
    assert browser.json("/requests", FIELDS).status_code == 201


def test_a_booking(counted: tuple[World, Requests]) -> None:
    world, requests = counted
    asked = world.request()
    requests.clear()
    booking.confirm(
        world.desk,
        subject_id=asked.reference,
        when=at("2026-12-08T09:00"),
        visit_type="iv_infusion",
        resource="room-1",
        actor=RUTH,
    )
    assert requests.of() == {"Query": 2, "GetItem": 2, "BatchGetItem": 1, "TransactWriteItems": 1}


def test_a_text_from_due_to_delivered(counted: tuple[World, Requests]) -> None:
    world, requests = counted
    visit_id = visit(world)
    courier.deliver(world.office, f"{visit_id}.welcome")
    requests.clear()
    courier.deliver(world.office, f"{visit_id}.v1-confirmation")
    assert requests.of() == {"GetItem": 1, "BatchGetItem": 1, "Query": 2, "TransactWriteItems": 2}
    text = world.texts.sent[-1]
    receipts.take(
        world.office,
        f"{visit_id}.v1-confirmation",
        sid=text.sid,
        to=text.to,
        status="delivered",
        error_code=None,
    )
    assert requests.of() == {"BatchGetItem": 1, "TransactWriteItems": 1}


def test_an_id_that_comes_again(counted: tuple[World, Requests]) -> None:
    world, requests = counted
    visit_id = visit(world)
    courier.deliver(world.office, f"{visit_id}.welcome")
    requests.clear()
    courier.deliver(world.office, f"{visit_id}.welcome")
    assert requests.of() == {"GetItem": 1}


@pytest.mark.parametrize("waiting", [0, 3])
def test_a_tick_costs_the_same_however_much_waits(
    counted: tuple[World, Requests], waiting: int
) -> None:
    world, requests = counted
    for _ in range(waiting):
        world.request()
    world.run_for(minutes=5)
    world.clock.at += timedelta(minutes=1)
    requests.clear()
    tick.run(world.office)
    assert requests.of() == {"Query": 2, "TransactWriteItems": 1}


def test_a_reply(counted: tuple[World, Requests]) -> None:
    world, requests = counted
    visit(world)
    world.run_for(minutes=2)
    requests.clear()
    text = Incoming(sid="SM" + "1" * 32, sender="+13165550142", body="C")
    receive_text(world.desk, text, quiet_words=frozenset())
    assert requests.of() == {"BatchGetItem": 2, "Query": 2, "TransactWriteItems": 1}
