"""The time by which a person must call with what no text could say. Pure."""

from datetime import datetime, timedelta

from chalicelib.clinic.careplan.clock_times import clock_instants
from chalicelib.clinic.careplan.plan import CarePlan
from chalicelib.clinic.profile import Clinic

BEFORE_FASTING = timedelta(hours=1)  # the call comes so long before the fasting starts


def call_by(clinic: Clinic, plan: CarePlan, *, start: datetime, now: datetime) -> datetime | None:
    """Before the fasting, in opening hours; None once the visit has begun.

    If the clinic does not open again before then: an hour before the fasting. If that is past as
    well: the visit's start.
    """
    fasting = min(clock_instants(plan, start).values(), default=start)
    wanted = fasting - BEFORE_FASTING
    return next((at for at in (clinic.last_open(wanted), wanted, start) if at > now), None)
