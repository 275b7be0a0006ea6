"""What the patient's pages say: every language has the same keys, gaps and lists."""

import re
from collections.abc import Iterator

import pytest

from chalicelib.languages import languages
from chalicelib.web.http.i18n import Words, words
from chalicelib.web.http.reader_language import preferred
from lint.wording_rules import claim_faults

GAP = re.compile(r"\{\w*\}")
SAME_IN_BOTH = {("zones", "America/Phoenix"), ("zones", "America/Anchorage")}


def lines(table: Words, *path: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every line with the keys that lead to it; those of a list are numbered."""
    for key, value in table.items():
        if isinstance(value, str):
            yield (*path, key), value
            continue
        inner = value
        if isinstance(value, list):
            inner = {str(number): line for number, line in enumerate(value)}
        yield from lines(inner, *path, key)


@pytest.mark.parametrize("language", languages())
def test_every_language_says_all_that_english_says(language: str) -> None:
    own, english = dict(lines(words(language))), dict(lines(words("en")))
    assert set(own) == set(english)
    for path, line in own.items():
        assert sorted(GAP.findall(line)) == sorted(GAP.findall(english[path])), path
        assert bool(line.strip()) == bool(english[path].strip()), path


@pytest.mark.parametrize("language", languages()[1:])
def test_no_line_was_left_in_english(language: str) -> None:
    own, english = dict(lines(words(language))), dict(lines(words("en")))
    same = {path for path, line in own.items() if line and line == english[path]}
    assert same == SAME_IN_BOTH


@pytest.mark.parametrize("language", languages())
def test_no_page_says_as_done_what_nobody_may_know(language: str) -> None:
    """R72."""
    for path, line in lines(words(language)):
        assert claim_faults(line) == [], path


@pytest.mark.parametrize("language", languages())
def test_no_page_says_that_nothing_was_saved_when_no_answer_came(language: str) -> None:
    """R72, F18: the change may stand although the table's answer was lost."""
    problems = words(language)["problems"]
    for lost in ("unavailable", "failed"):
        assert problems["stale"]["text"] not in problems[lost]["text"]


@pytest.mark.parametrize("language", languages())
def test_every_language_knows_its_own_name_and_the_numbers_of_need(language: str) -> None:
    said = words(language)
    assert said["language"]["code"] == language
    assert "911" in said["page"]["emergency"]
    assert "988" in said["page"]["emergency"]


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        pytest.param("", "en", id="nothing said"),
        pytest.param("es-MX,es;q=0.9,en;q=0.5", "es", id="Spanish first"),
        pytest.param("en-US,en;q=0.9,es;q=0.8", "en", id="English first"),
        pytest.param("fr,es;q=0.4", "es", id="none of the better ones"),
        pytest.param("en;q=0.2, ES ; q=0.7", "es", id="any case and space"),
        pytest.param("es;Q=0.9,en;q=0.5", "es", id="a weight in capitals"),
        pytest.param("es;q=0", "en", id="refused"),
        pytest.param("es;q=nan,*;q=x", "en", id="nonsense"),
        pytest.param("es;q=\u0661", "en", id="digits of another script"),
    ],
)
def test_a_browser_may_say_what_its_reader_prefers(accepted: str, language: str) -> None:
    assert preferred(accepted) == language
