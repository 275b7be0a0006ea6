"""All decisions, and which of them a page offers now."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple

from chalicelib.domain.visits.appointment import Appointment
from chalicelib.web.staff.decisions.answers import ANSWERS
from chalicelib.web.staff.decisions.controls import PageState
from chalicelib.web.staff.decisions.day_sheet import ON_DAY_SHEET
from chalicelib.web.staff.decisions.decision import Page, Place, Section, StaffDecision
from chalicelib.web.staff.decisions.patients import OF_PATIENTS
from chalicelib.web.staff.decisions.visits import OF_VISITS

NEAR = timedelta(hours=12)  # so close to the visit, decisions of the day come first on the page

#: By the name in its address, in the order of the pages.
DECISIONS: Mapping[str, type[StaffDecision]] = {
    each.NAME: each for each in (*ANSWERS, *OF_VISITS, *OF_PATIENTS)
}
DAY_DECISIONS: Mapping[str, type[StaffDecision]] = {each.NAME: each for each in ON_DAY_SHEET}
EVERY_DECISION = (*DECISIONS.values(), *DAY_DECISIONS.values())

#: The words of a timeline for each decision's event.
EVENT_WORDS: Mapping[str, str] = {each.EVENT: each.DONE for each in EVERY_DECISION}
#: What was decided before, for a person who decides second (R50).
DECIDED_WORDS: Mapping[str, str] = {
    "closed": "The request was closed",
    "erased": "The patient was erased, at their wish,",
    **{already.what: already.words for each in EVERY_DECISION for already in each.ALREADY},
}


class Offer(NamedTuple):
    """A decision's form on a page, or why it is not there."""

    decision: type[StaffDecision]
    title: str
    is_possible: bool
    is_open: bool


class Offers(NamedTuple):
    """The decisions under one heading."""

    section: Section
    offers: Sequence[Offer]


def offered(known: PageState, typed: str) -> list[Offers]:
    """The decisions by heading, for each heading that has one.

    The form that is shown again, `typed`, is open; otherwise the first that the status opens.
    """
    page = Page.VISIT if isinstance(known.subject, Appointment) else Page.REQUEST
    rows = [
        (section, decision, place, decision.may(known))
        for section in _sections(known)
        for decision in DECISIONS.values()
        for place in [decision.place_on(page)]
        if place is not None and place.section is section and _fits(place, known)
    ]
    possible = [decision.NAME for _, decision, _, is_possible in rows if is_possible]
    opening = (d.NAME for _, d, place, _ in rows if known.subject.status in place.opens_in)
    opened = typed if typed in possible else next(opening, "")
    found: dict[Section, list[Offer]] = {}
    for section, decision, place, is_possible in rows:
        if is_possible or decision.WHY_NOT:
            is_open = place.is_open or opened == decision.NAME
            offer = Offer(decision, place.title, is_possible, is_open)
            found.setdefault(section, []).append(offer)
    return [
        Offers(section, offers)
        for section, offers in found.items()
        if any(offer.is_possible for offer in offers)
    ]


def _sections(known: PageState) -> tuple[Section, ...]:
    visit = known.subject
    if not isinstance(visit, Appointment):
        return Section.ANSWER, Section.PATIENT
    if not visit.is_open or known.now >= visit.start_at - NEAR:
        return Section.ON_THE_DAY, Section.CHANGE, Section.PATIENT
    return Section.CHANGE, Section.ON_THE_DAY, Section.PATIENT


def _fits(place: Place, known: PageState) -> bool:
    if place.section is Section.PATIENT and known.patient.erased_at is not None:
        return False
    return known.subject.status in place.statuses
