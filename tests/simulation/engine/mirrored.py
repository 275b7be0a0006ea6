"""The simulation over DynamoDB Local: each call goes to both tables, whose answers must agree."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from chalicelib.adapters.dynamodb import DynamoStore
from chalicelib.domain.change import Change
from chalicelib.domain.errors import Stale
from chalicelib.domain.record import Record, Ref
from chalicelib.ports import Due
from tests.simulation.engine.table import QuickTable
from tests.simulation.invariants.ledger import hold

R = TypeVar("R", bound=Record)
T = TypeVar("T")


class MirroredTable(QuickTable):
    """Implements ports.Store: DynamoDB's answers, each compared with the table in memory."""

    can_be_restored = False  # the emulator has no point to restore to

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
        real = self._real.due(shard=shard, until=until, limit=limit)
        return _alike("due", real, mine, lambda due: due.due_at)

    def open(
        self,
        kind: str,
        *,
        limit: int | None = 100,
        since: datetime | None = None,
        until: datetime | None = None,
        skip: int = 0,
    ) -> list[Record]:
        asked: dict[str, Any] = {"limit": limit, "since": since, "until": until, "skip": skip}
        mine, real = super().open(kind, **asked), self._real.open(kind, **asked)
        return _alike("open", real, mine, lambda record: record.index()["deadline_at"])

    def count_open(self, kind: str, *, until: datetime | None = None) -> int:
        mine = super().count_open(kind, until=until)
        return _same("count_open", self._real.count_open(kind, until=until), mine)

    def of_patient(self, patient_id: str) -> list[Record]:
        real, mine = self._real.of_patient(patient_id), super().of_patient(patient_id)
        return _alike("of_patient", real, mine, lambda record: record.index()["patient_at"])

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


def _alike(what: str, real: list[T], mine: list[T], at: Callable[[T], Any]) -> list[T]:
    """DynamoDB's answer, in the order of its times. Only rows of one time may change places."""
    in_order = [at(row) for row in real] == [at(row) for row in mine]
    are_same = sorted(real, key=_place) == sorted(mine, key=_place)
    hold(in_order and are_same, f"{what}: DynamoDB and memory differ: {real!r} {mine!r}")
    return real


def _same(what: str, real: T, mine: T) -> T:
    """DynamoDB's answer."""
    hold(real == mine, f"{what}: DynamoDB and memory differ: {real!r} {mine!r}")
    return real


def _place(row: Any) -> str:
    return repr(getattr(row, "key", row))
