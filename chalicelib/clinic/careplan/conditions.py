"""The conditions of a care plan's steps: a row for each, with the reason when it fails."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from chalicelib.domain.people.patient import Patient, TextConsent
from chalicelib.domain.record import Value
from chalicelib.domain.visits.appointment import Appointment, BookedAs

Condition = str  # a key of RULES, or the name of one of the clinic's routes


class Circumstances(Value):
    """What is known of a visit and its patient when a step is checked."""

    route: str
    session: int | None = None  #: its place in the course, from 1; None for a single visit
    needs_driver: bool = False
    driver: str | None = None  #: `yes`, `no`; None while nobody knows
    confirmed: bool = False
    detailed: bool = False  #: whether the patient agreed to detailed texts (R3)


def circumstances_of(kind: BookedAs, visit: Appointment, patient: Patient | None) -> Circumstances:
    """The circumstances of this visit now."""
    return Circumstances(
        route=kind.route,
        session=visit.session,
        needs_driver=kind.needs_driver,
        driver=visit.driver,
        confirmed=visit.confirmed_at is not None,
        detailed=patient is not None and patient.texted_consent is TextConsent.DETAILED,
    )


class Rule(NamedTuple):
    """When a condition holds, and what the timeline says when it does not."""

    holds: Callable[[Circumstances], bool]
    otherwise: str
    lasting: bool = False  #: known when the visit is booked, and never changes


RULES: Mapping[Condition, Rule] = {
    "confirmed": Rule(lambda c: c.confirmed, "the visit is not confirmed"),
    "unconfirmed": Rule(lambda c: not c.confirmed, "the visit is confirmed already"),
    "driver": Rule(lambda c: c.needs_driver, "the visit needs no driver"),
    "driver_unknown": Rule(lambda c: c.driver is None, "we know about the ride home already"),
    "neutral_texts": Rule(lambda c: not c.detailed, "the patient agreed to detailed texts"),
    "detailed_texts": Rule(lambda c: c.detailed, "the patient did not agree to detailed texts"),
    "single": Rule(lambda c: c.session is None, "the course's overview says it", lasting=True),
    "in_course": Rule(
        lambda c: c.session is not None, "the visit belongs to no course", lasting=True
    ),
    "first_of_course": Rule(
        lambda c: c.session == 1, "it is not the first session of a course", lasting=True
    ),
}


def rule_of(condition: Condition) -> Rule:
    """The rule of a condition; a name that is not in the table is one of the clinic's routes.

    A care plan with any other name is refused when it is read.
    """
    route = Rule(lambda c: c.route == condition, f"the route is not {condition}", lasting=True)
    return RULES.get(condition, route)


def why_not(conditions: frozenset[Condition], now: Circumstances) -> str | None:
    """None while all of them hold; otherwise why the first does not."""
    rules = (rule_of(each) for each in sorted(conditions))
    return next((rule.otherwise for rule in rules if not rule.holds(now)), None)


def why_never(conditions: frozenset[Condition], now: Circumstances) -> str | None:
    """The same, but only for conditions that can no longer change."""
    return why_not(frozenset(each for each in conditions if rule_of(each).lasting), now)
