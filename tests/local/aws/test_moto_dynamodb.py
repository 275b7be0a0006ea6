"""The patch over moto does what DynamoDB does: atomic transactions, remembered tokens, speed."""

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from local.aws.moto_dynamodb import TOKEN_LIFE, atomic_dynamodb
from tests.aws import REGION, embedded_dynamodb, fresh_table

A_TOKEN = "0123456789abcdef"


@pytest.fixture
def dynamodb() -> Iterator[tuple[Any, str]]:
    with embedded_dynamodb() as (client, table):
        yield client, table


def key(pk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": "A"}}


def put_new(table: str, pk: str, **more: Any) -> dict[str, Any]:
    item = key(pk) | {name: {"S": value} for name, value in more.items()}
    return {
        "Put": {"TableName": table, "Item": item, "ConditionExpression": "attribute_not_exists(pk)"}
    }


def add_one(table: str, pk: str) -> dict[str, Any]:
    return {
        "Update": {
            "TableName": table,
            "Key": key(pk),
            "UpdateExpression": "ADD times :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }
    }


def times(client: Any, table: str, pk: str) -> int:
    item = client.get_item(TableName=table, Key=key(pk), ConsistentRead=True).get("Item", {})
    return int(item.get("times", {"N": "0"})["N"])


def everything(client: Any, table: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.scan(TableName=table)["Items"]
    return items


def error_code(refused: pytest.ExceptionInfo[ClientError]) -> str:
    return str(refused.value.response["Error"]["Code"])


def test_a_cancelled_transaction_leaves_nothing(dynamodb: tuple[Any, str]) -> None:
    client, table = dynamodb
    client.put_item(TableName=table, Item=key("taken") | {"name": {"S": "first"}})
    client.put_item(TableName=table, Item=key("counted") | {"times": {"N": "1"}})
    before = everything(client, table)

    with pytest.raises(client.exceptions.TransactionCanceledException) as refused:
        client.transact_write_items(
            TransactItems=[
                put_new(table, "new"),
                add_one(table, "counted"),
                put_new(table, "taken", name="second"),
            ]
        )

    reasons = [reason["Code"] for reason in refused.value.response["CancellationReasons"]]
    assert reasons == ["None", "None", "ConditionalCheckFailed"]
    assert everything(client, table) == before


def test_a_transaction_that_names_a_key_twice_leaves_nothing(dynamodb: tuple[Any, str]) -> None:
    client, table = dynamodb

    with pytest.raises(ClientError) as refused:
        client.transact_write_items(
            TransactItems=[put_new(table, "a"), add_one(table, "b"), add_one(table, "b")]
        )

    assert error_code(refused) == "ValidationException"
    assert everything(client, table) == []


def test_of_eight_threads_that_want_one_thing_exactly_one_gets_it(
    dynamodb: tuple[Any, str],
) -> None:
    client, table = dynamodb

    def try_to_take(attempt: int) -> bool:
        wanted, who = divmod(attempt, 8)
        items = [
            put_new(table, f"before-{wanted}-{who}"),
            put_new(table, f"slot-{wanted}", who=str(who)),
            put_new(table, f"after-{wanted}-{who}"),
            add_one(table, "taken"),
        ]
        try:
            client.transact_write_items(TransactItems=items)
        except client.exceptions.TransactionCanceledException:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        won = list(threads.map(try_to_take, range(8 * 10)))

    assert [sum(won[slot * 8 : slot * 8 + 8]) for slot in range(10)] == [1] * 10
    assert times(client, table, "taken") == 10
    assert len(everything(client, table)) == 3 * 10 + 1


def test_no_reader_sees_half_a_transaction(dynamodb: tuple[Any, str]) -> None:
    client, table = dynamodb
    pair = [{"Get": {"TableName": table, "Key": key(pk)}} for pk in ("left", "right")]

    def write(_: int) -> None:
        client.transact_write_items(TransactItems=[add_one(table, "left"), add_one(table, "right")])

    def read(_: int) -> list[Any]:
        answers = client.transact_get_items(TransactItems=pair)["Responses"]
        return [answer.get("Item", {}).get("times") for answer in answers]

    with ThreadPoolExecutor(8) as threads:
        writes = threads.map(write, range(40))
        seen = list(threads.map(read, range(40)))
        list(writes)

    assert all(left == right for left, right in seen)
    assert times(client, table, "left") == 40


def test_the_same_token_and_content_is_applied_once(dynamodb: tuple[Any, str]) -> None:
    client, table = dynamodb

    for _ in range(3):
        client.transact_write_items(
            TransactItems=[add_one(table, "a"), put_new(table, "b")], ClientRequestToken=A_TOKEN
        )

    assert times(client, table, "a") == 1


def test_the_same_token_with_other_content_is_refused(dynamodb: tuple[Any, str]) -> None:
    client, table = dynamodb
    client.transact_write_items(TransactItems=[add_one(table, "a")], ClientRequestToken=A_TOKEN)

    with pytest.raises(client.exceptions.IdempotentParameterMismatchException):
        client.transact_write_items(TransactItems=[add_one(table, "b")], ClientRequestToken=A_TOKEN)

    assert times(client, table, "b") == 0


def test_a_token_whose_transaction_was_cancelled_may_be_used_again(
    dynamodb: tuple[Any, str],
) -> None:
    client, table = dynamodb
    client.put_item(TableName=table, Item=key("a"))
    wanted = {"TransactItems": [put_new(table, "a")], "ClientRequestToken": A_TOKEN}
    with pytest.raises(client.exceptions.TransactionCanceledException):
        client.transact_write_items(**wanted)
    client.delete_item(TableName=table, Key=key("a"))

    client.transact_write_items(**wanted)

    assert len(everything(client, table)) == 1


def test_a_token_is_forgotten_after_ten_minutes() -> None:
    seconds = [0.0]
    with mock_aws(), atomic_dynamodb(now=lambda: seconds[0]):
        client = boto3.client("dynamodb", region_name=REGION)
        table = fresh_table(client)
        for elapsed in (0.0, TOKEN_LIFE.total_seconds() - 1, TOKEN_LIFE.total_seconds()):
            seconds[0] = elapsed
            client.transact_write_items(
                TransactItems=[add_one(table, "a")], ClientRequestToken=A_TOKEN
            )

        assert times(client, table, "a") == 2


def test_what_cannot_be_kept_did_not_happen() -> None:
    disk_is_full = [False]

    def keep(table: str, items: Mapping[str, dict[str, Any] | None]) -> None:
        if disk_is_full[0]:
            raise OSError("no space left")

    with embedded_dynamodb(keep=keep) as (client, table):
        client.transact_write_items(TransactItems=[add_one(table, "a")])
        disk_is_full[0] = True

        with pytest.raises(OSError, match="no space"):
            client.transact_write_items(TransactItems=[add_one(table, "a"), add_one(table, "b")])

        assert times(client, table, "a") == 1
        assert times(client, table, "b") == 0


def test_everything_that_a_write_touches_is_kept() -> None:
    kept: dict[str, Any] = {}

    def keep(table: str, items: Mapping[str, dict[str, Any] | None]) -> None:
        kept.update(items)

    with embedded_dynamodb(keep=keep) as (client, table):
        rich = {"M": {"list": {"L": [{"S": "é"}, {"N": "1"}]}, "yes": {"BOOL": True}}}
        client.put_item(TableName=table, Item=key("put") | {"rich": rich})
        client.update_item(
            TableName=table,
            Key=key("updated"),
            UpdateExpression="SET tags = :tags",
            ExpressionAttributeValues={":tags": {"SS": ["a", "b"]}},
        )
        client.put_item(TableName=table, Item=key("deleted"))
        client.delete_item(TableName=table, Key=key("deleted"))
        client.batch_write_item(RequestItems={table: [{"PutRequest": {"Item": key("batch")}}]})
        client.get_item(TableName=table, Key=key("only read"))

    assert kept == {
        '["put", "A"]': key("put") | {"rich": rich},
        '["updated", "A"]': key("updated") | {"tags": {"SS": ["a", "b"]}},
        '["deleted", "A"]': None,
        '["batch", "A"]': key("batch"),
    }


def test_an_index_answers_in_order_and_page_by_page(dynamodb: tuple[Any, str]) -> None:
    client, table = dynamodb
    for minute in (3, 1, 2, 5, 4):
        due = {"due_shard": {"S": "0"}, "due_at": {"S": f"2026-12-01T15:0{minute}:00.000Z"}}
        client.put_item(TableName=table, Item=key(f"p{minute}") | due | {"more": {"S": "x"}})
    client.put_item(TableName=table, Item=key("waits for nothing"))
    pages = client.get_paginator("query").paginate(
        TableName=table,
        IndexName="due",
        KeyConditionExpression="due_shard = :shard AND due_at <= :now",
        ExpressionAttributeValues={
            ":shard": {"S": "0"},
            ":now": {"S": "2026-12-01T15:04:00.000Z"},
        },
        PaginationConfig={"PageSize": 2},
    )

    found = [item for page in pages for item in page["Items"]]

    assert [item["pk"]["S"] for item in found] == ["p1", "p2", "p3", "p4"]
    assert set(found[0]) == {"pk", "sk", "due_shard", "due_at"}


def test_fifty_items_at_five_thousand_rows_take_a_moment(dynamodb: tuple[Any, str]) -> None:
    client, table = dynamodb
    for start in range(0, 5000, 100):
        client.transact_write_items(
            TransactItems=[
                put_new(table, f"p{at}", due_shard="0") for at in range(start, start + 100)
            ]
        )

    started = time.perf_counter()
    client.transact_write_items(TransactItems=[add_one(table, f"p{at}") for at in range(50)])
    written = time.perf_counter() - started

    # moto as it is takes 5 to 12 s; this takes 40 ms, and a busy machine is given room.
    assert written < 1
