"""What the discharge form shows late at night: the words of the aftercare, to hand over (R14)."""

from datetime import datetime
from typing import NamedTuple

from chalicelib import wiring
from chalicelib.clinic.careplan.plan import plan_of
from chalicelib.clinic.careplan.step import StepKind
from chalicelib.clinic.quiet_hours import quiet_until
from chalicelib.domain.people.patient import Patient
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.usecases.visits.attendance import steps_to_hand_over
from chalicelib.web.leaflets import lines_of


class Aftercare(NamedTuple):
    """The aftercare that would follow a discharge at this moment."""

    is_owed: bool = False  #: whether this kind of visit has any
    is_handed_over: bool = False  #: it is too late for a text
    words: tuple[str, ...] = ()  #: in the patient's language; none where no wording is approved
    language: str = "en"


def aftercare_now(visit: Appointment, patient: Patient, now: datetime) -> Aftercare:
    """For a visit whose discharge can be recorded. By day it reads nothing."""
    services = wiring.services()
    plan = plan_of(services.plans, visit)
    if not any(step.kind is StepKind.AFTERCARE for step in plan.steps):
        return Aftercare()
    if quiet_until(now, services.clinic.zone_of(patient), services.clinic.quiet) is None:
        return Aftercare(is_owed=True)
    steps = steps_to_hand_over(services.context, appointment_id=visit.id)
    wordings = [
        plan.wording(
            step,
            language=patient.language,
            level="neutral" if patient.discreet else "detailed",
            by_mail=True,
        )
        for step in steps
    ]
    return Aftercare(
        is_owed=True,
        is_handed_over=bool(steps),
        words=tuple(lines_of(wordings, visit, patient)),
        language=next((wording.language for wording in wordings), "en"),
    )
