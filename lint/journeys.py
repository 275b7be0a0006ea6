"""What an ordinary patient gets in total: how many texts against the caps (R19), and the price."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from chalicelib.clinic.careplan.plan import CarePlan
from chalicelib.clinic.careplan.schedule import Event, PlannedStep, plan_visit
from chalicelib.clinic.local_time import at_wall_clock
from chalicelib.clinic.placeholders import visit_values
from chalicelib.clinic.profile import Clinic
from chalicelib.clinic.profile_models import Caps
from chalicelib.domain.messaging.segments import count, transliterate
from chalicelib.domain.messaging.wording import Level
from chalicelib.languages import languages
from lint.step_wordings import LEVELS
from lint.wording_rules import PLACEHOLDER

COURSE = (0, 3, 7, 10, 14, 17)  # days of six sessions, two a week: the densest usual course
MONDAY = date(2027, 3, 8)  # any week without a holiday would do


class Journey(NamedTuple):
    """A visit or a course, booked so many days ahead."""

    name: str
    event: Event
    ahead: int
    days: tuple[int, ...] = (0,)

    @property
    def first_texts(self) -> int:
        """The first text, and the overview if it is a course, which has no confirmations."""
        return 2 if self.event == "course" else 1


VISIT = Journey("a visit booked ten days ahead", "booked", 10)
SOON = Journey("a visit booked three days ahead", "booked", 3)
SESSIONS = Journey("a course of two sessions a week", "course", 10, COURSE)


class Sent(NamedTuple):
    """One step of a journey, and the start of the visit that it belongs to."""

    planned: PlannedStep
    start: datetime


def sent_in(clinic: Clinic, plan: CarePlan, journey: Journey) -> list[Sent]:
    """Every text of the care plan that leaves, when nothing unusual happens."""
    booked_at = _booked_at(clinic)
    length = clinic.length(plan.visit_type)
    sent = []
    for session, day in enumerate(journey.days, 1):
        on = MONDAY + timedelta(days=journey.ahead + day)
        start = at_wall_clock(on, time(13), clinic.zone)
        steps = plan_visit(
            plan,
            start=start,
            end=start + length,
            now=booked_at,
            event=journey.event,
            zone=clinic.zone,
            session=session if journey.event == "course" else None,
        )
        sent += [Sent(s, start) for s in steps if not s.skipped and s.step.channel == "text"]
    return sent


def cap_faults(clinic: Clinic, plan: CarePlan) -> Iterator[str]:
    """An ordinary visit or course with more texts than the caps allow (R19)."""
    for journey in (VISIT, SOON, *([SESSIONS] if plan.is_sedating else [])):
        # One patient never gets both levels.
        for level in LEVELS:
            texts = [_booked_at(clinic)] * journey.first_texts
            texts += [
                sent.planned.due_at
                for sent in sent_in(clinic, plan, journey)
                if f"{_other(level)}_texts" not in sent.planned.step.when
            ]
            fault = _over(clinic.caps, sorted(at.astimezone(clinic.zone).date() for at in texts))
            if fault:
                yield f"{journey.name} makes {fault} (R19)"
                return


def costs(clinic: Clinic, plans: Iterable[CarePlan]) -> list[str]:
    """A table: segments and dollars of a visit and of six sessions, by language and level.

    It counts the care plan's own texts; the first text to a number and an overview come once in
    addition.
    """
    lines = [
        "",
        f"{'segments and price of':32} {'one visit':>16} {'six sessions':>18}",
    ]
    for plan in plans:
        for language in languages():
            for level in LEVELS if plan.is_sedating else LEVELS[:1]:
                journeys = (VISIT, SESSIONS) if plan.is_sedating else (VISIT,)
                told = [_cost(clinic, plan, each, language, level) for each in journeys]
                name = f"{plan.visit_type}, {language}, {level}"
                lines.append(f"{name:32} {told[0]:>16} {(told[1:] or [''])[0]:>18}".rstrip())
    return lines


def _cost(clinic: Clinic, plan: CarePlan, journey: Journey, language: str, level: Level) -> str:
    texts = [
        sent
        for sent in sent_in(clinic, plan, journey)
        if f"{_other(level)}_texts" not in sent.planned.step.when
    ]
    segments = sum(_segments(clinic, plan, sent, language, level) for sent in texts)
    return f"{segments:3}   {segments * clinic.text_price_usd:7.4f} $"


def _segments(clinic: Clinic, plan: CarePlan, sent: Sent, language: str, level: Level) -> int:
    wording = plan.wording(sent.planned.step, language=language, level=level)
    values = visit_values(clinic, plan, start=sent.start, language=language)
    filled = PLACEHOLDER.sub(lambda gap: values.get(gap[1], ""), wording.text)
    return count(transliterate(filled)).count


def _booked_at(clinic: Clinic) -> datetime:
    return at_wall_clock(MONDAY, time(9), clinic.zone).astimezone(UTC)


def _other(level: Level) -> Level:
    return LEVELS[1 - LEVELS.index(level)]


def _over(caps: Caps, on: list[date]) -> str:
    for day in sorted(set(on)):
        a_day = on.count(day)
        a_week = sum(day - timedelta(days=7) < other <= day for other in on)
        if a_day > caps.per_day or a_week > caps.per_week:
            return (
                f"{a_day} texts in a day and {a_week} in seven days; allowed are {caps.per_day}"
                f" and {caps.per_week}"
            )
    return ""
