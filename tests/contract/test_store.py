"""One suite for every store: what holds for one holds for all."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.adapters.dynamodb import DynamoStore
from chalicelib.domain.audit import AuditEvent
from chalicelib.domain.change import (
    MOST_OPERATIONS,
    Change,
    Forget,
    Patch,
    Require,
    Save,
    TooManyWrites,
)
from chalicelib.domain.conditions import AtMost, Is, OneOf
from chalicelib.domain.errors import Stale, Unreadable
from chalicelib.domain.messaging.inbound_text import ProviderId
from chalicelib.domain.messaging.message import Message, message_key
from chalicelib.domain.messaging.task import Task
from chalicelib.domain.people.patient import Patient
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.record import Key, Ref
from chalicelib.domain.visits.day_sheet import DaySheet
from chalicelib.domain.visits.request import ConsultationRequest, RateCount, RequestStatus
from chalicelib.ports import Store
from local.memory_store import MemoryStore
from tests.aws import dynamodb_local, embedded_dynamodb
from tests.builders.records import NOW, a_message, a_patient, a_request
from tests.simulation.engine.table import QuickTable


def no_pause(attempt: int) -> None:
    """A test never sleeps."""


DYNAMODBS = {"moto": embedded_dynamodb, "dynamodb-local": dynamodb_local}
IN_MEMORY = {"memory": MemoryStore, "simulation": QuickTable}


@pytest.fixture(
    params=[
        *IN_MEMORY,
        "moto",
        pytest.param("dynamodb-local", marks=pytest.mark.dynamodb_local),
    ]
)
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    if request.param in IN_MEMORY:
        yield IN_MEMORY[request.param](shards=2)
        return
    with DYNAMODBS[request.param]() as (client, table):
        yield DynamoStore(client=client, table=table, shards=2, pause=no_pause)


def message(number: int = 1, **changes: Any) -> Message:
    return a_message(**({"id": f"APT-0000000001.v1-step{number}"} | changes))


def test_what_was_saved_is_read_back(store: Store) -> None:
    store.commit(Change(Save(a_patient(email=None))))
    assert store.get(Patient.ref("PAT-0000000001")) == a_patient(revision=1)


def test_what_was_never_saved_is_none(store: Store) -> None:
    assert store.get(Patient.ref("PAT-0000000009")) is None


def test_a_second_first_save_is_stale(store: Store) -> None:
    store.commit(Change(Save(a_patient())))
    with pytest.raises(Stale):
        store.commit(Change(Save(a_patient(name="Somebody Else"))))
    assert store.get(Patient.ref("PAT-0000000001")) == a_patient(revision=1)


def test_a_save_of_an_older_revision_is_stale(store: Store) -> None:
    store.commit(Change(Save(a_patient())))
    first = store.get(Patient.ref("PAT-0000000001"))
    assert first is not None
    store.commit(Change(Save(first.evolve(name="New"))))
    with pytest.raises(Stale):
        store.commit(Change(Save(first.evolve(name="Late"))))


def test_one_failed_condition_writes_nothing_at_all(store: Store) -> None:
    store.commit(Change(Save(a_patient())))
    with pytest.raises(Stale):
        store.commit(
            Change(
                Save(message()),
                Require(a_patient().key, (Is("name", "Somebody Else"),)),
            )
        )
    assert store.get(Message.ref(message().id)) is None


def test_the_same_change_is_applied_once(store: Store) -> None:
    change = Change(Patch(Key("RATE#a#b", "RATE"), add={"count": 1}))
    store.commit(change)
    store.commit(change)
    row = Patch(Key("RATE#a#b", "RATE"), when=(Is("count", 1),))
    store.commit(Change(Require(row.key, row.when)))


def test_a_patch_raises_the_revision_so_an_older_save_is_stale(store: Store) -> None:
    store.commit(Change(Save(Phone(number="+13165550142"))))
    read = store.get(Phone.ref("+13165550142"))
    assert read is not None
    store.commit(Change(Patch(read.key, set={"bad_because": "a landline"})))
    with pytest.raises(Stale):
        store.commit(Change(Save(read.evolve(patients=("PAT-1",)))))


def test_a_patch_sets_removes_counts_and_appends(store: Store) -> None:
    store.commit(Change(Save(message(reason="waits"))))
    line = {"at": "2026-12-01T15:00:00.000Z", "what": "hold", "why": "quiet hours"}
    store.commit(
        Change(
            Patch(
                message().key,
                set={"reason": None, "to": "+13165550142"},
                add={"attempt": 2},
                append={"history": (line,)},
            )
        )
    )
    read = store.get(Message.ref(message().id))
    assert read is not None
    assert (read.reason, read.to, read.attempt) == (None, "+13165550142", 2)
    assert [happened.why for happened in read.history] == ["quiet hours"]


def test_a_patch_makes_a_row_that_was_not_there(store: Store) -> None:
    values = {"record": RateCount.KIND, "source": "a", "window": "b", "ttl": 1}
    store.commit(Change(Patch(RateCount.ref("a", "b").key, set=values, add={"count": 1})))
    read = store.get(RateCount.ref("a", "b"))
    assert read is not None
    assert read.count == 1


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        pytest.param(Is("language", "en"), True, id="is what it is"),
        pytest.param(Is("language", "es"), False, id="is not another"),
        pytest.param(Is("email", None), True, id="absent"),
        pytest.param(Is("name", None), False, id="not absent"),
        pytest.param(OneOf("language", ("es", "en")), True, id="one of them"),
        pytest.param(OneOf("language", ("es", "fr")), False, id="none of them"),
        pytest.param(OneOf("email", ("a@example.com",)), False, id="absent is none of them"),
        pytest.param(AtMost("revision", 1), True, id="at the limit"),
        pytest.param(AtMost("revision", 0), False, id="over the limit"),
        pytest.param(AtMost("count", 0), True, id="absent is under any limit"),
    ],
)
def test_conditions_say_what_they_mean(store: Store, condition: Any, holds: bool) -> None:
    store.commit(Change(Save(a_patient())))
    change = Change(Require(a_patient().key, (condition,)), Save(message()))
    if holds:
        store.commit(change)
    else:
        with pytest.raises(Stale):
            store.commit(change)
    assert (store.get(Message.ref(message().id)) is not None) is holds


def test_a_forgotten_row_is_gone_and_may_be_forgotten_again(store: Store) -> None:
    store.commit(Change(Save(a_patient())))
    store.commit(Change(Forget(a_patient().key)))
    store.commit(Change(Forget(a_patient().key)))
    assert store.get(Patient.ref("PAT-0000000001")) is None


def test_many_are_read_in_the_order_asked_for(store: Store) -> None:
    store.commit(Change(Save(a_patient()), Save(message())))
    nobody, someone, again, text = store.get_many(
        Patient.ref("PAT-0000000009"),
        Patient.ref("PAT-0000000001"),
        Patient.ref("PAT-0000000001"),
        Message.ref(message().id),
    )
    assert (nobody, someone, again, text.id) == (None, a_patient(revision=1), someone, message().id)


def test_more_than_a_hundred_are_read_at_once(store: Store) -> None:
    store.commit(Change(Save(a_patient())))
    refs = [Patient.ref(f"PAT-{number:010d}") for number in range(250)]
    found = store.get_many(*refs)
    assert [ref.key.pk for ref, row in zip(refs, found, strict=True) if row] == ["PAT-0000000001"]


def test_nothing_is_read_for_nothing(store: Store) -> None:
    assert store.get_many() == ()


def test_everything_of_one_owner_comes_in_one_read(store: Store) -> None:
    event = AuditEvent(
        change_id="CHG-1", owner_id="APT-0000000001", what="booked", by="ruth", at=NOW
    )
    other = message(2, id="APT-0000000002.v1-step2")
    store.commit(Change(Save(message(1)), Save(message(3)), Save(event), Save(other)))
    assert [record.key.sk for record in store.owned("APT-0000000001")] == [
        event.key.sk,
        "MSG#v1-step1",
        "MSG#v1-step3",
    ]


def test_what_is_due_comes_oldest_first_and_nothing_else(store: Store) -> None:
    times = {1: NOW, 2: NOW - timedelta(minutes=5), 3: NOW + timedelta(milliseconds=1)}
    for number, due_at in times.items():
        store.commit(Change(Save(message(number, due_at=due_at))))
    store.commit(Change(Save(message(4, due_at=None, status="withdrawn"))))
    found = [due for shard in (0, 1) for due in store.due(shard=shard, until=NOW, limit=10)]
    assert sorted(found, key=lambda due: due.due_at) == [
        (message(2).id, NOW - timedelta(minutes=5)),
        (message(1).id, NOW),
    ]


def test_a_row_leaves_and_enters_the_due_index_with_its_due_time(store: Store) -> None:
    def is_due() -> bool:
        return any(store.due(shard=shard, until=NOW, limit=10) for shard in (0, 1))

    store.commit(Change(Save(message())))
    assert is_due()
    store.commit(Change(Patch(message().key, set={"due_at": None})))
    assert not is_due()
    store.commit(Change(Patch(message().key, set={"due_at": NOW})))
    assert is_due()


def test_open_requests_and_tasks_come_by_deadline(store: Store) -> None:
    for number, hours in ((1, 3), (2, 1)):
        request = waiting_request(number, answer_by=NOW + timedelta(hours=hours))
        store.commit(Change(Save(request)))
    task = Task(id="TSK-1", what="call", opened_at=NOW, deadline_at=NOW)
    alarm = Task(id="TSK-2", what="urgent_text", urgent=True, opened_at=NOW, deadline_at=NOW)
    store.commit(Change(Save(task), Save(alarm)))
    assert [r.key.pk for r in store.open("request")] == ["REQ-2", "REQ-1"]
    assert [r.key.pk for r in store.open("request", limit=1)] == ["REQ-2"]
    assert [r.key.pk for r in store.open("task")] == ["TSK-1"]
    assert [r.key.pk for r in store.open("urgent")] == ["TSK-2"]
    soon = NOW + timedelta(hours=2)
    assert [r.key.pk for r in store.open("request", until=soon)] == ["REQ-2"]
    assert store.open("request", until=NOW) == []


def waiting_request(number: int, **changes: Any) -> ConsultationRequest:
    return a_request(id=f"REQ-{number}", **changes)


def test_what_is_open_is_read_page_by_page_and_counted(store: Store) -> None:
    """All of one deadline, as those are that came in one night."""
    for number in range(7):
        store.commit(Change(Save(waiting_request(number))))
    pages = [[r.key.pk for r in store.open("request", limit=3, skip=s)] for s in (0, 3, 6, 7, 9)]
    assert [len(page) for page in pages] == [3, 3, 1, 0, 0]
    assert {id_ for page in pages for id_ in page} == {f"REQ-{number}" for number in range(7)}
    assert len(store.open("request", limit=None)) == 7
    assert store.count_open("request") == 7
    assert store.count_open("request", until=NOW - timedelta(seconds=1)) == 0
    assert store.count_open("folded") == 0


def test_a_span_of_deadlines_holds_both_its_ends(store: Store) -> None:
    for number in range(4):
        late = waiting_request(number, answer_by=NOW + timedelta(minutes=number))
        store.commit(Change(Save(late)))
    since, until = NOW + timedelta(minutes=1), NOW + timedelta(minutes=2)
    assert [r.key.pk for r in store.open("request", since=since, until=until)] == ["REQ-1", "REQ-2"]


def test_a_suspicious_request_is_open_apart_until_a_person_acts_on_it(store: Store) -> None:
    one = waiting_request(1, suspicious_because="number")
    store.commit(Change(Save(one)))
    assert store.open("request") == []
    (found,) = store.open("folded")
    assert isinstance(found, ConsultationRequest)
    store.commit(Change(Save(found.evolve(status=RequestStatus.PROPOSED))))
    assert store.open("folded") == []
    assert [r.key.pk for r in store.open("request")] == ["REQ-1"]
    assert store.count_open("request") == 1


def test_what_is_to_be_erased_is_found_until_it_is(store: Store) -> None:
    held = ProviderId(sid="SM1", message_id="APT-1.x", ttl=1, erase_at=NOW)
    store.commit(Change(Save(held)))
    (found,) = store.open("erase", until=NOW)
    assert isinstance(found, ProviderId)
    assert found.message_id == "APT-1.x"
    store.commit(Change(Save(found.evolve(erase_at=None))))
    assert store.open("erase", until=NOW) == []


def test_everything_of_a_patient_comes_by_time(store: Store) -> None:
    task = Task(id="TSK-1", what="call", patient_id="PAT-1", opened_at=NOW, deadline_at=NOW)
    request = a_request(received_at=NOW - timedelta(hours=1))
    store.commit(Change(Save(task), Save(request)))
    assert [record.key.pk for record in store.of_patient("PAT-1")] == ["REQ-1", "TSK-1"]


def test_a_row_of_an_unknown_kind_is_set_aside(store: Store) -> None:
    key = message_key("APT-0000000001.odd")
    store.commit(Change(Patch(key, set={"record": "from_the_future"}), Save(message())))
    assert [record.key for record in store.owned("APT-0000000001")] == [message().key]
    with pytest.raises(Unreadable):
        store.get(Ref(Message, key))


def test_more_writes_than_a_transaction_holds_are_refused_whole(store: Store) -> None:
    change = Change(*(Save(message(number)) for number in range(MOST_OPERATIONS + 1)))
    with pytest.raises(TooManyWrites):
        store.commit(change)
    assert store.owned("APT-0000000001") == []


def test_a_hundred_writes_are_one_commit(store: Store) -> None:
    store.commit(Change(*(Save(message(number)) for number in range(MOST_OPERATIONS))))
    assert len(store.owned("APT-0000000001")) == MOST_OPERATIONS


def test_of_many_rivals_for_one_row_one_wins(store: Store) -> None:
    def rival(number: int) -> bool:
        sheet = DaySheet(resource="room-1", on="2026-12-01")
        change = Change(Save(sheet), Save(a_patient(id=f"PAT-{number}")))
        try:
            store.commit(change)
        except Stale:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(rival, range(16)))
    assert won.count(True) == 1
    patients = [store.get(Patient.ref(f"PAT-{number}")) for number in range(16)]
    assert [found is not None for found in patients] == won
