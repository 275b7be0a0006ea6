"""What the mails to patients say around the clinic's own wordings: `mails.toml` of each language.

The templates are in emails/; they contain no words of their own.
"""

from collections.abc import Mapping
from typing import Any

from chalicelib.languages import in_language

Letters = Mapping[str, Any]


def letters(language: str) -> Letters:
    """The words of mails in a language; English for a language that has none."""
    return in_language(dict[str, Any], "mails.toml", language)
