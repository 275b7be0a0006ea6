"""The preparation that a visit would miss if it were booked now (R17). Pure."""

from collections.abc import Iterable
from datetime import UTC, datetime, time, timedelta, tzinfo

from chalicelib.clinic.careplan.plan import CarePlan
from chalicelib.clinic.careplan.step import Anchor, Step, StepKind
from chalicelib.clinic.local_time import at_wall_clock
from chalicelib.domain.record import Value


class TooLate(Value):
    """Visits of this type that begin before an instant no longer get this step."""

    visit_type: str
    step: Step
    starts_before: datetime  #: UTC


def too_late(plans: Iterable[CarePlan], now: datetime, zone: tzinfo) -> tuple[TooLate, ...]:
    """Every preparation step with the first start that still gets it."""
    return tuple(
        TooLate(visit_type=plan.visit_type, step=step, starts_before=_first_start(step, now, zone))
        for plan in plans
        for step in plan.steps
        if step.kind is StepKind.PREPARATION and step.anchor is Anchor.START
    )


def _first_start(step: Step, now: datetime, zone: tzinfo) -> datetime:
    """The earliest start whose step is due no sooner after the booking than the plan asks."""
    earliest = now + step.after_booking
    offset = step.offset
    if offset.days is None or offset.at is None:
        return earliest.astimezone(UTC) - (offset.elapsed or timedelta(0))
    on = earliest.astimezone(zone).date()
    while at_wall_clock(on, offset.at, zone) < earliest:
        on += timedelta(days=1)
    return at_wall_clock(on - timedelta(days=offset.days), time(0), zone)
