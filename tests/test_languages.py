"""A language is known everywhere or nowhere."""

import pytest

from chalicelib.clinic.profile import load_profile
from chalicelib.languages import FOLDER, languages
from chalicelib.messages import catalogue
from chalicelib.messages.replies.reading import ReplyWords, reply_words_in
from chalicelib.toml_files import stems
from lint import messages
from lint.wording_rules import REVEALING


@pytest.mark.parametrize("language", languages())
def test_every_language_has_the_same_files(language: str) -> None:
    assert stems(f"{FOLDER}/{language}") == stems(f"{FOLDER}/en")


def test_a_clinic_has_wordings_only_in_languages_that_the_program_speaks() -> None:
    assert set(catalogue.languages()) <= set(languages())


@pytest.mark.parametrize("language", languages())
def test_a_list_of_reply_words_that_nothing_reads_is_named(language: str) -> None:
    assert list(messages.reply_list_faults(language, reply_words_in(language))) == []

    misspelled = ReplyWords(phrases={"urgnt": ("dolor de pecho",)})
    [fault] = messages.reply_list_faults(language, misspelled)
    assert fault == f"locales/{language}/replies.toml, phrases.urgnt: English has no such list"


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("visit_type", [kind.code for kind in load_profile().visit_types])
def test_the_neutral_name_of_a_visit_reveals_nothing(visit_type: str, language: str) -> None:
    """R25: it stands in calendars."""
    assert not REVEALING.search(load_profile().kind(visit_type).said(language))
