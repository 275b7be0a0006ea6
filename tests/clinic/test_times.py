"""The wall clock across both clock changes (R16, F61, F62)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.clinic.careplan.clock_times import clock_instants, clock_times
from chalicelib.clinic.local_time import at_wall_clock, occurs_once, said_day, said_time
from chalicelib.clinic.profile_models import Quiet
from chalicelib.clinic.quiet_hours import aftercare_until, quiet_until
from tests.builders.plans import WICHITA, a_plan, wichita

FORWARD = date(2026, 3, 8)  # 02:00 becomes 03:00
BACK = date(2026, 11, 1)  # 02:00 becomes 01:00
QUIET = Quiet(starts=time(21), ends=time(8))
ZONES = [
    "America/Chicago",
    "America/Denver",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Santiago",
    "Pacific/Chatham",
]


@pytest.mark.parametrize(
    ("on", "at", "utc"),
    [
        pytest.param(FORWARD, time(1, 59), "2026-03-08T07:59", id="just before the gap"),
        pytest.param(FORWARD, time(2, 0), "2026-03-08T08:00", id="the gap begins: its end"),
        pytest.param(FORWARD, time(2, 30), "2026-03-08T08:00", id="in the gap: its end"),
        pytest.param(FORWARD, time(3, 0), "2026-03-08T08:00", id="the gap's end"),
        pytest.param(FORWARD, time(17), "2026-03-08T22:00", id="the same evening"),
        pytest.param(BACK, time(1, 30), "2026-11-01T06:30", id="doubled: the first"),
        pytest.param(BACK, time(2, 0), "2026-11-01T08:00", id="after the doubled hour"),
    ],
)
def test_a_wall_clock_time_is_one_instant(on: date, at: time, utc: str) -> None:
    assert at_wall_clock(on, at, WICHITA) == datetime.fromisoformat(utc).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("on", "at", "once"),
    [
        (FORWARD, time(2, 30), False),
        (BACK, time(1, 30), False),
        (FORWARD, time(3, 0), True),
        (BACK, time(2, 0), True),
        (FORWARD, time(9), True),
    ],
)
def test_a_visit_may_be_booked_only_at_a_time_that_the_clock_shows_once(
    on: date, at: time, once: bool
) -> None:
    assert occurs_once(on, at, WICHITA) is once


@given(
    zone=st.sampled_from(ZONES),
    on=st.dates(date(2025, 1, 1), date(2029, 12, 31)),
    at=st.times(),
)
def test_the_clock_shows_the_time_again_or_the_end_of_the_gap(
    zone: str, on: date, at: time
) -> None:
    tz = ZoneInfo(zone)
    shown = at_wall_clock(on, at, tz).astimezone(tz)
    if shown.replace(tzinfo=None, fold=0) != datetime.combine(on, at):
        before = (shown.astimezone(UTC) - timedelta(seconds=1)).astimezone(tz)
        assert before.replace(tzinfo=None) < datetime.combine(on, at)
        assert before.utcoffset() != shown.utcoffset()
    assert shown.fold == 0


@pytest.mark.parametrize(
    ("at", "until"),
    [
        pytest.param("2026-12-01 20:59", None, id="20:59 goes"),
        pytest.param("2026-12-01 21:00", "2026-12-02 08:00", id="21:00 waits"),
        pytest.param("2026-12-01 23:59", "2026-12-02 08:00", id="before midnight"),
        pytest.param("2026-12-02 00:00", "2026-12-02 08:00", id="midnight"),
        pytest.param("2026-12-02 07:59", "2026-12-02 08:00", id="07:59 waits"),
        pytest.param("2026-12-02 08:00", None, id="08:00 goes"),
        pytest.param("2026-03-07 22:00", "2026-03-08 08:00", id="the short night"),
        pytest.param("2026-10-31 22:00", "2026-11-01 08:00", id="the long night"),
    ],
)
def test_quiet_hours_hold_a_text_until_they_end(at: str, until: str | None) -> None:
    """R14."""
    assert quiet_until(wichita(at), WICHITA, QUIET) == (wichita(until) if until else None)


@pytest.mark.parametrize(
    ("ended", "recorded", "until"),
    [
        pytest.param("2026-12-01 16:59", None, None, id="an afternoon"),
        pytest.param("2026-12-01 17:00", None, "2026-12-01 22:30", id="an evening"),
        pytest.param("2026-12-01 22:45", None, "2026-12-01 22:30", id="later than that"),
        pytest.param("2026-12-02 00:10", None, None, id="after midnight"),
        pytest.param("2026-12-01 21:00", "2026-12-01 21:05", "2026-12-01 22:30", id="recorded"),
        pytest.param("2026-12-01 22:20", "2026-12-01 22:29", "2026-12-01 22:44", id="15 minutes"),
        pytest.param("2026-12-01 23:00", "2026-12-01 23:29", "2026-12-01 23:44", id="23:29"),
        pytest.param("2026-12-01 23:00", "2026-12-01 23:30", "2026-12-01 22:30", id="23:30"),
        pytest.param("2026-12-01 16:00", "2026-12-01 21:30", "2026-12-01 21:45", id="noted late"),
        pytest.param("2026-12-01 06:30", "2026-12-01 06:40", None, id="in the early morning"),
        pytest.param(
            "2026-12-01 21:40", "2026-12-02 08:30", "2026-12-01 22:30", id="the next morning"
        ),
        pytest.param(
            "2026-12-01 21:40", "2026-12-02 19:00", "2026-12-01 22:30", id="the next evening"
        ),
    ],
)
def test_aftercare_leaves_in_the_evening_in_which_its_session_ended(
    ended: str, recorded: str | None, until: str | None
) -> None:
    """R14."""
    at = wichita(recorded) if recorded else None
    left = aftercare_until(wichita(ended), at, WICHITA, QUIET)
    assert left == (wichita(until) if until else None)


def test_quiet_hours_are_the_patients() -> None:
    """R14, R15: 21:30 in Wichita is 20:30 in Tribune, Kansas."""
    at = wichita("2026-12-01 21:30")
    assert quiet_until(at, ZoneInfo("America/Denver"), QUIET) is None
    assert quiet_until(at, WICHITA, QUIET) is not None


@given(minutes=st.integers(0, 600_000), zone=st.sampled_from(ZONES))
def test_what_waits_leaves_when_the_quiet_hours_end(minutes: int, zone: str) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    until = quiet_until(now, ZoneInfo(zone), QUIET)
    if until is not None:
        assert now < until <= now + timedelta(hours=12)
        assert quiet_until(until, ZoneInfo(zone), QUIET) is None


@pytest.mark.parametrize(
    ("start", "said"),
    [
        pytest.param("2026-12-01 09:00", "Tue 1:00 AM", id="an ordinary night"),
        pytest.param("2026-12-01 09:04", "Tue 1:00 AM", id="rounded to the earlier five minutes"),
        pytest.param("2026-12-01 09:05", "Tue 1:05 AM", id="already round"),
        pytest.param("2026-03-08 09:30", "Sun 12:30 AM", id="eight hours in the short night"),
        pytest.param("2026-12-01 08:00", "Mon 11:55 PM", id="midnight is said without doubt"),
        pytest.param("2026-11-01 09:00", "Sun 1:00 AM", id="eight hours in the long night"),
        pytest.param("2026-12-01 06:00", "Mon 10:00 PM", id="the day before"),
    ],
)
def test_a_fast_is_as_long_as_the_plan_says(start: str, said: str) -> None:
    """R16, F62: elapsed time, also in the night of a clock change."""
    plan = a_plan()
    assert clock_times(plan, wichita(start), WICHITA) == {"no_food_after": said}
    since = clock_instants(plan, wichita(start))["no_food_after"]
    fast = wichita(start).astimezone(UTC) - since
    assert timedelta(hours=8) <= fast < timedelta(hours=8, minutes=5)


def test_times_name_the_zone_only_for_a_reader_whose_clock_differs() -> None:
    """R16."""
    at = wichita("2026-12-01 09:00")
    assert (said_day(at, WICHITA), said_time(at, WICHITA)) == ("Tue Dec 1", "9:00 AM")
    assert said_time(at, WICHITA, ZoneInfo("America/Denver")) == "9:00 AM CST"
    assert said_time(at, WICHITA, ZoneInfo("America/Menominee")) == "9:00 AM"
    assert said_time(wichita("2026-07-01 12:05"), WICHITA) == "12:05 PM"
    assert said_time(wichita("2026-07-01 00:05"), WICHITA) == "12:05 AM"
