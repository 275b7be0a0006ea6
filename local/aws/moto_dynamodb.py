"""The only patch over moto's DynamoDB, for the local run and the tests.

moto 5.2 copies the whole table once per item of a transaction, forgets `ClientRequestToken`, is not
atomic under threads and sorts the whole table at every query (docs/decisions/embedded-aws.md).
"""

import copy
import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256
from itertools import takewhile
from typing import Any, NamedTuple

import moto.dynamodb.models as moto_models
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table
from moto.dynamodb.models.utilities import dynamo_json_dump
from moto.dynamodb.responses import DynamoHandler

TOKEN_LIFE = timedelta(minutes=10)  # how long DynamoDB remembers a ClientRequestToken

#: Keeps the items that a write touched: table name, then item (None: deleted) by its key as JSON.
Keep = Callable[[str, Mapping[str, dict[str, Any] | None]], None]
_Answer = tuple[int, dict[str, str], str | bytes]


@contextmanager
def atomic_dynamodb(
    *, keep: Keep | None = None, now: Callable[[], float] = time.monotonic
) -> Iterator[None]:
    """Inside, every call of moto's DynamoDB runs alone, and one that fails changes nothing.

    `keep` is called after a write was applied and before it is answered; if it raises, the write is
    undone. Tables are made inside, and have a sort key.
    """
    before = (moto_models.__dict__["Table"], DynamoHandler.call_action)
    calls = _Calls(DynamoHandler.call_action, keep=keep, now=now)
    _swap(_QuickTable, lambda handler: calls.answer(handler))
    try:
        yield
    finally:
        _swap(*before)


def put_back(table_name: str, region: str, items: list[dict[str, Any]]) -> None:
    """Put these items into the table directly, without calling `keep` again."""
    table = moto_models.dynamodb_backends[DEFAULT_ACCOUNT_ID][region].get_table(table_name)
    for item in items:
        table.put_item(item)


def _swap(table: Any, call_action: Any) -> None:
    moto_models.Table = table  # type: ignore[attr-defined]  # moto makes tables by this name
    DynamoHandler.call_action = call_action  # type: ignore[method-assign]


class _QuickTable(Table):
    """A table that is not copied for a transaction, and not sorted to find one partition."""

    #: During a query (under the lock): the items to look at; moto sorts those it picks.
    _queried: list[Item] | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> "_QuickTable":
        return self

    def query(self, hash_key: DynamoType | None, *rest: Any, **named: Any) -> Any:
        index_name = rest[6]  # the backend passes it as a positional argument
        if hash_key is not None and not index_name:
            partitions = [self.items.get(hash_key, {})]
        else:
            partitions = list(self.items.values())
        self._queried = [item for partition in partitions for item in partition.values()]
        try:
            return super().query(hash_key, *rest, **named)
        finally:
            self._queried = None

    def all_items(self) -> list[Item]:
        return super().all_items() if self._queried is None else self._queried


class _Key(NamedTuple):
    table: Table
    hash_key: DynamoType
    range_key: DynamoType

    def item(self) -> Item | None:
        return self.table.get_item(self.hash_key, self.range_key)

    def restore(self, item: Item | None) -> None:
        self.table.delete_item(self.hash_key, self.range_key)
        if item is not None:
            self.table.items[self.hash_key][self.range_key] = item

    def as_text(self) -> str:
        return json.dumps([self.hash_key.value, self.range_key.value])


class _Calls:
    def __init__(
        self,
        call_action: Callable[[DynamoHandler], Any],
        *,
        keep: Keep | None,
        now: Callable[[], float],
    ) -> None:
        self._call_action = call_action
        self._keep = keep
        self._now = now
        self._lock = threading.RLock()
        self._done_by_token: dict[str, tuple[float, bytes, _Answer]] = {}

    def answer(self, handler: DynamoHandler) -> _Answer:
        params: dict[str, Any] = getattr(handler, "params", {})
        token = params.get("ClientRequestToken")
        with self._lock:
            if token is None:
                return self._apply(handler, params)
            self._forget_old_tokens()
            content = json.dumps(params.get("TransactItems"), sort_keys=True, default=repr)
            digest = sha256(content.encode()).digest()
            if token in self._done_by_token:
                _, known, answer = self._done_by_token[token]
                return answer if known == digest else _MISMATCH
            answer = self._apply(handler, params)
            if answer[0] == 200:
                expires_at = self._now() + TOKEN_LIFE.total_seconds()
                self._done_by_token[token] = (expires_at, digest, answer)
            return answer

    def _apply(self, handler: DynamoHandler, params: dict[str, Any]) -> _Answer:
        items_by_key = [(key, copy.deepcopy(key.item())) for key in _written(handler, params)]
        is_done = False
        try:
            answer: _Answer = self._call_action(handler)
            if answer[0] == 200:
                self._keep_touched([key for key, _ in items_by_key])
                is_done = True
        finally:
            if not is_done:
                for key, item in items_by_key:
                    key.restore(item)
        return answer

    def _keep_touched(self, keys: list[_Key]) -> None:
        if self._keep is None:
            return
        touched: dict[str, dict[str, dict[str, Any] | None]] = {}
        for key in keys:
            item = key.item()
            as_json = json.loads(dynamo_json_dump(item.attrs)) if item is not None else None
            touched.setdefault(key.table.name, {})[key.as_text()] = as_json
        for table_name, items in touched.items():
            self._keep(table_name, items)

    def _forget_old_tokens(self) -> None:
        now, done = self._now(), self._done_by_token  # the oldest is first
        for token in list(takewhile(lambda token: done[token][0] <= now, done)):
            del done[token]


def _written(handler: DynamoHandler, params: dict[str, Any]) -> Iterator[_Key]:
    """The keys that a call may write; none for a malformed call, which moto refuses."""
    for table_name, keyed in _writes(handler._get_action(), params):
        table = handler.dynamodb_backend.tables.get(table_name)
        names = [key["AttributeName"] for key in table.schema] if table else []
        if table and all(isinstance(keyed.get(name), dict) and keyed[name] for name in names):
            yield _Key(table, *(DynamoType(keyed[name]) for name in names))


def _writes(action: str, params: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    match action:
        case "PutItem" | "UpdateItem" | "DeleteItem":
            yield params["TableName"], params.get("Item") or params.get("Key", {})
        case "TransactWriteItems":
            for request in params["TransactItems"]:
                for kind, operation in request.items():
                    if kind != "ConditionCheck":
                        keyed = operation.get("Item") or operation.get("Key", {})
                        yield operation["TableName"], keyed
        case "BatchWriteItem":
            for table_name, requests in params["RequestItems"].items():
                for request in requests:
                    put, delete = request.get("PutRequest", {}), request.get("DeleteRequest", {})
                    yield table_name, put.get("Item") or delete.get("Key", {})
        case "ExecuteStatement" | "ExecuteTransaction" | "BatchExecuteStatement":
            raise NotImplementedError("PartiQL would not be kept, and nothing here uses it")


_MISMATCH: _Answer = (
    400,
    {"Content-Type": "application/x-amz-json-1.0"},
    '{"__type": "com.amazonaws.dynamodb.v20120810#IdempotentParameterMismatchException",'
    ' "Message": "The ClientRequestToken was used for other content within ten minutes."}',
)
