"""Every path that a document names exists, and every link in one leads to a file."""

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parents[2]
DOCUMENTS = sorted([*HERE.glob("*.md"), *(HERE / "docs").rglob("*.md")])
IDS = [str(path.relative_to(HERE)) for path in DOCUMENTS]
#: A file by its path from the root or from chalicelib, or a folder by its path from the root.
PATH = re.compile(
    r"`((?:[\w.-]+/)+[\w-]+\.[a-z]+|(?:chalicelib|lint|local|tests|docs)/(?:[\w-]+/)*)(?:::\w+)?`"
)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[\w-]*)?\)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=IDS)
def test_every_path_that_it_names_exists(document: Path) -> None:
    named = set(PATH.findall(document.read_text(encoding="utf-8")))
    assert sorted(path for path in named if not _exists(path)) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=IDS)
def test_every_link_leads_to_a_file(document: Path) -> None:
    links = {link for link in LINK.findall(document.read_text(encoding="utf-8")) if ":" not in link}
    assert sorted(link for link in links if not (document.parent / link).exists()) == []


def test_the_change_map_names_ten_changes_and_their_files() -> None:
    text = (HERE / "docs" / "how-to" / "change-map.md").read_text(encoding="utf-8")
    parts = text.split("\n## ")[1:]
    assert len(parts) == 10
    assert all(PATH.search(part) for part in parts)


def test_the_map_shows_every_folder_of_the_code() -> None:
    text = (HERE / "docs" / "architecture.md").read_text(encoding="utf-8")
    inside = [
        file.parent
        for root in ("chalicelib", "lint", "local")
        for file in (HERE / root).rglob("__init__.py")
    ]
    folders = sorted(f"{folder.relative_to(HERE)}/" for folder in inside)
    missing = [folder for folder in folders if f"`{folder}`" not in text]
    assert missing == ["chalicelib/"]  # which all of it is about


def _exists(path: str) -> bool:
    is_made = path.startswith(".local/")  # by a run, and never kept
    return is_made or any((root / path).exists() for root in (HERE, HERE / "chalicelib"))
