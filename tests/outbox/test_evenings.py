"""The aftercare of a session that ended in the evening leaves that evening (R14, R20, R34)."""

from datetime import UTC, datetime, time, timedelta

import pytest

from chalicelib.clinic.careplan.step import Offset, StepKind
from chalicelib.domain.messaging.message import Channel, Message, MessageStatus
from chalicelib.domain.visits.appointment import Appointment, AppointmentStatus
from chalicelib.outbox.outcomes import text_receipts
from chalicelib.ports import FailureClass, Refused
from chalicelib.usecases.visits import attendance
from tests.builders.evenings import (
    TONIGHT,
    aftercare,
    evening_clinic,
    left_after,
    session,
)
from tests.builders.looks import tasks
from tests.builders.plans import wichita
from tests.builders.visits import booked
from tests.world import RUTH, World

NEXT_MORNING = wichita("2026-12-09 08:30")
CHECK_IN_AT = wichita("2026-12-09 10:00")


def discharged(world: World, visit: Appointment, recorded: datetime, at: str = "") -> None:
    """Recorded then; it happened then, or at another time of that evening."""
    world.run_until(recorded)
    happened = wichita(f"{TONIGHT} {at}") if at else None
    attendance.record_discharge(world.context, appointment_id=visit.id, at=happened, actor=RUTH)


def rows(world: World, visit: Appointment, channel: Channel) -> list[Message]:
    about = [m for m in world.messages(visit.id) if "aftercare" in m.kind]
    return [message for message in about if message.channel is channel]


def test_the_aftercare_of_a_session_that_ends_at_nine_leaves_at_the_discharge() -> None:
    """R14, F103."""
    world = evening_clinic()
    visit, end = session(world, "21:00")
    discharged(world, visit, end + timedelta(minutes=5))
    world.run_until(wichita("2026-12-10 12:00"))
    assert left_after(world, visit) == {
        "aftercare": [end + timedelta(minutes=5)],
        "check_in": [CHECK_IN_AT],
    }
    assert "call_with_aftercare" not in tasks(world)


@pytest.mark.parametrize(
    ("recorded", "leaves"),
    [
        pytest.param("22:29", True, id="before the clinic's time"),
        pytest.param("22:30", True, id="at the clinic's time"),
        pytest.param("23:29", True, id="23:29 goes"),
        pytest.param("23:30", False, id="23:30 does not"),
        pytest.param("23:50", False, id="shortly before midnight"),
    ],
)
def test_a_discharge_that_is_recorded_before_half_past_eleven_is_followed_by_its_text(
    recorded: str, leaves: bool
) -> None:
    """R14."""
    world = evening_clinic()
    visit, _ = session(world, "23:00")
    # The patient is still here at the planned end, and somebody said so: the text falls back.
    at = wichita(f"{TONIGHT} {recorded}")
    discharged(world, visit, at)
    world.run_until(NEXT_MORNING)
    assert aftercare(world, visit) == ([at] if leaves else [])


def test_a_discharge_that_is_recorded_late_is_texted_within_a_quarter_of_an_hour() -> None:
    """R14: of the recording, whenever it happened."""
    world = evening_clinic()
    visit, _ = session(world, "23:20")
    recorded = wichita(f"{TONIGHT} 23:10")
    discharged(world, visit, recorded, at="22:20")
    world.run_until(NEXT_MORNING)
    assert aftercare(world, visit) == [recorded]


def test_what_could_not_leave_within_that_quarter_is_said_otherwise() -> None:
    world = evening_clinic()
    visit, _ = session(world, "23:30")
    recorded = wichita(f"{TONIGHT} 23:05")
    world.run_until(recorded)
    busy: list[Exception | None] = [Refused(FailureClass.RETRY, 429)] * 40
    world.texts.before.extend(busy)
    discharged(world, visit, recorded)
    world.run_until(recorded + timedelta(minutes=16))
    world.texts.before.clear()
    world.run_until(NEXT_MORNING)
    assert aftercare(world, visit) == []
    (mail,) = rows(world, visit, Channel.EMAIL)
    assert mail.status is MessageStatus.SENT
    assert mail.claimed_at is not None
    assert mail.claimed_at < wichita("2026-12-09 00:00")


