"""A timeline as a picture: a strip for each day, with the quiet hours, visits and messages on it.

This module computes the picture's measures from plain data; `pages/parts/pictures.html` draws them.
The list next to the picture says all that it shows: a mark has its line's number.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, time, tzinfo
from typing import Literal, NamedTuple, get_args

from chalicelib.clinic.local_time import said_day, said_time
from chalicelib.clinic.profile_models import Quiet
from chalicelib.clinic.quiet_hours import quiet_spans
from chalicelib.domain.record import Value
from chalicelib.web.timeline.day_strips import ONE_DAY, DayStrip, Part, day_strip

# In CSS pixels; horizontally, everything is a share of the width, to fit any screen.
AXIS, LABEL, NOTE, LANE, SPACE, GAP = 20, 20, 16, 22, 10, 26
MARK_WIDTH = 0.075  # of a strip: a mark on the narrowest screen
A_WEEK = ONE_DAY * 7  # before and after the rest; today is shown when it is no further away
HOURS = ((0.0, "12 AM"), (0.25, "6 AM"), (0.5, "noon"), (0.75, "6 PM"), (1.0, "12 AM"))


#: Delivered; with the provider, and not confirmed; still to come; failed; not sent.
Tone = Literal["good", "left", "open", "bad", "off"]


class Mark(NamedTuple):
    """A message at its instant."""

    number: int  #: its line's number in the list next to the picture
    at: datetime
    what: str
    state: str
    tone: Tone
    until: datetime | None = None  #: until when it may still leave (R13)


class Visit(NamedTuple):
    starts_at: datetime
    ends_at: datetime


class Scene(NamedTuple):
    """What surrounds the marks."""

    zone: tzinfo  #: the clinic's zone, whose days are the strips
    quiet: Quiet
    quiet_zone: tzinfo  #: the patient's zone, whose evening and morning are quiet (R14)
    visits: Sequence[Visit] = ()
    now: datetime | None = None


class Dot(Value):
    """A mark at the place where it is drawn."""

    x: float
    y: float
    number: int
    tone: Tone
    said: str


class Bar(Value):
    """The part of a mark's window that is on one day."""

    x: float
    width: float
    y: float
    tone: Tone
    goes_on: bool  #: the window ends on a later day


class Row(Value):
    """One day as it is drawn; or, with `gap`, the days between, on which nothing happens."""

    y: int
    gap: str = ""
    label: str = ""
    notes: tuple[str, ...] = ()
    top: int = 0  #: of its strip
    height: int = 0
    quiet: tuple[Part, ...] = ()
    visits: tuple[Part, ...] = ()
    missing: Part | None = None
    doubled: Part | None = None
    bars: tuple[Bar, ...] = ()
    dots: tuple[Dot, ...] = ()
    now: float | None = None


class Picture(Value):
    height: int
    hours: tuple[tuple[float, str], ...] = HOURS  #: the hours above the strips, and their places
    rows: tuple[Row, ...]
    said: str  #: what it shows, for a reader who cannot see it
    tones: tuple[Tone, ...]  #: of its marks, for the legend
    has_visit: bool
    has_windows: bool
    has_change: bool


def timeline_picture(marks: Sequence[Mark], scene: Scene) -> Picture | None:
    """The picture; None when there is nothing to show.

    A day has a strip when something is on it: a mark, a visit, now, a change of the clock. A window
    is drawn on those of its days that have a strip.
    """
    days = _days(marks, scene)
    if not days:
        return None
    rows: list[Row] = []
    y, last = AXIS, None
    for day in days:
        between = (day.on - last).days - 1 if last is not None else 0
        if between:
            said = "one day" if between == 1 else f"{between} days"
            rows.append(Row(y=y, gap=f"{said} without a message"))
            y += GAP
        row = _row(day, marks, scene, y)
        rows.append(row)
        y, last = row.top + row.height + SPACE, day.on
    return Picture(
        height=y,
        rows=tuple(rows),
        said=_in_words(days, marks, scene),
        tones=tuple(tone for tone in get_args(Tone) if any(mark.tone == tone for mark in marks)),
        has_visit=any(row.visits for row in rows),
        has_windows=any(row.bars for row in rows),
        has_change=any(day.change for day in days),
    )


