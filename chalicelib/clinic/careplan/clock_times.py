"""The clock times of a visit's preparation. Pure."""

from datetime import UTC, datetime, time, timedelta, tzinfo

from chalicelib.clinic.careplan.plan import CarePlan
from chalicelib.clinic.local_time import said_clock

FIVE_MINUTES = timedelta(minutes=5)  # a clock time is rounded down to these: the stricter way (R16)


def clock_instants(plan: CarePlan, start: datetime) -> dict[str, datetime]:
    """The plan's clock times for a visit: elapsed before the start, rounded down to 5 minutes."""
    instants = {}
    for name, before in plan.clock_times.items():
        exact = start.astimezone(UTC) - before
        instants[name] = exact - (exact - datetime.min.replace(tzinfo=UTC)) % FIVE_MINUTES
    return instants


def clock_times(
    plan: CarePlan,
    start: datetime,
    zone: tzinfo,
    reader_zone: tzinfo | None = None,
    language: str = "en",
    *,
    long: bool = False,
) -> dict[str, str]:
    """The clock times for people: `{"no_food_after": "Tue 1:00 AM"}`.

    Midnight is shown as five minutes earlier: people do not agree which night "Tue 12:00 AM" is,
    and a fast that begins a day late is worse than one that begins five minutes early.
    """
    said = {}
    for name, at in clock_instants(plan, start).items():
        is_midnight = at.astimezone(zone).time() == time(0)
        shown = at - FIVE_MINUTES if is_midnight else at
        said[name] = said_clock(shown, zone, reader_zone, language, long=long)
    return said
