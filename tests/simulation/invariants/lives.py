"""What must hold at once of a row that is written: its lines, its times, its leave to go."""

from datetime import time, timedelta
from zoneinfo import ZoneInfo

from chalicelib.clinic.profile import Clinic
from chalicelib.domain.messaging.message import Channel, Message, MessageStatus
from chalicelib.domain.messaging.transitions import MOST_LINES
from chalicelib.domain.system import CircuitBreaker
from tests.simulation.invariants.ledger import SKEWS, Ledger, hold

PROBES = timedelta(minutes=5)  # between two texts that try whether texts may go again (R33)
WAITS = timedelta(minutes=31)  # of a row that does not say what it waits for


class Lives:
    """Asked with every row of a message that is written."""

    def __init__(self, ledger: Ledger, clinic: Clinic) -> None:
        self._ledger = ledger
        self._clinic = clinic

    def written(self, before: Message | None, row: Message, stop: CircuitBreaker | None) -> None:
        """A row as it was and as it is now; the stop of all texts as it was before."""
        if before is None:
            self._begins(row)
            return
        self._tells(before, row)
        self._comes_due(before, row)
        self._asks_leave(before, row, stop)

    def probed(self, stop: CircuitBreaker) -> None:
        """Texts are stopped; when the next one tries was written just now."""
        act = self._ledger.stage.current
        waits = stop.probe_at - (act.began_at if act and act.began_at else self._ledger.stage.now)
        hold(waits > PROBES - SKEWS, f"texts are tried again in {waits} (R33)")

    def _begins(self, row: Message) -> None:
        waits = row.status is MessageStatus.PENDING
        hold(not waits or row.due_at == row.scheduled_at, f"{row.id} is due {row.due_at}")

    def _tells(self, before: Message, row: Message) -> None:
        """Whatever becomes of a row stands in its own history (R56)."""
        kept = row.history[: len(before.history)] == before.history
        hold(kept, f"{row.id} has lost a line of its history")
        waits = row.reason != before.reason and row.status is MessageStatus.PENDING
        is_odd = row.set_aside
        changed = (
            (row.status, row.attempt) != (before.status, before.attempt)
            or (row.void_because is not None and before.void_because is None)
            or (waits and not is_odd)
        )
        told = len(row.history) > len(before.history) or len(row.history) >= MOST_LINES
        # A courier that looked before another one writes a reason again that stands there already.
        told = told or (waits and any(line.why == row.reason for line in row.history))
        hold(told or not changed, f"{row.id} does not tell how it came to {row.status}")

    def _comes_due(self, before: Message, row: Message) -> None:
        now = self._ledger.stage.now
        if row.status is MessageStatus.SENT and row.channel is Channel.TEXT:
            if before.status is not MessageStatus.SENT:
                asked = row.due_at is not None and row.due_at < now + timedelta(hours=6) + SKEWS
                hold(asked, f"{row.id} is not looked up after six hours, but {row.due_at} (R40)")
            return
        if row.status is not MessageStatus.PENDING or row.due_at is None:
            return
        if row.reason == "quiet hours" and before.reason != row.reason:
            # Whose zone changes at that very moment may be seen in the old one.
            zones = self._ledger.zones[row.patient_id or ""]
            local = {row.due_at.astimezone(self._zone(zone)).time() for zone in zones}
            hold(time(8) in local, f"{row.id} waits for the end of quiet hours until {local} (R14)")
        if row.reason is None and before.due_at is not None and row.due_at > before.due_at:
            hold(row.due_at < now + WAITS, f"{row.id} waits until {row.due_at} and says not why")

    def _asks_leave(self, before: Message, row: Message, stop: CircuitBreaker | None) -> None:
        """While texts are stopped, only a probe is claimed (R33)."""
        is_claim = (
            row.attempt > before.attempt
            and row.status is MessageStatus.SENDING
            and row.channel is Channel.TEXT
        )
        act = self._ledger.stage.current
        if not is_claim or stop is None or act is None or act.began_at is None:
            return
        since = self._ledger.stopped_at
        may_know = since is not None and since < act.began_at
        is_probe = stop.probe_at < self._ledger.stage.now + SKEWS
        hold(
            is_probe or not may_know, f"{row.id} was claimed though texts wait for {stop.probe_at}"
        )

    def _zone(self, zone: str | None) -> ZoneInfo:
        return ZoneInfo(zone) if zone else self._clinic.zone
