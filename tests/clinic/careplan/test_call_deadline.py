"""By when a person must call with what no text could say."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.clinic.careplan.call_deadline import BEFORE_FASTING, call_by
from chalicelib.clinic.careplan.clock_times import clock_instants
from chalicelib.clinic.careplan.plan import load_careplans
from chalicelib.clinic.profile import load_profile

WICHITA = ZoneInfo("America/Chicago")
CLINIC, PLAN = load_profile(), load_careplans()["iv_infusion"]  # no food 8 hours before


def wall(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=WICHITA)


@pytest.mark.parametrize(
    ("start", "now", "by"),
    [
        pytest.param("2026-12-08T09:00", "2026-12-01T12:00", "2026-12-07T17:30", id="a week ahead"),
        pytest.param("2026-12-08T09:00", "2026-12-07T17:29", "2026-12-07T17:30", id="last minute"),
        pytest.param("2026-12-08T09:00", "2026-12-07T18:00", "2026-12-08T00:00", id="after hours"),
        pytest.param("2026-12-08T09:00", "2026-12-08T00:30", "2026-12-08T09:00", id="fasting soon"),
        pytest.param("2026-12-08T09:00", "2026-12-08T09:00", None, id="it has begun"),
        pytest.param("2026-12-07T09:00", "2026-12-03T12:00", "2026-12-04T15:00", id="a Monday"),
        pytest.param("2026-12-08T15:00", "2026-12-07T12:00", "2026-12-07T17:30", id="afternoon"),
        pytest.param("2026-11-27T09:00", "2026-11-23T12:00", "2026-11-25T17:30", id="a holiday"),
        pytest.param("2026-11-02T09:00", "2026-10-30T12:00", "2026-10-30T15:00", id="clocks back"),
    ],
)
def test_the_call_comes_before_the_fasting_while_somebody_is_there(
    start: str, now: str, by: str | None
) -> None:
    found = call_by(CLINIC, PLAN, start=wall(start), now=wall(now))
    assert found == (None if by is None else wall(by))


def test_a_visit_without_fasting_is_called_about_before_one_must_leave() -> None:
    plan = PLAN.model_copy(update={"clock_times": {}})
    start = wall("2026-12-08T13:00")
    assert (
        call_by(CLINIC, plan, start=start, now=wall("2026-12-01T12:00")) == start - BEFORE_FASTING
    )


@given(
    ahead=st.timedeltas(timedelta(minutes=-90), timedelta(days=9)),
    hours=st.integers(0, 24 * 180),
)
def test_it_is_always_ahead_and_never_later_than_it_must_be(ahead: timedelta, hours: int) -> None:
    at = datetime(2026, 10, 1, tzinfo=UTC) + timedelta(hours=hours)
    now = at - ahead
    by = call_by(CLINIC, PLAN, start=at, now=now)
    if by is None:
        assert now >= at
        return
    assert now < by <= at
    wanted = min(clock_instants(PLAN, at).values()) - BEFORE_FASTING
    assert by <= wanted or now >= wanted
    closed = CLINIC.last_open(wanted)
    assert by == closed or now >= closed
