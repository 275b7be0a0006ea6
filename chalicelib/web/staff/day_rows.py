"""What a day sheet shows, read from the store: who waits, what is to be done, who comes."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Generic, NamedTuple, TypeVar

from chalicelib import wiring
from chalicelib.clinic.profile_models import Resource
from chalicelib.domain.errors import Unreadable
from chalicelib.domain.messaging.task import Task
from chalicelib.domain.people.patient import Patient
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.record import Record
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.domain.visits.day_sheet import DaySheet
from chalicelib.domain.visits.request import ConsultationRequest
from chalicelib.tolerant_reads import read_each

Known = TypeVar("Known", Appointment, Patient)

PAGE = 100  # rows of one list on one page, so that it stays readable in a flood

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
    """Open requests and tasks, and what a person needs to know of their patients."""

    requests: Listed[ConsultationRequest]
    folded: Listed[ConsultationRequest]  #: suspicious ones
    folded_overdue: int  #: how many of those are overdue
    tasks: Listed[Task]  #: urgent ones first, then the others, each by deadline
    patients: Mapping[str, Patient]
    names: Mapping[str, Sequence[str]]  #: who uses a number, if its text does not say who sent it


class Row(NamedTuple):
    """A visit on the day sheet."""

    id: str
    starts_at: datetime
    ends_at: datetime
    visit: Appointment | None  #: None when it cannot be read
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


def visits_of(on: date, rooms: Sequence[Resource]) -> Sequence[tuple[str, list[Row] | None]]:
    """The visits of a day by room, in order of time; cancelled visits are not listed.

    A room that the clinic's data no longer has is listed while somebody is booked in it (R71). A
    row or a room's whole day sheet (None) that cannot be read hides no other (R35).
    """
    services = wiring.services()
    refs = [DaySheet.ref(room.id, on.isoformat()) for room in rooms]
    sheets = read_each(services.store, *refs)
    busy = [taken for sheet in sheets if isinstance(sheet, DaySheet) for taken in sheet.busy]
    found = _found(Appointment, {taken.appointment_id for taken in busy})
    patients = _patients({visit.patient_id for visit in found.values()})
    named = {room.id for room in services.clinic.resources}
    told: list[tuple[str, list[Row] | None]] = []
    for room, sheet in zip(rooms, sheets, strict=True):
        rows = None if isinstance(sheet, Unreadable) else _rows(sheet, found, patients)
        if room.id in named or rows != []:
            told.append((room.name, rows))
    return told


def _rows(
    sheet: DaySheet | None, found: Mapping[str, Appointment], patients: Mapping[str, Patient]
) -> list[Row]:
    return [
        Row(
            busy.appointment_id,
            busy.start_at,
            busy.end_at,
            visit := found.get(busy.appointment_id),
            patients.get(visit.patient_id) if visit is not None else None,
        )
        for busy in (sheet.busy if sheet is not None else ())
    ]


def _listed(asked: int, of: type[R], *kinds: str) -> Listed[R]:
    """One page of these kinds, one kind after the other; the last page for a page number beyond it.

    The rows are counted only if there is more than one page.
    """
    if asked == 1:
        found = _read_open(of, dict.fromkeys(kinds, 0), most=PAGE + 1)
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
    return Listed(_read_open(of, skips, most=PAGE), page, pages, count)


def _read_open(of: type[R], skips: Mapping[str, int], *, most: int) -> list[R]:
    """So many rows of these kinds in turn, after the given number of each is skipped."""
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
    rows = read_each(wiring.services().store, *map(Phone.ref, sorted(numbers))) if numbers else ()
    phones = [row for row in rows if isinstance(row, Phone)]
    patients = _patients({id_ for phone in phones for id_ in phone.patients})
    return {
        phone.number: [patients[id_].name for id_ in phone.patients if id_ in patients]
        for phone in phones
    }


def _patients(ids: set[str]) -> dict[str, Patient]:
    return _found(Patient, ids)


def _found(kind: type[Known], ids: set[str]) -> dict[str, Known]:
    """By id, those that exist and can be read."""
    refs = [kind.ref(id_) for id_ in sorted(ids)]
    rows = read_each(wiring.services().store, *refs) if refs else ()
    return {row.id: row for row in rows if isinstance(row, kind)}
