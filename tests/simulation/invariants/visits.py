"""What must hold of every visit in the end: its steps, its decisions, its aftercare."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from itertools import pairwise

from chalicelib.clinic.careplan.plan import CarePlan
from chalicelib.domain.audit import AuditEvent
from chalicelib.domain.messaging.message import LEFT, Channel, Message
from chalicelib.domain.visits.appointment import Appointment
from tests.simulation.engine.table import QuickTable
from tests.simulation.invariants.account import RETRY
from tests.simulation.invariants.ledger import VERSION, Ledger, hold

#: What is decided about a visit once it is booked.
DECIDED = frozenset({"moved", "cancelled", "arrived", "discharged", "no_show", "undone"})


class Visits:
    """Asked once all faults are over and nothing is due any more."""

    def __init__(self, ledger: Ledger, table: QuickTable, plans: Mapping[str, CarePlan]) -> None:
        self._ledger = ledger
        self._table = table
        self._plans = plans
        self._rows = {row.id: row for row in table.rows(Message)}

    def of_visits(self) -> None:
        """Each visit, at each time it was given, owes every step of its plan, or says why not.

        And each decision about it stands on its timeline (R56).
        """
        told: dict[str, str] = defaultdict(str)
        decided: Counter[str] = Counter()
        for event in self._table.rows(AuditEvent):
            told[event.owner_id] += event.facts.get("left_out", "")
            decided[event.owner_id] += event.what in DECIDED
        after: dict[tuple[str, int], list[Message]] = defaultdict(list)
        for row in self._rows.values():
            found = VERSION.search(row.id)
            if row.kind in ("aftercare", "check_in") and found is not None:
                after[row.owner_id, int(found[1])].append(row)
        for visit_id, states in self._ledger.was.items():
            changes = _changes([visit for _, visit in states])
            holds = decided[visit_id] == changes
            hold(
                holds, f"{visit_id} changed {changes} times, its timeline says {decided[visit_id]}"
            )
            for version in {visit.version for _, visit in states}:
                of_version = [visit for _, visit in states if visit.version == version]
                decision = "booked" if version == 1 else "moved"
                self._steps_of(of_version[0], decision, told)
                if of_version[-1].status == "fulfilled":
                    self._aftercare_of(of_version[-1], after[visit_id, version])

    def _steps_of(
        self,
        visit: Appointment,
        decision: str,
        told: Mapping[str, str],
    ) -> None:
        in_course = visit.course_id is not None
        for step in self._plans[visit.visit_type].steps:
            if step.anchor.value not in (decision, "start", "end", "discharge"):
                continue
            if in_course and (step.anchor.value == "booked" or step.when):
                continue
            there = f"{visit.id}.v{visit.version}-{step.id}" in self._rows
            hold(
                there or f"no {step.id}:" in told[visit.id],
                f"{visit.id} v{visit.version} has no {step.id}, and nothing says why",
            )

    def _aftercare_of(self, visit: Appointment, rows: list[Message]) -> None:
        """Who was treated gets aftercare once, or the row says why not (R20).

        What was said for an earlier time, which nobody knew to have been missed, does not count.
        """
        left: Counter[str] = Counter()
        for row in rows:
            is_first = RETRY.search(row.id) is None and row.channel is Channel.TEXT
            if is_first and row.status in LEFT:
                left[row.kind] += 1
        for kind, count in left.items():
            hold(count == 1, f"{visit.id} v{visit.version} got {kind} {count} times")


def _changes(states: list[Appointment]) -> int:
    """How often it was moved or came to another status."""
    seen = [(visit.version, visit.status) for visit in states]
    return sum(before != after for before, after in pairwise(seen))
