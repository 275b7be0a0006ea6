"""Until when the aftercare of an evening's session may leave, by the rules only (R14, R20)."""

from datetime import datetime, time, timedelta

from chalicelib.clinic.careplan.step import Step, StepKind
from chalicelib.clinic.profile import Clinic
from chalicelib.domain.visits.appointment import Appointment

EVENING, LAST_RECORDED = time(17), time(23, 30)
AFTER_RECORDING = timedelta(minutes=15)
LAST_CALL = timedelta(minutes=10)  # so long before that time, a discharge is no longer waited for


def clinics_time(ended_at: datetime, clinic: Clinic) -> datetime:
    """R14's time on the day when a session ended."""
    local, until = ended_at.astimezone(clinic.zone), clinic.quiet.aftercare_until
    return local.replace(hour=until.hour, minute=until.minute, second=0, microsecond=0)


def leaves_until(visit: Appointment | None, step: Step | None, clinic: Clinic) -> datetime | None:
    """None if quiet hours hold it."""
    if visit is None or step is None or step.kind is not StepKind.AFTERCARE:
        return None
    ended_at = visit.discharged_at or visit.end_at
    ended = ended_at.astimezone(clinic.zone)
    ends = [clinics_time(ended_at, clinic)] if ended.time() >= EVENING else []
    recorded = [d.at for d in visit.decisions if d.what == "discharged"][-1:]
    for at in recorded if visit.discharged_at else ():
        local = at.astimezone(clinic.zone)
        if local.date() == ended.date() and EVENING <= local.time() < LAST_RECORDED:
            ends.append(at + AFTER_RECORDING)
    return max(ends, default=None)
