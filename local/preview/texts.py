"""Every wording of the plans and of the catalogue, filled, cut into segments and priced."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Literal, get_args

from chalicelib.clinic.careplan.plan import CarePlan
from chalicelib.clinic.careplan.step import Step
from chalicelib.clinic.placeholders import visit_values
from chalicelib.clinic.profile import Clinic
from chalicelib.domain.messaging.segments import Encoding, count, pieces
from chalicelib.domain.messaging.wording import Level, Wording
from chalicelib.domain.record import Value
from chalicelib.messages import catalogue
from chalicelib.messages.render import render_line, render_text
from local.preview.values import Fillings

PARTS: tuple[Literal["before", "after"], ...] = ("before", "after")
LEVELS: tuple[Level, ...] = get_args(Level)


class Sized(Value):
    """A text as it is transmitted."""

    text: str
    pieces: tuple[str, ...]  #: one per segment; joined they are the text
    encoding: Encoding
    units: int
    segments: int
    fits: bool  #: GSM-7, and no longer than its wording may be


class Written(Value):
    """One wording with usual values and with the longest."""

    place: str  #: the step's id, or the catalogue's key
    title: str
    language: str
    level: str  #: empty in the catalogue, where each is neutral
    variant: str  #: in which case it reads like this; empty for the ordinary one
    missing: bool  #: the language has no words here, so it is said in English
    is_approved: bool
    allowed: int  #: segments
    usual: Sized
    longest: Sized  #: with the longest values of this clinic
    widest: Sized  #: the same with the longest name that a clinic may have


class Advice(Value):
    """A plan's leaflet in one language, for pages and mails."""

    part: Literal["before", "after"]
    language: str
    missing: bool
    lines: tuple[str, ...]


def leaflets(
    clinic: Clinic, plan: CarePlan, languages: Sequence[str], start: datetime
) -> Iterator[Advice]:
    for part in PARTS:
        for language in languages:
            values = visit_values(clinic, plan, start=start, language=language, long=True)
            lines = plan.leaflet_lines(part, language)
            yield Advice(
                part=part,
                language=language,
                missing=language not in plan.leaflet,
                lines=tuple(render_line(line, values, samples_allowed=True) for line in lines),
            )


def sized(wording: Wording, values: Mapping[str, str]) -> Sized:
    text = render_text(wording, values, samples_allowed=True)
    size = count(text)
    return Sized(
        text=text,
        pieces=pieces(text),
        encoding=size.encoding,
        units=size.units,
        segments=size.count,
        fits=size.fits(wording.segments),
    )


def plan_texts(
    plan: CarePlan, languages: Sequence[str], fillings: Mapping[str, Fillings]
) -> Iterator[Written]:
    """Every step in every language and level, and every form that it may take."""
    for step in plan.steps:
        for language in languages:
            levels = step.wording.get(language, step.wording["en"])
            for level in LEVELS:
                if getattr(levels, level) is None:
                    continue
                for variant, wording in _forms(plan, step, language, level):
                    usual, longest, widest = (
                        sized(wording, filling.of_plan(plan, language))
                        for filling in fillings[language]
                    )
                    yield Written(
                        place=step.id,
                        title=step.id.replace("_", " ").capitalize(),
                        language=language,
                        level=level,
                        variant=variant,
                        missing=language not in step.wording,
                        is_approved=wording.is_approved,
                        allowed=wording.segments,
                        usual=usual,
                        longest=longest,
                        widest=widest,
                    )


def catalogue_texts(
    languages: Sequence[str], fillings: Mapping[str, Fillings]
) -> Iterator[Written]:
    for key in catalogue.every_key():
        for language in languages:
            wording = catalogue.wording(key, language)
            usual, longest, widest = (
                sized(wording, filling.of_catalogue(key, language))
                for filling in fillings[language]
            )
            yield Written(
                place=key,
                title=key.replace("_", " ").capitalize(),
                language=language,
                level="",
                variant="",
                missing=wording.language != language,
                is_approved=wording.is_approved,
                allowed=wording.segments,
                usual=usual,
                longest=longest,
                widest=widest,
            )


def cost(segments: int, price: float) -> str:
    """`$0.0236`."""
    return f"${segments * price:.4f}"


def _forms(
    plan: CarePlan, step: Step, language: str, level: Level
) -> Iterator[tuple[str, Wording]]:
    """The ordinary form first, then without its question, then with instructions that came late."""
    yield "", plan.wording(step, language=language, level=level)
    if step.asks:
        yield (
            "when nothing is asked",
            plan.wording(step, language=language, level=level, ask=False),
        )
    levels = step.wording.get(language, step.wording["en"])
    if "{instructions}" not in (getattr(levels, level) or ""):
        return
    for other in plan.steps:
        if other.brief:
            yield (
                f"booked too late for the {other.id.replace('_', ' ')}",
                plan.wording(step, language=language, level=level, adds=other),
            )
