"""How each language says days, times and choices, as data. Times stay on the 12-hour clock.

The brief names are for texts and keep to GSM-7, where an accent may double the price of a text
("sab" for "sáb"); the long ones are for pages and mails.
"""

from collections.abc import Mapping

from chalicelib.domain.record import Value


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


SPEECH: Mapping[str, Speech] = {
    "en": Speech(
        days=("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
        months=(
            *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
            *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
        ),
        day="{weekday} {month} {day}",
        long_days=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
        long_months=(
            *("January", "February", "March", "April", "May", "June"),
            *("July", "August", "September", "October", "November", "December"),
        ),
        long_day="{weekday}, {month} {day}",
        choice="{number} for {time}",
        either=" or ",
        clinic_time="(clinic time)",
        long_clinic_time="(clinic time)",
    ),
    "es": Speech(
        days=("lun", "mar", "mié", "jue", "vie", "sab", "dom"),
        months=(
            *("ene", "feb", "mar", "abr", "may", "jun"),
            *("jul", "ago", "sep", "oct", "nov", "dic"),
        ),
        day="{weekday} {day} {month}",
        long_days=("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
        long_months=(
            *("enero", "febrero", "marzo", "abril", "mayo", "junio"),
            *("julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"),
        ),
        long_day="{weekday}, {day} de {month}",
        choice="{number} para {time}",
        either=" o ",
        either_by_number={"8": " u "},  # "7 u 8": before the sound of an o
        clinic_time="(hora de la clinica)",
        long_clinic_time="(hora de la clínica)",
    ),
}


def speech(language: str) -> Speech:
    """A language's names; English for one that has none."""
    return SPEECH.get(language, SPEECH["en"])
