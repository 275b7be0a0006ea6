"""The picture for the lines that a staff page lists."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from chalicelib.clinic.profile import Clinic
from chalicelib.domain.people.patient import Patient
from chalicelib.domain.visits.appointment import Appointment, AppointmentStatus
from chalicelib.domain.visits.request import ConsultationRequest
from chalicelib.web.timeline.lines import Line
from chalicelib.web.timeline.picture import Mark, Picture, Scene, Tone, Visit, timeline_picture

TONES: Mapping[str, Tone] = {"good": "good", "bad": "bad", "off": "off"}  # by the tone of a line
NOT_TAKING_PLACE = (AppointmentStatus.CANCELLED, AppointmentStatus.NOSHOW)


def picture_of(
    lines: Iterable[Line],
    subject: ConsultationRequest | Appointment,
    *,
    patient: Patient,
    clinic: Clinic,
    now: datetime,
) -> Picture | None:
    """What was sent and what will be; None while there is no message."""
    marks = marks_of(lines)
    visits: tuple[Visit, ...] = ()
    if isinstance(subject, Appointment) and subject.status not in NOT_TAKING_PLACE:
        visits = (Visit(subject.start_at, subject.discharged_at or subject.end_at),)
    scene = Scene(
        zone=clinic.zone,
        quiet=clinic.quiet,
        quiet_zone=clinic.zone_of(patient),
        visits=visits,
        now=now,
    )
    return timeline_picture(marks, scene) if marks else None


def marks_of(lines: Iterable[Line]) -> Sequence[Mark]:
    """A mark for each numbered line; what was not sent is put where it would have left."""
    return [
        Mark(
            number=line.number,
            at=line.meant_for or line.at if line.tone == "off" else line.at,
            what=line.what,
            state=f"{line.state} ({line.why})" if line.why else line.state,
            tone=_tone(line),
            until=line.useful_until,
        )
        for line in lines
        if line.number
    ]


def _tone(line: Line) -> Tone:
    """An open line is still to come, or has left and nobody knows yet whether it arrived."""
    if line.tone == "open":
        return "open" if line.is_coming else "left"
    return TONES[line.tone]
