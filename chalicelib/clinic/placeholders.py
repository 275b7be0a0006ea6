"""The values of placeholders in wordings: the clinic, a visit, the times offered.

Brief and in GSM-7 for texts; `long` spells out days and months, for mails and pages.
"""

from collections.abc import Sequence
from datetime import datetime, tzinfo

from chalicelib.clinic.careplan.clock_times import clock_times
from chalicelib.clinic.careplan.plan import CarePlan
from chalicelib.clinic.local_time import said_day, said_time
from chalicelib.clinic.profile import Clinic
from chalicelib.clinic.speech import speech

FEW = 4  # more choices than these are shortened, so that nine still fit two segments


def visit_values(
    clinic: Clinic,
    plan: CarePlan | None,
    *,
    start: datetime,
    reader_zone: tzinfo | None = None,
    language: str = "en",
    long: bool = False,
) -> dict[str, str]:
    """The values for a text about a visit. Times are the clinic's, with the zone if it differs."""
    clocks = clock_times(plan, start, clinic.zone, reader_zone, language, long=long) if plan else {}
    return {
        **clinic.values(language, long=long),
        "day": said_day(start, clinic.zone, language, long=long),
        "time": said_time(start, clinic.zone, reader_zone),
        **clocks,
    }


def choice_values(
    clinic: Clinic,
    starts: Sequence[datetime],
    *,
    numbers: Sequence[int] = (),
    reader_zone: tzinfo | None = None,
    link: str = "",
    language: str = "en",
    long: bool = False,
) -> dict[str, str]:
    """The values for a text that lists times: numbered choices, or the dates of a course.

    `numbers` are those that each time had when it was asked about; without them, from 1 on. Nobody
    replies to a mail with a number, so a mail's choices have none.
    """
    names = speech(language)
    between = ", " if long else " "
    days = [said_day(at, clinic.zone, language, long=long) for at in starts]
    said = [
        f"{day}{between}{said_time(at, clinic.zone, reader_zone)}"
        for day, at in zip(days, starts, strict=True)
    ]
    plain = [
        f"{day}{between}{said_time(at, clinic.zone)}" for day, at in zip(days, starts, strict=True)
    ]
    whose = "" if said == plain else f" {names.long_clinic_time if long else names.clinic_time}"
    called = [str(number) for number in numbers or range(1, len(said) + 1)]
    if long:
        choices = "; ".join(said)
    elif len(starts) <= FEW:
        choices = ", ".join(
            names.choice.format(number=number, time=text)
            for number, text in zip(called, said, strict=True)
        )
    else:
        choices = ", ".join(f"{n}: {text}" for n, text in zip(called, plain, strict=True)) + whose
    return {
        **clinic.values(language, long=long),
        "choices": choices,
        "numbers": _either(called, language),
        "dates": ("; " if long else ", ").join(plain) + whose,
        "sessions": str(len(starts)),
        "link": link,
    }


def _either(numbers: Sequence[str], language: str) -> str:
    """`1, 2 or 3`."""
    if len(numbers) < 2:
        return "".join(numbers)
    names = speech(language)
    last = numbers[-1]
    word = names.either_by_number.get(last, names.either)
    return f"{', '.join(numbers[:-1])}{word}{last}"
