"""The values that the preview fills into wordings: a usual visit, and the longest of everything."""

from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from chalicelib.clinic.careplan.plan import CarePlan
from chalicelib.clinic.local_time import at_wall_clock, said_day
from chalicelib.clinic.placeholders import choice_values, visit_values
from chalicelib.clinic.profile import Clinic
from chalicelib.messages.catalogue import load_catalogue
from lint.longest import longest_values

USUAL_TIME, LONGEST_TIME = time(9), time(12, 30)
SESSIONS, MOST_SESSIONS, MOST_OFFERS = 6, 9, 3
LIST_ALL = ("{dates}", "{sessions}")  # a text with one of these is about a whole course
MANY_CHOICES = frozenset({"ask_which"})  # it lists every visit to come, not three offered times
SENDER = 20  # letters that `sender` in clinic.toml may have
PAGE_TOKEN = "x" * 22
ELSEWHERE = ("America/Denver", "America/Chicago")  # one of them is not the clinic's


class Filling(NamedTuple):
    """A clinic and times, from which every value is made as the courier does."""

    clinic: Clinic
    starts: tuple[datetime, ...]
    reader_zone: ZoneInfo | None
    longest: bool

    def of_plan(self, plan: CarePlan, language: str) -> dict[str, str]:
        values = visit_values(
            self.clinic,
            plan,
            start=self.starts[0],
            reader_zone=self.reader_zone,
            language=language,
        )
        return values | longest_values(self.clinic, plan, language) if self.longest else values

    def of_catalogue(self, key: str, language: str) -> dict[str, str]:
        texts = load_catalogue("en").texts
        about_all = key in MANY_CHOICES or any(gap in texts[key].text for gap in LIST_ALL)
        return {
            **choice_values(
                self.clinic,
                self.starts if about_all else self.starts[:MOST_OFFERS],
                reader_zone=self.reader_zone,
                link=f"https://texts.clinic.example.com/v/{PAGE_TOKEN}",
                language=language,
            ),
            **visit_values(
                self.clinic,
                None,
                start=self.starts[0],
                reader_zone=self.reader_zone,
                language=language,
            ),
        }


class Fillings(NamedTuple):
    """The three fillings with which each wording is shown and measured."""

    usual: Filling
    longest: Filling
    widest: Filling


def fillings(clinic: Clinic, first_on: date, language: str) -> Fillings:
    long = longest(clinic, first_on.year, language)
    return Fillings(usual(clinic, first_on), long, widest(long))


def usual(clinic: Clinic, first_on: date) -> Filling:
    """A patient who lives where the clinic is; one visit, or six a week apart."""
    days = (first_on + timedelta(days=7 * n) for n in range(SESSIONS))
    starts = tuple(at_wall_clock(on, USUAL_TIME, clinic.zone) for on in days)
    return Filling(clinic, starts, None, longest=False)


def longest(clinic: Clinic, year: int, language: str) -> Filling:
    """The longest date, the longest time, another zone, nine sessions."""
    days = [date(year, 1, 1) + timedelta(days=n) for n in range(365)]
    starts = [at_wall_clock(on, LONGEST_TIME, clinic.zone) for on in days]
    start = max(starts, key=lambda at: len(said_day(at, clinic.zone, language)))
    zone = next(ZoneInfo(name) for name in ELSEWHERE if name != clinic.time_zone)
    return Filling(clinic, (start,) * MOST_SESSIONS, zone, longest=True)


def widest(filling: Filling) -> Filling:
    """The same for a clinic whose name is as long as a clinic's may be."""
    return filling._replace(clinic=filling.clinic.model_copy(update={"sender": "W" * SENDER}))
