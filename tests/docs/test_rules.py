"""docs/rules.md has every rule once, with where it lives and its test, and all of it exists."""

import re
from pathlib import Path

import pytest

from tests.docs.cited import cited_in

HERE = Path(__file__).parents[2]
TEXT = (HERE / "docs" / "rules.md").read_text(encoding="utf-8")
#: Each row's rule, why, where and test, by its number.
ROWS = [
    (int(number), *(cell.strip() for cell in cells))
    for number, *cells in re.findall(
        r"^\| R(\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", TEXT, re.MULTILINE
    )
]
IDS = [f"R{row[0]}" for row in ROWS]
TESTS = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)))
PATHS = sorted(set(re.findall(r"`([\w.-]+(?:/[\w.-]+)*(?:/|\.[a-z]+))`", TEXT)))
READ = (".py", ".toml", ".md", ".html", ".txt", ".css", ".js", ".json", ".yaml", ".yml", "")
FOLDERS = ("chalicelib", "docs", "lint", "local", "tests", ".chalice", ".ci")


def _sources() -> list[Path]:
    within = [path for folder in FOLDERS for path in (HERE / folder).rglob("*")]
    files = [path for path in (*HERE.iterdir(), *within) if path.is_file()]
    return [file for file in files if file.suffix in READ and "__pycache__" not in file.parts]


def test_every_rule_has_its_row_once() -> None:
    assert sorted(row[0] for row in ROWS) == list(range(1, 79))


@pytest.mark.parametrize(("path", "name"), TESTS, ids=[name for _, name in TESTS])
def test_every_test_that_is_named_exists(path: str, name: str) -> None:
    file = HERE / path
    assert file.is_file()
    assert re.search(rf"^def {name}\(", file.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("path", PATHS)
def test_every_place_that_is_named_exists(path: str) -> None:
    assert (HERE / path).exists()


@pytest.mark.parametrize(("where", "answer"), [(row[3], row[4]) for row in ROWS], ids=IDS)
def test_every_row_names_a_test_or_says_what_is_missing(where: str, answer: str) -> None:
    assert "`tests/" in answer or "not yet: " in answer
    # What a test shows is somewhere; a rule of which nothing is built has neither.
    assert ("`tests/" in answer) <= ("`" in where)


def test_every_rule_that_is_cited_anywhere_has_its_row() -> None:
    rules = {row[0] for row in ROWS}
    places = {
        f"R{number} in {file.relative_to(HERE)}"
        for file in _sources()
        for number in cited_in(file.read_text(encoding="utf-8")) - rules
    }
    assert not places


def test_a_citation_is_found_however_it_is_written() -> None:
    assert cited_in("(R3, R14) R21-R28 and R5 to R7; R41's") == {3, 14, *range(21, 29), 5, 6, 7, 41}
    assert cited_in("PR12 FOR7 R2D2 TSK-R9 -r3") == set()
