"""Faults that were asked for come once each, in order, and where the SDK can see them."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from local.aws.embedded import EmbeddedAws
from local.aws.faults import UnknownFault
from local.aws.keeper import Keeper
from tests.local.embedded import ONCE, embedded, put, send_simple, stored, table_row


def test_faults_are_met_in_order_one_a_call(aws: EmbeddedAws) -> None:
    aws.inject("ses", [{"http": 503}, {"error": "TooManyRequestsException"}])
    met = []
    for _ in range(2):
        with pytest.raises(ClientError) as refused:
            send_simple(config=ONCE)
        about = refused.value.response
        met.append((about["ResponseMetadata"]["HTTPStatusCode"], about["Error"]["Code"]))

    send_simple(config=ONCE)

    assert met == [(503, "ServiceUnavailable"), (429, "TooManyRequestsException")]
    assert len(aws.emails()) == 1


def test_a_mail_that_was_taken_before_the_line_broke_is_in_the_mailbox(aws: EmbeddedAws) -> None:
    aws.inject("ses", [{"hang_after_accept": True}])

    with pytest.raises(ReadTimeoutError):
        send_simple(config=ONCE)

    assert len(aws.emails()) == 1


def test_the_retries_of_the_sdk_meet_the_faults(aws: EmbeddedAws) -> None:
    aws.inject("dynamodb", [{"error": "ThrottlingException"}, {"http": 500}])

    put(aws, "at the third attempt")

    assert stored(aws) == ["at the third attempt"]


def test_a_transaction_whose_answer_is_lost_is_applied_once(aws: EmbeddedAws) -> None:
    add = {
        "TableName": aws.environment["TABLE_NAME"],
        "Key": table_row("counter"),
        "UpdateExpression": "ADD times :one",
        "ExpressionAttributeValues": {":one": {"N": "1"}},
    }
    client = boto3.client("dynamodb")
    aws.inject("dynamodb", [{"hang_after_accept": True}])

    client.transact_write_items(TransactItems=[{"Update": add}])

    found = client.get_item(TableName=add["TableName"], Key=table_row("counter"))["Item"]
    assert found["times"] == {"N": "1"}


def test_a_transaction_conflict_names_its_reasons(aws: EmbeddedAws) -> None:
    puts = [
        {"Put": {"TableName": aws.environment["TABLE_NAME"], "Item": table_row(pk)}}
        for pk in ("a", "b")
    ]
    client = boto3.client("dynamodb", config=ONCE)
    aws.inject("dynamodb", [{"error": "TransactionConflict"}])

    with pytest.raises(client.exceptions.TransactionCanceledException) as refused:
        client.transact_write_items(TransactItems=puts)

    reasons = [reason["Code"] for reason in refused.value.response["CancellationReasons"]]
    assert reasons == ["TransactionConflict", "None"]
    assert stored(aws) == []


def test_a_conflict_waits_for_a_transaction_and_holds_no_other_fault_up(aws: EmbeddedAws) -> None:
    aws.inject("dynamodb", [{"error": "TransactionConflict"}, {"http": 400}])
    client = boto3.client("dynamodb", config=ONCE)
    with pytest.raises(ClientError) as refused:
        put(aws, "a", client)
    assert refused.value.response["Error"]["Code"] == "ThrottlingException"
    put(aws, "b", client)
    item = {"Put": {"TableName": aws.environment["TABLE_NAME"], "Item": table_row("c")}}
    with pytest.raises(client.exceptions.TransactionCanceledException):
        client.transact_write_items(TransactItems=[item])


def test_faults_wait_over_a_restart_and_spare_the_start(keeper: Keeper) -> None:
    with embedded(keeper) as aws:
        aws.inject("dynamodb", [{"http": 500}])

    with embedded(keeper) as aws, pytest.raises(ClientError):
        put(aws, "a", boto3.client("dynamodb", config=ONCE))


def test_one_who_only_looks_meets_no_fault(aws: EmbeddedAws) -> None:
    aws.inject("dynamodb", [{"http": 500}])

    with aws.spared():
        assert stored(aws) == []

    with pytest.raises(ClientError):
        put(aws, "a", boto3.client("dynamodb", config=ONCE))


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param([{"http": 500}, {"http": 200}], id="not an error"),
        pytest.param([{"error": "a\r\nheader"}], id="not a code"),
        pytest.param([{"error": "A", "http": 500}], id="two in one"),
        pytest.param([{"hang_after_accept": False}], id="nothing to do"),
        pytest.param([{"callback": "late"}], id="a fault of Twilio"),
        pytest.param({"http": 500}, id="not a list"),
        pytest.param(["http"], id="not an object"),
    ],
)
def test_an_unknown_fault_is_refused_and_none_is_taken(aws: EmbeddedAws, faults: Any) -> None:
    with pytest.raises(UnknownFault):
        aws.inject("ses", faults)

    send_simple(config=ONCE)
    assert len(aws.emails()) == 1
