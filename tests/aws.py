"""A DynamoDB for tests: moto with our patch, and a fresh table in a few milliseconds."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import boto3
from moto import mock_aws

from local.aws_resources import create_table_from, load_resources
from local.moto_dynamodb import Keep, atomic_dynamodb

REGION = "us-east-1"


@contextmanager
def embedded_dynamodb(*, keep: Keep | None = None) -> Iterator[tuple[Any, str]]:
    """A client and an empty table, gone afterwards. More tables: `fresh_table(client)`."""
    with mock_aws(), atomic_dynamodb(keep=keep):
        client = boto3.client("dynamodb", region_name=REGION)
        yield client, fresh_table(client)


def fresh_table(client: Any) -> str:
    """The name of an empty table that nobody else has, as `.chalice/resources.json` makes it."""
    table_name = f"bookend-{uuid4().hex}"
    create_table_from(load_resources(), client, table_name)
    return table_name
