"""What the mails to patients say around the clinic's own wordings: `mails.toml` of each language.

The templates are in emails/; none of them has a word of its own.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.languages import in_language

Letters = Mapping[str, Any]


def letters(language: str) -> Letters:
    """What mails say in a language; English for one that has none."""
    return in_language(dict[str, Any], "mails.toml", language)
