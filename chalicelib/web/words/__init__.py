"""What the patient's pages say, as data: one table a language, each with the same keys.

The exact words of the consents are the clinic's own and stand in `clinic.toml`.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.web.words import english, english_links, spanish, spanish_links

Words = Mapping[str, Any]

ENGLISH: Words = {**english.FORM, **english_links.LINKS}
SPANISH: Words = {**spanish.FORM, **spanish_links.LINKS}
BY_LANGUAGE: Mapping[str, Words] = {"en": ENGLISH, "es": SPANISH}


def words(language: str) -> Words:
    """The tables of a language; English for one that has none."""
    return BY_LANGUAGE.get(language, ENGLISH)
