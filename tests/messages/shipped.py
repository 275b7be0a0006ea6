"""Every text that we ship, with the longest values."""

from datetime import timedelta
from functools import partial
from zoneinfo import ZoneInfo

from chalicelib.clinic.careplan.plan import load_careplans
from chalicelib.clinic.placeholders import choice_values, visit_values
from chalicelib.clinic.profile import load_profile
from chalicelib.domain.messaging.wording import Wording
from chalicelib.languages import languages
from chalicelib.messages import catalogue
from tests.builders.plans import wichita

LONG = wichita("2026-09-30 12:30")  # a Wednesday in September: the longest day and hour
DENVER = ZoneInfo("America/Denver")
LINK = "https://texts.cottonwood.example.com/v/" + "x" * 22


def shipped() -> list[tuple[str, Wording, dict[str, str]]]:
    """Every text of every language, with its name and the longest values."""
    return [text for language in languages() for text in shipped_in(language)]


def shipped_in(language: str) -> list[tuple[str, Wording, dict[str, str]]]:
    clinic = load_profile()
    weekly = [LONG + timedelta(days=7 * n) for n in range(9)]
    values_of = partial(choice_values, clinic, reader_zone=DENVER, link=LINK, language=language)
    everything = {
        **visit_values(clinic, None, start=LONG, reader_zone=DENVER, language=language),
        **values_of(weekly),
    }
    three = everything | values_of(weekly[:3])
    texts = []
    for key in catalogue.every_key():
        values = three if key.startswith(("proposed", "choice")) else everything
        texts.append((f"{language} catalogue {key}", catalogue.wording(key, language), values))
    for plan in load_careplans().values():
        values = visit_values(clinic, plan, start=LONG, reader_zone=DENVER, language=language)
        for step in plan.steps:
            said = partial(plan.wording, step, language=language)
            name = f"{language} {plan.visit_type} {step.id}"
            texts.append((f"{name} neutral", said(), values))
            texts.append((f"{name} detailed", said(level="detailed"), values))
            texts.append((f"{name} unasked", said(ask=False), values))
            for adds in plan.steps:
                if adds.brief and "{instructions}" in step.wording["en"].neutral:
                    texts.append((f"{name} + {adds.id}", said(adds=adds), values))
    return texts
