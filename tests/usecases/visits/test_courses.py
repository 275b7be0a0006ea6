"""Courses: booked all or none, their rule, and what one session means for the rest (R49)."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from chalicelib.clinic.careplan.plan import CarePlan
from chalicelib.domain.audit import AuditEvent
from chalicelib.domain.errors import Invalid, SlotTaken
from chalicelib.domain.messaging.message import MessageStatus
from chalicelib.domain.messaging.task import Task
from chalicelib.domain.visits.appointment import Appointment, Course
from chalicelib.usecases.visits import attendance, book, book_course, reschedule
from tests.builders.looks import sent_kinds, sessions_of
from tests.builders.plans import a_step
from tests.builders.visits import course_of, with_course_rule
from tests.world import RUTH, World, at

WELCOME_AND_OVERVIEW = ["welcome", "overview"]


def days(world: World, course: Course) -> list[date]:
    return [visit.start_at.date() for visit in sessions_of(world, course)]


def with_first_step(world: World) -> World:
    """A world whose IV plan says something before the first session of a course alone."""
    plan: CarePlan = world.services.plans["iv_infusion"]
    step = a_step(
        id="first_time",
        kind="preparation",
        offset={"days": -3, "at": "10:00"},
        useful_for="6h",
        when=["first_of_course"],
    )
    changed = plan.model_copy(update={"steps": (*plan.steps, step)})
    world.replace(plans={**world.services.plans, "iv_infusion": changed})
    return world


def test_a_course_is_all_or_nothing_with_one_overview() -> None:
    world = World()
    course = course_of(world, sessions=6, spacing_days=3)
    world.drain()
    assert len(course.appointment_ids) == 6
    assert sent_kinds(world) == WELCOME_AND_OVERVIEW
    assert "6 visits" in world.texts.bodies[1]
    assert [visit.session for visit in sessions_of(world, course)] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("visit_type", [kind.code for kind in World().services.clinic.visit_types])
def test_nine_sessions_fit_one_decision(visit_type: str) -> None:
    """F27: whatever the shipped plan, and with everything that the request still owes."""
    world = World()
    kind = world.services.clinic.visit_type(visit_type)
    course = course_of(world, visit_type=visit_type, resource=kind.resources[0], sessions=9)
    assert len(course.appointment_ids) == 9


def test_a_course_with_a_clash_books_nothing_and_names_it() -> None:
    world = World()
    other = world.request(phone="+13165550143", name="Bo Example")
    book.confirm(
        world.context,
        subject_id=other.reference,
        when=at("2026-12-11T09:00"),
        visit_type="iv_infusion",
        resource="room-1",
        actor=RUTH,
    )
    with pytest.raises(SlotTaken) as told:
        course_of(world, spacing_days=3)
    assert told.value.clashes == (datetime(2026, 12, 11, 15, 0, tzinfo=UTC),)
    assert told.value.free
    assert world.store.open("request") != []


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        pytest.param(
            {"spacing_days": 1},
            "spacing_days",
            "Tue Dec 8 and Wed Dec 9 are too close: from one session to the next there are at"
            " least 2 days.",
            id="too close",
        ),
        pytest.param(
            {"spacing_days": None, "weekdays": (1, 2)},
            "weekdays",
            "Tue Dec 8 and Wed Dec 9 are too close: from one session to the next there are at"
            " least 2 days.",
            id="too close on weekdays",
        ),
        pytest.param(
            {"sessions": 9, "spacing_days": 12},
            "spacing_days",
            "The course would last 96 days; at most 90 are allowed.",
            id="too long",
        ),
    ],
)
def test_gap_and_span_are_the_clinic_s(changes: dict[str, Any], field: str, said: str) -> None:
    world = World()
    with pytest.raises(Invalid) as told:
        course_of(world, **changes)
    assert told.value.messages_by_field == {field: said}
    assert world.store.open("request") != []


@pytest.mark.parametrize(
    ("spacing", "sessions"),
    [pytest.param(2, 3, id="just far enough"), pytest.param(45, 3, id="just short enough")],
)
def test_the_rule_s_own_limits_are_allowed(spacing: int, sessions: int) -> None:
    assert course_of(World(), spacing_days=spacing, sessions=sessions)


def test_weekdays_keep_the_time_of_day_over_a_change_of_clocks() -> None:
    world = World(datetime(2027, 3, 1, 18, tzinfo=UTC))
    course = course_of(
        world,
        first=at("2027-03-09T09:00"),
        sessions=4,
        spacing_days=None,
        weekdays=(1, 4),
    )
    zone = world.services.clinic.zone
    assert [
        f"{v.start_at.astimezone(zone):%a %m-%d %H:%M}" for v in sessions_of(world, course)
    ] == [
        "Tue 03-09 09:00",
        "Fri 03-12 09:00",
        "Tue 03-16 09:00",
        "Fri 03-19 09:00",
    ]


def move(world: World, visit: Appointment, when: str) -> Appointment:
    return reschedule.reschedule(
        world.context, appointment_id=visit.id, when=at(when), resource="room-1", actor=RUTH
    )


def test_a_moved_session_leaves_the_others_where_they_are() -> None:
    world = World()
    course = course_of(world)
    _, second, _ = sessions_of(world, course)
    move(world, second, "2026-12-16T09:00")
    assert days(world, course) == [date(2026, 12, 8), date(2026, 12, 16), date(2026, 12, 22)]
    assert [visit.version for visit in sessions_of(world, course)] == [1, 2, 1]


@pytest.mark.parametrize(
    "when",
    [
        pytest.param("2026-12-09T09:00", id="too near to the one before"),
        pytest.param("2026-12-21T09:00", id="too near to the one after"),
        pytest.param("2026-12-23T09:00", id="past the one after"),
        pytest.param("2026-12-07T09:00", id="before the one before"),
    ],
)
def test_a_session_is_not_moved_too_near_to_its_neighbours(when: str) -> None:
    world = World()
    course = course_of(world)
    with pytest.raises(Invalid) as told:
        move(world, sessions_of(world, course)[1], when)
    assert list(told.value.messages_by_field) == ["starts_at"]
    assert "too close" in told.value.messages_by_field["starts_at"]
    assert [visit.version for visit in sessions_of(world, course)] == [1, 1, 1]


def test_a_move_may_not_make_the_course_too_long() -> None:
    world = with_course_rule(World(), min_gap_days=1, max_span_days=20)
    course = course_of(world)
    with pytest.raises(Invalid, match="another look"):
        move(world, sessions_of(world, course)[2], "2026-12-29T09:00")
    assert move(world, sessions_of(world, course)[2], "2026-12-28T09:00")


def test_a_neighbour_that_moves_meanwhile_is_seen() -> None:
    """Two moves that are each right alone, and together too near: the second is refused."""
    world = World()
    course = course_of(world)
    first, second, _ = sessions_of(world, course)
    commit = world.store.commit
    entered: list[Any] = []

    def commit_after_the_other(change: Any) -> None:
        if not entered:
            entered.append(change)
            move(world, first, "2026-12-12T09:00")
        commit(change)

    world.store.commit = commit_after_the_other  # type: ignore[method-assign]
    with pytest.raises(Invalid):
        move(world, second, "2026-12-13T09:00")
    assert days(world, course)[:2] == [date(2026, 12, 12), date(2026, 12, 15)]


def cancel(world: World, visit: Appointment) -> None:
    reschedule.cancel(
        world.context,
        appointment_id=visit.id,
        reason_code="patient_asked",
        tell_patient=True,
        actor=RUTH,
    )


def test_a_cancelled_session_leaves_the_others_standing() -> None:
    world = World()
    course = course_of(world)
    _, second, _ = sessions_of(world, course)
    cancel(world, second)
    assert [visit.status for visit in sessions_of(world, course)] == [
        "booked",
        "cancelled",
        "booked",
    ]
    world.run_until(datetime(2026, 12, 24, tzinfo=UTC))
    about = [callback.partition("#")[0].rpartition("/")[2] for callback in world.texts.callbacks]
    assert [name for name in about if second.id in name] == [f"{second.id}.v1-cancelled"]
    third = course.appointment_ids[2]
    assert f"{third}.v1-preparation" in about


def test_what_is_told_before_the_first_session_passes_on_when_that_is_cancelled() -> None:
    world = with_first_step(World())
    course = course_of(world)
    first, second, third = sessions_of(world, course)
    assert world.message(first.id, "v1-first_time").status is MessageStatus.PENDING
    assert [m.id for m in world.messages(second.id) if m.step == "first_time"] == []
    cancel(world, first)
    assert world.message(first.id, "v1-first_time").void_because == "the visit was cancelled"
    assert world.message(second.id, "v1-first_time").status is MessageStatus.PENDING
    assert [m.id for m in world.messages(third.id) if m.step == "first_time"] == []
    world.run_until(datetime(2026, 12, 24, tzinfo=UTC))
    assert [name for name in sent_kinds(world) if "first_time" in name] == ["v1-first_time"]


def missed_and_taken_back() -> tuple[World, Course]:
    world = with_first_step(World())
    course = course_of(world)
    first = sessions_of(world, course)[0]
    world.run_until(first.start_at + timedelta(minutes=5))
    attendance.record_no_show(world.context, appointment_id=first.id, at=None, actor=RUTH)
    assert [visit.session for visit in sessions_of(world, course)] == [1, 1, 3]
    attendance.undo(world.context, appointment_id=first.id, actor=RUTH)
    return world, course


def test_a_first_session_that_was_not_missed_after_all_is_the_only_first_one() -> None:
    world, course = missed_and_taken_back()
    assert [visit.session for visit in sessions_of(world, course)] == [1, 2, 3]
    world.run_until(datetime(2026, 12, 24, tzinfo=UTC))
    assert sent_kinds(world).count("v1-first_time") == 1


@pytest.mark.parametrize("then", ["missed", "cancelled"])
def test_a_no_show_that_was_taken_back_can_be_decided_again(then: str) -> None:
    world, course = missed_and_taken_back()
    first, second, _ = sessions_of(world, course)
    if then == "missed":
        attendance.record_no_show(world.context, appointment_id=first.id, at=None, actor=RUTH)
    else:
        cancel(world, first)
    assert [visit.session for visit in sessions_of(world, course)] == [1, 1, 3]
    assert [m.id for m in world.messages(second.id) if m.step == "first_time"] == [
        f"{second.id}.v1-first_time"
    ]
    world.run_until(datetime(2026, 12, 24, tzinfo=UTC))
    assert (
        sent_kinds(world).count("v1-first_time") == 2
    )  # before the first one, and before the next


def test_cancelling_a_later_session_passes_nothing_on() -> None:
    world = with_first_step(World())
    course = course_of(world)
    cancel(world, sessions_of(world, course)[1])
    assert [visit.session for visit in sessions_of(world, course)] == [1, 2, 3]


def test_a_missed_session_asks_a_person_about_the_rest_before_the_next_one() -> None:
    world = World()
    course = course_of(world, spacing_days=2)
    first, second, _ = sessions_of(world, course)
    world.run_until(first.start_at + timedelta(minutes=30))
    attendance.record_no_show(world.context, appointment_id=first.id, at=None, actor=RUTH)
    world.drain()
    tasks = [task for task in world.store.open("task") if isinstance(task, Task)]
    (missed,) = [task for task in tasks if task.what == "session_missed"]
    assert missed.deadline_at == min(world.clock.at + timedelta(hours=24), second.start_at)
    assert sessions_of(world, course)[1].session == 1


def test_the_last_session_missed_asks_nobody() -> None:
    world = World()
    course = course_of(world, sessions=2)
    _, last = sessions_of(world, course)
    world.run_until(last.start_at + timedelta(minutes=30))
    attendance.record_no_show(world.context, appointment_id=last.id, at=None, actor=RUTH)
    world.drain()
    tasks = [task for task in world.store.open("task") if isinstance(task, Task)]
    assert "session_missed" not in {task.what for task in tasks}


def test_the_overview_of_a_course_without_sessions_is_not_owed() -> None:
    world = World(datetime(2026, 12, 2, 4, tzinfo=UTC))  # quiet hours: it has not left yet
    course = course_of(world)
    world.drain()
    for visit in sessions_of(world, course):
        cancel(world, visit)
    assert world.message(course.id, "overview").void_because == "the course was cancelled"


def test_what_a_course_s_visits_never_get_is_said_once() -> None:
    world = World()
    course = course_of(world)
    (event,) = [r for r in world.store.owned(course.id) if isinstance(r, AuditEvent)]
    assert event.facts["left_out"] == "no reminder: the course's overview says it"
    assert all(
        message.step != "reminder"
        for visit in sessions_of(world, course)
        for message in world.messages(visit.id)
    )


def another(world: World, visit: Appointment, when: str) -> Appointment:
    return book.confirm(
        world.context,
        subject_id=visit.id,
        when=at(when),
        visit_type="iv_infusion",
        resource="room-2",
        actor=RUTH,
    )


def test_nobody_is_booked_into_two_rooms_at_once() -> None:
    world = World()
    course = course_of(world)
    first, second, _ = sessions_of(world, course)
    for when in ("2026-12-08T07:30", "2026-12-08T10:30"):
        with pytest.raises(Invalid) as told:
            another(world, first, when)
        assert told.value.messages_by_field == {
            "starts_at": "The patient has another visit then: Tue Dec 8, 9:00 AM."
        }
    beside = another(world, first, "2026-12-08T11:00")
    with pytest.raises(Invalid):
        move(world, beside, "2026-12-15T10:00")
    assert move(world, second, "2026-12-15T10:00").version == 2  # its own old time is no clash
    with pytest.raises(Invalid):
        course_of_patient(world, beside, "2026-12-22T08:00")


def course_of_patient(world: World, visit: Appointment, first: str) -> Course:
    return book_course.book_course(
        world.context,
        subject_id=visit.id,
        first=at(first),
        visit_type="iv_infusion",
        resource="room-2",
        sessions=2,
        spacing_days=7,
        weekdays=(),
        actor=RUTH,
    )