def _days(marks: Sequence[Mark], scene: Scene) -> list[DayStrip]:
    instants = [mark.at for mark in marks]
    for visit in scene.visits:
        instants += visit
    dates = {at.astimezone(scene.zone).date() for at in instants}
    if not dates:
        return []
    first, last = min(dates), max(dates)
    today = scene.now.astimezone(scene.zone).date() if scene.now is not None else first
    if first - A_WEEK <= today <= last + A_WEEK:
        dates.add(today)
        first, last = min(first, today), max(last, today)
    every = (first + ONE_DAY * n for n in range((last - first).days + 1))
    strips = (day_strip(on, scene.zone) for on in every)
    return [strip for strip in strips if strip.on in dates or strip.change is not None]


def _row(day: DayStrip, marks: Iterable[Mark], scene: Scene, y: int) -> Row:
    visits = [(visit, part) for visit in scene.visits if (part := day.part(*visit))]
    now = scene.now if scene.now and day.starts_at <= scene.now < day.ends_at else None
    notes = [
        f"visit {_clock(visit.starts_at, scene)} to {_clock(visit.ends_at, scene)}"
        for visit, _ in visits
        if day.starts_at <= visit.starts_at
    ]
    if day.change is not None:
        before, after = _said(day.change.before), _said(day.change.after)
        notes.append(f"{before} becomes {after}")
    if now is not None:
        notes.append(f"now {_clock(now, scene)}")
    top = y + LABEL + NOTE * max(len(notes) - 1, 0)
    dots, bars, lanes = _placed(day, marks, top)
    quiet = quiet_spans(day.starts_at, day.ends_at, scene.quiet_zone, scene.quiet)
    return Row(
        y=y,
        label=said_day(day.starts_at, scene.zone),
        notes=tuple(notes),
        top=top,
        height=LANE * max(lanes, 1),
        quiet=tuple(part for span in quiet if (part := day.part(*span))),
        visits=tuple(part for _, part in visits),
        missing=day.missing,
        doubled=day.doubled,
        bars=tuple(bars),
        dots=tuple(dots),
        now=None if now is None else day.place(now),
    )


def _placed(day: DayStrip, marks: Iterable[Mark], top: int) -> tuple[list[Dot], list[Bar], int]:
    """The day's marks and windows, each in the first lane that has room for it."""
    lanes: list[float] = []  # the first free place of each lane
    dots, bars = [], []
    for mark in sorted(marks, key=lambda mark: (mark.at, mark.number)):
        is_today = day.starts_at <= mark.at < day.ends_at
        window = day.part(mark.at, mark.until) if mark.until else None
        if not is_today and window is None:
            continue
        x = day.place(mark.at)
        ends = max(window[1] if window else x, x + MARK_WIDTH / 2 if is_today else x)
        starts = x - MARK_WIDTH / 2
        lane = next((n for n, free in enumerate(lanes) if free <= starts), len(lanes))
        lanes = [*lanes[:lane], ends + MARK_WIDTH / 4, *lanes[lane + 1 :]]
        y = top + LANE * (lane + 0.5)
        if is_today:
            said = f"{mark.number}. {mark.what}: {mark.state}" if mark.state else mark.what
            dots.append(Dot(x=x, y=y, number=mark.number, tone=mark.tone, said=said))
        if window is not None and mark.until is not None:
            goes_on = mark.until > day.ends_at
            bars.append(Bar(x=x, width=window[1] - x, y=y, tone=mark.tone, goes_on=goes_on))
    return dots, bars, len(lanes)


def _in_words(days: Sequence[DayStrip], marks: Sequence[Mark], scene: Scene) -> str:
    first, last = (said_day(day.starts_at, scene.zone) for day in (days[0], days[-1]))
    span = first if first == last else f"{first} to {last}"
    count = "one message" if len(marks) == 1 else f"{len(marks)} messages"
    return f"{span}: {count}. The numbers are those of the list."


def _clock(at: datetime, scene: Scene) -> str:
    return said_time(at, scene.zone)


def _said(at: time) -> str:
    return f"{at.hour % 12 or 12}:{at:%M %p}"
