"""How each language says days, times and choices: `days_and_times.toml` of its folder in locales/.

The brief names are for texts and keep to GSM-7, where an accent may double the price of a text
("sab" for "sáb"); the long ones are for pages and mails. Times stay on the 12-hour clock.
"""

from collections.abc import Mapping

from chalicelib.domain.record import Value
from chalicelib.languages import in_language


class Speech(Value):
    """One language's names and small words."""

    days: tuple[str, ...]  #: from Monday, brief
    months: tuple[str, ...]  #: brief
    day: str  #: how a brief date is put together
    long_days: tuple[str, ...]
    long_months: tuple[str, ...]
    long_day: str
    choice: str  #: a number to reply with, and the time it stands for
    either: str  #: between the last two numbers
    either_by_number: Mapping[str, str] = {}  #: where the next number asks for another word
    clinic_time: str  #: said of times when the reader's clock differs
    long_clinic_time: str
    visit: str  #: what any visit may be called (R25)
    tomorrow: str  #: by this and the next the lint finds the advice on driving (R26)
    sleep: str


def speech(language: str) -> Speech:
    """A language's names; English for one that has none."""
    return in_language(Speech, "days_and_times.toml", language)
