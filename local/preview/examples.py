"""The cases of booking that the preview shows for each plan."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from chalicelib.clinic.careplan.plan import CarePlan
from chalicelib.clinic.careplan.schedule import Event
from chalicelib.clinic.local_time import at_wall_clock
from chalicelib.clinic.profile import Clinic
from chalicelib.web.timeline.day_strips import clock_changes
from lint.journeys import COURSE

AHEAD = timedelta(days=10)  # at least so long from the booking to the first visit
VISIT_AT, BOOKED_AT, TOO_LATE_AT = time(9), time(10), time(17, 30)
FRIDAY = 4
A_YEAR = timedelta(days=365)


class Example(NamedTuple):
    """One case of booking."""

    id: str
    title: str
    about: str
    visit_dates: tuple[date, ...]
    booked_at: datetime

    @property
    def event(self) -> Event:
        return "course" if len(self.visit_dates) > 1 else "booked"


def examples(clinic: Clinic, plan: CarePlan, today: date) -> tuple[Example, ...]:
    """An ordinary visit, one booked late, one on each change of the clock, and a course."""
    first_on = first_visit_on(clinic, today)
    evening = at_wall_clock(first_on - timedelta(days=1), TOO_LATE_AT, clinic.zone)
    booked_at = _ahead(clinic, first_on)
    found = [
        Example("visit", "One visit", "Booked ten days or so ahead.", (first_on,), booked_at),
        Example("late", "Booked late", "Booked the evening before.", (first_on,), evening),
    ]
    for strip in clock_changes(today, today + A_YEAR, clinic.zone):
        forwards = strip.missing is not None
        found.append(
            Example(
                "forwards" if forwards else "back",
                f"When the clock goes {'forwards' if forwards else 'back'}",
                "A visit on the very day: hours before it are hours that pass, and a day before"
                " it has the same time on the wall.",
                (strip.on,),
                _ahead(clinic, strip.on),
            )
        )
    if plan.is_sedating:
        dates = tuple(first_on + timedelta(days=day) for day in COURSE)
        about = "Two a week, booked in one decision ten days or so ahead."
        found.append(Example("course", "Six sessions", about, dates, booked_at))
    return tuple(found)


def first_visit_on(clinic: Clinic, today: date) -> date:
    """The first day on which a whole course could begin without a change of the clock near it."""
    changes = [strip.on for strip in clock_changes(today, today + A_YEAR, clinic.zone)]
    soonest = today + AHEAD
    candidates = (soonest + timedelta(days=n) for n in range(A_YEAR.days))
    return next((on for on in candidates if _suits(clinic, on, changes)), soonest)


def _suits(clinic: Clinic, on: date, changes: Sequence[date]) -> bool:
    dates = [on + timedelta(days=day) for day in COURSE]
    if any(on - AHEAD <= change <= dates[-1] + AHEAD for change in changes):
        return False
    return all(clinic.is_open(at_wall_clock(day, VISIT_AT, clinic.zone)) for day in dates)


def visits_of(
    clinic: Clinic, plan: CarePlan, example: Example
) -> Sequence[tuple[datetime, datetime]]:
    """When each of its visits starts, and its planned end."""
    length = clinic.length(plan.visit_type)
    starts = [at_wall_clock(on, VISIT_AT, clinic.zone) for on in example.visit_dates]
    return [(start, start + length) for start in starts]


def _ahead(clinic: Clinic, on: date) -> datetime:
    """On a weekday, because a person books it."""
    booked_on = on - AHEAD
    booked_on -= timedelta(days=max(booked_on.weekday() - FRIDAY, 0))
    return at_wall_clock(booked_on, BOOKED_AT, clinic.zone)
