"""What stands on a day sheet, as it is read: who waits, what is to be done, who comes."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from chalicelib import wiring
from chalicelib.domain.appointment import Appointment, DaySheet
from chalicelib.domain.people import Patient, Phone
from chalicelib.domain.request import ConsultationRequest
from chalicelib.domain.work import Task

MOST = 500  # requests, and tasks, on one sheet: in a flood too it can be served and read


class Waiting(NamedTuple):
    """Requests and tasks that are open, and what a person needs to know of whom they are from."""

    requests: Sequence[ConsultationRequest]
    tasks: Sequence[Task]  #: urgent ones first, each kind by its deadline
    patients: Mapping[str, Patient]
    names: Mapping[str, Sequence[str]]  #: who uses a number, if a text from it does not say who


class Row(NamedTuple):
    """A visit on the sheet."""

    visit: Appointment
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
