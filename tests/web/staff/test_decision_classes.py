"""Each staff decision is one class that says everything about it, and nothing else names one."""

import re
from itertools import chain
from pathlib import Path

import pytest

from chalicelib.domain.errors import Invalid
from chalicelib.web.http.i18n import words
from chalicelib.web.staff.decisions.day_sheet import WriteDownRequest
from chalicelib.web.staff.decisions.decision import StaffDecision
from chalicelib.web.staff.decisions.offered import EVERY_DECISION
from chalicelib.web.timeline.words import EVENT_WORDS

CHALICELIB = Path(__file__).parents[3] / "chalicelib"
each_decision = pytest.mark.parametrize(
    "decision", EVERY_DECISION, ids=[each.NAME for each in EVERY_DECISION]
)


@each_decision
def test_it_says_where_it_stands_what_its_button_says_and_what_was_done(
    decision: type[StaffDecision],
) -> None:
    said = (decision.NAME, decision.BUTTON, decision.EVENT, decision.DONE)
    assert all(said)
    assert decision.PLACES
    assert all(place.title and place.statuses for place in decision.PLACES)
    assert decision.take is not StaffDecision.take


def test_none_has_the_name_or_the_event_of_another() -> None:
    for names in zip(*((each.NAME, each.EVENT) for each in EVERY_DECISION), strict=True):
        assert len(set(names)) == len(EVERY_DECISION)


@each_decision
def test_it_takes_nothing_without_its_tick(decision: type[StaffDecision]) -> None:
    with pytest.raises(Invalid) as refused:
        decision.read({"seen": ["1"]})
    if decision is WriteDownRequest:  # a name and a number are typed, which no program can
        assert {"name", "phone"} <= set(refused.value.messages_by_field)
    else:
        assert decision.SURE
        assert refused.value.messages_by_field["sure"].startswith("Please tick the box")


@each_decision
def test_each_field_is_asked_for_and_says_what_is_wrong_with_it(
    decision: type[StaffDecision],
) -> None:
    controls = {name: control for name, control, _ in decision.controls()}
    if decision is not WriteDownRequest:  # whose form is the request's
        assert set(decision.model_fields) - set(controls) - {"seen"} == {"sure"}
    for name, control in controls.items():
        assert control.wrong or name in words("en")["errors"], name
        assert control.label or control.kind in ("times", "handed_over", "hidden"), name


@each_decision
def test_its_event_is_one_that_a_use_case_writes(decision: type[StaffDecision]) -> None:
    files = (CHALICELIB / "usecases").rglob("*.py")
    assert any(f'"{decision.EVENT}"' in file.read_text(encoding="utf-8") for file in files)
    assert decision.EVENT not in EVENT_WORDS, "a second place says how the timeline calls it"


def test_no_route_and_no_page_names_a_decision() -> None:
    """Statuses of visits that are called as a decision is are no such name."""
    names = {each.NAME for each in EVERY_DECISION} - {"arrived"}
    quoted = re.compile("[\"'](?:" + "|".join(sorted(names)) + ")[\"']")
    staff = CHALICELIB / "web" / "staff"
    pages = CHALICELIB / "web" / "pages"
    files = chain(staff.glob("*.py"), (pages / "staff").glob("*"), [pages / "parts/controls.html"])
    found = {file.name: quoted.findall(file.read_text(encoding="utf-8")) for file in files}
    assert {name: some for name, some in found.items() if some} == {}
