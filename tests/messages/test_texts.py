"""Every text that we ship, rendered; what is refused; and what a value cannot do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.clinic.profile import load_profile
from chalicelib.domain.messaging.segments import count
from chalicelib.domain.messaging.wording import Wording
from chalicelib.messages import catalogue
from chalicelib.messages.render import MissingValue, NotApproved, render_text
from lint import messages
from lint.wording_rules import MEDICINE, REVEALING
from tests.messages.shipped import shipped


def a_wording(text: str = "{clinic}: hello.", *, approved: bool = False) -> Wording:
    return Wording(text=text, language="en", version="1", is_approved=approved, source="a test")


@pytest.mark.parametrize(
    ("wording", "values"), [pytest.param(w, v, id=name) for name, w, v in shipped()]
)
def test_every_shipped_text_fits_with_the_longest_values(
    wording: Wording, values: dict[str, str]
) -> None:
    """R22, R24, R25, R27."""
    text = render_text(wording, values, samples_allowed=True)
    assert count(text).fits(wording.segments), f"{count(text)} {text}"
    assert "{" not in text
    assert "  " not in text
    assert text.startswith("Cottonwood Clinic")
    assert not MEDICINE.search(text)
    if wording.level == "neutral":
        assert not REVEALING.search(text)


def test_the_catalogue_the_mails_and_the_reply_words_keep_the_rules() -> None:
    assert messages.main() == 0


def test_the_first_text_says_what_carriers_ask_for() -> None:
    """R4."""
    text = render_text(catalogue.wording("welcome"), load_profile().values(), samples_allowed=True)
    for needed in ("Cottonwood Clinic", "request and visits", "up to 10 a week", "rates may apply"):
        assert needed in text
    assert "HELP" in text
    assert "STOP" in text
    assert count(text).fits(1)


@pytest.mark.parametrize("key", ["proposed", "declined", "answer_delayed", "course_overview"])
def test_what_may_go_by_mail_asks_for_no_reply_by_text(key: str) -> None:
    assert "Reply" not in catalogue.wording(key, by_mail=True).text


def test_the_urgent_answer_names_911_and_988() -> None:
    """R44."""
    text = catalogue.wording("urgent_answer").text
    assert "911" in text
    assert "988" in text
    assert catalogue.priority("urgent_answer") == 1


def test_a_sample_or_an_edited_wording_is_not_sent_outside_the_local_stage() -> None:
    """R21."""
    with pytest.raises(NotApproved, match="a test"):
        render_text(a_wording(), {"clinic": "C"}, samples_allowed=False)
    said = render_text(a_wording(approved=True), {"clinic": "C"}, samples_allowed=False)
    assert said == "C: hello."


@pytest.mark.parametrize("values", [{}, {"clinic": ""}, {"clinic": "  "}])
def test_a_text_with_a_hole_in_it_does_not_come_out(values: dict[str, str]) -> None:
    """R22."""
    with pytest.raises(MissingValue) as error:
        render_text(a_wording(), values, samples_allowed=True)
    assert error.value.name == "clinic"


@given(st.text(min_size=1).filter(lambda text: bool(text.strip())))
def test_a_value_is_data_and_never_changes_the_encoding(value: str) -> None:
    """R29."""
    text = render_text(a_wording("{name}!"), {"name": value}, samples_allowed=True)
    assert count(text).encoding == "GSM-7"


def test_what_looks_like_a_template_in_a_value_stays_as_it_is() -> None:
    """R29."""
    values = {"name": "{{7*7}} {phone} {% x %}", "phone": "secret"}
    text = render_text(a_wording("{name}!"), values, samples_allowed=True)
    assert text == "{{7*7}} {phone} {% x %}!"


def test_an_unknown_key_is_said_and_an_unknown_task_is_still_readable() -> None:
    with pytest.raises(catalogue.UnknownWording):
        catalogue.wording("no-such")
    assert catalogue.task_title("no_driver") == "Has no ride home"
    assert catalogue.task_title("some_new_kind") == "Some new kind"


def test_a_text_that_one_language_lacks_is_said_in_english(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(catalogue.load_catalogue("es").texts, "help")
    assert catalogue.wording("help", "es") == catalogue.wording("help", "en")


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ({"text": "{clinic} {x}. Reply STOP to opt out."}, "{x} is not a known placeholder"),
        ({"text": "{clinic} pain. Reply STOP to opt out."}, "'pain'"),
        ({"text": "{clinic}."}, "no STOP line"),
        ({"text": "{clinic}: moved as you asked. STOP"}, "'as you asked' as done"),
        ({"text": "{clinic}. STOP", "mail": "They were told."}, "'They were told' as done"),
        ({"text": "{clinic}" + "a" * 160 + " STOP"}, "2 segments; 1 allowed"),
        ({"text": "{clinic}: Reply END. STOP", "recurring": False}, "reply 'end'"),
    ],
)
def test_the_lint_refuses_a_bad_text_of_the_catalogue(entry: dict[str, object], fault: str) -> None:
    good = catalogue.load_catalogue("en")
    bad = catalogue.Catalogue.model_validate(
        good.model_dump() | {"texts": {"x": {"priority": 2, **entry}}}
    )
    faults = list(messages.catalogue_faults(bad))
    assert any(fault in text and text.startswith("wordings/en.toml, texts.x") for text in faults)
