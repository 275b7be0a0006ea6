"""docs/faults.md names a test for every fault, and each one exists."""

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parents[2]
TEXT = (HERE / "docs" / "faults.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (F\d+) \| ([^|]+) \| (.+) \|$", TEXT, re.MULTILINE)
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)))


def test_every_fault_has_its_row_once() -> None:
    assert sorted((name for name, _, _ in ROWS), key=lambda name: int(name[1:])) == [
        f"F{number}" for number in range(1, 116)
    ]


@pytest.mark.parametrize(("path", "name"), NAMED, ids=[name for _, name in NAMED])
def test_every_test_that_is_named_exists(path: str, name: str) -> None:
    file = HERE / path
    assert file.is_file()
    assert re.search(rf"^def {name}\(", file.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize(
    ("fault", "answer"), [(f, a) for f, _, a in ROWS], ids=[r[0] for r in ROWS]
)
def test_every_row_names_a_test_or_says_what_is_missing(fault: str, answer: str) -> None:
    assert "`tests/" in answer or "not yet: " in answer or "no test: " in answer
