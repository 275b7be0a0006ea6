"""What the patient's pages say: one file a language in languages/, each with the same keys.

The exact words of the consents are the clinic's own and stand in `clinic.toml`.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

from chalicelib import tables

Words = Mapping[str, Any]

PACKAGE = "chalicelib.web"
FOLDER = "languages"


@cache
def languages() -> tuple[str, ...]:
    """The languages that a patient may choose, English first."""
    return tables.languages(PACKAGE, FOLDER)


@cache
def words(language: str) -> Words:
    """The tables of a language; English for one that has none. Read on first use."""
    known = language if language in languages() else "en"
    return tables.read(PACKAGE, FOLDER, f"{known}.toml")


def staff_names() -> dict[str, str]:
    """What the staff call each language, by its code."""
    return {code: words(code)["language"]["staff_name"] for code in languages()}


def own_names() -> dict[str, str]:
    """What each language calls itself, by its code."""
    return {code: words(code)["language"]["own_name"] for code in languages()}
