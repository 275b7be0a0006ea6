"""What goes wrong at the boundaries: drawn from the seed, counted; each kind can be left out."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any, TypeVar

from chalicelib.domain.change import Change
from chalicelib.domain.errors import Stale, Unavailable
from chalicelib.domain.record import Record, Ref
from chalicelib.ports import Accepted, Due, Email, Fate, OutcomeUnknown, Refused, Store
from tests.simulation.ledger import Ledger
from tests.simulation.stage import Killed, Stage

R = TypeVar("R", bound=Record)

#: How likely each fault is at each place where it can happen.
CHANCE_OF = {
    "put off at a boundary": 0.06,
    "put off for minutes": 0.004,
    "killed at a boundary": 0.003,
    "store: read fails": 0.002,
    "store: write fails": 0.003,
    "store: written, answer lost": 0.003,
    "store: an index lags": 0.03,
    "text: 429": 0.02,
    "text: 5xx, not accepted": 0.01,
    "text: accepted, answer lost": 0.015,
    "text: time-out, accepted minutes later": 0.01,
    "text: refused for good": 0.004,
    "text: our settings refused for hours": 0.0015,
    "text: listing or fetch fails": 0.1,
    "text: words hidden in the listing": 0.01,
    "mail: refused for now": 0.02,
    "mail: answer lost": 0.02,
    "mail: refused for good": 0.005,
    "queue: id lost": 0.02,
    "queue: id twice": 0.03,
    "queue: id late": 0.05,
    "receipt lost": 0.05,
    "receipt twice": 0.05,
    "receipts reversed": 0.05,
    "receipt hours late": 0.03,
    "text undelivered": 0.04,
    "webhook lost": 0.08,
    "webhook twice": 0.08,
    "webhook late": 0.05,
    "two ticks at once": 0.03,
    "form sent twice": 0.1,
    "two of the staff at once": 0.15,
    "someone acts in the middle": 0.008,
}
#: How often these begin within thirty days.
OUTAGES = {
    "no ticks for hours": 0.6,
    "no ticks for a day": 0.25,
    "no provider for hours": 0.5,
    "no provider for a day": 0.25,
    "no store for minutes": 0.6,
    "no webhooks for an hour": 0.6,
}
KINDS = frozenset({*CHANCE_OF, *OUTAGES})

_LENGTH = {"minutes": 12, "hour": 60, "hours": 240, "day": 1500}


class Faults:
    """Whether a fault happens now, and which have happened so far."""

    def __init__(self, chance: Random, stage: Stage, *, days: int, without: frozenset[str]) -> None:
        self.chance = chance
        self.stage = stage
        self.without = without
        self.counted: Counter[str] = Counter()
        self.meddle: Callable[[str], None] = lambda message_id: None
        self.is_calm = False  #: from then on nothing goes wrong any more
        self._outages: dict[str, list[tuple[datetime, datetime]]] = {}
        for kind, often in sorted(OUTAGES.items()):
            longest = _LENGTH[kind.rpartition(" ")[2]]
            spans = []
            for _ in range(days // 30 + 1):
                begins = stage.now + timedelta(minutes=chance.uniform(0, min(days, 30) * 1440))
                lasts = timedelta(minutes=longest * chance.uniform(0.2, 1))
                if chance.random() < often and kind not in without:
                    spans.append((begins, begins + lasts))
            self._outages[kind] = spans

    def happens(self, kind: str) -> bool:
        drawn = self.chance.random() < CHANCE_OF[kind]
        if not drawn or self.is_calm or kind in self.without:
            return False
        self.counted[kind] += 1
        return True

    def lasts(self, *kinds: str) -> datetime | None:
        """The end of such an outage, while one lasts."""
        if self.is_calm:
            return None
        now = self.stage.now
        ends = [
            end
            for kind in kinds
            for begin, end in self._outages[kind]
            if begin <= now < end and (self.counted.update({kind: 1}) or True)
        ]
        return max(ends, default=None)

    def boundary(self, where: str) -> None:
        """Time passes; the act may be put off here, or killed."""
        stage = self.stage
        stage.now += timedelta(milliseconds=self.chance.randint(1, 20))
        act = stage.current
        if act is None:
            return
        if self.happens("killed at a boundary"):
            act.killed = True
            raise Killed(where)
        if act.about is not None and self.happens("someone acts in the middle"):
            self.meddle(act.about)
            stage.put_off(self.chance.uniform(0.05, 1))
        if self.happens("put off at a boundary"):
            stage.put_off(self.chance.uniform(0, 3))
        if self.happens("put off for minutes"):
            # A frozen container: the network call itself cannot be held longer than its time-out.
            is_call = where.startswith("provider")
            stage.put_off(self.chance.uniform(3, 9 if is_call else 900))


class FaultyStore:
    """Implements ports.Store over another one, with every fault before and after each call."""

    def __init__(self, inner: Store, faults: Faults, ledger: Ledger) -> None:
        self._inner = inner
        self._faults = faults
        self._ledger = ledger
        self._fresh: list[tuple[datetime, frozenset[str]]] = []

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
        return self._lagging(found, lambda due: due.message_id.partition(".")[0])

    def open(self, kind: str, *, limit: int = 100, until: datetime | None = None) -> list[Record]:
        self._reading("store.open")
        found = self._inner.open(kind, limit=limit, until=until)
        return self._lagging(found, lambda record: record.key.pk)

    def of_patient(self, patient_id: str) -> list[Record]:
        self._reading("store.of_patient")
        found = self._inner.of_patient(patient_id)
        return self._lagging(found, lambda record: record.key.pk)

    def commit(self, change: Change) -> None:
        faults = self._faults
        faults.boundary("store.commit, before")
        if faults.lasts("no store for minutes") or faults.happens("store: write fails"):
            raise Unavailable("simulated")
        try:
            self._inner.commit(change)
        except Stale:
            faults.counted["(a condition refused)"] += 1
            raise
        self._ledger.applied(change, self._inner)
        self._fresh.append((faults.stage.now, frozenset(o.key.pk for o in change.operations)))
        if faults.happens("store: written, answer lost"):
            raise Unavailable("simulated: it was written")
        faults.boundary("store.commit, after")

    def _reading(self, where: str) -> None:
        self._faults.boundary(where)
        if self._faults.lasts("no store for minutes") or self._faults.happens("store: read fails"):
            raise Unavailable("simulated")

    def _lagging(self, found: list[Any], owner_of: Any) -> list[Any]:
        """What was written in the last seconds may be missing from an index."""
        since = self._faults.stage.now - timedelta(seconds=3)
        self._fresh = [part for part in self._fresh if part[0] >= since]
        if not self._fresh or not self._faults.happens("store: an index lags"):
            return found
        hidden = frozenset[str]().union(*(owners for _, owners in self._fresh))
        return [each for each in found if owner_of(each) not in hidden]


class FaultyMails:
    """Implements ports.EmailSender."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self.sent: list[tuple[datetime, Email]] = []

    def send(self, email: Email) -> Accepted:
        faults = self._faults
        faults.boundary("provider: mail, before")
        if faults.happens("mail: refused for now"):
            raise Refused(Fate.LATER)
        if faults.happens("mail: refused for good"):
            raise Refused(Fate.NEVER)
        self.sent.append((faults.stage.now, email))
        if faults.happens("mail: answer lost"):
            raise OutcomeUnknown("simulated")
        faults.boundary("provider: mail, after")
        return Accepted(f"mail-{len(self.sent)}", "accepted")


class FaultyQueue:
    """Implements ports.Nudge: ids are lost, come twice, late and in any order."""

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
                faults.stage.after(partial(self._deliver, message_id), seconds=seconds)
        if message_ids:
            faults.boundary("queue, after")
        return len(message_ids)
