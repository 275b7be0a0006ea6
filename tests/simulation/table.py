"""The table in memory, with its reads made quick enough for thousands of simulated days.

What is written, and under which condition, stays the memory store's own.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any, TypeVar, cast

from chalicelib.adapters.memory import MemoryStore, holds
from chalicelib.adapters.rows import conditions, due_rows, record_of
from chalicelib.domain.change import Change, Operation
from chalicelib.domain.errors import Stale, Unreadable
from chalicelib.domain.record import Key, Record, Ref, written
from chalicelib.ports import Due

R = TypeVar("R", bound=Record)


class QuickTable(MemoryStore):
    """Implements ports.Store: each row is read as a record once, and found without looking at all.

    Not for several threads at once; the stage runs one at a time.
    """

    def __init__(self, *, shards: int) -> None:
        super().__init__(shards=shards)
        self._records: dict[Key, Record] = {}
        self._by_owner: dict[str, set[Key]] = defaultdict(set)
        self._by_patient: dict[str, set[Key]] = defaultdict(set)
        self._open: dict[str, set[Key]] = defaultdict(set)
        self._deadlines: dict[str, list[tuple[str, Key]]] = defaultdict(list)
        self._soonest: list[tuple[str, Key]] = []  #: also of rows that were due then no more
        self._due: dict[str, dict[Key, str]] = defaultdict(dict)
        self._indexed: dict[Key, tuple[str | None, str | None, str | None]] = {}

    def get(self, ref: Ref[R]) -> R | None:
        return cast(R, self._record(ref.key)) if ref.key in self._rows else None

    def owned(self, pk: str) -> list[Record]:
        return self._readable(self._by_owner.get(pk, ()), by="sk")

    def due(self, *, shard: int, until: datetime, limit: int) -> list[Due]:
        latest = written(until)
        found = sorted(
            (at, *key) for key, at in self._due.get(str(shard), {}).items() if at <= latest
        )
        return due_rows((pk, sk, at) for at, pk, sk in found[:limit])

    def first_due(self) -> datetime | None:
        """When the next row comes due: the dispatcher of the simulation need not look before."""
        while self._soonest:
            at, key = self._soonest[0]
            row = self._rows.get(key)
            if row is not None and row.get("due_at") == at and "due_shard" in row:
                return datetime.fromisoformat(at)
            heapq.heappop(self._soonest)
        return None

    def open(self, kind: str, *, limit: int = 100, until: datetime | None = None) -> list[Record]:
        latest = "~" if until is None else written(until)
        if until is not None and self._earliest(kind) > latest:
            return []
        keys = [k for k in self._open.get(kind, ()) if self._rows[k]["deadline_at"] <= latest]
        return self._readable(keys, by="deadline_at")[:limit]

    def of_patient(self, patient_id: str) -> list[Record]:
        return self._readable(self._by_patient.get(patient_id, ()), by="patient_at")

    def rows(self, kind: type[R]) -> list[R]:
        """Every record of a kind, for those who judge."""
        return [
            cast(R, self._record(key))
            for key, row in self._rows.items()
            if row.get("record") == kind.KIND
        ]

    def commit(self, change: Change) -> None:
        operations = change.operations
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
        super()._apply(operation)
        key = operation.key
        self._records.pop(key, None)
        shard, patient, kind = self._indexed.pop(key, (None, None, None))
        self._due[shard or ""].pop(key, None)
        self._by_patient[patient or ""].discard(key)
        self._open[kind or ""].discard(key)
        row = self._rows.get(key)
        if row is None:
            self._by_owner[key.pk].discard(key)
            return
        self._by_owner[key.pk].add(key)
        shard, kind = row.get("due_shard"), row.get("open_kind")
        patient = row.get("patient_id") if "patient_at" in row else None
        self._indexed[key] = (shard, patient, kind)
        if shard is not None:
            self._due[shard][key] = row["due_at"]
            heapq.heappush(self._soonest, (row["due_at"], key))
        if patient is not None:
            self._by_patient[patient].add(key)
        if kind is not None:
            self._open[kind].add(key)
            heapq.heappush(self._deadlines[kind], (row["deadline_at"], key))

    def _earliest(self, kind: str) -> str:
        """The first deadline of the open rows of a kind; after every other when there is none."""
        waiting = self._deadlines[kind]
        while waiting:
            at, key = waiting[0]
            if key in self._open[kind] and self._rows[key]["deadline_at"] == at:
                return at
            heapq.heappop(waiting)
        return "~~"

    def _record(self, key: Key) -> Record:
        record = self._records.get(key)
        if record is None:
            record = self._records[key] = record_of(self._rows[key])
        return record

    def _readable(self, keys: Iterable[Key], *, by: str) -> list[Record]:
        found: list[Any] = []
        for key in sorted(keys, key=lambda key: (self._rows[key][by], *key)):
            try:
                found.append(self._record(key))
            except Unreadable:
                continue
        return found
