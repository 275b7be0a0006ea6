"""The store in DynamoDB: one table, one `TransactWriteItems` per commit.

The low-level client is used without a layer above it: what DynamoDB reports is what happened.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar, cast

from aws_lambda_powertools import Logger
from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.adapters.expressions import packed, transact_item
from chalicelib.adapters.rows import Row, due_rows, record_of, span_of
from chalicelib.domain.change import Change, Operation
from chalicelib.domain.errors import Stale, Unavailable, Unreadable
from chalicelib.domain.record import Key, Record, Ref, written
from chalicelib.ports import Due, Pause

log = Logger(service="bookend", child=True)

R = TypeVar("R", bound=Record)

BATCH = 100  # keys that one BatchGetItem accepts
TRIES = 4  # of the same request, when it only failed because of load

# Reasons for which a cancelled transaction may be sent again unchanged.
_TRAFFIC = frozenset({"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
_BUSY = frozenset(
    {
        "InternalServerError",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottlingException",
        "TransactionConflict",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)


class DynamoStore:
    """Implements ports.Store."""

    def __init__(self, *, client: Any, table: str, shards: int, pause: Pause) -> None:
        self._client = client
        self._table = table
        self._shards = shards
        self._pause = pause
        self._unpack = TypeDeserializer().deserialize

    def get(self, ref: Ref[R]) -> R | None:
        answer = self._call(
            "get_item",
            TableName=self._table,
            Key=packed(ref.key._asdict()),
            ConsistentRead=True,
        )
        return cast(R, record_of(self._row(answer["Item"]))) if "Item" in answer else None

    def get_many(self, *refs: Ref[Any]) -> tuple[Any, ...]:
        keys = sorted({ref.key for ref in refs})
        found: dict[Key, Row] = {}
        for start in range(0, len(keys), BATCH):
            found |= self._batch(keys[start : start + BATCH])
        return tuple(record_of(found[ref.key]) if ref.key in found else None for ref in refs)

    def owned(self, pk: str) -> list[Record]:
        return self._query(
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues=packed({":pk": pk}),
            ConsistentRead=True,
        )

    def due(self, *, shard: int, until: datetime, limit: int) -> list[Due]:
        answer = self._call(
            "query",
            TableName=self._table,
            IndexName="due",
            KeyConditionExpression="due_shard = :shard AND due_at <= :until",
            ExpressionAttributeValues=packed({":shard": str(shard), ":until": written(until)}),
            Limit=limit,
        )
        rows = [self._row(item) for item in answer["Items"]]
        return due_rows((row["pk"], row["sk"], row["due_at"]) for row in rows)

    def open(
        self,
        kind: str,
        *,
        limit: int | None = 100,
        since: datetime | None = None,
        until: datetime | None = None,
        skip: int = 0,
    ) -> list[Record]:
        query = _open_query(kind, since, until)
        if skip:
            _, place = self._counted(query, most=skip)
            if place is None:
                return []
            query["ExclusiveStartKey"] = place
        if limit is not None:
            query["Limit"] = limit
        return self._query(most=limit, **query)

    def count_open(self, kind: str, *, until: datetime | None = None) -> int:
        return self._counted(_open_query(kind, None, until))[0]

    def of_patient(self, patient_id: str) -> list[Record]:
        return self._query(
            IndexName="by_patient",
            KeyConditionExpression="patient_id = :patient",
            ExpressionAttributeValues=packed({":patient": patient_id}),
        )

    def commit(self, change: Change) -> None:
        writes = [
            transact_item(operation, table=self._table, shards=self._shards)
            for operation in change.operations
        ]
        for attempt in range(TRIES):
            try:
                self._client.transact_write_items(
                    TransactItems=writes, ClientRequestToken=change.id
                )
            except self._client.exceptions.TransactionCanceledException as error:
                if not _only_traffic(error):
                    raise Stale(_failed_at(error, change.operations)) from None
            except ClientError as error:
                if not _is_busy(error):
                    raise
            except BotoCoreError as error:
                # The answer was lost; with the same token it is harmless to ask again (F18).
                log.warning("store.unanswered", extra={"error": type(error).__name__})
            else:
                return
            self._pause(attempt)
        if not self._was_applied(change):
            raise Unavailable("the change could not be written")

    def _was_applied(self, change: Change) -> bool:
        """Whether the change's own audit event is in the table, if it has one."""
        for record in change.saved:
            if getattr(record, "change_id", None) == change.id:
                return self.get(Ref(type(record), record.key)) is not None
        return False

    def _batch(self, keys: Sequence[Key]) -> dict[Key, Row]:
        wanted: list[Row] = [packed(key._asdict()) for key in keys]
        found: dict[Key, Row] = {}
        for attempt in range(TRIES):
            answer = self._call(
                "batch_get_item",
                RequestItems={self._table: {"Keys": wanted, "ConsistentRead": True}},
            )
            for item in answer["Responses"].get(self._table, []):
                row = self._row(item)
                found[Key(row["pk"], row["sk"])] = row
            wanted = answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", [])
            if not wanted:
                return found
            self._pause(attempt)
        raise Unavailable("the table did not answer for every row")

    def _query(self, *, most: int | None = None, **query: Any) -> list[Record]:
        records: list[Record] = []
        query["TableName"] = self._table
        while True:
            answer = self._call("query", **query)
            for item in answer["Items"]:
                row = self._row(item)
                try:
                    records.append(record_of(row))
                except Unreadable as error:
                    log.error("row.unreadable", extra={"sk": row.get("sk"), "why": str(error)})
            if most is not None and len(records) >= most:
                return records[:most]
            if "LastEvaluatedKey" not in answer:
                return records
            query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _counted(self, query: Mapping[str, Any], *, most: int | None = None) -> tuple[int, Any]:
        """How many rows there are, at most the limit, and where to go on; None at the end."""
        count, place = 0, None
        while most is None or count < most:
            more = {} if place is None else {"ExclusiveStartKey": place}
            if most is not None:
                more["Limit"] = most - count
            answer = self._call("query", TableName=self._table, Select="COUNT", **query, **more)
            count, place = count + answer["Count"], answer.get("LastEvaluatedKey")
            if place is None:
                break
        return count, place

    def _call(self, operation: str, **arguments: Any) -> Any:
        try:
            return getattr(self._client, operation)(**arguments)
        except (ClientError, BotoCoreError) as error:
            if isinstance(error, ClientError) and not _is_busy(error):
                raise
            raise Unavailable(f"{operation}: {type(error).__name__}") from error

    def _row(self, item: Mapping[str, Any]) -> Row:
        return {name: self._unpack(value) for name, value in item.items()}


def _open_query(kind: str, since: datetime | None, until: datetime | None) -> dict[str, Any]:
    first, last = span_of(since, until)
    return {
        "IndexName": "open",
        "KeyConditionExpression": "open_kind = :kind AND deadline_at BETWEEN :since AND :until",
        "ExpressionAttributeValues": packed({":kind": kind, ":since": first, ":until": last}),
    }


def _is_busy(error: ClientError) -> bool:
    """Whether the request itself was fine, so that sending it again may help (F17)."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= 500 or error.response["Error"]["Code"] in _BUSY


def _only_traffic(error: ClientError) -> bool:
    codes = {reason.get("Code") for reason in error.response.get("CancellationReasons", [])}
    return bool(codes & _TRAFFIC) and codes <= _TRAFFIC | {"None"}


def _failed_at(error: ClientError, operations: Sequence[Operation]) -> str:
    """The sort keys whose conditions failed; they name no person."""
    reasons = error.response.get("CancellationReasons", [])
    pairs = zip(operations, reasons, strict=False)
    return ", ".join(
        operation.key.sk.partition("#")[0]
        for operation, reason in pairs
        if reason.get("Code") not in (None, "None")
    )
