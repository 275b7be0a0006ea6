"""One day of a wall clock as a strip from midnight to midnight: the place of an instant on it.

Hours have the same place on every day, also when the clock changes: a missing hour is an empty
stretch, and an hour that comes twice shows both in its place. Pure.
"""

from datetime import UTC, date, datetime, time, timedelta, tzinfo

from chalicelib.clinic.local_time import at_wall_clock, change_between
from chalicelib.domain.record import Value

MIDNIGHT = time(0)
ONE_DAY = timedelta(days=1)

Part = tuple[float, float]  # from where to where on a strip of length 1


class ClockChange(Value):
    """A change of the wall clock."""

    at: datetime  #: the first instant that has the new time
    by: timedelta  #: forwards; backwards when negative
    before: time  #: what the clock would have shown
    after: time  #: what it shows instead


class DayStrip(Value):
    """A date on the wall clock of one zone."""

    on: date
    starts_at: datetime
    ends_at: datetime  #: the next day's midnight
    change: ClockChange | None

    def place(self, at: datetime) -> float:
        """0 at the day's midnight, 1 at the next; an instant outside is put at the nearer end."""
        at = min(max(at, self.starts_at), self.ends_at)
        change = self.change
        if change is None:
            return (at - self.starts_at) / ONE_DAY
        if change.by < timedelta(0) and at < change.at - change.by:
            # Both of the doubled hours have the place of one hour.
            first = change.at + change.by
            return (min(at, first) - self.starts_at + max(at - first, timedelta(0)) / 2) / ONE_DAY
        return (at - self.starts_at + (change.by if at >= change.at else timedelta(0))) / ONE_DAY

    def part(self, starts_at: datetime, ends_at: datetime) -> Part | None:
        """The part of a span that is on this day; None when there is none."""
        if ends_at <= self.starts_at or starts_at >= self.ends_at or ends_at <= starts_at:
            return None
        return self.place(starts_at), self.place(ends_at)

    @property
    def missing(self) -> Part | None:
        """The stretch that the clock skips."""
        if self.change is None or self.change.by < timedelta(0):
            return None
        end = self.place(self.change.at)
        return end - self.change.by / ONE_DAY, end

    @property
    def doubled(self) -> Part | None:
        """The stretch that the clock shows twice."""
        if self.change is None or self.change.by > timedelta(0):
            return None
        return self.place(self.change.at + self.change.by), self.place(
            self.change.at - self.change.by
        )


def day_strip(on: date, zone: tzinfo) -> DayStrip:
    starts_at = at_wall_clock(on, MIDNIGHT, zone)
    ends_at = at_wall_clock(on + ONE_DAY, MIDNIGHT, zone)
    old, new = (_offset(at, zone) for at in (starts_at, ends_at))
    change = None
    if old != new:
        at = change_between(starts_at, ends_at, zone)
        change = ClockChange(
            at=at,
            by=new - old,
            before=(at + old).time(),
            after=(at + new).time(),
        )
    return DayStrip(on=on, starts_at=starts_at, ends_at=ends_at, change=change)


def clock_changes(first: date, last: date, zone: tzinfo) -> tuple[DayStrip, ...]:
    """The days, both ends included, on which the clock changes."""
    days = ((first + ONE_DAY * n) for n in range((last - first).days + 1))
    strips = (day_strip(on, zone) for on in days)
    return tuple(strip for strip in strips if strip.change is not None)


def _offset(at: datetime, zone: tzinfo) -> timedelta:
    return at.astimezone(UTC).astimezone(zone).utcoffset() or timedelta(0)
