"""A DynamoDB for tests: moto with our patch, or DynamoDB Local if `make test-all` started it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import boto3
from botocore.config import Config
from moto import mock_aws

from local.aws.moto_dynamodb import Keep, atomic_dynamodb
from local.aws.resources import create_table_from, load_resources

REGION = "us-east-1"


@contextmanager
def embedded_dynamodb(*, keep: Keep | None = None) -> Iterator[tuple[Any, str]]:
    """A client and an empty table, removed afterwards. More tables: `fresh_table(client)`."""
    with mock_aws(), atomic_dynamodb(keep=keep):
        client = boto3.client("dynamodb", region_name=REGION)
        yield client, fresh_table(client)


@contextmanager
def dynamodb_local() -> Iterator[tuple[Any, str]]:
    """A client and an empty table of DynamoDB Local, removed afterwards. Only for marked tests."""
    client = local_client()
    table = fresh_table(client)
    try:
        yield client, table
    finally:
        client.delete_table(TableName=table)
        client.close()


def local_client() -> Any:
    """A separate client for DynamoDB Local, with connections for fifty at once."""
    return boto3.client(
        "dynamodb",
        region_name=REGION,
        endpoint_url=os.environ["DYNAMODB_LOCAL_URL"],
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(
            retries={"total_max_attempts": 2, "mode": "standard"},  # as in wiring.py
            connect_timeout=2,
            read_timeout=30,  # fifty at once, on a busy machine
            max_pool_connections=50,
        ),
    )


def fresh_table(client: Any) -> str:
    """The name of a new, empty table, made from `.chalice/resources.json`."""
    table_name = f"bookend-{uuid4().hex}"
    create_table_from(load_resources(), client, table_name)
    return table_name
