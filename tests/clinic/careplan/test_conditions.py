"""On what a step of a care plan may depend: each condition holds, and fails with its reason."""

from typing import Any

import pytest

from chalicelib.clinic.careplan.conditions import RULES, Circumstances, Condition, rule_of
from chalicelib.clinic.careplan.plan import load_careplans
from tests.builders.plans import a_step

IV = load_careplans()["iv_infusion"]


def in_the_clinic(**values: Any) -> Circumstances:
    return Circumstances.model_validate({"route": "iv", "needs_driver": True} | values)


@pytest.mark.parametrize(
    ("step_id", "status", "now", "reason"),
    [
        ("reminder", "booked", {}, None),
        ("reminder", "cancelled", {}, "the visit is cancelled"),
        ("reminder", "booked", {"session": 2}, "the course's overview says it"),
        ("ride", "booked", {}, None),
        ("ride", "booked", {"driver": "yes"}, "we know about the ride home already"),
        ("ride", "booked", {"needs_driver": False}, "the visit needs no driver"),
        ("aftercare", "fulfilled", {}, None),
        ("aftercare", "booked", {}, None),
        ("aftercare", "noshow", {}, "the visit is noshow"),
        ("cancelled", "cancelled", {}, None),
        ("cancelled", "booked", {}, "the visit is booked"),
    ],
)
def test_a_step_is_owed_only_as_things_are_now(
    step_id: str, status: str, now: dict[str, Any], reason: str | None
) -> None:
    assert IV.step(step_id).why_not_owed(status, in_the_clinic(**now)) == reason


CONDITIONS: list[tuple[Condition, dict[str, Any], dict[str, Any]]] = [
    ("confirmed", {"confirmed": True}, {}),
    ("unconfirmed", {}, {"confirmed": True}),
    ("driver", {}, {"needs_driver": False}),
    ("driver_unknown", {}, {"driver": "no"}),
    ("neutral_texts", {}, {"detailed": True}),
    ("detailed_texts", {"detailed": True}, {}),
    ("iv", {}, {"route": "intranasal"}),
    ("at_home", {"route": "at_home"}, {}),
    ("single", {}, {"session": 1}),
    ("in_course", {"session": 9}, {}),
    ("first_of_course", {"session": 1}, {"session": 2}),
]


@pytest.mark.parametrize(("condition", "holds", "fails"), CONDITIONS)
def test_each_condition_holds_and_fails_with_its_reason(
    condition: Condition, holds: dict[str, Any], fails: dict[str, Any]
) -> None:
    step = a_step(when=[condition])
    assert step.why_not_owed("booked", in_the_clinic(**holds)) is None
    assert step.why_not_owed("booked", in_the_clinic(**fails)) == rule_of(condition).otherwise


def test_every_condition_is_shown_to_hold_and_to_fail() -> None:
    assert {condition for condition, _, _ in CONDITIONS} == {*RULES, "iv", "at_home"}


def test_only_what_a_booking_settles_is_skipped_for_good() -> None:
    step = a_step(when=["first_of_course", "unconfirmed"])
    assert step.why_never_owed(in_the_clinic(session=1, confirmed=True)) is None
    assert step.why_never_owed(in_the_clinic(session=3)) == (
        "it is not the first session of a course"
    )
    assert a_step(when=["at_home"]).why_never_owed(in_the_clinic()) == "the route is not at_home"
