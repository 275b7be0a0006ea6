"""Where instants meet the clinic's wall clock: reading it, and saying it to people."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo


def at_wall_clock(on: date, at: time, zone: tzinfo) -> datetime:
    """The instant at which a clock on the wall shows this.

    A time that the clock skips is the moment it skips to; one that it shows twice is the first
    (R16).
    """
    local = datetime.combine(on, at.replace(fold=0), tzinfo=zone)
    instant = local.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return instant
    return _change_between(local.replace(fold=1).astimezone(UTC), instant, zone)


def occurs_once(on: date, at: time, zone: tzinfo) -> bool:
    """Whether the clock shows this exactly once; a visit may be booked at no other time (F61)."""
    local = datetime.combine(on, at, tzinfo=zone)
    return local.replace(fold=0).utcoffset() == local.replace(fold=1).utcoffset()


def said_day(at: datetime, zone: tzinfo) -> str:
    """`Tue Dec 1`."""
    local = at.astimezone(zone)
    return f"{local:%a %b} {local.day}"


def said_time(at: datetime, zone: tzinfo, reader_zone: tzinfo | None = None) -> str:
    """`9:00 AM`, with the zone named when the reader's clock shows something else then (R16)."""
    local = at.astimezone(zone)
    said = f"{local.hour % 12 or 12}:{local:%M %p}"
    elsewhere = reader_zone and at.astimezone(reader_zone).utcoffset() != local.utcoffset()
    return f"{said} {local:%Z}" if elsewhere else said


def said_clock(at: datetime, zone: tzinfo, reader_zone: tzinfo | None = None) -> str:
    """`Tue 1:00 AM`: a time to keep, which may fall on the day before."""
    return f"{at.astimezone(zone):%a} {said_time(at, zone, reader_zone)}"


def said_span(days: Sequence[str], opens: time, closes: time) -> str:
    """`Mon-Thu 8:30 AM-5:30 PM`."""
    names = days[0] if len(days) == 1 else f"{days[0]}-{days[-1]}"
    return f"{names} {_said(opens)}-{_said(closes)}"


def _said(at: time) -> str:
    return f"{at.hour % 12 or 12}:{at:%M %p}"


def _change_between(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """The second at which the zone's offset changes between the two."""
    old = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after
