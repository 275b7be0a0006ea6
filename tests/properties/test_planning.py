"""Whatever the plan, the zone and the notice: what is planned keeps R13, R16, R17 and R20."""

from datetime import UTC, datetime, time, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

from hypothesis import assume, given
from hypothesis import strategies as st

from chalicelib.clinic.careplan.clock_times import clock_instants
from chalicelib.clinic.careplan.plan import CarePlan
from chalicelib.clinic.careplan.schedule import Event, due_times, plan_visit
from chalicelib.clinic.careplan.step import AFTERWARDS, Anchor, StepKind
from chalicelib.clinic.local_time import at_wall_clock
from chalicelib.clinic.profile_models import Quiet
from chalicelib.clinic.quiet_hours import quiet_until
from tests.properties.cases import cases, clock_times, moments, plans, zones

EVENTS = get_args(Event)
ANCHORS: dict[str, set[Anchor]] = {
    "booked": {Anchor.BOOKED, Anchor.START, Anchor.END, Anchor.DISCHARGE},
    "course": {Anchor.START, Anchor.END, Anchor.DISCHARGE},
    "first": {Anchor.START, Anchor.END, Anchor.DISCHARGE},
    "moved": {Anchor.MOVED, Anchor.START, Anchor.END, Anchor.DISCHARGE},
    "cancelled": {Anchor.CANCELLED},
    "discharged": {Anchor.END, Anchor.DISCHARGE},
}


@st.composite
def visits(draw: st.DrawFn) -> dict[str, Any]:
    """What `plan_visit` is told: a visit, when it is decided, and by which event."""
    zone = draw(zones)
    start = draw(moments(zone))
    end = start + timedelta(minutes=draw(st.integers(15, 6 * 60)))
    event = draw(st.sampled_from(EVENTS))
    late = event == "discharged"
    now = (
        end + timedelta(minutes=draw(st.integers(-30, 2 * 24 * 60)))
        if late
        else start - (timedelta(minutes=draw(st.integers(1, 30 * 24 * 60))))
    )
    left = end + timedelta(minutes=draw(st.integers(-120, 240)))
    return {
        "start": start,
        "end": end,
        "now": now,
        "event": event,
        "zone": zone,
        "session": draw(st.sampled_from([None, 1, 2, 9])),
        "discharged_at": draw(st.sampled_from([None, min(left, now)])) if late else None,
    }


@cases(full=25_000, share=250)
@given(plan=plans(), visit=visits())
def test_every_step_is_planned_once_or_skipped_with_its_reason(
    plan: CarePlan, visit: dict[str, Any]
) -> None:
    """R17: nothing vanishes."""
    planned = plan_visit(plan, **visit)
    wanted = [s.id for s in plan.steps if s.anchor in ANCHORS[visit["event"]]]
    if visit["event"] == "first":
        wanted = [s for s in wanted if "first_of_course" in plan.step(s).when]
    assert sorted(item.step.id for item in planned) == sorted(wanted)
    assert [item.due_at for item in planned] == sorted(item.due_at for item in planned)
    for item in planned:
        assert item.skipped is None or item.skipped.strip()
        assert item.skipped is not None or not item.never
        if item.skipped is None:
            assert item.due_at < item.useful_until
            assert visit["now"] < item.useful_until


@cases(full=25_000, share=250)
@given(plan=plans(), visit=visits())
def test_nothing_is_of_use_once_the_visit_has_begun_or_what_it_says_is_past(
    plan: CarePlan, visit: dict[str, Any]
) -> None:
    """R13: aftercare alone comes later, and no text names a time that has passed."""
    named = clock_instants(plan, visit["start"])
    for item in plan_visit(plan, **visit):
        if item.skipped is None and item.step.anchor not in AFTERWARDS:
            assert item.useful_until <= visit["start"]
            said = item.step.wording["en"].neutral + item.step.brief.get("en", "")
            for name, at in named.items():
                assert f"{{{name}}}" not in said or item.useful_until <= at
        if item.skipped is None and item.step.same_day:
            local = item.due_at.astimezone(visit["zone"])
            midnight = at_wall_clock(local.date() + timedelta(days=1), time(0), visit["zone"])
            assert item.useful_until <= midnight
        assert item.useful_until - item.due_at <= item.step.useful_for


