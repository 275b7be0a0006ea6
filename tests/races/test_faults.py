"""DynamoDB's bad days, put in below the SDK: nothing half done, nothing twice, nothing lost."""

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.adapters.dynamodb import TRIES
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.messaging.message import Message, MessageStatus
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.domain.visits.request import RateCount
from chalicelib.outbox import deliver, dispatch
from chalicelib.usecases.visits import book
from tests.races.sharing import CountingTexts, due_texts, shared_world
from tests.web.browser import browsing
from tests.wire import Fault, Wire
from tests.world import RUTH, World, at

pytestmark = pytest.mark.dynamodb_local

COMMIT = "TransactWriteItems"
ATTEMPTS = 2  # of the SDK, for one call
CODES = ["TransactionConflict", "ThrottlingException", "InternalServerError"]
FIELDS = {"name": "Ana Example", "phone": "316-555-0142", "reason": "other", "sms_consent": True}

Shared = tuple[World, CountingTexts, Wire]


@pytest.fixture
def shared() -> Iterator[Shared]:
    with shared_world() as (world, texts):
        yield world, texts, Wire(world.store._client)  # type: ignore[attr-defined]


def confirm(world: World, request_id: str) -> Appointment:
    return book.confirm(
        world.context,
        subject_id=request_id,
        when=at("2026-12-08T09:00"),
        visit_type="iv_infusion",
        resource="room-1",
        actor=RUTH,
    )


def everything(world: World) -> list[Any]:
    """Every row of the table but the counters of requests, which count repeated ones too."""
    store: Any = world.store
    items = store._client.scan(TableName=store._table, ConsistentRead=True)["Items"]
    rows = [item for item in items if item["record"]["S"] != RateCount.KIND]
    return sorted(rows, key=lambda item: (item["pk"]["S"], item["sk"]["S"]))


def bodies(texts: CountingTexts) -> list[str]:
    return [text.body.partition(":")[2][:25] for text in texts.sent]


FIRST_TWO = [" texts about your request", " your visit is booked for"]


@pytest.mark.parametrize("code", CODES)
def test_every_commit_that_fails_once_is_made_again(shared: Shared, code: str) -> None:
    """F17: from the request to the texts, each first attempt is refused."""
    world, texts, wire = shared
    seen: set[str] = set()

    def first_only(body: dict[str, Any]) -> Fault | None:
        token = body["ClientRequestToken"]
        is_new = token not in seen
        seen.add(token)
        return wire.refused(code) if is_new else None

    wire.until_mended(COMMIT, first_only)
    visit = confirm(world, world.request().reference)
    world.drain()
    assert wire.asked[COMMIT] == 2 * len(seen)
    assert bodies(texts) == FIRST_TWO
    assert {
        m.status for m in world.messages(visit.id) if m.kind in ("welcome", "confirmation")
    } == {MessageStatus.SENT}


@pytest.mark.parametrize(
    "code", ["TransactionConflict", "ThrottlingException", "InternalServerError"]
)
def test_a_commit_that_never_gets_through_is_a_503_and_changes_nothing(
    shared: Shared, code: str
) -> None:
    """F17: the form says when to come back, and the same key makes it one request (F2)."""
    world, _, wire = shared
    wire.until_mended(COMMIT, lambda body: wire.refused(code))
    with browsing(world) as browser:
        answer = browser.json("/requests", FIELDS, Idempotency_Key="k-1")
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert everything(world) == []
        wire.mend()
        assert browser.json("/requests", FIELDS, Idempotency_Key="k-1").status_code == 201
        before = everything(world)
        assert browser.json("/requests", FIELDS, Idempotency_Key="k-1").status_code == 201
        assert everything(world) == before


def test_a_booking_that_never_gets_through_leaves_the_request_as_it_was(shared: Shared) -> None:
    """F17: nothing half done."""
    world, texts, wire = shared
    request_id = world.request().reference
    world.drain()
    before = everything(world)
    wire.until_mended(COMMIT, lambda body: wire.refused("ThrottlingException"))
    with pytest.raises(Unavailable):
        confirm(world, request_id)
    assert everything(world) == before
    wire.mend()
    confirm(world, request_id)
    world.drain()
    assert bodies(texts) == FIRST_TWO


