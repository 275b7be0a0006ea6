"""A language is known everywhere or nowhere."""

import pytest

from chalicelib.clinic import speech
from chalicelib.clinic.profile import load_profile
from chalicelib.messages import catalogue, letters
from chalicelib.web.http import i18n
from lint.wording_rules import REVEALING

LANGUAGES = i18n.languages()


def test_days_mails_and_pages_know_the_same_languages() -> None:
    assert speech.languages() == letters.languages() == LANGUAGES
    assert set(catalogue.languages()) <= set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("visit_type", [kind.code for kind in load_profile().visit_types])
def test_the_neutral_name_of_a_visit_reveals_nothing(visit_type: str, language: str) -> None:
    """R25: it stands in calendars."""
    assert not REVEALING.search(load_profile().kind(visit_type).said(language))
