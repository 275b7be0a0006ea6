"""The table in memory, with reads that are fast enough for thousands of simulated days.

What is written, and under which conditions, stays the memory store's own.
"""

import copy
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import NamedTuple, TypeVar, cast

from sortedcontainers import SortedList

from chalicelib.adapters.rows import Row, due_rows, record_of, span_of
from chalicelib.domain.change import Operation
from chalicelib.domain.errors import Unreadable
from chalicelib.domain.record import Key, Record, Ref, written
from chalicelib.ports import Due
from local.memory_store import MemoryStore

R = TypeVar("R", bound=Record)
Place = tuple[str, str]  # an index, and the part of it that one query reads
#: The attributes that put a row into an index: which part of it, and which place in it.
INDEXES = {"due": ("due_shard", "due_at"), "open": ("open_kind", "deadline_at")}
INDEXES |= {"patient": ("patient_id", "patient_at"), "owner": ("pk", "sk")}


class Standing(NamedTuple):
    """A row in its current or an earlier state."""

    record: Record | None  #: None when it does not exist, or cannot be read
    places: Mapping[Place, str]  #: its place in each index


class QuickTable(MemoryStore):
    """Implements ports.Store: each row is read as a record once, and found by an index.

    Not for several threads at once; the stage runs one at a time.
    """

    can_be_restored = True

    def __init__(self, *, shards: int) -> None:
        super().__init__(shards=shards)
        self._records: dict[Key, Record] = {}
        self._keys: dict[Place, SortedList] = defaultdict(SortedList)
        self._entries: dict[Key, list[tuple[Place, tuple[str, Key]]]] = {}

    def get(self, ref: Ref[R]) -> R | None:
        return cast(R, self._record(ref.key)) if ref.key in self._rows else None

    def owned(self, pk: str) -> list[Record]:
        return self._readable(self._found("owner", pk))

    def due(self, *, shard: int, until: datetime, limit: int) -> list[Due]:
        found = islice(self._found("due", str(shard), until=written(until)), limit)
        return due_rows((key.pk, key.sk, self._rows[key]["due_at"]) for key in found)

    def first_due(self) -> datetime | None:
        """When the next row comes due: the simulation's dispatcher need not look before."""
        firsts = [self._keys["due", str(shard)][:1] for shard in range(self._shards)]
        return min(
            (datetime.fromisoformat(at) for first in firsts for at, _ in first), default=None
        )

    def first_open(self, kind: str) -> datetime | None:
        """The earliest deadline of the open rows of this kind."""
        first = self._keys["open", kind][:1]
        return min((datetime.fromisoformat(at) for at, _ in first), default=None)

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
        found = self._found("open", kind, since=first, until=last)
        end = None if limit is None else skip + limit
        return self._readable(islice(found, skip, end))

    def count_open(self, kind: str, *, until: datetime | None = None) -> int:
        return sum(1 for _ in self._found("open", kind, until=span_of(None, until)[1]))

    def of_patient(self, patient_id: str) -> list[Record]:
        return self._readable(self._found("patient", patient_id))

    def copied(self) -> dict[Key, Row]:
        """A copy of every row."""
        return {key: copy.deepcopy(row) for key, row in self._rows.items()}

    def restore(self, rows: dict[Key, Row]) -> None:
        """Put every row back as it was then."""
        self._rows = rows
        self._records.clear()
        self._keys.clear()
        self._entries.clear()
        for key, row in rows.items():
            self._entries[key] = _entries(key, row)
            for place, entry in self._entries[key]:
                self._keys[place].add(entry)

    def rows(self, kind: type[R]) -> list[R]:
        """Every record of a kind, for the invariants."""
        return [
            cast(R, self._record(key))
            for key, row in self._rows.items()
            if row.get("record") == kind.KIND
        ]

    def standing(self, key: Key) -> Standing:
        """The row as it is now, and its place in each index."""
        record = next(iter(self._readable([key] if key in self._rows else [])), None)
        places = {place: at for place, (at, _) in self._entries.get(key, ())}
        return Standing(record, places)

    def _apply(self, operation: Operation) -> None:
        super()._apply(operation)
        key = operation.key
        self._records.pop(key, None)
        entries = _entries(key, self._rows.get(key, {}))
        before = self._entries.get(key, [])
        if entries == before:
            return
        for place, entry in before:
            self._keys[place].remove(entry)
            if not self._keys[place]:
                del self._keys[place]
        for place, entry in entries:
            self._keys[place].add(entry)
        self._entries[key] = entries

    def _found(self, index: str, part: str, *, since: str = "", until: str = "~~") -> Iterator[Key]:
        """The keys of one part of an index, first to last."""
        for at, key in self._keys.get((index, part), ()):
            if at > until:
                return
            if at >= since:
                yield key

    def _record(self, key: Key) -> Record:
        record = self._records.get(key)
        if record is None:
            record = self._records[key] = record_of(self._rows[key])
        return record

    def _readable(self, keys: Iterable[Key]) -> list[Record]:
        found = []
        for key in keys:
            try:
                found.append(self._record(key))
            except Unreadable:
                continue
        return found


def _entries(key: Key, row: Row) -> list[tuple[Place, tuple[str, Key]]]:
    return [
        ((index, row[part]), (row[at], key))
        for index, (part, at) in INDEXES.items()
        if part in row and at in row
    ]
