"""docs/glossary.md explains each word once and names what is in the code."""

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parents[2]
TEXT = (HERE / "docs" / "glossary.md").read_text(encoding="utf-8")
ROWS = [
    tuple(cell.strip() for cell in cells)
    for cells in re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", TEXT, re.MULTILINE)
    if cells[0].strip() != "word"
]
NAMED = sorted({name for _, names, _ in ROWS for name in re.findall(r"`(\w+)`", names)})
SOURCES = [path.read_text(encoding="utf-8") for path in (HERE / "chalicelib").rglob("*.py")]
CLINIC = HERE / "chalicelib/clinic_data/clinic.toml"
CODE = "\n".join((*SOURCES, CLINIC.read_text(encoding="utf-8")))

RECORDS = sorted(set(re.findall(r"^class (\w+)\(Record\):", CODE, re.MULTILINE)))


def test_every_word_stands_once_and_is_explained() -> None:
    words = [word.lower() for cell, _, _ in ROWS for word in cell.split(", ")]
    assert len(words) == len(set(words)) > 100
    assert [cell for cell, _, meaning in ROWS if not re.fullmatch(r"[^|]+\.", meaning)] == []


@pytest.mark.parametrize("record", RECORDS)
def test_every_stored_record_has_its_word(record: str) -> None:
    assert record in NAMED


@pytest.mark.parametrize("name", NAMED)
def test_every_name_is_one_of_the_code(name: str) -> None:
    assert re.search(rf"\b{name}\b", CODE)
