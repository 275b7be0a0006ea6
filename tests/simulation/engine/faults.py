"""What goes wrong at the boundaries: drawn from the seed, counted; each kind can be left out."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from tests.simulation.engine.stage import Killed, Stage

FROZEN = "put off for minutes"
NO_STORE = "no store for minutes"
RESTORED = "the table is restored to an hour ago"

#: How likely each fault is at each place where it can happen.
CHANCE_OF = {
    "put off at a boundary": 0.06,
    FROZEN: 0.004,  # ten times as often in one seed of ten
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
    "text: accepted, our number refused for hours": 0.003,
    "text: listing or fetch fails": 0.1,
    "text: words hidden in the listing": 0.01,
    "text: the list lags": 0.1,
    "mail: refused for now": 0.02,
    "mail: answer lost": 0.02,
    "mail: refused for good": 0.005,
    "mail: there is no such address": 0.01,
    "mail: the mailbox is full": 0.01,
    "mail: its reader wants none": 0.005,
    "mail: our own service rejects it": 0.005,
    "mail: told twice": 0.1,
    "mail: told hours late": 0.1,
    "queue: id lost": 0.02,
    "queue: id twice": 0.03,
    "queue: id late": 0.05,
    "queue: id days late": 0.01,
    "receipt lost": 0.05,
    "receipt twice": 0.05,
    "receipts reversed": 0.05,
    "receipt hours late": 0.03,
    "receipt replayed days later": 0.03,
    "receipt on another row's address": 0.05,
    "text undelivered": 0.04,
    "text: off as before": 0.5,
    "text: the phone is off for hours": 0.04,
    "text: listed minutes late": 0.05,
    "webhook lost": 0.08,
    "webhook twice": 0.08,
    "webhook late": 0.05,
    "webhook replayed days later": 0.05,
    "two ticks at once": 0.03,
    "a container's clock jumps": 0.003,
    "form sent twice": 0.1,
    "two of the staff at once": 0.15,
    "someone acts in the middle": 0.008,
    "a patient wants to be erased": 0.08,
    RESTORED: 0.12,  # once in a run
}
#: How often these begin within thirty days.
OUTAGES = {
    "no ticks for hours": 0.6,
    "no ticks for a day": 0.25,
    "no provider for hours": 0.5,
    "no provider for a day": 0.25,
    NO_STORE: 0.6,
    "no webhooks for an hour": 0.6,
}
KINDS = frozenset({*CHANCE_OF, *OUTAGES})

_LENGTH = {"minutes": 12, "hour": 60, "hours": 240, "day": 1500}


class Faults:
    """Decides whether a fault happens now, and counts those that happened."""

    def __init__(self, chance: Random, stage: Stage, *, days: int, without: frozenset[str]) -> None:
        self.chance = chance
        self.stage = stage
        self.without = without
        self.counted: Counter[str] = Counter()
        self._chance_of = dict(CHANCE_OF)
        if chance.random() < 0.1:
            self._chance_of[FROZEN] *= 10
        self.meddle: Callable[[str], None] = lambda message_id: None
        self.is_calm = False  #: from then on nothing goes wrong any more
        self._outages: dict[str, list[tuple[datetime, datetime]]] = {}
        for kind, often in sorted(OUTAGES.items()):
            longest = _LENGTH[kind.rpartition(" ")[2]]
            spans = []
            for month in range(0, days, 30):
                day = month + chance.uniform(0, min(days - month, 30))
                begins = stage.now + timedelta(days=day)
                lasts = timedelta(minutes=longest * chance.uniform(0.2, 1))
                if chance.random() < often and kind not in without:
                    spans.append((begins, begins + lasts))
            self._outages[kind] = spans

    def happens(self, kind: str) -> bool:
        drawn = self.chance.random() < self._chance_of[kind]
        if not drawn or self.is_calm or kind in self.without:
            return False
        self.counted[kind] += 1
        return True

    def no_store(self, begins: datetime, ends: datetime) -> None:
        """The table cannot be reached for that long."""
        self._outages[NO_STORE].append((begins, ends))

    def end_no_store(self, at: datetime) -> None:
        """The table can be reached again."""
        spans = self._outages[NO_STORE]
        self._outages[NO_STORE] = [(begin, min(end, at)) for begin, end in spans]

    def lasts(self, *kinds: str) -> datetime | None:
        """The end of such an outage, if there is one."""
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
        if self.happens("a container's clock jumps"):
            act.skew = stage.any_skew()
        if self.happens("put off at a boundary"):
            stage.put_off(self.chance.uniform(0, 3))
        if self.happens(FROZEN):
            # A frozen container: the network call itself cannot last longer than its time-out.
            is_call = where.startswith("provider")
            stage.put_off(self.chance.uniform(3, 9 if is_call else 900))
