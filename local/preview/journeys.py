"""What a patient gets around one visit or a whole course, by the plan's schedule."""

from collections.abc import Iterator
from datetime import datetime

from chalicelib.clinic.careplan.conditions import Circumstances
from chalicelib.clinic.careplan.plan import CarePlan
from chalicelib.clinic.careplan.schedule import PlannedStep, plan_visit
from chalicelib.clinic.careplan.step import AFTERWARDS, StepKind
from chalicelib.clinic.placeholders import choice_values, visit_values
from chalicelib.clinic.profile import Clinic
from chalicelib.clinic.quiet_hours import aftercare_until, held_until
from chalicelib.domain.messaging.wording import Level
from chalicelib.domain.record import Value
from chalicelib.messages import catalogue
from chalicelib.web.timeline.picture import Mark, Picture, Scene, Tone, Visit, timeline_picture
from chalicelib.web.timeline.words import KIND_WORDS
from local.preview.examples import Example, visits_of
from local.preview.texts import Sized, sized


class Told(Value):
    """One message of a journey."""

    number: int  #: in the order in which they leave
    what: str
    session: int | None
    due_at: datetime
    leaves_at: datetime
    useful_until: datetime | None
    why_not: str  #: empty when it is sent
    waits: bool  #: whether quiet hours hold it
    body: Sized

    @property
    def tone(self) -> Tone:
        return "off" if self.why_not else "open"


class Journey(Value):
    """All messages of a journey, and its picture."""

    id: str
    language: str
    title: str
    about: str
    lines: tuple[Told, ...]
    picture: Picture

    @property
    def texts(self) -> int:
        return sum(not line.why_not for line in self.lines)

    @property
    def segments(self) -> int:
        return sum(line.body.segments for line in self.lines if not line.why_not)


def journey(
    clinic: Clinic, plan: CarePlan, example: Example, language: str, level: Level
) -> Journey:
    """What a patient gets who answers no question, in the order of sending."""
    found = sorted(
        [
            *_at_once(clinic, plan, example, language),
            *_of_steps(clinic, plan, example, language, level),
        ],
        key=lambda line: line.leaves_at,
    )
    lines = tuple(line.model_copy(update={"number": n}) for n, line in enumerate(found, 1))
    scene = Scene(
        zone=clinic.zone,
        quiet=clinic.quiet,
        quiet_zone=clinic.zone,
        visits=[Visit(*times) for times in visits_of(clinic, plan, example)],
    )
    picture = timeline_picture([_mark(line) for line in lines], scene)
    if picture is None:
        raise ValueError(f"{plan.visit_type}, {example.id}: a journey without a message")
    return Journey(
        id=f"{plan.visit_type}-{example.id}",
        language=language,
        title=example.title,
        about=example.about,
        lines=lines,
        picture=picture,
    )


def _at_once(clinic: Clinic, plan: CarePlan, example: Example, language: str) -> Iterator[Told]:
    """The first text to a number, and for a course its overview (R4, R49)."""
    starts = [start for start, _ in visits_of(clinic, plan, example)]
    values = choice_values(clinic, starts, language=language)
    keys = {"welcome": KIND_WORDS["welcome"]}
    if example.event == "course":
        keys["course_overview"] = KIND_WORDS["course_overview"]
    for key, what in keys.items():
        yield Told(
            number=0,
            what=what,
            session=None,
            due_at=example.booked_at,
            leaves_at=example.booked_at,
            useful_until=None,
            why_not="",
            waits=False,
            body=sized(catalogue.wording(key, language), values),
        )


def _of_steps(
    clinic: Clinic, plan: CarePlan, example: Example, language: str, level: Level
) -> Iterator[Told]:
    visits = visits_of(clinic, plan, example)
    for session, (start, end) in enumerate(visits, 1):
        place = session if example.event == "course" else None
        planned = plan_visit(
            plan,
            start=start,
            end=end,
            now=example.booked_at,
            event=example.event,
            zone=clinic.zone,
            session=place,
        )
        patient = Circumstances(
            route=plan.route,
            session=place,
            needs_driver=clinic.kind(plan.visit_type).needs_driver,
            detailed=level == "detailed",
        )
        values = visit_values(clinic, plan, start=start, language=language)
        for part in planned:
            status = "fulfilled" if part.step.anchor in AFTERWARDS else "booked"
            if part.never or part.step.why_not_owed(status, patient):
                continue
            wording = plan.wording(
                part.step,
                language=language,
                level=level,
                adds=plan.step(part.adds) if part.adds else None,
            )
            yield _told(clinic, part, end, place, sized(wording, values))


def _told(
    clinic: Clinic, part: PlannedStep, end: datetime, session: int | None, body: Sized
) -> Told:
    """When it is sent, or why not: quiet hours may hold it until it is too late."""
    zone, quiet = clinic.zone, clinic.quiet
    is_aftercare = part.step.kind is StepKind.AFTERCARE
    evening = aftercare_until(end, None, zone, quiet) if is_aftercare else None
    until = held_until(part.due_at, zone, quiet, leaves_until=evening)
    too_late = until is not None and until >= part.useful_until
    why_not = part.skipped or ("quiet hours until it is too late" if too_late else "")
    waits = until is not None and not why_not
    return Told(
        number=0,
        what=KIND_WORDS[part.step.kind],
        session=session,
        due_at=part.due_at,
        leaves_at=until if until is not None and waits else part.due_at,
        useful_until=part.useful_until,
        why_not=why_not,
        waits=waits,
        body=body,
    )


def _mark(line: Told) -> Mark:
    session = f", session {line.session}" if line.session else ""
    return Mark(
        number=line.number,
        at=line.leaves_at,
        what=f"{line.what}{session}",
        state=f"not sent ({line.why_not})" if line.why_not else "",
        tone=line.tone,
        until=None if line.why_not else line.useful_until,
    )
