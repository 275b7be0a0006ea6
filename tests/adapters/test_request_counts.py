"""What each thing that people do costs in requests to DynamoDB: a number that only goes down."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from chalicelib.domain.record import new_id
from chalicelib.outbox import deliver, dispatch
from chalicelib.outbox.outcomes import text_receipts
from chalicelib.usecases.inbound.receive import Incoming, receive_text
from chalicelib.usecases.requests.submit import submit
from chalicelib.usecases.visits import book
from chalicelib.web.staff.day_rows import Pages, waiting
from tests.builders.visits import just_booked
from tests.counting import Requests, counted_world
from tests.web.browser import Browser, browsing
from tests.world import FORM, RUTH, World, at, request_form

FIELDS = {"name": "Ana Example", "phone": "316-555-0142", "reason": "other", "sms_consent": True}


@pytest.fixture
def counted() -> Iterator[tuple[World, Requests]]:
    with counted_world() as both:
        yield both


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


def test_a_request_in_a_flood_costs_no_more_and_the_sheet_of_one_page_counts_nothing(
    counted: tuple[World, Requests],
) -> None:
    """R68: what it shares with others stands there already."""
    world, requests = counted
    for prank in range(6):
        origin = FORM._replace(address=f"198.51.100.{prank}")
        submit(world.context, request_form(name=f"Prank {prank}"), origin=origin, key=new_id("KEY"))
    requests.clear()
    submit(world.context, request_form(), origin=FORM, key=new_id("KEY"))
    assert requests.of() == {"BatchGetItem": 1, "TransactWriteItems": 2}
    with browsing(world):
        waiting(Pages(), world.clock.at)
    assert requests.of() == {"Query": 4, "BatchGetItem": 1}


def ask(browser: Browser) -> None:
    assert browser.json("/requests", FIELDS).status_code == 201


def test_a_booking(counted: tuple[World, Requests]) -> None:
    world, requests = counted
    asked = world.request()
    requests.clear()
    book.confirm(
        world.context,
        subject_id=asked.reference,
        when=at("2026-12-08T09:00"),
        visit_type="iv_infusion",
        resource="room-1",
        actor=RUTH,
    )
    assert requests.of() == {"Query": 2, "GetItem": 2, "BatchGetItem": 1, "TransactWriteItems": 1}


def test_a_text_from_due_to_delivered(counted: tuple[World, Requests]) -> None:
    world, requests = counted
    visit_id = just_booked(world).id
    deliver.deliver(world.delivery_context, f"{visit_id}.welcome")
    requests.clear()
    deliver.deliver(world.delivery_context, f"{visit_id}.v1-confirmation")
    assert requests.of() == {"GetItem": 1, "BatchGetItem": 1, "Query": 2, "TransactWriteItems": 2}
    text = world.texts.sent[-1]
    text_receipts.take(
        world.delivery_context,
        f"{visit_id}.v1-confirmation",
        sid=text.sid,
        to=text.to,
        status="delivered",
        error_code=None,
    )
    assert requests.of() == {"BatchGetItem": 1, "TransactWriteItems": 1}


def test_an_id_that_comes_again(counted: tuple[World, Requests]) -> None:
    world, requests = counted
    visit_id = just_booked(world).id
    deliver.deliver(world.delivery_context, f"{visit_id}.welcome")
    requests.clear()
    deliver.deliver(world.delivery_context, f"{visit_id}.welcome")
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
    dispatch.run(world.delivery_context)
    assert requests.of() == {"Query": 2, "TransactWriteItems": 1}


def test_a_reply(counted: tuple[World, Requests]) -> None:
    world, requests = counted
    just_booked(world)
    world.run_for(minutes=2)
    requests.clear()
    text = Incoming(sid="SM" + "1" * 32, sender="+13165550142", body="C")
    receive_text(world.context, text, quiet_words=frozenset())
    assert requests.of() == {"BatchGetItem": 2, "Query": 2, "TransactWriteItems": 1}


def visited(world: World) -> None:
    just_booked(world)


def opted_out(world: World) -> None:
    just_booked(world)
    text = Incoming(sid="SM" + "1" * 32, sender="+13165550142", body="STOP")
    receive_text(world.context, text, quiet_words=frozenset())


@pytest.mark.parametrize("become_known", [visited, opted_out])
@pytest.mark.parametrize("way", ["program", "form"])
def test_who_asks_for_a_patients_number_or_name_learns_nothing(
    counted: tuple[World, Requests], become_known: Callable[[World], None], way: str
) -> None:
    """F49: of a known and an unknown one status, shape, headers and requests are the same."""
    world, requests = counted
    become_known(world)
    told = []
    with browsing(world) as browser:
        for name, phone in (
            ("Ana Löwe", "316-555-0142"),  # she is a patient, and this is her number
            ("Bo Example", "316-555-0142"),
            ("Ana Löwe", "316-555-0199"),
            ("Bo Example", "316-555-0198"),
        ):
            # Each hour has limits of its own, so that no count of an earlier one is read.
            world.clock.at += timedelta(hours=1)
            requests.clear()
            fields = {**FIELDS, "name": name, "phone": phone}
            if way == "program":
                answer = browser.json("/requests", fields)
                shape = {key: len(value) for key, value in answer.json_body.items()}
            else:
                form = [*fields.items(), ("preferred", "mon:morning")]
                answer = browser.send("/requests", [(k, str(v)) for k, v in form])
                place = answer.headers["Location"].partition("=")
                shape = {place[0]: len(place[2])}
            headers = {**answer.headers, "Location": ""}
            told.append((answer.status_code, shape, headers, requests.of()))
    assert told[0][0] in (201, 303)
    assert told == [told[0]] * 4
