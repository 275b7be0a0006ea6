"""From a request to the next day's check-in, over a table in memory."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.errors import AlreadyDecided, Invalid, SlotTaken
from chalicelib.domain.messaging.message import MessageStatus
from chalicelib.domain.messaging.segments import count
from chalicelib.domain.messaging.task import Task
from chalicelib.domain.visits.appointment import Appointment, AppointmentStatus
from chalicelib.ports import OutcomeUnknown
from chalicelib.transaction import Actor
from chalicelib.usecases.visits import attendance, book, reschedule
from tests.builders.looks import sent_kinds
from tests.builders.visits import booked
from tests.world import RUTH, World, at

WAITS_FOR_A_DISCHARGE = timedelta(hours=2)  # who has arrived may still be with us
NEXT_DAY_AT_TEN = datetime(2026, 12, 9, 16, 0, tzinfo=UTC)


def after_the_visit(world: World, visit: Appointment) -> dict[str, list[datetime]]:
    """When what is said after the visit left."""
    left_at_by_sid = {text.sid: text.created_at for text in world.texts.sent}
    told: dict[str, list[datetime]] = {}
    for message in world.messages(visit.id):
        if message.kind in attendance.AFTER_KINDS and message.sid is not None:
            told.setdefault(message.kind, []).append(left_at_by_sid[message.sid])
    return told


def test_a_request_causes_a_mail_to_each_of_the_staff_and_no_text() -> None:
    world = World()
    world.request()
    world.drain()
    assert sorted(mail.to for mail in world.mails.sent) == sorted(
        member.email for member in world.services.clinic.staff
    )
    assert world.texts.sent == []


def test_a_booked_visit_causes_the_texts_of_its_plan_each_once_and_in_order() -> None:
    world = World()
    booked(world)
    world.run_until(datetime(2026, 12, 12, tzinfo=UTC))
    assert sent_kinds(world) == [
        "welcome",
        "v1-confirmation",
        "v1-reminder",
        "v1-ride",
        "v1-preparation",
        "v1-same_day",
        "v1-aftercare",
        "v1-check_in",
    ]


def test_every_text_fits_its_segments_in_gsm7() -> None:
    world = World()
    booked(world)
    world.run_until(datetime(2026, 12, 12, tzinfo=UTC))
    sizes = {
        kind: count(body) for kind, body in zip(sent_kinds(world), world.texts.bodies, strict=True)
    }
    assert {size.encoding for size in sizes.values()} == {"GSM-7"}
    long = {kind for kind, size in sizes.items() if size.count > 1}
    assert long <= {"v1-preparation", "v1-aftercare"}
    assert all(size.count <= 2 for size in sizes.values())


def test_texts_leave_at_their_minute() -> None:
    world = World()
    visit = booked(world)
    world.run_until(datetime(2026, 12, 12, tzinfo=UTC))
    # On the clinic's clock: 17:00 the day before, 8:00 when quiet hours end, 10:00 the day after.
    left = dict(zip(sent_kinds(world), (text.created_at for text in world.texts.sent), strict=True))
    assert left["v1-preparation"] == datetime(2026, 12, 7, 23, 0, tzinfo=UTC)
    assert left["v1-same_day"] == datetime(2026, 12, 8, 14, 0, tzinfo=UTC)
    assert left["v1-aftercare"] == visit.end_at
    assert left["v1-check_in"] == datetime(2026, 12, 9, 16, 0, tzinfo=UTC)


def test_a_moved_visit_has_only_the_new_times_texts() -> None:
    world = World()
    visit = booked(world)
    reschedule.reschedule(
        world.context,
        appointment_id=visit.id,
        when=at("2026-12-10T13:00"),
        resource="room-2",
        actor=RUTH,
    )
    world.run_until(datetime(2026, 12, 14, tzinfo=UTC))
    assert [kind for kind in sent_kinds(world) if kind.startswith("v1")] == ["v1-confirmation"]
    assert [kind for kind in sent_kinds(world) if kind.startswith("v2")] == [
        "v2-moved",
        "v2-reminder",
        "v2-ride",
        "v2-preparation",
        "v2-same_day",
        "v2-aftercare",
        "v2-check_in",
    ]
    old = {m.status for m in world.messages(visit.id) if "v1-" in m.id and m.kind != "confirmation"}
    assert old == {MessageStatus.WITHDRAWN}


def test_a_cancelled_visit_is_followed_by_silence() -> None:
    world = World()
    visit = booked(world)
    before = len(world.texts.sent)
    reschedule.cancel(
        world.context,
        appointment_id=visit.id,
        reason_code="patient_asked",
        tell_patient=False,
        actor=RUTH,
    )
    world.run_until(datetime(2026, 12, 14, tzinfo=UTC))
    assert len(world.texts.sent) == before


def test_a_cancellation_is_told_if_that_is_wished() -> None:
    world = World()
    visit = booked(world)
    reschedule.cancel(
        world.context,
        appointment_id=visit.id,
        reason_code="clinic_closed",
        tell_patient=True,
        actor=RUTH,
    )
    world.run_until(datetime(2026, 12, 14, tzinfo=UTC))
    assert sent_kinds(world)[-1] == "v1-cancelled"


def test_a_no_show_gets_no_aftercare() -> None:
    world = World()
    visit = booked(world)
    world.run_until(visit.start_at + timedelta(minutes=30))
    attendance.record_no_show(world.context, appointment_id=visit.id, at=None, actor=RUTH)
    world.run_until(datetime(2026, 12, 14, tzinfo=UTC))
    assert not {"v1-aftercare", "v1-check_in"} & set(sent_kinds(world))


@pytest.mark.parametrize("minutes", [pytest.param(-40, id="early"), pytest.param(25, id="late")])
def test_aftercare_runs_from_the_recorded_discharge(minutes: int) -> None:
    world = World()
    visit = booked(world)
    if minutes < 0:
        world.run_until(visit.end_at + timedelta(minutes=minutes))
    else:
        world.run_until(visit.end_at - timedelta(minutes=1))
        attendance.record_arrival(world.context, appointment_id=visit.id, at=None, actor=RUTH)
        world.run_until(visit.end_at + timedelta(minutes=minutes))
    attendance.record_discharge(world.context, appointment_id=visit.id, at=None, actor=RUTH)
    world.run_until(datetime(2026, 12, 14, tzinfo=UTC))
    after = [m for m in world.messages(visit.id) if m.kind == "aftercare" and m.sid]
    assert len(after) == 1
    left_at = {text.sid: text.created_at for text in world.texts.sent}
    assert left_at[after[0].sid or ""] == visit.end_at + timedelta(minutes=minutes)
    assert len([k for k in sent_kinds(world) if "check_in" in k]) == 1


def test_a_second_discharge_is_refused_and_aftercare_runs_from_the_first() -> None:
    """F65."""
    world = World()
    visit = booked(world)
    world.run_until(visit.end_at - timedelta(minutes=20))
    first = world.clock.at
    attendance.record_discharge(world.context, appointment_id=visit.id, at=None, actor=RUTH)
    for later in (timedelta(seconds=2), timedelta(minutes=30)):
        world.run_for(seconds=later.total_seconds())
        with pytest.raises(AlreadyDecided):
            attendance.record_discharge(world.context, appointment_id=visit.id, at=None, actor=RUTH)
    world.run_until(datetime(2026, 12, 14, tzinfo=UTC))
    assert after_the_visit(world, visit) == {"aftercare": [first], "check_in": [NEXT_DAY_AT_TEN]}


@pytest.mark.parametrize(
    ("is_here", "waits"),
    [
        pytest.param(False, timedelta(0), id="nothing was recorded"),
        pytest.param(True, WAITS_FOR_A_DISCHARGE, id="the arrival was"),
    ],
)
def test_aftercare_leaves_once_also_when_no_discharge_is_ever_recorded(
    is_here: bool, waits: timedelta
) -> None:
    """F65: and no more when somebody records it days later."""
    world = World()
    visit = booked(world)
    world.run_until(visit.start_at)
    if is_here:
        attendance.record_arrival(world.context, appointment_id=visit.id, at=None, actor=RUTH)
    world.run_until(datetime(2026, 12, 11, tzinfo=UTC))
    once = {"aftercare": [visit.end_at + waits], "check_in": [NEXT_DAY_AT_TEN]}
    assert after_the_visit(world, visit) == once
    attendance.record_discharge(world.context, appointment_id=visit.id, at=None, actor=RUTH)
    world.run_until(datetime(2026, 12, 14, tzinfo=UTC))
    assert after_the_visit(world, visit) == once


def test_who_has_arrived_is_no_no_show_and_gets_aftercare() -> None:
    """F65: whoever errs takes the arrival back first."""
    world = World()
    visit = booked(world)
    world.run_until(visit.start_at + timedelta(minutes=5))
    attendance.record_arrival(world.context, appointment_id=visit.id, at=None, actor=RUTH)
    with pytest.raises(AlreadyDecided) as told:
        attendance.record_no_show(world.context, appointment_id=visit.id, at=None, actor=RUTH)
    assert told.value.by == "Ruth Example"
    world.run_until(datetime(2026, 12, 14, tzinfo=UTC))
    assert after_the_visit(world, visit) == {
        "aftercare": [visit.end_at + WAITS_FOR_A_DISCHARGE],
        "check_in": [NEXT_DAY_AT_TEN],
    }


def test_an_undone_discharge_brings_the_planned_aftercare_back_once() -> None:
    world = World()
    visit = booked(world)
    world.run_until(visit.start_at + timedelta(minutes=10))
    attendance.record_discharge(world.context, appointment_id=visit.id, at=None, actor=RUTH)
    attendance.undo(world.context, appointment_id=visit.id, actor=RUTH)
    again = world.store.get(Appointment.ref(visit.id))
    assert again is not None
    assert again.status is AppointmentStatus.BOOKED
    world.run_until(datetime(2026, 12, 14, tzinfo=UTC))
    assert len([k for k in sent_kinds(world) if "aftercare" in k]) == 1


def test_an_arrival_is_taken_back_after_the_ride_was_noted_and_only_once() -> None:
    world = World()
    visit = booked(world)
    world.run_until(visit.start_at - timedelta(minutes=10))
    attendance.record_arrival(world.context, appointment_id=visit.id, at=None, actor=RUTH)
    attendance.record_driver(world.context, appointment_id=visit.id, has="yes", actor=RUTH)
    back = attendance.undo(world.context, appointment_id=visit.id, actor=RUTH)
    assert (back.status, back.driver) == (AppointmentStatus.BOOKED, "yes")
    with pytest.raises(Invalid):
        attendance.undo(world.context, appointment_id=visit.id, actor=RUTH)


def test_a_second_decision_says_who_was_first() -> None:
    world = World()
    visit = booked(world)
    with pytest.raises(AlreadyDecided) as told:
        book.confirm(
            world.context,
            subject_id=visit.request_id or "",
            when=at("2026-12-09T09:00"),
            visit_type="iv_infusion",
            resource="room-1",
            actor=RUTH,
        )
    assert (told.value.by, told.value.at) == ("Ruth Example", world.clock.now())


def test_a_taken_slot_names_free_times_nearby() -> None:
    world = World()
    booked(world)
    with pytest.raises(SlotTaken) as told:
        booked(world, phone="+13165550143", name="Bo Example")
    assert told.value.free
    assert all(free > world.clock.now() for free in told.value.free)


@pytest.mark.parametrize(
    ("when", "field"),
    [
        pytest.param("2026-11-30T09:00", "starts_at", id="in the past"),
        pytest.param("2027-03-14T02:30", "starts_at", id="in the missing hour"),
        pytest.param("2027-11-07T01:30", "starts_at", id="in the doubled hour"),
        pytest.param("2026-12-08T23:00", "starts_at", id="past midnight"),
    ],
)
def test_a_time_that_cannot_be_is_refused_by_field(when: str, field: str) -> None:
    world = World()
    with pytest.raises(Invalid) as told:
        booked(world, when)
    assert list(told.value.messages_by_field) == [field]


def test_without_consent_no_text_leaves_and_mails_take_their_place() -> None:
    world = World()
    booked(world, sms_consent=False, detailed_consent=False)
    world.run_until(datetime(2026, 12, 14, tzinfo=UTC))
    assert world.texts.sent == []
    to_patient = [mail for mail in world.mails.sent if mail.to == "ana@example.org"]
    assert len(to_patient) >= 4


@pytest.mark.parametrize(
    ("now", "by"),
    [
        pytest.param("2026-12-02T04:00", "2026-12-02T06:00", id="10 PM: by midnight"),
        pytest.param("2026-12-02T07:30", "2026-12-02T15:00", id="1:30 AM: by the visit"),
    ],
)
def test_what_a_late_booking_cannot_text_is_called_before_the_fasting(now: str, by: str) -> None:
    world = World(datetime.fromisoformat(now).replace(tzinfo=UTC))
    booked(world, "2026-12-02T09:00")
    (call,) = [
        task
        for task in world.store.open("task")
        if isinstance(task, Task) and task.what == "call_with_preparation"
    ]
    assert call.deadline_at == datetime.fromisoformat(by).replace(tzinfo=UTC)


def test_without_consent_or_address_a_person_calls() -> None:
    world = World()
    booked(world, sms_consent=False, detailed_consent=False, email=None)
    world.run_until(datetime(2026, 12, 14, tzinfo=UTC))
    assert world.texts.sent == []
    assert {getattr(task, "what", "") for task in world.store.open("task")} >= {
        "call_with_confirmation",
        "call_with_preparation",
        "call_with_aftercare",
    }


def test_a_visit_that_is_moved_and_moved_back_keeps_only_the_last_times_texts() -> None:
    world = World()
    visit_id = booked(world).id
    for when in ("2026-12-09T09:00", "2026-12-08T09:00"):
        world.clock.at += timedelta(days=1)
        reschedule.reschedule(
            world.context, appointment_id=visit_id, when=at(when), resource="room-1", actor=RUTH
        )
        world.drain()
    world.run_until(datetime(2026, 12, 14, tzinfo=UTC))
    assert sent_kinds(world)[:4] == ["welcome", "v1-confirmation", "v2-moved", "v3-moved"]
    assert {kind.partition("-")[0] for kind in sent_kinds(world)[4:]} == {"v3"}
    assert len(world.texts.bodies) == len(set(world.texts.bodies))


def test_a_visit_cannot_be_moved_to_the_past() -> None:
    """F64: nothing of it changes, and the texts of its time leave."""
    world = World()
    visit = booked(world)
    for when in ("2026-11-30T09:00", "2026-12-01T12:00"):
        with pytest.raises(Invalid) as told:
            reschedule.reschedule(
                world.context,
                appointment_id=visit.id,
                when=at(when),
                resource="room-1",
                actor=RUTH,
            )
        assert list(told.value.messages_by_field) == ["starts_at"]
    kept = world.store.get(Appointment.ref(visit.id))
    assert kept is not None
    assert (kept.start_at, kept.version, kept.decisions) == (visit.start_at, 1, visit.decisions)
    world.run_until(datetime(2026, 12, 14, tzinfo=UTC))
    assert {kind.partition("-")[0] for kind in sent_kinds(world)[1:]} == {"v1"}


def test_of_two_who_book_the_same_request_at_once_the_second_learns_who_was_first() -> None:
    """R50: not that the slot is taken, which is the first one's own booking."""
    world = World()
    receipt = world.request()
    get_many = world.store.get_many
    entered: list[bool] = []

    def read_after_the_other(*refs: Any) -> tuple[Any, ...]:
        if not entered and any(ref.key.sk == "DAY" for ref in refs):
            entered.append(True)
            book.confirm(
                world.context,
                subject_id=receipt.reference,
                when=at("2026-12-08T09:30"),
                visit_type="iv_infusion",
                resource="room-1",
                actor=RUTH,
            )
        return get_many(*refs)

    world.store.get_many = read_after_the_other  # type: ignore[method-assign]
    with pytest.raises(AlreadyDecided) as told:
        book.confirm(
            world.context,
            subject_id=receipt.reference,
            when=at("2026-12-08T09:00"),
            visit_type="iv_infusion",
            resource="room-1",
            actor=Actor("sam", "Sam Scheduler"),
        )
    assert told.value.by == "Ruth Example"


