"""What must hold at once of every decision: it did what its timeline says, once, for this time."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from chalicelib.clinic.careplan.plan import CarePlan
from chalicelib.clinic.careplan.schedule import due_times
from chalicelib.clinic.careplan.step import AFTERWARDS
from chalicelib.clinic.profile import Clinic
from chalicelib.domain.audit import AuditEvent
from chalicelib.domain.messaging.message import Channel, Message, MessageStatus
from chalicelib.domain.visits.appointment import Appointment
from tests.simulation.invariants.ledger import VERSION, Ledger, hold
from tests.simulation.invariants.lives import Lives
from tests.simulation.invariants.noted import Applied
from tests.simulation.invariants.replies import Replies

MOMENT = timedelta(milliseconds=2)  # times are stored in milliseconds
#: Calls that are about a visit as it was when they were written.
ABOUT_VISIT = frozenset({"ride_unknown", "call_with_preparation", "question_left_out"})

After = Callable[[Ledger, AuditEvent], bool]


def _visit(check: Callable[[Appointment], bool]) -> After:
    return lambda ledger, event: check(ledger.visits[event.owner_id])


def _opted_out(ledger: Ledger, event: AuditEvent) -> bool:
    phone = ledger.phones.get(ledger.patients[event.owner_id].phone)
    return phone is not None and phone.opted_out_at is not None


def _ended_own(ledger: Ledger, event: AuditEvent) -> bool:
    patient = ledger.patients[event.owner_id]
    return patient.texts_ended_at is not None and patient.mail_to is None


#: What is so at once when the timeline says that this was decided.
IS_SO: Mapping[str, After] = {
    "arrived": _visit(lambda visit: visit.status == "arrived"),
    "discharged": _visit(lambda visit: visit.status == "fulfilled"),
    "no_show": _visit(lambda visit: visit.status == "noshow"),
    "cancelled": _visit(lambda visit: visit.status == "cancelled"),
    "moved": _visit(lambda visit: visit.confirmed_at is None and visit.driver is None),
    "confirmed": _visit(lambda visit: visit.confirmed_at is not None),
    "driver": _visit(lambda visit: visit.driver is not None),
    "declined": lambda ledger, event: ledger.requests[event.owner_id].status == "declined",
    "proposed": lambda ledger, event: ledger.requests[event.owner_id].status == "proposed",
    "opted_out": _opted_out,
    "own_messages_ended": _ended_own,
    "texts_resumed": lambda ledger, event: not _opted_out(ledger, event),
}


class Effects:
    """Asked with every change that is written."""

    def __init__(self, ledger: Ledger, clinic: Clinic, plans: Mapping[str, CarePlan]) -> None:
        self._ledger = ledger
        self._plans = plans
        self._clinic = clinic
        self._lives = Lives(ledger, clinic)
        self._replies = Replies(ledger)

    def of(self, applied: Applied) -> None:
        """A change was written; the ledger has noted it."""
        for event in applied.events:
            so = IS_SO.get(event.what)
            hold(
                so is None or so(self._ledger, event),
                f"{event.owner_id}: {event.what}, and it is not so",
            )
            if event.what in ("discharged", "undone"):
                self._due_from_the_end(self._ledger.visits[event.owner_id])
        for before, visit in applied.visits:
            self._booked_once(before, visit)
        for was, row in applied.rows:
            if was is None:
                self._replies.written(row)
            self._lives.written(was, row, applied.stop_before)
            self._opened(was, row)
        if applied.stop is not None:
            self._lives.probed(applied.stop)

    def _booked_once(self, before: Appointment | None, visit: Appointment) -> None:
        """A request is answered once (R50)."""
        if before is not None or visit.request_id is None or self._ledger.lost:
            return
        for id_ in self._ledger.visits_of[visit.patient_id] - {visit.id}:
            other = self._ledger.visits[id_]
            one_course = visit.course_id is not None and other.course_id == visit.course_id
            again = other.request_id == visit.request_id and not one_course
            hold(not again, f"{visit.request_id} was booked twice: {other.id}, {visit.id}")

    def _due_from_the_end(self, visit: Appointment) -> None:
        """What waits for the end of a visit waits for the recorded one, else the planned (R20)."""
        for row in self._ledger.messages_of[visit.id].values():
            found = VERSION.search(row.id)
            waits = row.status is MessageStatus.PENDING and row.void_because is None
            step = self._plans[visit.visit_type].find(row.step or "")
            is_now = found is not None and int(found[1]) == visit.version and not row.facts.retry
            if not (waits and is_now and step and step.anchor in AFTERWARDS) or row.attempt:
                continue
            if row.channel is not Channel.TEXT:
                continue
            times = due_times(
                self._plans[visit.visit_type],
                step,
                start=visit.start_at,
                end=visit.end_at,
                zone=self._clinic.zone,
                discharged_at=visit.discharged_at,
            )
            right = abs(row.scheduled_at - times.due_at) < MOMENT
            hold(right, f"{row.id} is meant for {row.scheduled_at}, not for {times.due_at} (R20)")

    def _opened(self, before: Message | None, row: Message) -> None:
        """A call about a visit is made while the visit is as it was when that was written."""
        found = VERSION.search(row.id)
        visit = self._ledger.visits.get(row.owner_id)
        is_new = row.status is MessageStatus.SENT and (before is None or before.status != "sent")
        if not is_new or row.kind not in ABOUT_VISIT or found is None or visit is None:
            return
        right = visit.status == "booked" and int(found[1]) == visit.version
        hold(right, f"{row.id} was opened though the visit is {visit.status} v{visit.version}")
