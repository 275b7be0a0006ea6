"""`make preview`: everything that the clinic says and when, as one page for approval.

Nothing is sent and nothing is kept; the page needs no network.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

from chalicelib.adapters.clock import SystemClock
from chalicelib.clinic.careplan.plan import CarePlan, load_careplans
from chalicelib.clinic.local_time import at_wall_clock, said_day, said_time
from chalicelib.clinic.profile import Clinic, load_profile
from chalicelib.domain.record import Value
from chalicelib.languages import languages
from chalicelib.templating import environment
from chalicelib.web.http import i18n
from chalicelib.web.http.templates import FOLDER
from local.preview.examples import examples, first_visit_on
from local.preview.journeys import Journey, journey
from local.preview.mails import Mail, Page, other_mails, patient_pages, plan_mails, staff_mails
from local.preview.stage import stage
from local.preview.texts import LEVELS, Advice, Written, catalogue_texts, cost, leaflets, plan_texts
from local.preview.values import fillings, usual

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT.parent / ".local" / "preview" / "index.html"
MORNING = time(10)


class Total(Value):
    """The totals of a journey, for patients of one language and level."""

    language: str
    level: str
    title: str
    texts: int
    segments: int


class PlanPreview(Value):
    """One care plan: its journeys, its words, its mails."""

    code: str
    name: str
    is_approved: bool
    approver: str
    journeys: tuple[Journey, ...]  #: in English, at the plan's most detailed level
    translations: tuple[Journey, ...]  #: the same in every other language
    totals: tuple[Total, ...]
    texts: tuple[Written, ...]
    leaflets: tuple[Advice, ...]
    mails: tuple[Mail, ...]
    pages: tuple[Page, ...]


class Preview(Value):
    """Everything on the page."""

    clinic: str
    languages: tuple[str, ...]
    plans: tuple[PlanPreview, ...]
    texts: tuple[Written, ...]  #: of the catalogue
    mails: tuple[Mail, ...]
    staff_mails: tuple[Mail, ...]

    @property
    def every_text(self) -> tuple[tuple[str, Written], ...]:
        """Each text with its place."""
        of_plans = [(plan.name, text) for plan in self.plans for text in plan.texts]
        return (*of_plans, *(("Catalogue", text) for text in self.texts))


def main() -> int:
    clinic = load_profile()
    today = SystemClock().now().astimezone(clinic.zone).date()
    found = preview(clinic, load_careplans(), today)
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(found, clinic), encoding="utf-8")
    too_long = [text for _, text in found.every_text if not text.longest.fits]
    print(f"{len(found.every_text)} texts, {len(too_long)} that may grow too long: {PAGE}")
    return 0


def preview(clinic: Clinic, plans: Mapping[str, CarePlan], today: date) -> Preview:
    """All of it, as for a patient who books today."""
    codes = languages()
    first_on = first_visit_on(clinic, today)
    filling = usual(clinic, first_on)
    by_language = {code: fillings(clinic, first_on, code) for code in codes}
    services = stage(clinic, plans, at_wall_clock(today, MORNING, clinic.zone))
    return Preview(
        clinic=clinic.name,
        languages=codes,
        plans=tuple(
            PlanPreview(
                code=plan.visit_type,
                name=clinic.visit_type(plan.visit_type).name,
                is_approved=plan.is_approved,
                approver=plan.approval.approver,
                journeys=_journeys(clinic, plan, today, codes[:1]),
                translations=_journeys(clinic, plan, today, codes[1:]),
                totals=tuple(_totals(clinic, plan, today, codes)),
                texts=tuple(plan_texts(plan, codes, by_language)),
                leaflets=tuple(leaflets(clinic, plan, codes, filling.starts[0])),
                mails=tuple(plan_mails(services, plan, codes, filling)),
                pages=tuple(patient_pages(services, plan, codes, filling)),
            )
            for plan in plans.values()
            if clinic.find_visit_type(plan.visit_type) is not None
        ),
        texts=tuple(catalogue_texts(codes, by_language)),
        mails=tuple(other_mails(services, codes, filling)),
        staff_mails=tuple(staff_mails(services)),
    )


def page(found: Preview, clinic: Clinic) -> str:
    """The page, with its style inside; values that are no markup are escaped."""
    made = environment(ROOT / "templates", FOLDER.joinpath("pages"))
    made.filters["cost"] = partial(cost, price=clinic.text_price_usd)
    made.filters["moment"] = partial(_moment, clinic)
    made.filters["by_place"] = _by_place
    sheets = [FOLDER.joinpath("static", name) for name in ("bookend.css", "staff.css")]
    style = [sheet.read_text(encoding="utf-8") for sheet in sheets]
    style.append((ROOT / "templates" / "preview.css").read_text(encoding="utf-8"))
    values: dict[str, Any] = {
        "preview": found,
        "style": "\n".join(style),
        "price": clinic.text_price_usd,
    }
    return made.get_template("preview.html").render(values, names=i18n.staff_names())


def _journeys(
    clinic: Clinic, plan: CarePlan, today: date, languages: Sequence[str]
) -> tuple[Journey, ...]:
    return tuple(
        journey(clinic, plan, example, language, "detailed")
        for example in examples(clinic, plan, today)
        for language in languages
    )


def _totals(
    clinic: Clinic, plan: CarePlan, today: date, languages: Sequence[str]
) -> Iterable[Total]:
    levels = LEVELS if plan.is_sedating else LEVELS[:1]
    for example in examples(clinic, plan, today):
        if example.id not in ("visit", "course"):
            continue
        for language in languages:
            for level in levels:
                told = journey(clinic, plan, example, language, level)
                yield Total(
                    language=language,
                    level=level,
                    title=told.title,
                    texts=told.texts,
                    segments=told.segments,
                )


def _by_place(texts: Iterable[Written]) -> list[tuple[str, list[Written]]]:
    return [(title, list(some)) for title, some in groupby(texts, key=lambda text: text.title)]


def _moment(clinic: Clinic, at: datetime) -> str:
    return f"{said_day(at, clinic.zone)}, {said_time(at, clinic.zone)}"


if __name__ == "__main__":
    sys.exit(main())
