"""What the placeholders of wordings stand for: the clinic, a visit, the times offered."""

from collections.abc import Sequence
from datetime import datetime, tzinfo

from chalicelib.clinic.careplan import CarePlan
from chalicelib.clinic.clocks import clock_times
from chalicelib.clinic.profile import Clinic
from chalicelib.clinic.times import said_day, said_time

FEW = 4  # more choices than these are said shorter, so that nine still fit two segments


def visit_values(
    clinic: Clinic,
    plan: CarePlan | None,
    *,
    start: datetime,
    reader_zone: tzinfo | None = None,
) -> dict[str, str]:
    """What a text about a visit may name. Times are the clinic's, the zone said if it differs."""
    return {
        **clinic.values(),
        "day": said_day(start, clinic.zone),
        "time": said_time(start, clinic.zone, reader_zone),
        **(clock_times(plan, start, clinic.zone, reader_zone) if plan else {}),
    }


def choice_values(
    clinic: Clinic,
    starts: Sequence[datetime],
    *,
    reader_zone: tzinfo | None = None,
    link: str = "",
) -> dict[str, str]:
    """What a text that lists times may name: numbered choices, or the dates of a course."""
    said = [
        f"{said_day(at, clinic.zone)} {said_time(at, clinic.zone, reader_zone)}" for at in starts
    ]
    plain = [f"{said_day(at, clinic.zone)} {said_time(at, clinic.zone)}" for at in starts]
    whose = "" if said == plain else " (clinic time)"
    numbers = [str(number) for number in range(1, len(said) + 1)]
    if len(starts) <= FEW:
        choices = ", ".join(f"{n} for {text}" for n, text in zip(numbers, said, strict=True))
    else:
        choices = ", ".join(f"{n}: {text}" for n, text in zip(numbers, plain, strict=True)) + whose
    return {
        **clinic.values(),
        "choices": choices,
        "numbers": " or ".join(filter(None, [", ".join(numbers[:-1]), *numbers[-1:]])),
        "dates": ", ".join(plain) + whose,
        "sessions": str(len(starts)),
        "link": link,
    }