@pytest.mark.parametrize(
    ("ends", "leaves"),
    [
        pytest.param("20:55", True, id="before quiet hours"),
        pytest.param("21:00", True, id="as they begin"),
        pytest.param("22:29", True, id="22:29 goes"),
        pytest.param("22:30", False, id="22:30 does not"),
        pytest.param("23:30", False, id="late at night"),
    ],
)
@pytest.mark.parametrize("address", ["ana@example.org", None], ids=["mailed", "called"])
def test_without_a_record_the_planned_end_counts_and_nothing_dies_in_silence(
    ends: str, leaves: bool, address: str | None
) -> None:
    """R14, R20, R11."""
    world = evening_clinic()
    visit, end = session(world, ends, is_here=False, email=address)
    world.run_until(NEXT_MORNING)
    assert aftercare(world, visit) == ([end] if leaves else [])
    instead = [] if leaves else [Channel.EMAIL if address else Channel.TASK]
    said = [m for m in world.messages(visit.id) if m.kind.endswith("aftercare")]
    assert [m.channel for m in said if m.channel is not Channel.TEXT] == instead
    assert tasks(world).count("call_with_aftercare") == instead.count(Channel.TASK)


@pytest.mark.parametrize(
    ("ends", "leaves"),
    [
        pytest.param("19:00", "21:00", id="two hours past the planned end"),
        pytest.param("20:10", "22:10", id="two hours, into the night"),
        pytest.param("21:00", "22:20", id="no later than the clinic's time"),
        pytest.param("22:25", "22:25", id="no time to wait"),
    ],
)
def test_who_is_still_here_gets_it_at_the_discharge_or_while_it_may_still_leave(
    ends: str, leaves: str
) -> None:
    """R20: ten minutes before the clinic's time, as before the end of its window."""
    world = evening_clinic()
    visit, _ = session(world, ends)
    world.run_until(NEXT_MORNING)
    assert aftercare(world, visit) == [wichita(f"{TONIGHT} {leaves}")]
    attendance.record_discharge(world.context, appointment_id=visit.id, at=None, actor=RUTH)
    world.run_until(wichita("2026-12-10 12:00"))
    assert len(aftercare(world, visit)) == 1


def test_the_clinic_says_until_when() -> None:
    world = evening_clinic(aftercare_until=time(21, 30))
    visit, _ = session(world, "21:30", is_here=False)
    world.run_until(NEXT_MORNING)
    assert aftercare(world, visit) == []


@pytest.mark.parametrize(
    ("zone", "ends", "leaves"),
    [
        pytest.param("America/New_York", "20:30", "20:30", id="their quiet hours began"),
        pytest.param("America/New_York", "22:15", "22:15", id="after eleven where they are"),
        pytest.param("America/Denver", "22:40", "", id="their quiet hours, past our time"),
        pytest.param("America/Los_Angeles", "22:40", "22:40", id="not yet quiet there"),
    ],
)
def test_the_evening_is_the_clinics_and_quiet_hours_are_the_patients(
    zone: str, ends: str, leaves: str
) -> None:
    """R14, R15."""
    world = evening_clinic()
    visit, _ = session(world, ends, is_here=False, time_zone=zone)
    world.run_until(NEXT_MORNING)
    assert aftercare(world, visit) == ([wichita(f"{TONIGHT} {leaves}")] if leaves else [])


def test_a_morning_is_no_evening() -> None:
    """R14: half past six where they say that they are."""
    world = evening_clinic()
    visit, _ = session(world, "10:30", is_here=False, time_zone="Pacific/Honolulu")
    world.run_until(NEXT_MORNING)
    assert aftercare(world, visit) == [wichita(f"{TONIGHT} 12:00")]


