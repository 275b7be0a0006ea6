"""A cry for help alarms staff and is answered, whatever else cannot be done or read."""

from datetime import timedelta

import pytest

from chalicelib.domain.change import Change
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.messaging.task import Task
from chalicelib.domain.people.patient import Patient
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.people.staff_member import StaffMember
from chalicelib.domain.record import Key, Record
from chalicelib.usecases.tasks import close_task
from tests.builders.acts import ANA, hear, spoil
from tests.builders.looks import tasks, visit_of
from tests.builders.visits import BO, booked
from tests.world import RUTH, World


def on_a_shared_phone() -> tuple[World, dict[str, Key]]:
    """A world where two patients share a phone, and the rows beside a text of theirs."""
    world = World()
    one, two = booked(world).id, booked(world, room="room-2", name=BO).id
    return world, {
        "phone": Phone.ref(ANA).key,
        "patient": Patient.ref(visit_of(world, one).patient_id).key,
        "other patient": Patient.ref(visit_of(world, two).patient_id).key,
        "staff": StaffMember.ref(world.services.clinic.staff[0].id).key,
    }


@pytest.mark.parametrize("odd", ["phone", "patient", "other patient", "staff"])
def test_a_cry_for_help_alarms_whatever_row_beside_it_cannot_be_read(odd: str) -> None:
    world, keys = on_a_shared_phone()
    spoil(world, keys[odd], record=odd.split()[-1], email=5, number=5)
    mails, sent = len(world.mails.sent), len(world.texts.sent)
    hear(world, "I have chest pain")
    assert tasks(world) == ["urgent_text"]
    assert len(world.mails.sent) - mails == (2 if odd == "staff" else 3)
    answered = any("911" in body for body in world.texts.bodies[sent:])
    # Nobody can be texted whose own row, or whose number's, is odd.
    assert answered is (odd != "phone")


@pytest.mark.parametrize("odd", ["phone", "patient"])
def test_whose_text_it_is_cannot_be_told_when_a_row_is_odd_so_a_person_reads_it(odd: str) -> None:
    world, keys = on_a_shared_phone()
    spoil(world, keys[odd], record=odd, email=5, number=5)
    hear(world, "C", sid="SM" + "a" * 32)
    hear(world, "C", sid="SM" + "a" * 32)
    (task,) = [t for t in world.store.open("task") if isinstance(t, Task)]
    assert (task.what, task.detail, task.number) == ("reply_to_read", "C", ANA)
    assert task.patient_id is None


def test_a_cry_for_help_that_is_a_stop_as_well_alarms_though_no_visit_can_be_looked_up() -> None:
    world, _ = on_a_shared_phone()
    of_patient, mails = world.store.of_patient, len(world.mails.sent)

    def silent(patient_id: str) -> list[Record]:
        raise Unavailable("query: ThrottlingException")

    world.store.of_patient = silent  # type: ignore[method-assign]
    for _ in range(2):
        with pytest.raises(Unavailable):
            hear(world, "STOP. I have chest pain", sid="SM" + "a" * 32)
    world.drain()
    assert tasks(world) == ["urgent_text"]
    world.store.of_patient = of_patient  # type: ignore[method-assign]
    hear(world, "STOP. I have chest pain", sid="SM" + "a" * 32)
    assert tasks(world).count("urgent_text") == 1
    assert tasks(world).count("opted_out_before_visit") == 2
    alarms = [mail for mail in world.mails.sent[mails:] if "urgent" in mail.subject.lower()]
    assert len(alarms) == 3


def answers(world: World) -> int:
    return sum("do not wait for us" in body for body in world.texts.bodies)


def hears(world: World, body: str) -> None:
    """The provider takes the word to heart as well as we do."""
    world.texts.hear(ANA, body)
    hear(world, body)


def test_who_could_not_be_answered_before_gets_the_urgent_answer_as_soon_as_it_can_leave() -> None:
    world = World()
    booked(world)
    world.clock.at += timedelta(minutes=1)
    hears(world, "STOP")
    hear(world, "chest pain")
    assert answers(world) == 0
    world.clock.at += timedelta(minutes=1)
    hears(world, "START")
    hear(world, "I want to kill myself")
    hear(world, "I want to kill myself")
    assert answers(world) == 1
    assert tasks(world).count("urgent_text") == 1


@pytest.mark.parametrize(
    ("after", "in_all"),
    [pytest.param(9, 1, id="a moment later"), pytest.param(10, 2, id="ten minutes later")],
)
def test_a_cry_for_help_that_joins_an_alarm_is_answered_again_after_a_while(
    after: int, in_all: int
) -> None:
    world = World()
    booked(world)
    hear(world, "overdose")
    world.clock.at += timedelta(minutes=after)
    hear(world, "overdose")
    assert answers(world) == in_all
    hear(world, "overdose")
    assert answers(world) == in_all


def test_a_cry_for_help_alarms_though_the_opt_out_beside_it_cannot_be_written() -> None:
    world, _ = on_a_shared_phone()
    commit = world.store.commit

    def failing(change: Change) -> None:
        world.store.commit = commit  # type: ignore[method-assign]
        raise Unavailable("transact_write_items: ThrottlingException")

    world.store.commit = failing  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        hear(world, "STOP. I have chest pain")
    world.drain()
    assert tasks(world) == ["urgent_text"]


def test_an_alarm_is_mailed_until_somebody_takes_it() -> None:
    """R44: through the night, every hour in the end, and then no more."""
    world = World()
    booked(world)
    hear(world, "I have chest pain")
    world.drain()

    def alarms() -> int:
        to_nurse = [mail for mail in world.mails.sent if mail.to == "nurse@example.com"]
        return sum("urgent" in mail.subject.lower() for mail in to_nurse)

    world.run_for(minutes=85)
    assert alarms() == 5
    world.run_for(hours=12)
    assert alarms() == 17
    (task,) = [task for task in world.open_tasks() if task.what == "urgent_text"]
    close_task(world.context, task_id=task.id, note="called", actor=RUTH)
    world.run_for(days=2)
    assert alarms() == 17
