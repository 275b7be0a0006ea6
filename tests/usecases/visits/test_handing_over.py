"""A discharge too late for a text: the words are handed over, or somebody calls (R14)."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.messaging.message import Channel, Message, MessageStatus
from chalicelib.domain.messaging.task import Task
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.usecases.visits import attendance, book
from tests.builders.evenings import TONIGHT, aftercare, evening_clinic, left_after, session
from tests.builders.plans import wichita
from tests.world import RUTH, World, at

LATE = wichita(f"{TONIGHT} 23:40")
MIDDAY = wichita("2026-12-09 12:00")
CHECK_IN_AT = wichita("2026-12-09 10:00")
MORNING = wichita("2026-12-09 09:05")
LAST_NIGHT = wichita(f"{TONIGHT} 21:40")
CALL = "call_with_aftercare"


def goes_home(
    world: World,
    visit: Appointment,
    recorded: datetime,
    *,
    at: datetime | None = None,
    handed_over: bool = False,
) -> None:
    world.run_until(recorded)
    attendance.record_discharge(
        world.context, appointment_id=visit.id, at=at, actor=RUTH, handed_over=handed_over
    )
    world.drain()


def calls(world: World) -> list[Task]:
    return [task for task in world.open_tasks() if task.what == CALL]


def said(world: World, visit: Appointment) -> list[Message]:
    return [message for message in world.messages(visit.id) if message.kind == "aftercare"]


@pytest.mark.parametrize("address", ["ana@example.org", None], ids=["mailed too", "called"])
def test_words_that_were_not_handed_over_are_a_task_at_once_and_one_alone(
    address: str | None,
) -> None:
    world = evening_clinic()
    visit, _ = session(world, "23:55", email=address)
    goes_home(world, visit, LATE)
    (task,) = calls(world)
    assert task.urgent
    assert task.patient_id == visit.patient_id
    assert task.opened_at == LATE
    assert task.deadline_at <= LATE + timedelta(minutes=15)
    world.run_until(MIDDAY)
    assert len(calls(world)) == 1
    assert left_after(world, visit) == {"check_in": [CHECK_IN_AT]}
    mails = [m for m in said(world, visit) if m.channel is Channel.EMAIL]
    assert len(mails) == (address is not None)


def test_words_that_were_handed_over_are_neither_called_nor_mailed() -> None:
    world = evening_clinic()
    visit, _ = session(world, "23:55")
    goes_home(world, visit, LATE, handed_over=True)
    world.run_until(MIDDAY)
    assert calls(world) == []
    last = said(world, visit)[-1]
    assert (last.status, last.reason) == (
        MessageStatus.WITHDRAWN,
        "the words were handed over at the discharge",
    )
    assert [m.channel for m in said(world, visit)] == [Channel.TEXT, Channel.TEXT]
    assert left_after(world, visit) == {"check_in": [CHECK_IN_AT]}


@pytest.mark.parametrize("handed_over", [True, False])
def test_what_can_be_texted_is_texted_whatever_was_ticked(handed_over: bool) -> None:
    world = evening_clinic()
    visit, _ = session(world, "23:55")
    recorded = wichita(f"{TONIGHT} 23:29")
    goes_home(world, visit, recorded, handed_over=handed_over)
    world.run_until(MIDDAY)
    assert aftercare(world, visit) == [recorded]
    assert calls(world) == []


def test_what_was_texted_while_they_were_here_is_not_asked_about() -> None:
    """R20: nobody recorded the discharge in time, so it left at the clinic's time."""
    world = evening_clinic()
    visit, _ = session(world, "21:30")
    world.run_until(LATE)
    assert attendance.steps_to_hand_over(world.context, appointment_id=visit.id) == ()
    goes_home(world, visit, LATE)
    world.run_until(MIDDAY)
    assert len(aftercare(world, visit)) == 1
    assert calls(world) == []


def test_before_the_morning_there_is_a_call_and_the_text_follows() -> None:
    """It waits for the end of quiet hours and is still of use then."""
    world = evening_clinic()
    visit, end = session(world, "07:10")
    goes_home(world, visit, end)
    world.run_until(MIDDAY)
    assert [task.urgent for task in calls(world)] == [True]
    assert aftercare(world, visit) == [wichita(f"{TONIGHT} 08:00")]


def test_a_visit_without_aftercare_has_nothing_to_hand_over() -> None:
    world = evening_clinic()
    asked = world.request()
    visit = book.confirm(
        world.context,
        subject_id=asked.reference,
        when=at(f"{TONIGHT}T22:30"),
        visit_type="consultation",
        resource="room-1",
        actor=RUTH,
    )
    world.run_until(LATE)
    assert attendance.steps_to_hand_over(world.context, appointment_id=visit.id) == ()
    goes_home(world, visit, LATE)
    world.run_until(MIDDAY)
    assert calls(world) == []


@pytest.mark.parametrize("zone", ["America/Los_Angeles", None])
def test_it_is_asked_by_the_patients_night(zone: str | None) -> None:
    """R15: at twenty to ten where they say that they are, the text waits as well."""
    world = evening_clinic()
    visit, _ = session(world, "23:55", time_zone=zone)
    world.run_until(LATE)
    steps = attendance.steps_to_hand_over(world.context, appointment_id=visit.id)
    assert [step.id for step in steps] == ["aftercare"]
    early = world.clock.at = wichita(f"{TONIGHT} 22:50")
    assert attendance.steps_to_hand_over(world.context, appointment_id=visit.id) == ()
    goes_home(world, visit, early)
    assert aftercare(world, visit) == [early]


def test_what_nobody_said_last_night_is_a_task_to_call() -> None:
    """A discharge of last night that is recorded in the morning, after a night without ticks."""
    world = evening_clinic()
    visit, _ = session(world, "21:30")
    world.clock.at = MORNING
    attendance.record_discharge(world.context, appointment_id=visit.id, at=LAST_NIGHT, actor=RUTH)
    world.run_until(MIDDAY)
    assert aftercare(world, visit) == []
    (task,) = calls(world)
    assert not task.urgent
    assert MORNING < task.deadline_at <= MORNING + timedelta(hours=4)


def test_what_was_handed_over_last_night_is_no_task() -> None:
    world = evening_clinic()
    visit, _ = session(world, "21:30")
    world.clock.at = MORNING
    attendance.record_discharge(
        world.context, appointment_id=visit.id, at=LAST_NIGHT, actor=RUTH, handed_over=True
    )
    world.run_until(MIDDAY)
    assert calls(world) == []


@pytest.mark.parametrize(
    ("ends", "wishes"),
    [
        pytest.param("21:30", {}, id="it was texted"),
        pytest.param("23:00", {}, id="it was mailed"),
        pytest.param("23:00", {"email": None}, id="it is a task already"),
    ],
)
def test_what_was_said_last_night_is_not_said_again(ends: str, wishes: dict[str, Any]) -> None:
    world = evening_clinic()
    visit, _ = session(world, ends, **wishes)
    world.run_until(MORNING)
    before = {m.id for m in said(world, visit)}, len(calls(world))
    attendance.record_discharge(world.context, appointment_id=visit.id, at=LAST_NIGHT, actor=RUTH)
    world.run_until(MIDDAY)
    since = [m for m in said(world, visit) if m.id not in before[0] and m.sid is not None]
    assert (since, len(calls(world))) == ([], before[1])
