"""What must hold of visits at once, with every change that is written."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date

from chalicelib.clinic.careplan.plan import CarePlan
from chalicelib.clinic.profile import Clinic
from chalicelib.domain.change import Change
from chalicelib.domain.messaging.message import WAITING, Message
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.ports import Store
from tests.simulation.invariants.effects import Effects
from tests.simulation.invariants.ledger import CALLED_OFF, VERSION, Ledger, hold


class Commits:
    """Has the ledger note each change, and checks the visits that it touched."""

    def __init__(self, ledger: Ledger, clinic: Clinic, plans: Mapping[str, CarePlan]) -> None:
        self._ledger = ledger
        self._effects = Effects(ledger, clinic, plans)
        self._by_place: dict[tuple[str, date], set[str]] = defaultdict(set)

    def applied(self, change: Change, table: Store) -> None:
        """A change was written."""
        applied = self._ledger.applied(change, table)
        self._effects.of(applied)
        for before, visit in applied.visits:
            if before is not None and _changed(before, visit):
                self._withdrawn(visit, table)
            self._alone(visit)

    def _withdrawn(self, visit: Appointment, table: Store) -> None:
        """With a move or a cancellation, all that waited for the old time is void (R18).

        The decision could not know what a courier made meanwhile; that is withdrawn when it comes
        due.
        """
        stage = self._ledger.stage
        act = stage.current
        began_at = act.began_at if act is not None and act.began_at else stage.now
        for record in table.owned(visit.id):
            if not isinstance(record, Message) or record.status not in WAITING:
                continue
            found = VERSION.search(record.id)
            if self._ledger.first_seen[record.id] >= began_at:
                continue
            if found is None or record.subject is None:
                continue
            is_owed = visit.status in record.subject.statuses
            is_off = visit.status in CALLED_OFF and not is_owed
            is_old = int(found[1]) < visit.version or is_off
            hold(
                not is_old or record.void_because is not None,
                f"{record.id} still waits though {visit.id} is {visit.status} v{visit.version}",
            )

    def _alone(self, visit: Appointment) -> None:
        """Nothing else is booked on the same resource at the same time (R47)."""
        if visit.status in CALLED_OFF:
            return
        place = (visit.resource, visit.start_at.date())
        self._by_place[place].add(visit.id)
        for other in (self._ledger.visits[id_] for id_ in sorted(self._by_place[place])):
            meets = (
                other.id != visit.id
                and other.resource == visit.resource
                and other.status not in CALLED_OFF
                and other.start_at < visit.end_at
                and visit.start_at < other.end_at
            )
            hold(not meets, f"{visit.id} and {other.id} are both on {visit.resource}")


def _changed(before: Appointment, now: Appointment) -> bool:
    return now.version != before.version or (
        now.status in CALLED_OFF and before.status != now.status
    )
