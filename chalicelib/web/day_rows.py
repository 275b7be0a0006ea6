"""What stands on a day sheet, as it is read: who waits, what is to be done, who comes."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Generic, NamedTuple, TypeVar

from chalicelib import wiring
from chalicelib.domain.appointment import Appointment, DaySheet
from chalicelib.domain.people import Patient, Phone
from chalicelib.domain.record import Record
from chalicelib.domain.request import ConsultationRequest
from chalicelib.domain.work import Task

PAGE = 100  # rows of one list on one page: in a flood too it can be served and read

R = TypeVar("R", bound=Record)


class Pages(NamedTuple):
    """Which page of each list is asked for."""

    requests: int = 1
    folded: int = 1
    tasks: int = 1


class Listed(NamedTuple, Generic[R]):
    """One page of a list that may be longer."""

    rows: Sequence[R]
    page: int
    pages: int
    in_all: int  #: on all pages


class Waiting(NamedTuple):
    """Requests and tasks that are open, and what a person needs to know of whom they are from."""

    requests: Listed[ConsultationRequest]
    folded: Listed[ConsultationRequest]  #: suspicious ones
    folded_overdue: int  #: how many of those
    tasks: Listed[Task]  #: urgent ones first, each kind by its deadline
    patients: Mapping[str, Patient]
    names: Mapping[str, Sequence[str]]  #: who uses a number, if a text from it does not say who


class Row(NamedTuple):
    """A visit on the sheet."""

    visit: Appointment
    patient: Patient | None


def waiting(asked: Pages, now: datetime) -> Waiting:
    """A page of each list, by deadline; urgent tasks are before all others in any flood (R44)."""
    requests = _listed(asked.requests, ConsultationRequest, "request")
    folded = _listed(asked.folded, ConsultationRequest, "folded")
    tasks = _listed(asked.tasks, Task, "urgent", "task")
    ids = {r.patient_id for r in (*requests.rows, *folded.rows)}
    ids |= {t.patient_id for t in tasks.rows if t.patient_id}
    names = _names({t.number for t in tasks.rows if t.number and not t.patient_id})
    overdue = _overdue(folded, "folded", now)
    return Waiting(requests, folded, overdue, tasks, _patients(ids), names)


def visits_of(on: date) -> Mapping[str, list[Row]]:
    """The visits of a day by room, in order of time; cancelled ones have left the sheet."""
    services = wiring.services()
    rooms = services.clinic.resources
    sheets = services.store.get_many(*(DaySheet.ref(room.id, on.isoformat()) for room in rooms))
    ids = [busy.appointment_id for sheet in sheets if sheet is not None for busy in sheet.busy]
    visits = services.store.get_many(*(Appointment.ref(id_) for id_ in ids)) if ids else ()
    found = {visit.id: visit for visit in visits if visit is not None}
    patients = _patients({visit.patient_id for visit in found.values()})
    return {
        room.name: [
            Row(visit, patients.get(visit.patient_id))
            for busy in (sheet.busy if sheet is not None else ())
            if (visit := found.get(busy.appointment_id)) is not None
        ]
        for room, sheet in zip(rooms, sheets, strict=True)
    }


def _listed(asked: int, of: type[R], *kinds: str) -> Listed[R]:
    """One page of these kinds, one kind after the other; the last one for a page beyond it.

    Counted only where there is more than one page.
    """
    if asked == 1:
        found = _rows(of, dict.fromkeys(kinds, 0), most=PAGE + 1)
        if len(found) <= PAGE:
            return Listed(found, 1, 1, len(found))
    store = wiring.services().store
    counts = {kind: store.count_open(kind) for kind in kinds}
    count = sum(counts.values())
    pages = max(1, -(-count // PAGE))
    page = min(asked, pages)
    before, skips = (page - 1) * PAGE, {}
    for kind in kinds:
        skips[kind] = min(before, counts[kind])
        before -= skips[kind]
    return Listed(_rows(of, skips, most=PAGE), page, pages, count)


def _rows(of: type[R], skips: Mapping[str, int], *, most: int) -> list[R]:
    """So many of these kinds in turn, without the first of each."""
    found: list[R] = []
    for kind, skip in skips.items():
        if len(found) < most:
            rows = wiring.services().store.open(kind, limit=most - len(found), skip=skip)
            found += [row for row in rows if isinstance(row, of)]
    return found


def _overdue(listed: Listed[ConsultationRequest], kind: str, now: datetime) -> int:
    if listed.pages > 1:
        return wiring.services().store.count_open(kind, until=now)
    return sum(request.answer_by < now for request in listed.rows)


def _names(numbers: set[str]) -> dict[str, list[str]]:
    store = wiring.services().store
    rows = store.get_many(*map(Phone.ref, sorted(numbers))) if numbers else ()
    phones = [row for row in rows if row is not None]
    patients = _patients({id_ for phone in phones for id_ in phone.patients})
    return {
        phone.number: [patients[id_].name for id_ in phone.patients if id_ in patients]
        for phone in phones
    }


def _patients(ids: set[str]) -> dict[str, Patient]:
    rows = wiring.services().store.get_many(*map(Patient.ref, sorted(ids))) if ids else ()
    return {row.id: row for row in rows if row is not None}