@cases(full=20_000, share=250)
@given(plan=plans(), visit=visits())
def test_a_late_booking_gets_one_reminder_and_its_preparation_or_a_reason(
    plan: CarePlan, visit: dict[str, Any]
) -> None:
    """R17."""
    planned = plan_visit(plan, **visit)
    reminders = [item for item in planned if item.step.kind is StepKind.REMINDER]
    if any(item.due_at < visit["now"] for item in reminders):
        assert sum(item.skipped is None for item in reminders) <= 1
    for item in planned:
        if item.adds is not None:
            missed = next(other for other in planned if other.step.id == item.adds)
            assert missed.skipped is not None
            assert missed.step.brief
            assert visit["now"] < visit["start"]
            named = clock_instants(plan, visit["start"])
            assert all(
                visit["now"] < at
                for name, at in named.items()
                if f"{{{name}}}" in missed.step.brief["en"]
            )


@cases(full=20_000, share=250)
@given(plan=plans(), visit=visits())
def test_days_keep_the_wall_clock_and_hours_elapse(plan: CarePlan, visit: dict[str, Any]) -> None:
    """R16, F62: a time that the clock skips is the end of the gap, a doubled one the first."""
    zone: ZoneInfo = visit["zone"]
    for step in plan.steps:
        due_at = due_times(
            plan,
            step,
            start=visit["start"],
            end=visit["end"],
            zone=zone,
            happened_at=visit["now"],
            discharged_at=visit["discharged_at"],
        ).due_at
        anchor = {
            Anchor.START: visit["start"],
            Anchor.END: visit["end"],
            Anchor.DISCHARGE: visit["discharged_at"] or visit["end"],
        }.get(step.anchor, visit["now"])
        if step.offset.elapsed is not None:
            assert due_at - anchor == step.offset.elapsed
            continue
        assert step.offset.days is not None
        assert step.offset.at is not None
        wanted = datetime.combine(
            anchor.astimezone(zone).date() + timedelta(days=step.offset.days), step.offset.at
        )
        keeps_the_wall(due_at, wanted, zone)


def keeps_the_wall(at: datetime, wanted: datetime, zone: ZoneInfo) -> None:
    """The clock shows what was wanted, for the first time; or it skipped that, and has just."""
    shown = at.astimezone(zone)
    if shown.replace(tzinfo=None, fold=0) == wanted:
        assert shown.fold == 0
        return
    before = (at - timedelta(seconds=1)).astimezone(zone)
    assert before.replace(tzinfo=None) < wanted < shown.replace(tzinfo=None)
    assert before.utcoffset() != shown.utcoffset()


@cases(full=10_000, share=100)
@given(plan=plans(), visit=visits())
def test_clock_times_are_rounded_to_the_stricter_five_minutes(
    plan: CarePlan, visit: dict[str, Any]
) -> None:
    """R16, F62: a fast of eight hours has them, also in the night when the clocks change."""
    for name, at in clock_instants(plan, visit["start"]).items():
        exact = visit["start"] - plan.clock_times[name]
        assert timedelta(0) <= exact - at < timedelta(minutes=5)
        assert (at.minute % 5, at.second, at.microsecond) == (0, 0, 0)
        assert at.tzinfo is UTC


@cases(full=10_000, share=250)
@given(data=st.data(), zone=zones, starts=clock_times(), ends=clock_times())
def test_quiet_hours_end_at_their_hour_and_hold_nothing_outside_them(
    data: st.DataObject, zone: ZoneInfo, starts: time, ends: time
) -> None:
    """R14."""
    assume(starts != ends)
    at = data.draw(moments(zone))
    until = quiet_until(at, zone, Quiet(starts=starts, ends=ends))
    clock = at.astimezone(zone).time().replace(fold=0)
    is_quiet = clock >= starts or clock < ends if starts > ends else starts <= clock < ends
    if until is None:
        assert not is_quiet or near_a_change(at, zone)
        return
    assert is_quiet or near_a_change(at, zone)
    assert at < until <= at + timedelta(hours=26)
    after = until.astimezone(zone).time().replace(fold=0)
    assert after == ends or near_a_change(until, zone)


def near_a_change(at: datetime, zone: ZoneInfo) -> bool:
    around = [(at + timedelta(hours=hours)).astimezone(zone).utcoffset() for hours in (-3, 3)]
    return around[0] != around[1]
