"""What a world contains now, and what has left it."""

from chalicelib.adapters.rows import record_of
from chalicelib.domain.messaging.message import Message
from chalicelib.domain.messaging.task import Task
from chalicelib.domain.people.patient import Patient
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.visits.appointment import Appointment, Course
from chalicelib.domain.visits.request import ConsultationRequest
from chalicelib.usecases.patients import contact_details
from tests.builders.acts import ANA
from tests.world import World


def visit_of(world: World, visit_id: str) -> Appointment:
    found = world.store.get(Appointment.ref(visit_id))
    assert found is not None
    return found


def sessions_of(world: World, course: Course) -> list[Appointment]:
    found = world.store.get_many(*map(Appointment.ref, course.appointment_ids))
    return [visit for visit in found if visit is not None]


def request_of(world: World, reference: str) -> ConsultationRequest:
    found = world.store.get(ConsultationRequest.ref(reference))
    assert found is not None
    return found


def phone_of(world: World, number: str = ANA) -> Phone:
    found = world.store.get(Phone.ref(number))
    assert found is not None
    return found


def patient_of(world: World, subject_id: str) -> Patient:
    """The patient of that visit, course, request or record."""
    return contact_details.patient_of(world.context, subject_id)


def row(world: World, message_id: str) -> Message:
    found = world.store.get(Message.ref(message_id))
    assert found is not None
    return found


def tasks(world: World) -> list[str]:
    """The open tasks by title, urgent ones first."""
    return [task.what for task in world.open_tasks()]


def ever(world: World, what: str) -> list[Task]:
    """Every task of that kind, done or not."""
    rows = world.store._rows.values()
    found = [record_of(stored) for stored in rows if stored.get("record") == Task.KIND]
    return [task for task in found if isinstance(task, Task) and task.what == what]


def sent_kinds(world: World) -> list[str]:
    """The texts that left, in order: `welcome`, `v1-confirmation` …"""
    return [callback.partition("#")[0].rpartition(".")[2] for callback in world.texts.callbacks]


def confirmations(world: World) -> int:
    """How many texts left that confirm a booking."""
    return sum("is booked for" in body for body in world.texts.bodies)


def firsts(world: World) -> list[bool]:
    """For each text that left, whether it is a first text; without answers to a person's text."""
    owed = [body for body in world.texts.bodies if "are paused" not in body]
    return ["Msg & data rates" in body for body in owed]


def first_alone(texts: list[bool]) -> bool:
    return len(texts) > 1 and texts == [True, *[False] * (len(texts) - 1)]
