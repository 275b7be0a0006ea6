"""A time on the clinic's clock, as a browser's date and time field sends it."""

import re
from datetime import date, datetime, time

from chalicelib import wiring
from chalicelib.usecases.visits.slots import WallTime

# Any other century is a typing mistake, and the ends of the calendar cannot be computed with.
_WALL_TIME = re.compile(r"(20\d\d-\d\d-\d\d)T(\d\d:\d\d)(:\d\d(\.\d{1,6})?)?", re.ASCII)


def wall_time(value: object) -> WallTime:
    """`2026-12-08T09:00`, as a browser's date and time field sends it; seconds are dropped."""
    found = _WALL_TIME.fullmatch(str(value).strip())
    if found is None:
        raise ValueError("no time on the clinic's clock")
    return WallTime(date.fromisoformat(found[1]), time.fromisoformat(found[2]))


def as_typed(at: datetime) -> str:
    """An instant in the form that `wall_time` reads."""
    return f"{at.astimezone(wiring.services().clinic.zone):%Y-%m-%dT%H:%M}"
