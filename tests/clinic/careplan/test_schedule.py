"""What a booking, a move, a cancellation and a discharge cause, and when (R13, R16-R20)."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.clinic.careplan.plan import load_careplans
from chalicelib.clinic.careplan.schedule import (
    Event,
    PlannedStep,
    can_be_followed,
    due_times,
    plan_visit,
)
from chalicelib.clinic.careplan.step import AFTERWARDS, StepKind
from tests.builders.plans import WICHITA, a_plan, a_step, wichita

IV = load_careplans()["iv_infusion"]
START = wichita("2026-12-01 09:00")
END = wichita("2026-12-01 11:00")


def planned(
    *,
    now: str = "2026-11-20 10:00",
    event: Event = "booked",
    start: datetime = START,
    discharged_at: datetime | None = None,
    session: int | None = None,
) -> dict[str, PlannedStep]:
    steps = plan_visit(
        IV,
        start=start,
        end=start.astimezone(UTC) + timedelta(hours=2),
        now=wichita(now),
        event=event,
        zone=WICHITA,
        session=session,
        discharged_at=discharged_at,
    )
    return {item.step.id: item for item in steps}


def sent(steps: dict[str, PlannedStep]) -> dict[str, str]:
    return {
        name: f"{item.due_at.astimezone(WICHITA):%m-%d %H:%M}"
        for name, item in steps.items()
        if not item.skipped
    }


def test_a_booking_causes_every_step_at_its_time() -> None:
    assert sent(planned()) == {
        "confirmation": "11-20 10:00",
        "reminder": "11-29 10:00",
        "ride": "11-30 09:00",
        "preparation": "11-30 17:00",
        "same_day": "12-01 07:00",
        "aftercare": "12-01 11:00",
        "check_in": "12-02 10:00",
    }


def test_a_move_causes_the_new_time_s_steps_and_no_second_confirmation() -> None:
    """R18."""
    assert list(sent(planned(event="moved"))) == [
        "moved",
        "reminder",
        "ride",
        "preparation",
        "same_day",
        "aftercare",
        "check_in",
    ]


def test_a_cancellation_causes_its_own_text_alone() -> None:
    assert list(sent(planned(event="cancelled"))) == ["cancelled"]


def test_a_session_of_a_course_has_no_confirmation_and_no_early_reminder() -> None:
    """R49: the overview names every date."""
    steps = planned(event="course")
    assert list(sent(steps)) == ["ride", "preparation", "same_day", "aftercare", "check_in"]
    assert steps["reminder"].skipped == "the course's overview says it"
    moved = planned(event="moved", session=2)
    assert "reminder" not in sent(moved)


@pytest.mark.parametrize(
    ("discharged", "aftercare", "check_in"),
    [
        pytest.param(None, "12-01 11:00", "12-02 10:00", id="never recorded: the planned end"),
        pytest.param("2026-12-01 10:20", "12-01 10:20", "12-02 10:00", id="early"),
        pytest.param("2026-12-01 15:40", "12-01 15:40", "12-02 10:00", id="late"),
    ],
)
def test_aftercare_runs_from_the_discharge(
    discharged: str | None, aftercare: str, check_in: str
) -> None:
    """R20, F65."""
    at = wichita(discharged) if discharged else None
    steps = planned(event="discharged", now="2026-12-01 10:20", discharged_at=at)
    assert sent(steps) == {"aftercare": aftercare, "check_in": check_in}


def test_a_discharge_that_is_recorded_too_late_causes_no_useless_aftercare() -> None:
    steps = planned(
        event="discharged", now="2026-12-01 19:00", discharged_at=wichita("2026-12-01 11:00")
    )
    assert steps["aftercare"].skipped == "it would come too late to be of use"
    assert list(sent(steps)) == ["check_in"]


def test_aftercare_that_says_tomorrow_is_of_no_use_after_midnight() -> None:
    steps = planned(
        event="discharged", now="2026-12-01 20:00", discharged_at=wichita("2026-12-01 20:00")
    )
    assert steps["aftercare"].useful_until == wichita("2026-12-02 00:00")


@pytest.mark.parametrize(
    ("now", "reminders", "adds"),
    [
        pytest.param("2026-11-24 10:00", ["reminder", "same_day"], None, id="a week ahead"),
        pytest.param("2026-11-28 09:00", ["reminder", "same_day"], None, id="25 h before it"),
        pytest.param("2026-11-29 09:00", ["same_day"], None, id="an hour before the reminder"),
        pytest.param("2026-11-30 12:00", ["same_day"], None, id="the day before"),
        pytest.param("2026-11-30 17:30", ["same_day"], "preparation", id="after the preparation"),
        pytest.param("2026-12-01 00:59", ["same_day"], "preparation", id="just before the fast"),
        pytest.param("2026-12-01 01:00", ["same_day"], None, id="the fast should have begun"),
        pytest.param("2026-12-01 06:00", [], None, id="three hours ahead"),
    ],
)
def test_a_late_booking_skips_what_is_past(
    now: str, reminders: list[str], adds: str | None
) -> None:
    """R17: at most one reminder; missed instructions stand in the confirmation if of use."""
    steps = planned(now=now)
    kept = [n for n in sent(steps) if steps[n].step.kind is StepKind.REMINDER]
    assert kept == reminders
    assert steps["confirmation"].adds == adds
    assert steps["confirmation"].skipped is None
    for item in steps.values():
        assert item.skipped is None or item.skipped


def test_a_late_booking_keeps_only_the_next_of_several_reminders() -> None:
    plan = a_plan(
        *(
            a_step(id=f"r{days}", offset={"days": -days, "at": "10:00"}, useful_for="4h")
            for days in (3, 2, 1)
        )
    )
    steps = plan_visit(
        plan,
        start=START,
        end=END,
        now=wichita("2026-11-28 12:00"),
        event="booked",
        zone=WICHITA,
    )
    assert [(item.step.id, item.skipped) for item in steps] == [
        ("r3", "its time had passed when the visit was booked"),
        ("r2", None),
        ("r1", "a late booking gets one reminder"),
    ]


@pytest.mark.parametrize(
    ("offset", "start", "due"),
    [
        pytest.param({"days": -1, "at": "17:00"}, "2026-03-08 09:00", "2026-03-07 17:00", id="f"),
        pytest.param({"days": -2, "at": "10:00"}, "2026-03-09 09:00", "2026-03-07 10:00", id="f2"),
        pytest.param({"days": -1, "at": "17:00"}, "2026-11-01 09:00", "2026-10-31 17:00", id="b"),
        pytest.param({"days": 0, "at": "02:30"}, "2026-03-08 09:00", "2026-03-08 03:00", id="gap"),
        pytest.param({"elapsed": "-24h"}, "2026-03-08 09:00", "2026-03-07 08:00", id="elapsed f"),
        pytest.param({"elapsed": "-24h"}, "2026-11-01 09:00", "2026-10-31 10:00", id="elapsed b"),
        pytest.param({"elapsed": "-2h"}, "2026-11-01 09:00", "2026-11-01 07:00", id="near"),
    ],
)
def test_days_keep_the_wall_clock_and_hours_elapse(
    offset: dict[str, object], start: str, due: str
) -> None:
    """R16, F62."""
    step = a_step(offset=offset)
    times = due_times(a_plan(step), step, start=wichita(start), end=wichita(start), zone=WICHITA)
    assert times.due_at == wichita(due)
    assert times.due_at.tzinfo is UTC


def test_a_text_is_of_no_use_past_a_time_that_it_names() -> None:
    """R13: "no food after 1:00 AM" is not said at 2:00 AM."""
    preparation = IV.step("preparation")
    early = wichita("2026-12-01 03:00")
    times = due_times(IV, preparation, start=early, end=early, zone=WICHITA)
    assert times.useful_until == wichita("2026-11-30 19:00")
    assert can_be_followed(IV, preparation, early, wichita("2026-11-30 18:59"))
    assert not can_be_followed(IV, preparation, early, wichita("2026-11-30 19:00"))


@pytest.mark.parametrize(
    ("event", "now", "priority"),
    [
        ("moved", "2026-11-29 09:00", 1),
        ("moved", "2026-11-29 08:59", 2),
        ("cancelled", "2026-11-30 09:00", 1),
        ("cancelled", "2026-11-20 09:00", 2),
    ],
)
def test_short_notice_is_never_dropped(event: Event, now: str, priority: int) -> None:
    """R19: a move or a cancellation within 48 hours is class 1."""
    assert planned(event=event, now=now)[event].priority == priority


def test_a_step_that_hangs_on_a_decision_needs_its_time() -> None:
    with pytest.raises(ValueError, match="say when that happened"):
        due_times(IV, IV.step("confirmation"), start=START, end=END, zone=WICHITA)


@settings(max_examples=300)
@given(
    code=st.sampled_from(sorted(load_careplans())),
    start_minutes=st.integers(0, 525_600),
    ahead=st.timedeltas(timedelta(minutes=1), timedelta(days=40)),
    event=st.sampled_from([e for e in get_args(Event) if e != "discharged"]),
)
def test_nothing_but_aftercare_is_of_use_once_the_visit_has_begun(
    code: str, start_minutes: int, ahead: timedelta, event: Event
) -> None:
    """R13, R17: whatever the plan, the night and the notice."""
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=start_minutes)
    now = start - ahead
    steps = plan_visit(
        load_careplans()[code],
        start=start,
        end=start + timedelta(hours=2),
        now=now,
        event=event,
        zone=WICHITA,
    )
    due = [item.due_at for item in steps]
    assert due == sorted(due)
    for item in steps:
        if item.skipped:
            continue
        assert now <= item.due_at < item.useful_until
        assert item.useful_until <= start or item.step.anchor in AFTERWARDS
    if any(s.due_at < now for s in steps if s.step.kind is StepKind.REMINDER):
        left = [s for s in steps if s.step.kind is StepKind.REMINDER and not s.skipped]
        assert len(left) <= 1
