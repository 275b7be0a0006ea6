"""A language is known everywhere or nowhere."""

from typing import get_args

import pytest

from chalicelib.clinic.parts import VisitType
from chalicelib.clinic.profile import load_profile
from chalicelib.clinic.speech import SPEECH
from chalicelib.domain.wording import STOP_LINES
from chalicelib.domain.wording_rules import REVEALING
from chalicelib.messages import letters
from chalicelib.web import words
from chalicelib.web.decision_fields import Contact
from chalicelib.web.fields import RequestFields

LANGUAGES = sorted(words.BY_LANGUAGE)


def test_days_pages_mails_and_forms_know_the_same_languages() -> None:
    assert sorted(SPEECH) == LANGUAGES
    assert sorted(letters.BY_LANGUAGE) == LANGUAGES
    assert sorted(STOP_LINES) == LANGUAGES
    for form in (RequestFields, Contact):
        assert sorted(get_args(form.model_fields["language"].annotation)) == LANGUAGES


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("visit_type", load_profile().visit_types, ids=lambda kind: kind.code)
def test_the_neutral_name_of_a_visit_reveals_nothing(visit_type: VisitType, language: str) -> None:
    """R25: it stands in calendars."""
    assert not REVEALING.search(visit_type.said(language))
