"""Between instants and the clinic's wall clock: reading times, and showing them to people."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from chalicelib.clinic.speech import speech


def at_wall_clock(on: date, at: time, zone: tzinfo) -> datetime:
    """The instant at which a wall clock shows this.

    For a time that the clock skips, the moment to which it skips; for a time that it shows twice,
    the first of the two (R16).
    """
    local = datetime.combine(on, at.replace(fold=0), tzinfo=zone)
    instant = local.astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return instant
    return change_between(local.replace(fold=1).astimezone(UTC), instant, zone)


def occurs_once(on: date, at: time, zone: tzinfo) -> bool:
    """Whether the clock shows this exactly once; a visit may be booked at no other time (F61)."""
    local = datetime.combine(on, at, tzinfo=zone)
    return local.replace(fold=0).utcoffset() == local.replace(fold=1).utcoffset()


def said_day(at: datetime, zone: tzinfo, language: str = "en", *, long: bool = False) -> str:
    """`Tue Dec 1`, `mar 1 dic`; long, for pages and mails, `martes, 1 de diciembre`."""
    local, names = at.astimezone(zone), speech(language)
    weekday, month = local.weekday(), local.month - 1
    if long:
        return names.long_day.format(
            weekday=names.long_days[weekday], month=names.long_months[month], day=local.day
        )
    return names.day.format(weekday=names.days[weekday], month=names.months[month], day=local.day)


def said_time(at: datetime, zone: tzinfo, reader_zone: tzinfo | None = None) -> str:
    """`9:00 AM`, with the zone if the reader's clock shows another time then (R16).

    It is the same in every language: in the United States, Spanish uses this form too.
    """
    local = at.astimezone(zone)
    elsewhere = reader_zone and at.astimezone(reader_zone).utcoffset() != local.utcoffset()
    return f"{_said(local.time())} {local:%Z}" if elsewhere else _said(local.time())


def said_clock(
    at: datetime,
    zone: tzinfo,
    reader_zone: tzinfo | None = None,
    language: str = "en",
    *,
    long: bool = False,
) -> str:
    """`Tue 1:00 AM`, `mar 1:00 AM`: a time to observe, which may be on the day before."""
    names = speech(language)
    days = names.long_days if long else names.days
    return f"{days[at.astimezone(zone).weekday()]} {said_time(at, zone, reader_zone)}"


def said_span(
    days: Sequence[int], opens: time, closes: time, language: str = "en", *, long: bool = False
) -> str:
    """`Mon-Thu 8:30 AM-5:30 PM`; the days are counted from Monday, which is 0."""
    names = speech(language).long_days if long else speech(language).days
    said = names[days[0]] if len(days) == 1 else f"{names[days[0]]}-{names[days[-1]]}"
    return f"{said} {_said(opens)}-{_said(closes)}"


def _said(at: time) -> str:
    return f"{at.hour % 12 or 12}:{at:%M} {'AM' if at.hour < 12 else 'PM'}"


def change_between(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """The second at which the zone's offset changes between the two."""
    old = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
        if middle.astimezone(zone).utcoffset() == old:
            before = middle
        else:
            after = middle
    return after