def test_aftercare_follows_the_discharge_though_that_of_a_missed_time_has_left() -> None:
    """R20: nobody recorded that the patient did not come, and the visit was moved then."""
    world = World()
    visit = booked(world, "2026-12-08T09:00")
    world.run_until(datetime(2026, 12, 9, 20, 0, tzinfo=UTC))
    reschedule.reschedule(
        world.context,
        appointment_id=visit.id,
        when=at("2026-12-10T09:00"),
        resource="room-1",
        actor=RUTH,
    )
    world.run_until(datetime(2026, 12, 10, 16, 15, tzinfo=UTC))
    attendance.record_discharge(world.context, appointment_id=visit.id, at=None, actor=RUTH)
    world.run_until(datetime(2026, 12, 12, tzinfo=UTC))
    assert len([url for url in world.texts.callbacks if ".v2-aftercare" in url]) == 1


def test_aftercare_of_a_discharge_that_was_undone_waits_for_the_end() -> None:
    """F65: it was claimed for the discharge, and only later found never to have left."""
    world = World()
    visit = booked(world, "2026-12-08T09:00")
    world.run_until(datetime(2026, 12, 8, 15, 40, tzinfo=UTC))
    world.texts.before.append(OutcomeUnknown("503"))
    attendance.record_discharge(world.context, appointment_id=visit.id, at=None, actor=RUTH)
    world.drain()
    world.clock.at += timedelta(minutes=3)
    attendance.undo(world.context, appointment_id=visit.id, actor=RUTH)
    world.run_until(visit.end_at - timedelta(minutes=1))
    assert not [url for url in world.texts.callbacks if "aftercare" in url]
    world.run_until(visit.end_at + timedelta(hours=1))
    assert len([url for url in world.texts.callbacks if "aftercare" in url]) == 1
