"""What the store makes of DynamoDB's bad days: nothing half done, nothing twice."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from chalicelib import wiring
from chalicelib.adapters.dynamodb import TRIES, DynamoStore
from chalicelib.domain.audit import AuditEvent
from chalicelib.domain.change import Change, Patch, Save
from chalicelib.domain.errors import Stale, Unavailable
from chalicelib.domain.people.patient import Patient
from chalicelib.domain.record import Key
from tests.aws import embedded_dynamodb
from tests.builders.records import NOW, a_patient

ROOT = Path(__file__).parents[2]


class Flaky:
    """The real client, whose next calls of an operation fail: before or after they took effect."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.exceptions = client.exceptions
        self.before: list[Exception] = []
        self.after: list[Exception] = []
        self.calls = 0

    def __getattr__(self, name: str) -> Callable[..., Any]:
        real = getattr(self._client, name)

        def call(**arguments: Any) -> Any:
            self.calls += 1
            if self.before:
                raise self.before.pop(0)
            answer = real(**arguments)
            if self.after:
                raise self.after.pop(0)
            return answer

        return call


def told(code: str, status: int = 400) -> ClientError:
    meta = {"HTTPStatusCode": status}
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": meta}, "x")


def lost() -> ReadTimeoutError:
    return ReadTimeoutError(endpoint_url="http://127.0.0.1")


@pytest.fixture
def flaky() -> Iterator[tuple[DynamoStore, Flaky]]:
    with embedded_dynamodb() as (client, table):
        wrapped = Flaky(client)
        yield (
            DynamoStore(client=wrapped, table=table, shards=1, pause=lambda attempt: None),
            wrapped,
        )


def cancelled(client: Any, *codes: str) -> Exception:
    made: Exception = client.exceptions.TransactionCanceledException(
        {
            "Error": {"Code": "TransactionCanceledException", "Message": ""},
            "CancellationReasons": [{"Code": code} for code in codes],
        },
        "TransactWriteItems",
    )
    return made


@pytest.mark.parametrize(
    "codes",
    [("TransactionConflict",), ("None", "ThrottlingError"), ("TransactionConflict", "None")],
)
def test_traffic_alone_is_tried_again(
    flaky: tuple[DynamoStore, Flaky], codes: tuple[str, ...]
) -> None:
    store, client = flaky
    client.before = [cancelled(client, *codes)] * 2
    store.commit(Change(Save(a_patient())))
    assert store.get(Patient.ref("PAT-0000000001")) is not None


def test_a_failed_condition_among_traffic_is_stale(flaky: tuple[DynamoStore, Flaky]) -> None:
    store, client = flaky
    client.before = [cancelled(client, "TransactionConflict", "ConditionalCheckFailed")]
    with pytest.raises(Stale):
        store.commit(Change(Save(a_patient())))


@pytest.mark.parametrize(
    "error",
    [
        told("ThrottlingException"),
        told("InternalServerError", 500),
        told("ServiceUnavailable", 503),
        lost(),
    ],
    ids=["throttled", "500", "503", "no answer"],
)
def test_a_bad_moment_is_waited_out(flaky: tuple[DynamoStore, Flaky], error: Exception) -> None:
    store, client = flaky
    client.before = [error]
    store.commit(Change(Save(a_patient())))
    assert store.get(Patient.ref("PAT-0000000001")) is not None


def test_an_answer_that_was_lost_is_not_written_twice(flaky: tuple[DynamoStore, Flaky]) -> None:
    store, client = flaky
    client.after = [lost()]
    change = Change(Save(a_patient()), Patch(Key("RATE#a#b", "RATE"), add={"count": 1}))
    store.commit(change)
    store.commit(Change(Patch(Key("RATE#a#b", "RATE"), set={"seen": "yes"})))
    rows = client.get_item(
        TableName=store._table, Key={"pk": {"S": "RATE#a#b"}, "sk": {"S": "RATE"}}
    )
    assert rows["Item"]["count"] == {"N": "1"}


def test_when_no_answer_ever_comes_the_audit_event_says_what_happened(
    flaky: tuple[DynamoStore, Flaky],
) -> None:
    store, client = flaky
    change = Change()
    event = AuditEvent(change_id=change.id, owner_id="PAT-0000000001", what="x", by="nurse", at=NOW)
    change.include([Save(a_patient()), Save(event)])
    client.after = [lost()] * TRIES
    store.commit(change)
    assert store.get(Patient.ref("PAT-0000000001")) is not None


def test_what_is_never_written_is_unavailable(flaky: tuple[DynamoStore, Flaky]) -> None:
    store, client = flaky
    client.before = [told("ThrottlingException")] * TRIES
    with pytest.raises(Unavailable):
        store.commit(Change(Save(a_patient())))
    assert store.get(Patient.ref("PAT-0000000001")) is None


def test_a_read_that_fails_is_unavailable(flaky: tuple[DynamoStore, Flaky]) -> None:
    store, client = flaky
    for error in (told("InternalServerError", 500), told("ThrottlingException"), lost()):
        client.before = [error]
        with pytest.raises(Unavailable):
            store.get(Patient.ref("PAT-0000000001"))


def test_a_silent_dynamodb_is_given_up_while_the_request_can_be_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """F17: a read and a whole commit, each try as long as it may take, end before the function."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    config = wiring.table_client().meta.config
    tries = config.retries["total_max_attempts"]
    between = 1  # seconds that botocore waits at most before its second try
    call = tries * max(config.connect_timeout, config.read_timeout) + (tries - 1) * between
    functions = json.loads((ROOT / ".chalice" / "config.json").read_text())["lambda_functions"]
    assert tries == 2
    assert call * (1 + TRIES) < functions["api_handler"]["lambda_timeout"]
