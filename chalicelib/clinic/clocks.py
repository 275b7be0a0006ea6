"""The clock times of a visit's preparation, and the quiet hours with their exception. Pure."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta, tzinfo

from chalicelib.clinic.careplan import CarePlan
from chalicelib.clinic.parts import Quiet
from chalicelib.clinic.times import at_wall_clock, said_clock

ONE_DAY, TWO_DAYS = timedelta(days=1), timedelta(days=2)
MOMENT = timedelta(microseconds=1)
EVENING = time(17)  # on the clinic's clock: what ends from then on ended "that evening" (R14)
LAST_RECORDED = time(23, 30)  # on the same clock: a discharge recorded later causes no text
AFTER_RECORDING = timedelta(minutes=15)  # of a discharge: its text leaves within these
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
    spans = quiet_spans(at, at + MOMENT, zone, quiet)
    return next((ends for begins, ends in spans if begins <= at < ends), None)


def held_until(
    at: datetime, zone: tzinfo, quiet: Quiet, *, leaves_until: datetime | None
) -> datetime | None:
    """As `quiet_until`, of a text that quiet hours do not hold before some time (R14)."""
    if leaves_until is not None and at < leaves_until:
        return None
    return quiet_until(at, zone, quiet)


def evening_until(ended_at: datetime, zone: tzinfo, quiet: Quiet) -> datetime:
    """The clinic's time on the day when a session ended: then its aftercare must have left."""
    return at_wall_clock(ended_at.astimezone(zone).date(), quiet.aftercare_until, zone)


def aftercare_until(
    ended_at: datetime, recorded_at: datetime | None, zone: tzinfo, quiet: Quiet
) -> datetime | None:
    """Until when quiet hours do not hold the aftercare of a session; None if they do (R14).

    Of one that ended in the evening until the clinic's time, and within 15 minutes of a discharge
    that was recorded the same evening, before 23:30.
    """
    ends = []
    if ended_at.astimezone(zone).time() >= EVENING:
        ends.append(evening_until(ended_at, zone, quiet))
    if recorded_at is not None:
        local = recorded_at.astimezone(zone)
        same_day = local.date() == ended_at.astimezone(zone).date()
        if same_day and EVENING <= local.time() < LAST_RECORDED:
            ends.append(recorded_at + AFTER_RECORDING)
    return max(ends, default=None)


def next_quiet(at: datetime, zone: tzinfo, quiet: Quiet) -> datetime:
    """When quiet hours next begin after this instant; in two days where a clinic has none."""
    spans = quiet_spans(at, at + TWO_DAYS, zone, quiet)
    return next((begins for begins, _ in spans if begins > at), at + TWO_DAYS)


def quiet_spans(
    starts_at: datetime, ends_at: datetime, zone: tzinfo, quiet: Quiet
) -> Iterator[tuple[datetime, datetime]]:
    """The quiet hours that overlap a span of time, whole and in order, where somebody reads (R14).

    Each is from one instant to another, so an hour that the clock shows twice is not quiet twice.
    """
    over_midnight = quiet.starts > quiet.ends
    on = starts_at.astimezone(zone).date() - ONE_DAY
    while on <= ends_at.astimezone(zone).date():
        begins = at_wall_clock(on, quiet.starts, zone)
        ends = at_wall_clock(on + ONE_DAY * over_midnight, quiet.ends, zone)
        if begins < ends_at and ends > starts_at and begins < ends:
            yield begins, ends
        on += ONE_DAY
