"""The words of the patient's pages: `pages.toml` of each language, each with the same keys.

The exact words of the consents are the clinic's own and are in `clinic.toml`.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.languages import in_language, languages

Words = Mapping[str, Any]


def words(language: str) -> Words:
    """The tables of a language; English for a language that has none."""
    return in_language(dict[str, Any], "pages.toml", language)


def staff_names() -> dict[str, str]:
    """What staff call each language, by its code."""
    return {code: words(code)["language"]["staff_name"] for code in languages()}


def own_names() -> dict[str, str]:
    """What each language calls itself, by its code."""
    return {code: words(code)["language"]["own_name"] for code in languages()}
