"""The hours in which no text leaves, and until when aftercare may. Pure."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta, tzinfo

from chalicelib.clinic.local_time import at_wall_clock
from chalicelib.clinic.profile_models import Quiet

ONE_DAY, TWO_DAYS = timedelta(days=1), timedelta(days=2)
MOMENT = timedelta(microseconds=1)
EVENING = time(17)  # on the clinic's clock: a session that ends later ended "that evening" (R14)
LAST_RECORDED = time(23, 30)  # on the same clock: a discharge that is recorded later causes no text
AFTER_RECORDING = timedelta(minutes=15)  # the text of a discharge leaves within this time


def quiet_until(at: datetime, zone: tzinfo, quiet: Quiet) -> datetime | None:
    """When the quiet hours end that include this instant; None outside them (R14)."""
    spans = quiet_spans(at, at + MOMENT, zone, quiet)
    return next((ends for begins, ends in spans if begins <= at < ends), None)


def held_until(
    at: datetime, zone: tzinfo, quiet: Quiet, *, leaves_until: datetime | None
) -> datetime | None:
    """Like `quiet_until`, for a text that quiet hours do not hold until some time (R14)."""
    if leaves_until is not None and at < leaves_until:
        return None
    return quiet_until(at, zone, quiet)


def evening_until(ended_at: datetime, zone: tzinfo, quiet: Quiet) -> datetime:
    """The clinic's time on the day when a session ended; its aftercare must leave before that."""
    return at_wall_clock(ended_at.astimezone(zone).date(), quiet.aftercare_until, zone)


def aftercare_until(
    ended_at: datetime, recorded_at: datetime | None, zone: tzinfo, quiet: Quiet
) -> datetime | None:
    """Until when quiet hours do not hold the aftercare of a session; None if they do (R14).

    For a session that ended in the evening: until the clinic's time, and within 15 minutes of a
    discharge that was recorded the same evening, before 23:30.
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
    """When quiet hours next begin after this instant; in two days if a clinic has none."""
    spans = quiet_spans(at, at + TWO_DAYS, zone, quiet)
    return next((begins for begins, _ in spans if begins > at), at + TWO_DAYS)


def quiet_spans(
    starts_at: datetime, ends_at: datetime, zone: tzinfo, quiet: Quiet
) -> Iterator[tuple[datetime, datetime]]:
    """The quiet hours that overlap a span of time, whole and in order, in the reader's zone (R14).

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