def test_neither_a_check_in_nor_a_confirmation_leaves_beside_it() -> None:
    """R14: the aftercare alone."""
    world = evening_clinic()
    plans = dict(world.services.plans)
    tonight = Offset(days=0, at=time(21, 40))
    plans["iv_infusion"] = plans["iv_infusion"].model_copy(
        update={
            "steps": tuple(
                step.model_copy(update={"offset": tonight, "useful_for": timedelta(hours=20)})
                if step.kind is StepKind.CHECK_IN
                else step
                for step in plans["iv_infusion"].steps
            )
        }
    )
    world.replace(plans=plans)
    visit, end = session(world, "21:10")
    discharged(world, visit, end)
    world.run_until(end + timedelta(minutes=10))
    other = booked(world, "2026-12-20T10:00", phone="+13165550143")
    world.run_until(NEXT_MORNING)
    morning = wichita("2026-12-09 08:00")
    assert left_after(world, visit) == {"aftercare": [end], "check_in": [morning]}
    confirmed = world.message(other.id, "v1-confirmation").claimed_at
    assert confirmed is not None
    assert confirmed >= morning


def test_the_provider_may_try_to_the_end_of_its_window() -> None:
    """R34: and into quiet hours with nothing else."""
    world = evening_clinic()
    visit, end = session(world, "20:50")
    discharged(world, visit, end)
    world.drain()
    assert world.texts.validity[-1] == timedelta(hours=3, minutes=10)
    booked(world, "2026-12-20T10:00", phone="+13165550143")
    assert world.texts.validity[-1] == timedelta(minutes=10)


def test_a_text_that_was_not_delivered_is_tried_again_only_that_evening() -> None:
    """R14, R33: a new row is held to the same hours."""
    for recorded, tried in (("21:20", 2), ("23:25", 1)):
        world = evening_clinic()
        visit, _ = session(world, "23:30")
        discharged(world, visit, wichita(f"{TONIGHT} {recorded}"))
        world.drain()
        (text,) = [m for m in rows(world, visit, Channel.TEXT) if m.sid]
        text_receipts.take(
            world.delivery_context,
            text.id,
            sid=text.sid or "",
            to=text.to or "",
            status="undelivered",
            error_code=30005,
        )
        world.run_until(NEXT_MORNING)
        assert len([url for url in world.texts.callbacks if "aftercare" in url]) == tried
        if tried == 1:
            assert [mail.status for mail in rows(world, visit, Channel.EMAIL)] == [
                MessageStatus.SENT
            ]


@pytest.mark.parametrize("address", ["ana@example.org", None], ids=["mailed", "called"])
def test_aftercare_that_waits_for_a_first_text_of_the_morning_is_said_otherwise_at_once(
    address: str | None,
) -> None:
    """R4, R14: the first text to a number goes before, and quiet hours hold it."""
    world = evening_clinic()
    world.clock.at = wichita(f"{TONIGHT} 21:05")
    visit = booked(world, f"{TONIGHT}T21:10", email=address)
    recorded = wichita(f"{TONIGHT} 22:00")
    discharged(world, visit, recorded)
    world.run_until(recorded + timedelta(minutes=15))
    instead = [m.channel for m in world.messages(visit.id) if m.kind.endswith("aftercare")]
    assert instead.count(Channel.EMAIL if address else Channel.TASK) == 1
    assert tasks(world).count("call_with_aftercare") == (address is None)
    world.run_until(NEXT_MORNING)
    assert aftercare(world, visit) == []
    assert world.texts.sent[0].created_at == wichita("2026-12-09 08:00")


def test_nobody_who_did_not_come_is_texted_at_night() -> None:
    world = evening_clinic()
    visit, end = session(world, "21:30", is_here=False)
    world.run_until(end - timedelta(hours=1))
    missed = attendance.record_no_show(world.context, appointment_id=visit.id, at=None, actor=RUTH)
    assert missed.status is AppointmentStatus.NOSHOW
    world.run_until(datetime(2026, 12, 10, tzinfo=UTC))
    assert aftercare(world, visit) == []
