"""The table and the queue as the service reaches them: every call may go wrong.

A call fails before or after it had its effect; an answer is lost, an id comes twice or never.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from operator import itemgetter
from typing import Any, TypeVar

from chalicelib.adapters.rows import span_of
from chalicelib.domain.change import Change, Require
from chalicelib.domain.errors import Stale, Unavailable
from chalicelib.domain.messaging.message import message_key
from chalicelib.domain.record import Key, Record, Ref
from chalicelib.ports import Due
from tests.simulation.engine.faults import Faults
from tests.simulation.engine.table import Place, QuickTable, Standing
from tests.simulation.invariants.commits import Commits

KEPT = 4 * 86400.0  # seconds that the queue keeps an id

R = TypeVar("R", bound=Record)


class FaultyStore:
    """Implements ports.Store over another one, with every fault before and after each call."""

    def __init__(self, inner: QuickTable, faults: Faults, commits: Commits) -> None:
        self._inner = inner
        self._faults = faults
        self._commits = commits
        #: What was written in the last seconds: each row as it was before.
        self._fresh: list[tuple[datetime, dict[Key, Standing]]] = []

    def get(self, ref: Ref[R]) -> R | None:
        self._reading("store.get")
        return self._inner.get(ref)

    def get_many(self, *refs: Ref[Any]) -> tuple[Any, ...]:
        self._reading("store.get_many")
        return self._inner.get_many(*refs)

    def owned(self, pk: str) -> list[Record]:
        self._reading("store.owned")
        return self._inner.owned(pk)

    def due(self, *, shard: int, until: datetime, limit: int) -> list[Due]:
        self._reading("store.due")
        found = self._inner.due(shard=shard, until=until, limit=limit)
        behind = self._behind()
        return [due for due in found if message_key(due.message_id) not in behind]

    def open(
        self,
        kind: str,
        *,
        limit: int | None = 100,
        since: datetime | None = None,
        until: datetime | None = None,
        skip: int = 0,
    ) -> list[Record]:
        self._reading("store.open")
        first, last = span_of(since, until)
        end = None if limit is None else skip + limit
        found = self._inner.open(kind, limit=end, since=since, until=until)
        return self._as_it_was(found, ("open", kind), since=first, until=last)[skip:end]

    def count_open(self, kind: str, *, until: datetime | None = None) -> int:
        self._reading("store.count_open")
        return self._inner.count_open(kind, until=until)

    def of_patient(self, patient_id: str) -> list[Record]:
        self._reading("store.of_patient")
        found = self._inner.of_patient(patient_id)
        return self._as_it_was(found, ("patient", patient_id))

    def commit(self, change: Change) -> None:
        faults = self._faults
        faults.boundary("store.commit, before")
        if faults.lasts("no store for minutes") or faults.happens("store: write fails"):
            raise Unavailable("simulated")
        keys = [part.key for part in change.operations if not isinstance(part, Require)]
        before = {key: self._inner.standing(key) for key in keys}
        try:
            self._inner.commit(change)
        except Stale:
            faults.counted["(a condition refused)"] += 1
            raise
        self._commits.applied(change, self._inner)
        self._fresh.append((faults.stage.now, before))
        if faults.happens("store: written, answer lost"):
            raise Unavailable("simulated: it was written")
        faults.boundary("store.commit, after")

    def _reading(self, where: str) -> None:
        self._faults.boundary(where)
        if self._faults.lasts("no store for minutes") or self._faults.happens("store: read fails"):
            raise Unavailable("simulated")

    def _as_it_was(
        self, found: list[Record], place: Place, since: str = "", until: str = "~"
    ) -> list[Record]:
        """The answer, or the one of some seconds ago: without new rows, with removed ones."""
        behind = self._behind()
        if not behind:
            return found
        now = {each.key: self._inner.standing(each.key) for each in found}
        rows = [
            (row.places[place], row.record)
            for row in (now | behind).values()
            if row.record is not None and since <= row.places.get(place, "~~") <= until
        ]
        return [record for _, record in sorted(rows, key=itemgetter(0))]

    def _behind(self) -> dict[Key, Standing]:
        """The older state of rows that an index does not show yet (F19); mostly none."""
        since = self._faults.stage.now - timedelta(seconds=3)
        self._fresh = [part for part in self._fresh if part[0] >= since]
        if not self._fresh or not self._faults.happens("store: an index lags"):
            return {}
        was: dict[Key, Standing] = {}
        for _, before in reversed(self._fresh):
            was |= before
        return was


class FaultyQueue:
    """Implements ports.DeliveryQueue: ids are lost, come twice, late and in any order."""

    def __init__(self, faults: Faults, deliver: Any) -> None:
        self._faults = faults
        self._deliver = deliver

    def send(self, message_ids: Sequence[str]) -> int:
        faults = self._faults
        if message_ids:
            faults.boundary("queue, before")
        for message_id in message_ids:
            if faults.happens("queue: id lost"):
                continue
            for _ in range(2 if faults.happens("queue: id twice") else 1):
                late = faults.happens("queue: id late")
                seconds = faults.chance.uniform(0.05, 900 if late else 2)
                if faults.happens("queue: id days late"):
                    seconds = faults.chance.uniform(3600, KEPT)
                faults.stage.after(partial(self._deliver, message_id), seconds=seconds)
        if message_ids:
            faults.boundary("queue, after")
        return len(message_ids)