def test_every_commit_whose_answer_is_lost_finds_its_own_work(shared: Shared) -> None:
    """F18: the SDK asks again with the same token, and it is not a conflict."""
    world, texts, wire = shared
    seen: set[str] = set()

    def first_only(body: dict[str, Any]) -> Fault | None:
        token = body["ClientRequestToken"]
        is_new = token not in seen
        seen.add(token)
        return wire.lost if is_new else None

    wire.until_mended(COMMIT, first_only)
    visit = confirm(world, world.request().reference)
    world.drain()
    assert visit.id
    assert bodies(texts) == FIRST_TWO


def test_a_booking_whose_answers_are_all_lost_knows_itself_by_its_audit_event(
    shared: Shared,
) -> None:
    """F18: every attempt of the SDK and of the store."""
    world, texts, wire = shared
    request_id = world.request().reference
    world.drain()
    wire.next(COMMIT, wire.lost, TRIES * ATTEMPTS)
    visit = confirm(world, request_id)
    assert world.store.get(Appointment.ref(visit.id)) == visit.evolve(revision=1)
    world.drain()
    assert bodies(texts) == FIRST_TWO


def test_a_claim_whose_answers_are_all_lost_is_looked_up_and_sent_once(shared: Shared) -> None:
    """F18, R31: whether the claim stands is unknown, so nothing leaves before a look-up."""
    world, texts, wire = shared
    [message_id] = due_texts(world, count=1, numbers=1)
    wire.next(COMMIT, wire.lost, TRIES * ATTEMPTS)
    deliver.deliver(world.delivery_context, message_id)
    assert texts.sent == []
    world.run_for(hours=2)
    assert texts.times_by_message() == {message_id: 1}


def test_a_settling_that_never_gets_through_sends_nothing_again(shared: Shared) -> None:
    """F11, F18: the claim is written, the text accepted, and then DynamoDB is silent."""
    world, texts, wire = shared
    [message_id] = due_texts(world, count=1, numbers=1)
    calls = iter(range(100))
    wire.until_mended(
        COMMIT, lambda body: wire.refused("InternalServerError") if next(calls) else None
    )
    deliver.deliver(world.delivery_context, message_id)
    wire.mend()
    world.run_for(hours=2)
    assert texts.times_by_message() == {message_id: 1}
    row = world.store.get(Message.ref(message_id))
    assert row is not None
    assert (row.status, row.sid) == (MessageStatus.SENT, texts.sent[0].sid)


def test_an_index_that_still_shows_what_was_sent_sends_nothing_again(shared: Shared) -> None:
    """F19: the row is read consistently and claimed under a condition."""
    world, texts, wire = shared
    ids = due_texts(world, count=6, numbers=6)
    wire.freeze_indexes()
    for _ in range(3):
        assert dispatch.run(world.delivery_context) == len(ids)
        world.drain()
    assert texts.times_by_message() == dict.fromkeys(ids, 1)


def test_what_an_index_hides_for_a_while_leaves_with_the_next_tick(shared: Shared) -> None:
    """F19: late by as much as the index is."""
    world, texts, wire = shared
    wire.freeze_indexes()
    assert dispatch.run(world.delivery_context) == 0
    ids = due_texts(world, count=6, numbers=6)
    assert dispatch.run(world.delivery_context) == 0
    wire.mend()
    world.tick()
    assert texts.times_by_message() == dict.fromkeys(ids, 1)


def test_a_shard_that_throttles_does_not_hold_the_others_back(shared: Shared) -> None:
    """F20: its rows leave once it answers again."""
    world, texts, wire = shared
    ids = due_texts(world, count=20, numbers=20)

    def first_shard(body: dict[str, Any]) -> Fault | None:
        is_hot = body["ExpressionAttributeValues"].get(":shard") == {"S": "0"}
        return wire.refused("ThrottlingException") if is_hot else None

    wire.until_mended("Query", first_shard)
    world.tick()
    assert 0 < len(texts.sent) < len(ids)
    wire.mend()
    world.tick()
    assert texts.times_by_message() == dict.fromkeys(ids, 1)


def test_rows_that_a_batch_leaves_for_later_are_asked_for_again(shared: Shared) -> None:
    """Half of each answer is missing, until nothing is."""
    world, _, wire = shared
    ids = due_texts(world, count=8, numbers=8)
    wire.next("BatchGetItem", wire.half_answered, 2)
    found = world.store.get_many(*map(Message.ref, ids))
    assert [row.id for row in found] == ids
    assert wire.asked["BatchGetItem"] == 3
