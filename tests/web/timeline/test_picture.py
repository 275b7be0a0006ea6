"""The picture of a timeline: each mark on its day, at its hour, in order, and nothing outside."""

from datetime import UTC, datetime, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.clinic.profile import load_profile
from chalicelib.web.timeline.picture import (
    LANE,
    Mark,
    Picture,
    Row,
    Scene,
    Tone,
    Visit,
    timeline_picture,
)
from tests.builders.plans import WICHITA, wichita

QUIET = load_profile().quiet
DENVER = ZoneInfo("America/Denver")


def a_mark(at: str, number: int = 1, until: str | None = None, tone: Tone = "open") -> Mark:
    ends = wichita(until) if until else None
    return Mark(number, wichita(at), "Reminder", "waits", tone, ends)


def drawn(*marks: Mark, zone: ZoneInfo = WICHITA, **scene: object) -> Picture:
    values = {"zone": WICHITA, "quiet": QUIET, "quiet_zone": zone} | scene
    picture = timeline_picture(marks, Scene(**values))  # type: ignore[arg-type]
    assert picture is not None
    return picture


def days(picture: Picture) -> list[Row]:
    return [row for row in picture.rows if not row.gap]


def hours(part: tuple[float, float]) -> tuple[float, float]:
    return round(part[0] * 24, 3), round(part[1] * 24, 3)


def test_days_follow_each_other_and_empty_ones_are_counted() -> None:
    picture = drawn(
        a_mark("2026-12-08 09:00", 3),
        a_mark("2026-12-01 12:00", 1),
        a_mark("2026-12-06 10:00", 2),
    )
    said = [row.gap or row.label for row in picture.rows]
    assert said == [
        "Tue Dec 1",
        "4 days without a message",
        "Sun Dec 6",
        "one day without a message",
        "Tue Dec 8",
    ]
    assert [dot.number for row in days(picture) for dot in row.dots] == [1, 2, 3]
    tops = [row.y for row in picture.rows]
    assert tops == sorted(set(tops))


def test_nothing_to_show_is_no_picture() -> None:
    assert timeline_picture([], Scene(WICHITA, QUIET, WICHITA)) is None


def test_a_mark_stands_at_its_hour_and_its_window_reaches_to_its_end() -> None:
    (row,) = days(drawn(a_mark("2026-12-01 06:00", until="2026-12-01 18:00")))
    (dot,), (bar,) = row.dots, row.bars
    assert dot.x == bar.x == 0.25
    assert bar.x + bar.width == 0.75
    assert not bar.goes_on


def test_a_window_goes_on_where_the_next_day_is_shown() -> None:
    long = a_mark("2026-12-01 12:00", 1, until="2026-12-03 12:00")
    first, third = days(drawn(long, a_mark("2026-12-03 18:00", 2)))
    assert (first.bars[0].goes_on, first.bars[0].width) == (True, 0.5)
    assert (third.bars[0].x, third.bars[0].width, third.bars[0].goes_on) == (0, 0.5, False)
    assert [dot.number for dot in third.dots] == [2]


def test_marks_of_one_instant_stand_below_each_other_and_distant_ones_beside() -> None:
    marks = [
        a_mark("2026-12-01 12:00", 1),
        a_mark("2026-12-01 12:00", 2),
        a_mark("2026-12-01 18:00", 3),
    ]
    (row,) = days(drawn(*marks))
    ys = {dot.number: dot.y for dot in row.dots}
    assert ys[2] - ys[1] == LANE
    assert ys[3] == ys[1]
    assert row.height == 2 * LANE


@pytest.mark.parametrize(
    ("on", "zone", "expected"),
    [
        pytest.param("2026-12-01", WICHITA, [(0, 8), (21, 24)], id="the clinic's zone"),
        pytest.param("2026-12-01", DENVER, [(0, 9), (22, 24)], id="a patient an hour behind"),
        pytest.param("2026-03-08", WICHITA, [(0, 8), (21, 24)], id="the clock goes forwards"),
        pytest.param("2026-11-01", WICHITA, [(0, 8), (21, 24)], id="the clock goes back"),
        pytest.param("2026-11-01", DENVER, [(0, 9), (22, 24)], id="it goes back in both zones"),
        pytest.param(
            "2026-03-08",
            ZoneInfo("America/Phoenix"),
            [(0, 10), (23, 24)],
            id="a patient whose clock never changes",
        ),
    ],
)
def test_quiet_hours_are_the_patients_on_the_clinics_clock(
    on: str, zone: ZoneInfo, expected: list[tuple[float, float]]
) -> None:
    """R14; hours keep their place across the change of the clock."""
    (row,) = days(drawn(a_mark(f"{on} 12:00"), zone=zone))
    assert [hours(part) for part in row.quiet] == expected


