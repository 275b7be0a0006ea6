"""What must have come of every decision once all faults are over and nothing is due any more."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise

from chalicelib.clinic.careplan.plan import CarePlan
from chalicelib.clinic.careplan.step import AFTERWARDS
from chalicelib.clinic.profile import Clinic
from chalicelib.domain.messaging.message import Message
from chalicelib.domain.visits.appointment import Appointment, Course
from chalicelib.domain.visits.day_sheet import DaySheet
from chalicelib.domain.visits.request import ConsultationRequest
from chalicelib.messages.floods import end_of_span
from tests.simulation.engine.table import QuickTable
from tests.simulation.invariants.ledger import CALLED_OFF, RACE, VERSION, Ledger, hold
from tests.simulation.world.staff import STAFF

OFF = ("the visit was moved", "the visit was cancelled", "the patient did not come")


class Decisions:
    """Asked in the end of visits, requests and courses."""

    def __init__(
        self, ledger: Ledger, table: QuickTable, clinic: Clinic, plans: Mapping[str, CarePlan]
    ) -> None:
        self._ledger = ledger
        self._table = table
        self._clinic = clinic
        self._plans = plans
        self._rows = {row.id: row for row in table.rows(Message)}
        self._events: dict[str, Counter[str]] = defaultdict(Counter)
        for _, event in ledger.events:
            self._events[event.owner_id][event.what] += 1

    def of_visits(self) -> None:
        """Each is on its day sheet, its patient told, asked and looked after."""
        for visit_id, states in self._ledger.was.items():
            visits = [visit for _, visit in states]
            last = visits[-1]
            if self._ledger.is_erased(last.patient_id):
                continue
            self._told_of_the_end(last)
            self._asked_for_a_ride(visits)
            self._looked_after(last)
            self._rightly_withdrawn(visits)
            if last.course_id is None:
                hold(self._events[visit_id]["booked"] == 1, f"{visit_id} has no event (R56)")
            self._missed(states)

    def of_sheets(self) -> None:
        """What is busy is what is booked (R47)."""
        busy = {
            (taken.appointment_id, sheet.resource, taken.start_at)
            for sheet in self._table.rows(DaySheet)
            for taken in sheet.busy
        }
        visits = self._ledger.visits.values()
        booked = {(v.id, v.resource, v.start_at) for v in visits if v.status != "cancelled"}
        odd = sorted(f"{each[0]} on {each[1]}" for each in busy ^ booked)
        hold(not odd, f"day sheets and visits differ: {odd}")

    def of_requests(self) -> None:
        """Staff are reminded of each, each answer is said, and each stands on the timeline."""
        for id_, request in self._ledger.requests.items():
            events = self._events[id_]
            hold(events["request_received"] == 1, f"{id_} has no event (R56)")
            decided = Counter(decision.what for decision in request.decisions)
            for what in ("proposed", "declined"):
                hold(events[what] == decided[what], f"{id_} was {what}: {decided}, {events}")
            self._reminded(request)
            for n in range(decided["proposed"]):
                about = f"{id_}.v{n + 2}-proposed"
                hold(about in self._rows, f"{about} is missing")
            said = not decided["declined"] or f"{id_}.declined" in self._rows
            hold(said, f"{id_} was declined and nothing says so")
        for course in self._table.rows(Course):
            hold(f"{course.id}.overview" in self._rows, f"{course.id} has no overview (R49)")
            hold(self._events[course.id]["course_booked"] == 1, f"{course.id} has no event (R56)")

    def _reminded(self, request: ConsultationRequest) -> None:
        """Each by itself, or with others that were due about then (R48, R68)."""
        if request.is_told_with_others:
            until = end_of_span(request.answer_by)
            for about in ("waiting", "overdue"):
                there = f"FLOOD-{until:%Y%m%d%H%M}.{about}" in self._rows
                hold(there, f"{request.id}: nothing tells that it is {about} (R68)")
            return
        for staff_id in STAFF:
            there = f"{request.id}.request_waiting-{staff_id}" in self._rows
            hold(there, f"{staff_id} is not reminded of {request.id} (R48)")
        there = f"{request.id}.request_overdue-manager" in self._rows
        hold(there, f"{request.id}: the manager (R48)")

    def _told_of_the_end(self, visit: Appointment) -> None:
        steps = self._plans[visit.visit_type].steps
        owed = visit.status == "cancelled" and any(s.anchor.value == "cancelled" for s in steps)
        there = f"{visit.id}.v{visit.version}-cancelled" in self._rows
        hold(there or not owed, f"{visit.id} is cancelled, and its patient is not told")

    def _asked_for_a_ride(self, visits: list[Appointment]) -> None:
        """A person asks in time; what could not be texted any more is said by one (R17, R46)."""
        needs = self._clinic.kind(visits[0].visit_type).needs_driver
        for version in {visit.version for visit in visits}:
            about = f"{visits[0].id}.v{version}"
            asked = f"{about}-ride-unknown" in self._rows
            hold(asked or not needs, f"{about}: nobody asks about the ride home (R46)")
            for step in self._plans[visits[0].visit_type].steps:
                row = self._rows.get(f"{about}-{step.id}")
                skipped = row is not None and row.history and row.history[0].what == "skipped"
                if not skipped or step.kind.value != "preparation":
                    continue
                called = f"{about}-call-{step.id}" in self._rows
                hold(called, f"{about}-{step.id} was skipped, and nobody calls (R17)")

    def _looked_after(self, visit: Appointment) -> None:
        """Who may have come is owed all that follows a visit, once more after each undo (R20)."""
        if visit.status in CALLED_OFF:
            return
        rows = self._ledger.messages_of[visit.id]
        for step in self._plans[visit.visit_type].steps:
            found = [row for id_, row in rows.items() if row.step == step.id and is_of(id_, visit)]
            if step.anchor not in AFTERWARDS or not found:
                continue
            owed = any(self._rows[row.id].void_because is None for row in found)
            hold(owed, f"{visit.id} is {visit.status}, and every {step.id} was withdrawn")

    def _rightly_withdrawn(self, visits: list[Appointment]) -> None:
        """Nothing of a visit that stands was withdrawn as if it did not (R18)."""
        last, off = visits[-1], any(visit.status in CALLED_OFF for visit in visits)
        for id_ in self._ledger.messages_of[last.id]:
            row = self._rows[id_]
            if not is_of(id_, last) or off:
                continue
            wrong = row.void_because in OFF or row.reason == "it was changed since"
            hold(not wrong, f"{id_} was withdrawn: {row.void_because or row.reason}; it stands")

    def _missed(self, states: list[tuple[datetime, Appointment]]) -> None:
        """What a missed session means for the rest of its course is asked of a person."""
        for (_, before), (at, visit) in pairwise(states):
            if visit.status != "noshow" or before.status == "noshow" or visit.course_id is None:
                continue
            coming = [
                other
                for id_ in self._ledger.visits_of[visit.patient_id] - {visit.id}
                for other in [self._ledger.visit_at(id_, at - RACE)]
                if other is not None
                and other.course_id == visit.course_id
                and other.status == "booked"
                and other.start_at > at + RACE
                and self._ledger.visit_at(id_, at) == other
            ]
            about = f"{visit.id}.v{visit.version}-missed-"
            told = any(id_.startswith(about) for id_ in self._ledger.messages_of[visit.id])
            hold(told or not coming, f"{visit.id} was missed, and nobody is told")


def is_of(row_id: str, visit: Appointment) -> bool:
    """Whether the row is about the visit at this very time."""
    found = VERSION.search(row_id)
    return found is not None and int(found[1]) == visit.version
