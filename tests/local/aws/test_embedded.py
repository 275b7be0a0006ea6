"""The embedded AWS of `make run`: it keeps what it answered, and catches mail."""

import json
import signal
import subprocess
import sys
from email.message import EmailMessage
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError

from local.aws.embedded import ElsewhereRefused, EmbeddedAws
from local.aws.keeper import Keeper
from tests.local.embedded import (
    SENDER,
    embedded,
    foreign_dynamodb,
    put,
    send_simple,
    stored,
    table_row,
)

WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path

import boto3

from local.aws.embedded import EmbeddedAws
from local.aws.keeper import Keeper

keeper = Keeper(Path(sys.argv[1]))
with EmbeddedAws(keeper=keeper, clock=lambda: datetime.now(UTC), senders=[]) as aws:
    table = aws.environment["TABLE_NAME"]
    client = boto3.client("dynamodb")
    number = 0
    while True:
        number += 1
        puts = [
            {"Put": {"TableName": table, "Item": {"pk": {"S": f"{number}"}, "sk": {"S": half}}}}
            for half in ("left", "right")
        ]
        client.transact_write_items(TransactItems=puts)
        print(number, flush=True)
"""


def test_a_table_a_queue_and_a_sender_are_there_from_the_start(aws: EmbeddedAws) -> None:
    table = boto3.client("dynamodb").describe_table(TableName=aws.environment["TABLE_NAME"])
    ttl = boto3.client("dynamodb").describe_time_to_live(TableName=aws.environment["TABLE_NAME"])
    sqs = boto3.client("sqs")
    queue = sqs.get_queue_attributes(
        QueueUrl=aws.environment["QUEUE_URL"], AttributeNames=["VisibilityTimeout", "RedrivePolicy"]
    )["Attributes"]

    names = sorted(index["IndexName"] for index in table["Table"]["GlobalSecondaryIndexes"])
    assert names == ["by_patient", "due", "open"]
    assert ttl["TimeToLiveDescription"] == {"AttributeName": "ttl", "TimeToLiveStatus": "ENABLED"}
    assert queue["VisibilityTimeout"] == "360"
    assert int(json.loads(queue["RedrivePolicy"])["maxReceiveCount"]) == 5


def test_a_message_put_on_the_queue_is_taken_from_it(aws: EmbeddedAws) -> None:
    sqs = boto3.client("sqs")
    url = aws.environment["QUEUE_URL"]

    sqs.send_message(QueueUrl=url, MessageBody="a-message-id")

    [taken] = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert taken["Body"] == "a-message-id"


def test_rows_are_back_after_a_restart(keeper: Keeper) -> None:
    with embedded(keeper) as aws:
        put(aws, "stays")
        put(aws, "goes")
        boto3.client("dynamodb").delete_item(
            TableName=aws.environment["TABLE_NAME"], Key=table_row("goes")
        )

    with embedded(keeper) as aws:
        assert stored(aws) == ["stays"]


def test_a_fresh_start_is_empty(tmp_path: Path) -> None:
    first = Keeper(tmp_path / "bookend.db")
    with embedded(first) as aws:
        put(aws, "old")
        send_simple()
        aws.inject("ses", [{"http": 500}])
    first.close()

    second = Keeper(tmp_path / "bookend.db", fresh=True)
    with embedded(second) as aws:
        send_simple()
        assert stored(aws) == []
        assert len(aws.emails()) == 1
    second.close()


def test_every_acknowledged_transaction_survives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "bookend.db"
    command = [sys.executable, "-c", WRITER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        acknowledged = [int(writer.stdout.readline()) for _ in range(60)]
        writer.send_signal(signal.SIGKILL)
        acknowledged += [int(line) for line in writer.stdout.read().split()]

    keeper = Keeper(path)
    with embedded(keeper) as aws:
        found = [int(number) for number in stored(aws)]
    keeper.close()

    assert writer.returncode == -signal.SIGKILL
    assert set(acknowledged) <= set(found)
    # Each transaction wrote two rows: both are there, also of one that was not acknowledged.
    assert all(found.count(number) == 2 for number in found)
    assert len(set(found)) <= len(acknowledged) + 1


def test_a_simple_mail_is_in_the_mailbox(aws: EmbeddedAws) -> None:
    message_id = send_simple()

    assert aws.emails() == [
        {
            "id": message_id,
            "to": ["staff@example.org"],
            "subject": "A request waits",
            "text": "Text part",
            "html": "<p>HTML part</p>",
            "attachments": [],
            "sent_at": "2026-12-01T12:00:00.000Z",
        }
    ]


def test_a_raw_mail_shows_its_parts_as_they_were_written(aws: EmbeddedAws) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"] = f"Sample Clinic <{SENDER}>", "Zoë <staff@example.org>"
    mail["Subject"] = "Visit of Z.: two “quoted” words and a long line that has to be folded twice"
    mail.set_content("Grüße,\nthe clinic\n")
    mail.add_alternative("<p>Grüße</p>\n", subtype="html")
    calendar = "BEGIN:VCALENDAR\r\nSUMMARY:Zoë\r\nEND:VCALENDAR\r\n"
    mail.add_attachment(
        calendar.encode(), maintype="text", subtype="calendar", filename="visit.ics"
    )

    boto3.client("sesv2").send_email(
        FromEmailAddress=SENDER,
        Destination={"ToAddresses": ["staff@example.org"]},
        Content={"Raw": {"Data": mail.as_bytes()}},
    )

    [received] = aws.emails()
    assert received["to"] == ["staff@example.org"]
    assert received["subject"] == mail["Subject"]
    assert received["text"] == "Grüße,\nthe clinic\n"
    assert received["html"] == "<p>Grüße</p>\n"
    assert received["attachments"] == [
        {"name": "visit.ics", "content_type": "text/calendar", "text": calendar}
    ]


def test_mail_from_an_unknown_sender_is_refused_and_not_shown(aws: EmbeddedAws) -> None:
    with pytest.raises(ClientError, match="MessageRejected"):
        boto3.client("sesv2").send_email(
            FromEmailAddress="someone@example.net",
            Destination={"ToAddresses": ["staff@example.org"]},
            Content={"Simple": {"Subject": {"Data": "a"}, "Body": {"Text": {"Data": "b"}}}},
        )

    assert aws.emails() == []


def test_rows_live_elsewhere_when_told_so(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    with foreign_dynamodb() as (address, calls):
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", address)
        with embedded(keeper, fresh=True) as aws:
            put(aws, "elsewhere")
            send_simple()
            aws.inject("dynamodb", [{"http": 503}, {"hang_after_accept": True}])
            put(aws, "elsewhere, with faults")
            assert len(aws.emails()) == 1

    assert calls[:2] == ["DeleteTable", "CreateTable"]
    assert "UpdateTimeToLive" in calls
    # Once without faults; then refused here, applied there without an answer, and sent again.
    assert calls.count("PutItem") == 3


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SQS"])
def test_queue_and_mail_do_not_live_elsewhere(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "http://127.0.0.1:4566")

    with pytest.raises(ElsewhereRefused):
        embedded(keeper).start()


def test_the_real_aws_is_never_emptied(keeper: Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", "https://dynamodb.us-east-1.amazonaws.com")

    with pytest.raises(ElsewhereRefused):
        embedded(keeper, fresh=True).start()
