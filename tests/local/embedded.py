"""What the tests of the embedded AWS share."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import boto3
from botocore.config import Config

from local.aws.embedded import EmbeddedAws
from local.aws.keeper import Keeper

SENDER = "bookings@example.com"
NOON = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
ONCE = Config(retries={"total_max_attempts": 1})


def embedded(keeper: Keeper, **more: Any) -> EmbeddedAws:
    return EmbeddedAws(keeper=keeper, clock=lambda: NOON, senders=[SENDER], **more)


def table_row(pk: str) -> dict[str, Any]:
    return {"pk": {"S": pk}, "sk": {"S": "A"}}


def put(aws: EmbeddedAws, pk: str, client: Any = None) -> None:
    client = client or boto3.client("dynamodb")
    client.put_item(TableName=aws.environment["TABLE_NAME"], Item=table_row(pk))


def stored(aws: EmbeddedAws) -> list[str]:
    items = boto3.client("dynamodb").scan(TableName=aws.environment["TABLE_NAME"])["Items"]
    return sorted(item["pk"]["S"] for item in items)


def send_simple(to: str = "staff@example.org", **client_options: Any) -> str:
    answer = boto3.client("sesv2", **client_options).send_email(
        FromEmailAddress=f"Sample Clinic <{SENDER}>",
        Destination={"ToAddresses": [to]},
        Content={
            "Simple": {
                "Subject": {"Data": "A request waits"},
                "Body": {"Text": {"Data": "Text part"}, "Html": {"Data": "<p>HTML part</p>"}},
            }
        },
    )
    return str(answer["MessageId"])


@contextmanager
def foreign_dynamodb() -> Iterator[tuple[str, list[str]]]:
    """The address of a DynamoDB that knows one table, and the names of the calls it gets."""
    calls: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            calls.append(self.headers["X-Amz-Target"].partition(".")[2])
            is_missing = (
                calls[-1] in {"DeleteTable", "DescribeTable"} and "CreateTable" not in calls
            )
            error = {"__type": "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"}
            body = json.dumps(
                error if is_missing else {"Table": {"TableStatus": "ACTIVE"}}
            ).encode()
            self.send_response(400 if is_missing else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing is printed."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", calls
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
