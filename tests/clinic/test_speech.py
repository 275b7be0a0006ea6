"""Days, times and choices in each language: brief for texts, long for pages and mails."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from chalicelib.clinic.careplan.clock_times import clock_times
from chalicelib.clinic.local_time import said_clock, said_day
from chalicelib.clinic.placeholders import choice_values, visit_values
from chalicelib.clinic.profile import load_profile
from chalicelib.clinic.speech import speech
from chalicelib.domain.messaging.segments import outside_gsm7
from chalicelib.languages import languages
from tests.builders.plans import WICHITA, a_plan, wichita

DENVER = ZoneInfo("America/Denver")


@pytest.mark.parametrize("language", languages())
def test_every_language_names_seven_days_and_twelve_months(language: str) -> None:
    names = speech(language)
    assert {len(set(names.days)), len(set(names.long_days))} == {7}
    assert {len(set(names.months)), len(set(names.long_months))} == {12}


@pytest.mark.parametrize("language", languages())
def test_brief_names_keep_to_the_alphabet_of_texts(language: str) -> None:
    """R27: one name outside GSM-7 would double the price of every text that has it."""
    names = speech(language)
    said = [*names.days, *names.months, names.clinic_time, names.either, names.choice]
    assert not outside_gsm7("".join(said))


@pytest.mark.parametrize(
    ("at", "language", "brief", "long"),
    [
        pytest.param("2026-12-01 09:00", "en", "Tue Dec 1", "Tuesday, December 1", id="English"),
        pytest.param(
            "2026-12-02 09:00", "es", "mié 2 dic", "miércoles, 2 de diciembre", id="Spanish"
        ),
        pytest.param(
            "2027-01-16 09:00", "es", "sab 16 ene", "sábado, 16 de enero", id="no accent in texts"
        ),
        pytest.param("2026-12-01 09:00", "fr", "Tue Dec 1", "Tuesday, December 1", id="no names"),
    ],
)
def test_a_day_is_said_in_the_language(at: str, language: str, brief: str, long: str) -> None:
    assert said_day(wichita(at), WICHITA, language) == brief
    assert said_day(wichita(at), WICHITA, language, long=True) == long


def test_a_time_to_keep_names_its_day_in_the_language() -> None:
    at = wichita("2026-12-02 06:30")
    assert said_clock(at, WICHITA, language="es") == "mié 6:30 AM"
    assert said_clock(at, WICHITA, DENVER, "es", long=True) == "miércoles 6:30 AM CST"
    plan = a_plan()
    hours = plan.clock_times["no_food_after"]
    said = clock_times(plan, wichita("2026-12-02 06:30") + hours, WICHITA, language="es")
    assert said == {"no_food_after": "mié 6:30 AM"}
    assert hours > timedelta()


def test_the_values_of_a_visit_are_in_the_readers_language() -> None:
    clinic = load_profile()
    start = wichita("2026-12-01 09:00")
    brief = visit_values(clinic, a_plan(), start=start, language="es")
    assert (brief["day"], brief["time"], brief["no_food_after"]) == (
        "mar 1 dic",
        "9:00 AM",
        "mar 1:00 AM",
    )
    assert brief["hours"] == "lun-jue 8:30 AM-5:30 PM, vie 8:30 AM-3:00 PM"
    long = visit_values(clinic, a_plan(), start=start, language="es", long=True)
    assert long["day"] == "martes, 1 de diciembre"
    assert long["no_food_after"] == "martes 1:00 AM"
    assert long["hours"].startswith("lunes-jueves 8:30 AM")


def test_choices_are_numbered_in_the_readers_language() -> None:
    """R42; where the clocks differ, the text says whose they are (R16)."""
    starts = [wichita(f"2026-12-0{day} 09:00") for day in (1, 2, 3)]
    few = choice_values(load_profile(), starts, language="es")
    assert few["choices"].startswith("1 para mar 1 dic 9:00 AM, 2 para mié 2 dic 9:00 AM, 3 para")
    assert few["numbers"] == "1, 2 o 3"
    many = choice_values(load_profile(), [*starts, *starts, *starts][:8], language="es")
    assert many["choices"].startswith("1: mar 1 dic 9:00 AM, 2: ")
    assert many["numbers"] == "1, 2, 3, 4, 5, 6, 7 u 8"
    far = choice_values(load_profile(), starts * 3, reader_zone=DENVER, language="es")
    assert far["choices"].endswith(" (hora de la clinica)")


@pytest.mark.parametrize(
    ("language", "first"),
    [("en", "Tuesday, December 1, 9:00 AM; "), ("es", "martes, 1 de diciembre, 9:00 AM; ")],
)
def test_a_mail_asks_for_no_number(language: str, first: str) -> None:
    """A mail is not answered with one: its choices are a list, and nothing is abbreviated."""
    starts = [wichita(f"2026-12-0{day} 09:00") for day in (1, 2, 3)]
    values = choice_values(load_profile(), starts, language=language, long=True)
    assert values["choices"].startswith(first)
    assert values["dates"] == values["choices"]
