"""The table is lost, and restored to its state of an hour ago (F71)."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from chalicelib.clinic.local_time import at_wall_clock
from chalicelib.domain.messaging.inbound_text import InboundText
from chalicelib.domain.messaging.message import Message
from chalicelib.domain.messaging.task import Task, TaskStatus
from chalicelib.domain.people.patient import Patient
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.system import CircuitBreaker
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.domain.visits.request import ConsultationRequest
from tests.simulation.engine.faults import RESTORED, Faults
from tests.simulation.engine.table import QuickTable
from tests.simulation.invariants.judge import Judge
from tests.simulation.invariants.ledger import Ledger
from tests.simulation.invariants.noted import standing

GOES_BACK = timedelta(minutes=45)  # from the moment to which it is restored until it is lost
TAKES = timedelta(minutes=16)  # until it is restored; a text that left before is settled by then
AT_MOST = timedelta(minutes=30)  # longer, as no act may be in progress when it is restored
BUSY = (time(9, 50), time(16, 50))  # shortly before most texts of a day leave


class Restoring:
    """Once in a run of some seeds."""

    def __init__(
        self,
        faults: Faults,
        table: QuickTable,
        ledger: Ledger,
        judge: Judge,
        say: Callable[[str], None],
    ) -> None:
        self._faults = faults
        self._stage = faults.stage
        self._table = table
        self._ledger = ledger
        self._judge = judge
        self._say = say

    def plan(self, chance: Random, *, days: int, zone: ZoneInfo) -> None:
        """Draw whether and when; the service does not know what it did in that hour."""
        day, at = chance.uniform(0, days), chance.choice(BUSY)
        if self._faults.happens(RESTORED) and self._table.can_be_restored:
            on = (self._stage.now + timedelta(days=day)).astimezone(zone).date()
            self._stage.at(at_wall_clock(on, at, zone), self._copy)

    def _copy(self) -> None:
        since, rows = self._stage.now, self._table.copied()
        back_at = since + GOES_BACK + TAKES
        self._faults.no_store(since + GOES_BACK, back_at + AT_MOST)

        def restore() -> None:
            if self._faults.is_calm:
                return
            if self._stage.is_busy:
                self._stage.after(restore, seconds=1)
                return
            self._faults.end_no_store(self._stage.now)
            self._table.restore(rows)
            forget(self._ledger, since, self._table)
            self._judge.restored(since)
            self._say(f"the table is as it was at {since}")

        self._stage.at(back_at, restore)


def forget(ledger: Ledger, since: datetime, table: QuickTable) -> None:
    """The table is as it was then; nobody knows what was decided since."""
    now = ledger.stage.now
    ledger.lost.append((since, now))
    there = {visit.id: visit for visit in table.rows(Appointment)}
    for id_, visit in list(ledger.visits.items()):
        was = there.get(id_) or visit.evolve(status="cancelled")
        if was == visit:
            continue
        ledger.visits[id_] = was
        ledger.was[id_].append((now, was))
        ledger.open_visits.pop(id_, None)
        if was.is_open:
            ledger.open_visits[id_] = was
    requests = {request.id: request for request in table.rows(ConsultationRequest)}
    ledger.requests, ledger.asked = requests, {r.note: r.id for r in requests.values()}
    ledger.open_requests = {
        r.id: r for r in requests.values() if r.status in ("received", "proposed")
    }
    ledger.open_tasks = {t.id: t for t in table.rows(Task) if t.status is TaskStatus.OPEN}
    ledger.patients |= {patient.id: patient for patient in table.rows(Patient)}
    for number in ledger.phones:
        phone = table.get(Phone.ref(number)) or Phone(number=number)
        ledger.phones[number] = phone
        ledger.phone_was[number].append((now, phone))
    ledger.messages = {message.id: message for message in table.rows(Message)}
    ledger.messages_of.clear()
    for message in ledger.messages.values():
        ledger.messages_of[message.owner_id][message.id] = message
        ledger.changed_at[message.id] = now
    known = {text.sid for text in table.rows(InboundText)}
    ledger.heard = {sid: at for sid, at in ledger.heard.items() if sid in known}
    ledger.stop = standing(table.get(CircuitBreaker.ref()))
