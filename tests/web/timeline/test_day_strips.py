"""Where instants stand on a day's strip, and the quiet hours, also when the clock changes."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.clinic.profile import load_profile
from chalicelib.clinic.quiet_hours import quiet_spans, quiet_until
from chalicelib.web.timeline.day_strips import clock_changes, day_strip
from tests.builders.plans import WICHITA, wichita

DENVER, PHOENIX = ZoneInfo("America/Denver"), ZoneInfo("America/Phoenix")
QUIET = load_profile().quiet
FORWARD, BACK = date(2026, 3, 8), date(2026, 11, 1)


@pytest.mark.parametrize(
    ("at", "hours"),
    [
        pytest.param("2026-03-07 00:00", 0, id="the midnight before the day"),
        pytest.param("2026-03-08 01:30", 1.5, id="before the change"),
        pytest.param("2026-03-08 03:00", 3, id="just after the change"),
        pytest.param("2026-03-08 09:00", 9, id="after the change"),
        pytest.param("2026-03-09 04:00", 24, id="the day after"),
    ],
)
def test_an_hour_keeps_its_place_when_the_clock_goes_forwards(at: str, hours: float) -> None:
    assert day_strip(FORWARD, WICHITA).place(wichita(at)) * 24 == pytest.approx(hours)


@pytest.mark.parametrize(
    ("utc", "hours"),
    [
        pytest.param("05:30", 0.5, id="half past midnight"),
        pytest.param("06:00", 1, id="the first 1:00"),
        pytest.param("06:30", 1.25, id="the first 1:30"),
        pytest.param("07:00", 1.5, id="the second 1:00"),
        pytest.param("07:30", 1.75, id="the second 1:30"),
        pytest.param("08:00", 2, id="2:00"),
        pytest.param("15:00", 9, id="9:00"),
    ],
)
def test_both_of_two_equal_hours_stand_in_one_place_in_order(utc: str, hours: float) -> None:
    at = datetime.fromisoformat(f"2026-11-01T{utc}Z")
    assert day_strip(BACK, WICHITA).place(at) * 24 == pytest.approx(hours)


def test_the_hour_that_is_missing_and_the_one_that_comes_twice_are_known() -> None:
    forward, back = day_strip(FORWARD, WICHITA), day_strip(BACK, WICHITA)
    assert [hour * 24 for hour in forward.missing or ()] == pytest.approx([2, 3])
    assert [hour * 24 for hour in back.doubled or ()] == pytest.approx([1, 2])
    assert forward.doubled is back.missing is None
    assert forward.change is not None
    assert back.change is not None
    assert (forward.change.before.hour, forward.change.after.hour) == (2, 3)
    assert (back.change.before.hour, back.change.after.hour) == (2, 1)


def test_the_days_of_a_year_on_which_the_clock_changes_are_found() -> None:
    year = date(2026, 1, 1), date(2026, 12, 31)
    assert [strip.on for strip in clock_changes(*year, WICHITA)] == [FORWARD, BACK]
    assert clock_changes(*year, PHOENIX) == ()


minutes = st.integers(0, 3 * 1440)
nights = st.sampled_from([date(2026, 3, 7), date(2026, 10, 31), date(2026, 12, 1)])


@given(on=nights, first=minutes, second=minutes, zone=st.sampled_from([WICHITA, DENVER, PHOENIX]))
def test_what_is_later_never_stands_before(
    on: date, first: int, second: int, zone: ZoneInfo
) -> None:
    base = datetime(on.year, on.month, on.day, tzinfo=UTC)
    early, late = sorted(base + timedelta(minutes=n) for n in (first, second))
    strip = day_strip(on + timedelta(days=1), zone)
    assert 0 <= strip.place(early) <= strip.place(late) <= 1


@given(on=nights, minute=minutes, zone=st.sampled_from([WICHITA, DENVER, PHOENIX]))
def test_the_quiet_hours_shown_are_those_that_hold_a_text(
    on: date, minute: int, zone: ZoneInfo
) -> None:
    """R14: the picture and the courier agree to the minute, whatever night it is."""
    base = datetime(on.year, on.month, on.day, tzinfo=UTC)
    at = base + timedelta(minutes=minute)
    spans = list(quiet_spans(base, base + timedelta(days=3), zone, QUIET))
    held = quiet_until(at, zone, QUIET)
    assert [ends for starts, ends in spans if starts <= at < ends] == ([held] if held else [])
