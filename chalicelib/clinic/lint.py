"""`python -m chalicelib.clinic.lint`: every care plan keeps R17-R27, or exact places are named."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from chalicelib.clinic.careplan import CarePlan, load_careplans
from chalicelib.clinic.files import ClinicFileError
from chalicelib.clinic.profile import Clinic, load_profile
from chalicelib.clinic.schedule import Event, plan_visit
from chalicelib.clinic.speech import speech
from chalicelib.clinic.steps import Step, StepKind
from chalicelib.clinic.times import at_wall_clock
from chalicelib.domain.wording_rules import (
    aftercare_faults,
    length_faults,
    name_faults,
    placeholder_faults,
    reply_faults,
    word_faults,
)

CHECK_IN_FROM = time(9)  # R20
COURSE = (0, 3, 7, 10, 14, 17)  # days of six sessions, two a week: the densest usual course
MONDAY = datetime(2027, 3, 1, 16, tzinfo=UTC).date()  # any week without a holiday would do


def main() -> int:
    """Says every fault; 0 when there is none."""
    try:
        clinic, plans = load_profile(), load_careplans()
    except ClinicFileError as error:
        sys.stdout.write(f"{error}\n")
        return 1
    faults = [fault for plan in plans.values() for fault in plan_faults(clinic, plan)]
    steps = sum(len(plan.steps) for plan in plans.values())
    summary = f"{len(plans)} care plans, {steps} steps: {len(faults)} faults"
    sys.stdout.write("\n".join([*faults, summary, ""]))
    return 1 if faults else 0


def plan_faults(clinic: Clinic, plan: CarePlan) -> Iterator[str]:
    """Each fault with its place: file, step, key."""
    visit_type = clinic.visit_type(plan.visit_type)
    if plan.route != visit_type.route:
        yield f"{plan.file}, route: is {plan.route!r}, but clinic.toml says {visit_type.route!r}"
    if plan.approval.status == "approved" and not plan.is_approved:
        yield (
            f"{plan.file}, approval.sha256: the plan was edited after its approval; have it"
            f" approved again and set it to {plan.content_sha256}"
        )
    for step in plan.steps:
        yield from (f"{plan.file}, step {step.id}, {fault}" for fault in _timing(plan, step))
        for language, levels in step.wording.items():
            for level in ("neutral", "detailed"):
                if getattr(levels, level) is not None:
                    where = f"{plan.file}, step {step.id}, wording.{language}.{level}"
                    found = _wording(clinic, plan, step, language, level)
                    yield from (f"{where}: {fault}" for fault in found)
    for language in plan.leaflet:
        for part in ("before", "after"):
            for number, line in enumerate(plan.leaflet_lines(part, language), 1):
                faults = word_faults(line.text, neutral=False)
                faults += placeholder_faults(line.text, _longest(clinic, plan))
                where = f"{plan.file}, leaflet.{language}.{part}[{number}]"
                yield from (f"{where}: {fault}" for fault in faults)
    yield from (f"{plan.file}: {fault}" for fault in cap_faults(clinic, plan))


def cap_faults(clinic: Clinic, plan: CarePlan) -> Iterator[str]:
    """An ordinary visit or course with more texts than the caps let through (R19)."""
    journeys: list[tuple[str, Event, tuple[int, ...]]] = [
        ("a visit booked ten days ahead", "booked", (0,)),
        ("a visit booked three days ahead", "booked", (0,)),
    ]
    if plan.route != "none":
        journeys.append(("a course of two sessions a week", "course", COURSE))
    for name, event, days in journeys:
        ahead = 3 if "three" in name else 10
        booked_on = MONDAY + timedelta(days=7)
        booked_at = at_wall_clock(booked_on, time(9), clinic.zone)
        # The welcome, and the overview where a course has no confirmations.
        texts = [booked_at] * (2 if event == "course" else 1)
        for day in days:
            start = at_wall_clock(booked_on + timedelta(days=ahead + day), time(13), clinic.zone)
            end = start + clinic.visit_type(plan.visit_type).length
            steps = plan_visit(
                plan, start=start, end=end, now=booked_at, event=event, zone=clinic.zone
            )
            texts += [s.due_at for s in steps if not s.skipped and s.step.channel == "text"]
        on = sorted(at.astimezone(clinic.zone).date() for at in texts)
        for day_on in sorted(set(on)):
            a_day = on.count(day_on)
            a_week = sum(day_on - timedelta(days=7) < other <= day_on for other in on)
            if a_day > clinic.caps.per_day or a_week > clinic.caps.per_week:
                yield (
                    f"{name} makes {a_day} texts in a day and {a_week} in seven days; allowed are"
                    f" {clinic.caps.per_day} and {clinic.caps.per_week} (R19)"
                )
                break


def _timing(plan: CarePlan, step: Step) -> Iterator[str]:
    at = step.offset.at
    if step.kind is StepKind.CHECK_IN and (at is None or at < CHECK_IN_FROM):
        yield 'offset: a check-in is due the next day and not before 09:00; write at = "10:00"'
    for language in (*step.question, *step.brief):
        if language not in step.wording:
            yield f"question or brief has {language}, which wording has not"


def _wording(
    clinic: Clinic, plan: CarePlan, step: Step, language: str, level: str
) -> Iterator[str]:
    longest = _longest(clinic, plan)
    written = getattr(step.wording[language], level)
    optional = {"question", "instructions"}
    yield from placeholder_faults(written, {*longest, *optional})
    if step.asks and "{question}" not in written:
        yield "the step has a question, but the wording no {question}"
    carries = [
        None,
        *(other for other in plan.steps if other.brief and "{instructions}" in written),
    ]
    for adds in carries:
        said = plan.wording(
            step,
            language=language,
            level="detailed" if level == "detailed" else "neutral",
            adds=adds,
        )
        yield from length_faults(said.text, longest, said.segments)
        yield from word_faults(said.text, neutral=said.level == "neutral")
        yield from reply_faults(said.text)
    yield from name_faults(written, recurring=True)
    if level == "detailed" and plan.route == "none":
        yield "a visit without a route gets neutral texts only; remove this wording (R23)"
    if step.kind in (StepKind.AFTERCARE, StepKind.CHECK_IN):
        drives = step.kind is StepKind.AFTERCARE and clinic.visit_type(plan.visit_type).needs_driver
        words = speech(language)
        advice = (words.tomorrow, words.sleep) if drives else ()
        yield from aftercare_faults(written, advice=advice)


def _longest(clinic: Clinic, plan: CarePlan) -> dict[str, str]:
    """Every placeholder with the longest thing it may stand for."""
    year = [datetime(2027, month, 1, tzinfo=UTC) for month in range(1, 13)]
    zone = max((f"{at.astimezone(clinic.zone):%Z}" for at in year), key=len)
    return {
        **clinic.values(),
        "day": "Wed Sep 30",
        "time": f"12:30 PM {zone}",
        **dict.fromkeys(plan.clock_times, f"Wed 12:30 AM {zone}"),
    }


if __name__ == "__main__":
    raise SystemExit(main())
