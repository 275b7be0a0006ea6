"""How each language names days, times and choices: `days_and_times.toml` in its locales/ folder.

The brief names are for texts and use GSM-7 only, as an accent may double the price of a text ("sab"
for "sáb"); the long ones are for pages and mails. Times stay on the 12-hour clock.
"""

from collections.abc import Mapping

from chalicelib.domain.record import Value
from chalicelib.languages import in_language


class Speech(Value):
    """One language's names and small words."""

    days: tuple[str, ...]  #: from Monday, brief
    months: tuple[str, ...]  #: brief
    day: str  #: the pattern of a brief date
    long_days: tuple[str, ...]
    long_months: tuple[str, ...]
    long_day: str
    choice: str  #: a number to reply with, and the time that it means
    either: str  #: between the last two numbers
    either_by_number: Mapping[str, str] = {}  #: where the number after it needs another word
    clinic_time: str  #: added to times when the reader's clock differs
    long_clinic_time: str
    visit: str  #: a name that fits any visit (R25)
    tomorrow: str  #: this and the next are how the lint finds the advice on driving (R26)
    sleep: str


def speech(language: str) -> Speech:
    """A language's names; English for a language that has none."""
    return in_language(Speech, "days_and_times.toml", language)
