"""The rules for every wording of a step, in each language and level: R22-R28, R41 and R72."""

from collections.abc import Iterator

from chalicelib.clinic.careplan.plan import CarePlan
from chalicelib.clinic.careplan.step import Step, StepKind
from chalicelib.clinic.profile import Clinic
from chalicelib.clinic.speech import speech
from chalicelib.domain.messaging.wording import Level
from lint.longest import longest_values
from lint.wording_rules import (
    PLACEHOLDER,
    aftercare_faults,
    claim_faults,
    length_faults,
    link_faults,
    name_faults,
    placeholder_faults,
    reply_faults,
    word_faults,
)

LEVELS: tuple[Level, ...] = ("neutral", "detailed")
OPTIONAL = frozenset({"question", "instructions"})  # sentences that may be left out


def wordings_faults(clinic: Clinic, plan: CarePlan, step: Step) -> Iterator[str]:
    """Each fault with its key: `wording.es.neutral: …`."""
    for language, levels in step.wording.items():
        for level in LEVELS:
            written, english = getattr(levels, level), getattr(step.wording["en"], level)
            where = f"wording.{language}.{level}: "
            if written is None and english is not None:
                yield f"{where}is missing; English has it (R22)"
            if written is not None:
                found = _faults(clinic, plan, step, language, level)
                yield from (where + fault for fault in [*found, *_unlike(written, english)])


def _faults(
    clinic: Clinic, plan: CarePlan, step: Step, language: str, level: Level
) -> Iterator[str]:
    longest = longest_values(clinic, plan, language)
    written = getattr(step.wording[language], level)
    yield from placeholder_faults(written, {*longest, *OPTIONAL})
    if step.asks and "{question}" not in written:
        yield "the step has a question, but the wording no {question} (R22)"
    if "{question}" in written and not step.asks:
        yield "it has {question}, but the step none; add question.en (R22)"
    carries = [
        None,
        *(other for other in plan.steps if other.brief and "{instructions}" in written),
    ]
    for adds in carries:
        said = plan.wording(step, language=language, level=level, adds=adds)
        yield from length_faults(said.text, longest, said.segments)
        yield from word_faults(said.text, neutral=said.level == "neutral")
        yield from reply_faults(said.text)
    yield from claim_faults(plan.wording(step, language=language, level=level).text)
    yield from link_faults(written)
    yield from name_faults(written, recurring=True)
    if level == "detailed" and not plan.is_sedating:
        yield "a visit that is not sedating gets neutral texts only; remove this wording (R23)"
    if step.kind in (StepKind.AFTERCARE, StepKind.CHECK_IN):
        kind = clinic.kind(plan.visit_type)
        drives = step.kind is StepKind.AFTERCARE and (kind.needs_driver or kind.is_sedating)
        words = speech(language)
        advice = (words.tomorrow, words.sleep) if drives else ()
        yield from aftercare_faults(written, advice=advice)


def _unlike(written: str, english: str | None) -> Iterator[str]:
    """A translation that lacks a time or the phone, or has one more than English."""
    gaps = [set(PLACEHOLDER.findall(text or "")) for text in (written, english)]
    for name in sorted(gaps[1] - gaps[0] if english is not None else ()):
        yield f"lacks {{{name}}}, which English has (R22)"
    for name in sorted(gaps[0] - gaps[1] if english is not None else ()):
        yield f"has {{{name}}}, which English has not (R22)"