def test_a_change_of_the_clock_is_shown_though_nothing_else_happens_that_day() -> None:
    forward = drawn(a_mark("2026-03-06 12:00", 1), a_mark("2026-03-09 12:00", 2))
    (changed,) = [row for row in days(forward) if row.missing]
    assert (changed.label, changed.notes) == ("Sun Mar 8", ("2:00 AM becomes 3:00 AM",))
    assert changed.missing is not None
    assert hours(changed.missing) == (2, 3)
    back = drawn(a_mark("2026-10-31 12:00", 1), a_mark("2026-11-02 12:00", 2))
    (changed,) = [row for row in days(back) if row.doubled]
    assert changed.notes == ("2:00 AM becomes 1:00 AM",)
    assert forward.has_change
    assert back.has_change


def test_the_visit_and_now_are_marked_on_their_day() -> None:
    visit = Visit(wichita("2026-12-08 09:00"), wichita("2026-12-08 12:00"))
    picture = drawn(a_mark("2026-12-08 07:00"), visits=[visit], now=wichita("2026-12-08 06:00"))
    (row,) = days(picture)
    assert row.notes == ("visit 9:00 AM to 12:00 PM", "now 6:00 AM")
    assert [hours(part) for part in row.visits] == [(9, 12)]
    assert row.now == 0.25
    assert picture.has_visit


@pytest.mark.parametrize(
    ("now", "labels"),
    [
        ("2026-12-03 12:00", ["Tue Dec 1", "Thu Dec 3"]),
        ("2026-11-28 12:00", ["Sat Nov 28", "Tue Dec 1"]),
        ("2027-06-01 12:00", ["Tue Dec 1"]),
    ],
    ids=["soon after", "before", "half a year later"],
)
def test_today_is_shown_while_it_is_near(now: str, labels: list[str]) -> None:
    picture = drawn(a_mark("2026-12-01 12:00"), now=wichita(now))
    assert [row.label for row in days(picture)] == labels


instants = st.integers(0, 20 * 1440).map(
    lambda minutes: datetime(2026, 10, 25, tzinfo=UTC) + timedelta(minutes=minutes)
)


@given(
    found=st.lists(
        st.tuples(instants, st.timedeltas(timedelta(0), timedelta(days=3)), st.booleans()),
        min_size=1,
        max_size=12,
    ),
    now=instants,
)
def test_every_mark_is_drawn_once_and_nothing_stands_outside(
    found: list[tuple[datetime, timedelta, bool]], now: datetime
) -> None:
    tones = get_args(Tone)
    marks = [
        Mark(n, at, "Reminder", "", tones[n % len(tones)], at + window if has_window else None)
        for n, (at, window, has_window) in enumerate(sorted(found), 1)
    ]
    picture = drawn(*marks, now=now)
    rows = days(picture)
    assert sorted(dot.number for row in rows for dot in row.dots) == [mark.number for mark in marks]
    for row in rows:
        floor = row.top + row.height
        assert floor < picture.height
        for dot in row.dots:
            assert 0 <= dot.x <= 1
            assert row.top < dot.y < floor
        for bar in row.bars:
            assert 0 <= bar.x <= bar.x + bar.width <= 1
            assert row.top < bar.y < floor
        for low, high in (*row.quiet, *row.visits):
            assert 0 <= low <= high <= 1
        lanes: dict[float, list[float]] = {}
        for dot in row.dots:
            lanes.setdefault(dot.y, []).append(dot.x)
        for xs in lanes.values():
            assert all(b - a >= 0.05 for a, b in zip(sorted(xs), sorted(xs)[1:], strict=False))
