"""Times that can be booked: turn what was typed into a slot, and find free times near it."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from chalicelib.clinic.local_time import at_wall_clock, occurs_once
from chalicelib.clinic.rooms import kept_name
from chalicelib.domain.change import Operation, Save
from chalicelib.domain.errors import Invalid, SlotTaken
from chalicelib.domain.record import Instant, Value
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.domain.visits.day_sheet import DaySheet
from chalicelib.transaction import Context

STEP = timedelta(minutes=30)  # the grid on which free times are offered
DAYS_AHEAD = 5  # how many days the search for a free time covers
OFFERED = 6  # how many free times are suggested


class WallTime(NamedTuple):
    """A clinic-local date and time, as somebody typed it."""

    on: date
    at: time


class Slot(Value):
    """A visit of this type on this resource, from start to end."""

    visit_type: str
    resource: str
    start_at: Instant
    end_at: Instant


def slot(
    context: Context, when: WallTime, *, visit_type: str, resource: str, now: datetime
) -> Slot:
    """The slot that was typed; Invalid, with the field, when it cannot be booked."""
    kind = context.clinic.find_visit_type(visit_type)
    if kind is None:
        raise Invalid(visit_type="Choose one of the visit types.")
    if resource not in {known.id for known in context.clinic.resources}:
        raise Invalid(resource="Choose one of the rooms.")
    if resource not in kind.resources:
        raise Invalid(resource=f"{kind.name} cannot take place there.")
    if not occurs_once(when.on, when.at, context.clinic.zone):
        raise Invalid(
            starts_at="The clocks change then, so this time is unclear. Choose another time."
        )
    start_at = at_wall_clock(when.on, when.at, context.clinic.zone)
    end_at = start_at + context.clinic.length(visit_type)
    if start_at <= now:
        raise Invalid(starts_at="This time is in the past.")
    if start_at > now + timedelta(days=550):
        raise Invalid(starts_at="This is more than 18 months away. Check the year.")
    if end_at.astimezone(context.clinic.zone).date() != when.on:
        raise Invalid(starts_at="The visit would not end on the same day.")
    return Slot(visit_type=visit_type, resource=resource, start_at=start_at, end_at=end_at)


def moved_slot(
    context: Context, appointment: Appointment, when: WallTime, *, resource: str, now: datetime
) -> Slot:
    """The slot to which an appointment is to move; the same rules as for a new one.

    Invalid for a kind of visit that the clinic's data no longer has: it has no length and no texts.
    """
    if context.clinic.find_visit_type(appointment.visit_type) is None:
        raise Invalid(
            starts_at="The clinic no longer has this kind of visit, so it cannot be moved."
            " Cancel it and book another one."
        )
    return slot(context, when, visit_type=appointment.visit_type, resource=resource, now=now)


def clinic_date(context: Context, at: datetime) -> str:
    return at.astimezone(context.clinic.zone).date().isoformat()


def place(context: Context, resource: str, at: datetime) -> tuple[str, str]:
    """The key of the day sheet for a time on a resource: the resource and the clinic's date."""
    return resource, clinic_date(context, at)


def sheets_of(
    context: Context, places: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], DaySheet]:
    """The day sheets of these resources and dates; an empty one where none was stored."""
    wanted = sorted(set(places))
    rows = context.store.get_many(*(DaySheet.ref(*place) for place in wanted))
    return {
        place: row or DaySheet(resource=place[0], on=place[1])
        for place, row in zip(wanted, rows, strict=True)
    }


def sheet_writes(context: Context, sheet: DaySheet) -> list[Operation]:
    """Save the day sheet; a new one also keeps its room's name, in case the data drops it (R71)."""
    return [Save(sheet), *(kept_name(context.clinic, sheet.resource) if not sheet.revision else [])]


def taking(context: Context, sheet: DaySheet, appointment: Appointment, now: datetime) -> DaySheet:
    """The day sheet with the visit added; SlotTaken names the free times nearby."""
    try:
        return sheet.taking(appointment)
    except SlotTaken as taken:
        free = free_starts(context, appointment, now)
        raise SlotTaken(free=free, clashes=taken.clashes) from None


def free_starts(context: Context, wanted: Slot | Appointment, now: datetime) -> list[datetime]:
    """Starts near the wanted one, on the same resource, that are free and in opening hours."""
    zone = context.clinic.zone
    first = wanted.start_at.astimezone(zone).date()
    days = [first + timedelta(days=n) for n in range(DAYS_AHEAD)]
    sheets = sheets_of(context, [(wanted.resource, day.isoformat()) for day in days])
    length = wanted.end_at - wanted.start_at
    free = []
    for day in days:
        sheet = sheets[wanted.resource, day.isoformat()]
        for minutes in range(0, 24 * 60, int(STEP.total_seconds() // 60)):
            at = time(minutes // 60, minutes % 60)
            if not occurs_once(day, at, zone):
                continue
            start = at_wall_clock(day, at, zone)
            last = start + length - timedelta(minutes=1)
            if start <= now or not (context.clinic.is_open(start) and context.clinic.is_open(last)):
                continue
            if sheet.is_free(start, start + length):
                free.append(start)
    nearest = sorted(free, key=lambda start: abs(start - wanted.start_at))[:OFFERED]
    return sorted(nearest)
