"""The clock times of a visit's preparation, and the quiet hours. Pure."""

from datetime import UTC, datetime, time, timedelta, tzinfo

from chalicelib.clinic.careplan import CarePlan
from chalicelib.clinic.parts import Quiet
from chalicelib.clinic.times import at_wall_clock, said_clock

FIVE_MINUTES = timedelta(minutes=5)  # a clock time is rounded down to these: the stricter (R16)


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
    """The same as people read them: `{"no_food_after": "Tue 1:00 AM"}`.

    Midnight is said as five minutes earlier: of "Tue 12:00 AM" people do not agree which night
    it is, and a fast that begins a day late is worse than one that begins five minutes early.
    """
    said = {}
    for name, at in clock_instants(plan, start).items():
        is_midnight = at.astimezone(zone).time() == time(0)
        shown = at - FIVE_MINUTES if is_midnight else at
        said[name] = said_clock(shown, zone, reader_zone, language, long=long)
    return said


def quiet_until(at: datetime, zone: tzinfo, quiet: Quiet) -> datetime | None:
    """When the quiet hours end that this instant falls into; None outside them (R14)."""
    local = at.astimezone(zone)
    clock = local.time().replace(fold=0)
    over_midnight = quiet.starts > quiet.ends
    evening = over_midnight and clock >= quiet.starts
    morning = clock < quiet.ends and (over_midnight or clock >= quiet.starts)
    if not evening and not morning:
        return None
    return at_wall_clock(local.date() + timedelta(days=int(evening)), quiet.ends, zone)
