"""The simulation over DynamoDB Local: each call goes to both tables, which must answer alike."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from chalicelib.adapters.dynamodb import DynamoStore
from chalicelib.domain.change import Change
from chalicelib.domain.errors import Stale
from chalicelib.domain.record import Record, Ref
from chalicelib.ports import Due
from tests.simulation.ledger import hold
from tests.simulation.table import QuickTable

R = TypeVar("R", bound=Record)
T = TypeVar("T")


class MirroredTable(QuickTable):
    """Implements ports.Store: DynamoDB's answers, each held against the table in memory."""

    def __init__(self, *, shards: int, client: Any, table: str) -> None:
        super().__init__(shards=shards)
        self._real = DynamoStore(
            client=client, table=table, shards=shards, pause=lambda attempt: None
        )

    def get(self, ref: Ref[R]) -> R | None:
        return _same("get", self._real.get(ref), super().get(ref))

    def get_many(self, *refs: Ref[Any]) -> tuple[Any, ...]:
        return _same("get_many", self._real.get_many(*refs), super().get_many(*refs))

    def owned(self, pk: str) -> list[Record]:
        return _same("owned", self._real.owned(pk), super().owned(pk))

    def due(self, *, shard: int, until: datetime, limit: int) -> list[Due]:
        mine = super().due(shard=shard, until=until, limit=limit)
        return _same("due", self._real.due(shard=shard, until=until, limit=limit), mine)

    def open(self, kind: str, *, limit: int = 100, until: datetime | None = None) -> list[Record]:
        mine = super().open(kind, limit=limit, until=until)
        return _same("open", self._real.open(kind, limit=limit, until=until), mine)

    def of_patient(self, patient_id: str) -> list[Record]:
        return _same(
            "of_patient", self._real.of_patient(patient_id), super().of_patient(patient_id)
        )

    def commit(self, change: Change) -> None:
        real = _stale(lambda: self._real.commit(change))
        mine = _stale(lambda: super(MirroredTable, self).commit(change))
        hold(
            (real is None) == (mine is None),
            f"{change.id}: DynamoDB says {real or 'applied'}, memory {mine or 'applied'}",
        )
        if real is not None:
            raise Stale(real)


def _stale(commit: Callable[[], None]) -> str | None:
    try:
        commit()
    except Stale as error:
        return str(error) or "stale"
    return None


def _same(what: str, real: T, mine: T) -> T:
    """DynamoDB's answer. Rows of one instant may come in any order."""
    ordered = [
        sorted(each, key=_place) if isinstance(each, list) else each for each in (real, mine)
    ]
    hold(ordered[0] == ordered[1], f"{what}: DynamoDB and memory differ: {real!r} {mine!r}")
    return real


def _place(row: Any) -> str:
    return repr(getattr(row, "key", row))
