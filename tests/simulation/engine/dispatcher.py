"""Calls the dispatcher: each minute in which it would find something to do."""

from datetime import datetime, timedelta

from tests.simulation.engine.acts import Acts
from tests.simulation.engine.faults import Faults
from tests.simulation.engine.service import Service
from tests.simulation.engine.table import QuickTable
from tests.simulation.world.provider import Provider

MINUTE = timedelta(minutes=1)
LISTS = timedelta(minutes=20)  # it also runs when nothing is due, to list inbound texts
ERASES = timedelta(hours=7)  # at rest, words to be erased wait until there are more


class Dispatcher:
    """When it runs next, unless it is out of order for hours."""

    def __init__(
        self, acts: Acts, faults: Faults, service: Service, table: QuickTable, provider: Provider
    ) -> None:
        self._acts = acts
        self._stage = acts.stage
        self._faults = faults
        self._service = service
        self._table = table
        self._provider = provider
        self.last_at = self._stage.now - MINUTE

    def next_at(self) -> datetime | None:
        """The next minute with something to do; None when there will be none."""
        due = self._table.first_due()
        lists = self.last_at + LISTS if not self._is_at_rest() else None
        erases = self._table.first_open("erase")
        gone = erases + ERASES if erases is not None else None
        wanted = min((at for at in (due, lists, gone) if at is not None), default=None)
        if wanted is None:
            return None
        at = max(wanted, self.last_at + MINUTE, self._stage.now)
        whole = at.replace(second=0, microsecond=0)
        return whole if whole >= at else whole + MINUTE

    def run(self, at: datetime) -> None:
        """One minute's run, or two at once."""
        self._stage.now = max(self._stage.now, at)
        self.last_at = at
        until = self._faults.lasts("no ticks for hours", "no ticks for a day")
        if until is not None:
            self.last_at = until
            self._acts.say(f"no ticks until {until}")
            return
        for _ in range(2 if self._faults.happens("two ticks at once") else 1):
            self._service.tick()

    def _is_at_rest(self) -> bool:
        """Some time after the last inbound text, nothing is left to be listed."""
        received, now = self._provider.received, self._stage.now
        last = received[-1].at if received else now - timedelta(days=1)
        return now - last > timedelta(hours=3)
