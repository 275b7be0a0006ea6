"""The store in memory: the same rules as DynamoDB's, for tests and the simulation."""

import copy
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar, cast

from chalicelib.adapters.rows import (
    Row,
    conditions,
    due_attributes,
    due_rows,
    record_of,
    row_of,
    span_of,
)
from chalicelib.domain.change import Change, Forget, Operation, Patch, Save, as_stored
from chalicelib.domain.conditions import AtMost, Condition, Is, OneOf
from chalicelib.domain.errors import Stale, Unreadable
from chalicelib.domain.record import Key, Record, Ref, written
from chalicelib.ports import Due

R = TypeVar("R", bound=Record)


class MemoryStore:
    """Implements ports.Store."""

    def __init__(self, *, shards: int = 1) -> None:
        self._shards = shards
        self._rows: dict[Key, Row] = {}
        self._applied: set[str] = set()
        self._lock = threading.Lock()

    def get(self, ref: Ref[R]) -> R | None:
        with self._lock:
            row = copy.deepcopy(self._rows.get(ref.key))
        return None if row is None else cast(R, record_of(row))

    def get_many(self, *refs: Ref[Any]) -> tuple[Any, ...]:
        return tuple(self.get(ref) for ref in refs)

    def owned(self, pk: str) -> list[Record]:
        return self._read(lambda row: row["pk"] == pk, by="sk")

    def due(self, *, shard: int, until: datetime, limit: int) -> list[Due]:
        with self._lock:
            rows = [
                (row["due_at"], row["pk"], row["sk"])
                for row in self._rows.values()
                if row.get("due_shard") == str(shard) and row["due_at"] <= written(until)
            ]
        return due_rows((pk, sk, at) for at, pk, sk in sorted(rows)[:limit])

    def open(
        self,
        kind: str,
        *,
        limit: int | None = 100,
        since: datetime | None = None,
        until: datetime | None = None,
        skip: int = 0,
    ) -> list[Record]:
        first, last = span_of(since, until)
        found = self._read(
            lambda row: row.get("open_kind") == kind and first <= row["deadline_at"] <= last,
            by="deadline_at",
        )[skip:]
        return found if limit is None else found[:limit]

    def count_open(self, kind: str, *, until: datetime | None = None) -> int:
        _, last = span_of(None, until)
        with self._lock:
            rows = [row for row in self._rows.values() if row.get("open_kind") == kind]
        return sum(row["deadline_at"] <= last for row in rows)

    def of_patient(self, patient_id: str) -> list[Record]:
        return self._read(
            lambda row: row.get("patient_id") == patient_id and "patient_at" in row,
            by="patient_at",
        )

    def commit(self, change: Change) -> None:
        operations = change.operations
        with self._lock:
            if change.id in self._applied:
                return
            for operation in operations:
                row = self._rows.get(operation.key, {})
                if not all(holds(condition, row) for condition in conditions(operation)):
                    raise Stale(operation.key.sk)
            for operation in operations:
                self._apply(operation)
            self._applied.add(change.id)

    def _apply(self, operation: Operation) -> None:
        match operation:
            case Save(record):
                self._rows[operation.key] = row_of(record, shards=self._shards)
            case Patch():
                row = self._rows.setdefault(
                    operation.key, {"pk": operation.key.pk, "sk": operation.key.sk}
                )
                values = as_stored(operation.set)
                values |= due_attributes(operation.key, values, shards=self._shards)
                row.update(values)
                for name in [name for name, value in row.items() if value is None]:
                    del row[name]
                for name, number in {"revision": 1, **operation.add}.items():
                    row[name] = row.get(name, 0) + number
                for name, lines in operation.append.items():
                    row[name] = [*row.get(name, []), *lines]
            case Forget():
                self._rows.pop(operation.key, None)

    def _read(self, wanted: Any, *, by: str) -> list[Record]:
        with self._lock:
            rows = copy.deepcopy([row for row in self._rows.values() if wanted(row)])
        return readable(sorted(rows, key=lambda row: (row[by], row["pk"], row["sk"])))


def holds(condition: Condition, row: Mapping[str, Any]) -> bool:
    match condition:
        case Is(name, value):
            return bool(row.get(name) == value)
        case OneOf(name, values):
            return row.get(name) in values
        case AtMost(name, limit):
            return bool(row.get(name, 0) <= limit)


def readable(rows: Sequence[Mapping[str, Any]]) -> list[Record]:
    """The records of those rows that this version can read."""
    records = []
    for row in rows:
        try:
            records.append(record_of(row))
        except Unreadable:
            continue
    return records
