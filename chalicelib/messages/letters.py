"""What the mails to patients say around the clinic's own wordings: one file a language.

The templates are in emails/; none of them has a word of its own.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from chalicelib import tables

Letters = Mapping[str, Any]

PACKAGE = "chalicelib.messages"
FOLDER = "languages"


@cache
def languages() -> tuple[str, ...]:
    """The languages that mails are written in."""
    return tables.languages(PACKAGE, FOLDER)


@cache
def letters(language: str) -> Letters:
    """What mails say in a language; English for one that has none. Read on first use."""
    known = language if language in languages() else "en"
    return tables.read(PACKAGE, FOLDER, f"{known}.toml")
