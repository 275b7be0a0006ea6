"""What stands on a day sheet, as it is read: who waits, what is to be done, who comes."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple, TypeVar

from chalicelib import wiring
from chalicelib.clinic.parts import Resource
from chalicelib.domain.appointment import Appointment, DaySheet
from chalicelib.domain.errors import Unreadable
from chalicelib.domain.people import Patient, Phone
from chalicelib.domain.request import ConsultationRequest
from chalicelib.domain.work import Task
from chalicelib.readable import read_each

R = TypeVar("R", Appointment, Patient)

MOST = 500  # requests, and tasks, on one sheet: in a flood too it can be served and read


class Waiting(NamedTuple):
    """Requests and tasks that are open, and what a person needs to know of whom they are from."""

    requests: Sequence[ConsultationRequest]
    tasks: Sequence[Task]  #: urgent ones first, each kind by its deadline
    patients: Mapping[str, Patient]
    names: Mapping[str, Sequence[str]]  #: who uses a number, if a text from it does not say who


class Row(NamedTuple):
    """A visit on the sheet."""

    id: str
    starts_at: datetime
    ends_at: datetime
    visit: Appointment | None  #: None when it cannot be read
    patient: Patient | None


def waiting() -> Waiting:
    """The requests and the tasks that are due first; an urgent task is there in any flood (R44)."""
    store = wiring.services().store
    requests = [r for r in store.open("request", limit=MOST) if isinstance(r, ConsultationRequest)]
    found = [*store.open("urgent", limit=MOST), *store.open("task", limit=MOST)]
    tasks = [task for task in found if isinstance(task, Task)]
    tasks.sort(key=lambda task: (not task.urgent, task.deadline_at))
    ids = {r.patient_id for r in requests} | {t.patient_id for t in tasks if t.patient_id}
    names = _names({t.number for t in tasks if t.number and not t.patient_id})
    return Waiting(requests, tasks, _patients(ids), names)


def visits_of(on: date, rooms: Sequence[Resource]) -> Sequence[tuple[str, list[Row] | None]]:
    """The visits of a day by room, in order of time; cancelled ones have left the sheet.

    A room that the clinic's data names no more is there while somebody is booked in it (R71). What
    cannot be read, a row or a room's whole sheet (None), hides no other (R35).
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


def _found(kind: type[R], ids: set[str]) -> dict[str, R]:
    """By their ids, those that are there and can be read."""
    refs = [kind.ref(id_) for id_ in sorted(ids)]
    rows = read_each(wiring.services().store, *refs) if refs else ()
    return {row.id: row for row in rows if isinstance(row, kind)}
