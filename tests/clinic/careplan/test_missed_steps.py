"""What the confirm page says of preparation that comes too late is what the plan then does."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.clinic.careplan.missed_steps import too_late
from chalicelib.clinic.careplan.plan import load_careplans
from chalicelib.clinic.careplan.schedule import plan_visit
from tests.builders.plans import WICHITA, a_plan, a_step, wichita

PLANS = load_careplans()

offsets_in_days = st.builds(
    lambda days, hour: {"days": -days, "at": f"{hour:02}:00"}, st.integers(0, 3), st.integers(0, 23)
)
offsets_elapsed = st.builds(lambda hours: {"elapsed": f"-{hours}h"}, st.integers(1, 60))


def test_a_step_of_the_day_before_is_missed_by_a_visit_of_tomorrow() -> None:
    (before,) = too_late([PLANS["iv_infusion"]], wichita("2026-11-30 16:59"), WICHITA)
    (after,) = too_late([PLANS["iv_infusion"]], wichita("2026-11-30 17:01"), WICHITA)
    assert before.starts_before == wichita("2026-12-01 00:00")
    assert after.starts_before == wichita("2026-12-02 00:00")
    assert after.step.id == "preparation"


def test_only_preparation_is_named() -> None:
    late = too_late(PLANS.values(), wichita("2026-11-30 12:00"), WICHITA)
    assert {each.step.kind.value for each in late} == {"preparation"}


@settings(max_examples=300)
@given(
    now_minutes=st.integers(0, 525_600),
    ahead=st.integers(1, 6 * 24 * 60),
    offset=st.one_of(offsets_in_days, offsets_elapsed),
    after_booking=st.sampled_from(["0m", "4h", "30h"]),
)
def test_it_says_what_the_plan_would_do(
    now_minutes: int, ahead: int, offset: dict[str, object], after_booking: str
) -> None:
    """R17: whatever the hour, the notice and the night the clocks change."""
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=now_minutes)
    start = now + timedelta(minutes=ahead)
    step = a_step(
        id="preparation",
        kind="preparation",
        offset=offset,
        after_booking=after_booking,
        useful_for="72h",
    )
    plan = a_plan(step)
    (late,) = too_late([plan], now, WICHITA)
    (item,) = plan_visit(plan, start=start, end=start, now=now, event="booked", zone=WICHITA)
    if item.due_at < start:  # a step that is due after the start itself is never of use
        assert (item.skipped is not None) is (start < late.starts_before)
