"""The rules of a care plan apart from its words: approval, route, timing, languages, leaflet."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta

from chalicelib.clinic.careplan.plan import CarePlan
from chalicelib.clinic.careplan.schedule import Planned, due_times
from chalicelib.clinic.careplan.step import AFTERWARDS, DECISIONS, Step, StepKind
from chalicelib.clinic.local_time import at_wall_clock
from chalicelib.clinic.profile import Clinic
from chalicelib.clinic.profile_models import WEEKDAYS
from chalicelib.clinic.quiet_hours import aftercare_until, held_until
from chalicelib.clinic.speech import speech
from chalicelib.languages import languages
from lint.longest import longest_values
from lint.wording_rules import claim_faults, link_faults, placeholder_faults, word_faults

CHECK_IN_FROM = time(9)  # R20
HALF_AN_HOUR = timedelta(minutes=30)  # visits begin on such times, for the lint
A_WEEK = [datetime(2027, 3, 1) + timedelta(days=n) for n in range(7)]  # noqa: DTZ001 - dates alone


def plan_faults(clinic: Clinic, plan: CarePlan) -> Iterator[str]:
    """The plan as a whole: its route (R23) and its approval (R21)."""
    visit_type = clinic.visit_type(plan.visit_type)
    if plan.route != visit_type.route:
        yield f"route: is {plan.route!r}, but clinic.toml says {visit_type.route!r} (R23)"
    yield from route_faults(clinic, plan)
    if plan.approval.status == "approved" and not plan.is_approved:
        yield (
            f"approval.sha256: the plan was edited after its approval; have it approved again and"
            f" set it to {plan.content_sha256} (R21)"
        )
    for language in languages():
        if language not in plan.leaflet:
            yield f"leaflet.{language}: is missing; the patient's page would be in English"


def route_faults(clinic: Clinic, plan: CarePlan) -> Iterator[str]:
    """A route for which the clinic does not say what it implies; also for a plan without a type."""
    if plan.route not in clinic.routes:
        yield f"route: clinic.toml declares no {plan.route!r}; add [routes.{plan.route}] (R23)"


def step_faults(clinic: Clinic, plan: CarePlan, step: Step) -> Iterator[str]:
    """Faults in when a step is sent, and in which languages it has words."""
    at = step.offset.at
    if step.kind is StepKind.CHECK_IN and (at is None or at < CHECK_IN_FROM):
        yield 'offset: a check-in is due the next day, not before 09:00; write at = "10:00" (R20)'
    for name, said in (
        ("wording", step.wording),
        ("question", step.question),
        ("brief", step.brief),
    ):
        for language in languages():
            if said and language not in said:
                yield f"{name}.{language}: is missing; its readers would get English (R22)"
    for language, said_so in step.brief.items():
        yield from (f"brief.{language}: {fault}" for fault in claim_faults(said_so))
    if not step.same_day and _says_tomorrow(step):
        yield 'same_day: it says "tomorrow", which is wrong after midnight; write true (R13)'
    if never := _never_sent(clinic, plan, step) or _always_held(clinic, plan, step):
        yield never


def leaflet_faults(clinic: Clinic, plan: CarePlan) -> Iterator[str]:
    """The lines for pages and mails, which may name the treatment but give no advice (R24)."""
    for language in plan.leaflet:
        known = longest_values(clinic, plan, language)
        for part in ("before", "after"):
            for number, line in enumerate(plan.leaflet_lines(part, language), 1):
                faults = word_faults(line.text, neutral=False)
                faults += placeholder_faults(line.text, known)
                faults += link_faults(line.text)
                faults += claim_faults(line.text)
                yield from (f"leaflet.{language}.{part}[{number}]: {fault}" for fault in faults)


def _says_tomorrow(step: Step) -> bool:
    texts = {
        language: f"{levels.neutral} {levels.detailed}" for language, levels in step.wording.items()
    }
    return any(speech(language).tomorrow in text for language, text in texts.items())


def _never_sent(clinic: Clinic, plan: CarePlan, step: Step) -> str:
    """A step that is too late for every visit of an ordinary day, however early it is booked."""
    if step.anchor in DECISIONS | AFTERWARDS:
        return ""
    length = clinic.length(plan.visit_type)
    for day in A_WEEK:
        opening = clinic.hours.get(WEEKDAYS[day.weekday()])
        if opening is None:
            continue
        start = at_wall_clock(day.date(), opening.opens, clinic.zone)
        times = due_times(plan, step, start=start, end=start + length, zone=clinic.zone)
        if times.useful_until <= times.due_at:
            return (
                f"offset: it is due when it is of no use any more: a visit at {opening.opens:%H:%M}"
                " has begun by then, or a time that it names has passed (R13)"
            )
    return ""


def _always_held(clinic: Clinic, plan: CarePlan, step: Step) -> str:
    """A text that quiet hours hold until it is too late, for every visit of the week."""
    if step.anchor in DECISIONS or step.channel != "text":
        return ""
    quiet, length = clinic.quiet, clinic.length(plan.visit_type)
    for start in _starts(clinic, length):
        end = start + length
        times = due_times(plan, step, start=start, end=end, zone=clinic.zone)
        if _may_leave(clinic, step, times, end):
            return ""
    return (
        f"offset: quiet hours, {quiet.starts:%H:%M} to {quiet.ends:%H:%M}, hold it until it is of"
        " no use, whenever the visit is; choose another time or a longer useful_for (R14)"
    )


def _starts(clinic: Clinic, length: timedelta) -> Iterator[datetime]:
    """The starts of a week from which a visit ends before closing; at least the opening."""
    for day in A_WEEK:
        opening = clinic.hours.get(WEEKDAYS[day.weekday()])
        if opening is None:
            continue
        start = at_wall_clock(day.date(), opening.opens, clinic.zone)
        closes = at_wall_clock(day.date(), opening.closes, clinic.zone)
        yield start
        while (start := start + HALF_AN_HOUR) + length <= closes:
            yield start


def _may_leave(clinic: Clinic, step: Step, times: Planned, end: datetime) -> bool:
    """Whether a patient in the clinic's zone gets it; from the planned end if none is recorded."""
    is_aftercare = step.kind is StepKind.AFTERCARE
    evening = aftercare_until(end, None, clinic.zone, clinic.quiet) if is_aftercare else None
    held = held_until(times.due_at, clinic.zone, clinic.quiet, leaves_until=evening)
    return (held or times.due_at) < times.useful_until
