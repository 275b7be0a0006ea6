"""The shipped care plans: what they say, to whom, and that the lint lets nothing bad through."""

import pytest

from chalicelib.clinic.careplan.plan import load_careplans
from chalicelib.clinic.careplan.step import StepKind
from chalicelib.clinic.placeholders import choice_values, visit_values
from chalicelib.clinic.profile import UnknownInClinic, load_profile
from lint import careplans
from lint.wording_rules import REVEALING
from tests.builders.plans import WICHITA, a_plan, a_step, wichita

PLANS = load_careplans()
IV = PLANS["iv_infusion"]


def test_every_visit_type_has_a_plan_and_every_plan_is_a_sample() -> None:
    """R21: nobody has approved these; only the local stage sends them."""
    assert set(PLANS) == {
        *("consultation", "telehealth", "follow_up"),
        *("iv_infusion", "intranasal", "pain_infusion"),
    }
    for plan in PLANS.values():
        assert plan.approval.status == "sample"
        assert not plan.is_approved


def test_the_shipped_plans_keep_the_rules() -> None:
    assert careplans.main() == 0


def test_a_treatment_has_all_its_steps_and_a_consultation_no_aftercare() -> None:
    for code in ("iv_infusion", "intranasal"):
        assert {step.kind for step in PLANS[code].steps} == set(StepKind)
    kinds = {step.kind for step in PLANS["consultation"].steps}
    assert kinds.isdisjoint({StepKind.AFTERCARE, StepKind.PREPARATION, StepKind.RIDE})


EFFECTS = {
    "en": ("dissociation", "dizziness", "nausea", "raised blood pressure", "hours"),
    "es": ("disociación", "mareo", "náuseas", "presión alta", "horas"),
}
ADVICE = {
    "en": ("No driving until tomorrow", "full night's sleep", "911", "988", "{phone}"),
    "es": ("No maneje hasta mañana", "dormir toda la noche", "911", "988", "{phone}"),
}
CONDITIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "iv_infusion": {
        "en": ("depression", "anxiety", "PTSD", "bipolar"),
        "es": ("depresión", "ansiedad", "TEPT", "bipolar"),
    },
    "intranasal": {
        "en": ("depression", "anxiety", "PTSD", "bipolar"),
        "es": ("depresión", "ansiedad", "TEPT", "bipolar"),
    },
    "pain_infusion": {
        "en": ("chronic pain", "fibromyalgia"),
        "es": ("dolor crónico", "fibromialgia"),
    },
}


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("code", CONDITIONS)
def test_detailed_aftercare_names_the_usual_effects_and_where_to_turn(
    code: str, language: str
) -> None:
    """R26; and the leaflet every condition that the treatment is given for."""
    plan = PLANS[code]
    text = plan.wording(plan.step("aftercare"), level="detailed", language=language).text
    for needed in (*EFFECTS[language], *ADVICE[language]):
        assert needed in text
    lines = [*plan.leaflet_lines("before", language), *plan.leaflet_lines("after", language)]
    leaflet = " ".join(line.text for line in lines)
    for condition in CONDITIONS[code][language]:
        assert condition in leaflet


@pytest.mark.parametrize("language", ["en", "es"])
def test_without_the_second_consent_every_text_is_neutral(language: str) -> None:
    """R3, R25."""
    for plan in PLANS.values():
        for step in plan.steps:
            wording = plan.wording(step, level="neutral", language=language)
            assert (wording.level, wording.language) == ("neutral", language)
            assert not REVEALING.search(wording.text)


def test_a_visit_without_a_route_gets_neutral_texts_only() -> None:
    """R23."""
    wording = {"en": {"neutral": "{clinic} neutral", "detailed": "{clinic} detailed"}}
    step = a_step(wording=wording)
    assert a_plan(step).wording(step, level="detailed").level == "detailed"
    assert a_plan(step, route="none").wording(step, level="detailed").level == "neutral"


def test_the_question_is_left_out_when_nothing_may_be_asked() -> None:
    """R20."""
    asked = IV.wording(IV.step("confirmation")).text
    unasked = IV.wording(IV.step("confirmation"), ask=False).text
    assert IV.step("confirmation").asks
    assert "Reply C" in asked
    assert "Reply C" not in unasked
    assert "  " not in asked + unasked


def test_a_question_is_asked_until_it_is_answered() -> None:
    """R46: a confirmed visit still needs a ride home."""
    ride, reminder = IV.step("ride"), IV.step("reminder")
    assert ride.still_asks(confirmed=True, driver=None)
    assert not ride.still_asks(confirmed=False, driver="yes")
    assert reminder.still_asks(confirmed=False, driver="yes")
    assert not reminder.still_asks(confirmed=True, driver=None)
    assert not IV.step("check_in").still_asks(confirmed=False, driver=None)


def test_a_mail_has_neither_reply_words_nor_a_stop_line() -> None:
    for plan in PLANS.values():
        for step in plan.steps:
            assert "Reply" not in plan.wording(step, by_mail=True).text


def test_missed_instructions_stand_in_the_confirmation() -> None:
    """R17."""
    wording = IV.wording(IV.step("confirmation"), adds=IV.step("preparation"))
    assert "no solid food after {no_food_after}" in wording.text
    assert wording.segments == 2


def test_a_language_without_words_falls_back_to_english() -> None:
    assert IV.wording(IV.step("ride"), language="fr").language == "en"
    assert IV.leaflet_lines("after", "fr") == IV.leaflet_lines("after", "en")


def test_an_edited_plan_is_no_longer_approved() -> None:
    """R21."""
    approval = {
        "version": "1",
        "status": "approved",
        "approver": "A",
        "role": "MD",
        "on": "2026-11-01",
    }
    draft = a_plan(approval=approval)
    approved = a_plan(approval=approval | {"sha256": draft.content_sha256})
    assert approved.is_approved
    edited = approved.model_copy(update={"steps": (a_step(useful_for="2h"),)})
    assert not edited.is_approved


def test_an_unknown_step_is_said() -> None:
    with pytest.raises(UnknownInClinic):
        IV.step("no-such")


def test_values_of_a_visit_are_what_its_texts_name() -> None:
    values = visit_values(load_profile(), IV, start=wichita("2026-12-01 09:00"))
    assert values["day"] == "Tue Dec 1"
    assert values["time"] == "9:00 AM"
    assert values["no_food_after"] == "Tue 1:00 AM"
    assert values["clinic"] == "Cottonwood Clinic"


def test_choices_are_numbered_and_many_are_said_shorter() -> None:
    """R42."""
    starts = [wichita(f"2026-12-0{day} 09:00") for day in (1, 2, 3)]
    values = choice_values(load_profile(), starts, reader_zone=WICHITA)
    assert values["choices"].startswith("1 for Tue Dec 1 9:00 AM, 2 for Wed Dec 2")
    assert values["numbers"] == "1, 2 or 3"
    assert choice_values(load_profile(), starts[:1])["numbers"] == "1"
    many = choice_values(load_profile(), starts * 3)
    assert many["choices"].startswith("1: Tue Dec 1 9:00 AM, 2: ")
    assert many["sessions"] == "9"
