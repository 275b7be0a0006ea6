"""A world over DynamoDB whose every request is counted."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chalicelib.adapters.dynamodb import DynamoStore
from tests.aws import embedded_dynamodb
from tests.world import World


class Requests(Counter[str]):
    """How many requests of each kind went out since it was last cleared."""

    def of(self) -> dict[str, int]:
        told = dict(self)
        self.clear()
        return told


@contextmanager
def counted_world(shards: int = 2) -> Iterator[tuple[World, Requests]]:
    """A world whose table is DynamoDB's, and the requests that it makes."""
    with embedded_dynamodb() as (client, table):
        requests = Requests()
        client.meta.events.register("before-send.dynamodb", _counting(requests))
        world = World()
        world.store = DynamoStore(  # type: ignore[assignment]
            client=client, table=table, shards=shards, pause=lambda attempt: None
        )
        world.replace(store=world.store)
        yield world, requests


def _counting(requests: Requests) -> Any:
    def count(event_name: str, **_rest: Any) -> None:
        requests[event_name.rpartition(".")[2]] += 1

    return count
