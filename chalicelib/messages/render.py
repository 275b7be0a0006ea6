"""Fill in a wording. A text with a gap, or one that nobody approved, is not made."""

import re
from collections.abc import Mapping

from chalicelib.domain.messaging.segments import transliterate
from chalicelib.domain.messaging.wording import Wording

PLACEHOLDER = re.compile(r"\{(\w+)\}")


class CannotSay(Exception):
    """A message cannot be put into words; nothing is sent and staff are told (R22)."""


class MissingValue(CannotSay):
    """A placeholder has no value."""

    def __init__(self, name: str, source: str) -> None:
        super().__init__(f"{source}: no value for {name}")
        self.name = name
        self.source = source


class NotApproved(CannotSay):
    """Nobody has approved exactly these words (R21)."""

    def __init__(self, source: str) -> None:
        super().__init__(f"{source} is a sample or was edited after its approval")
        self.source = source


def render_text(wording: Wording, values: Mapping[str, str], *, samples_allowed: bool) -> str:
    """The text of a message in GSM-7 with every placeholder filled.

    Letters outside GSM-7 are transliterated or left out, so that no value changes the text's
    encoding (R29).
    """
    return transliterate(render_line(wording, values, samples_allowed=samples_allowed))


def render_line(wording: Wording, values: Mapping[str, str], *, samples_allowed: bool) -> str:
    """The same for a mail or a page, where every letter stays as it is.

    Values are data: a placeholder inside a value is not filled (R29).
    """
    if not (wording.is_approved or samples_allowed):
        raise NotApproved(wording.source)

    def value_of(match: re.Match[str]) -> str:
        value = values.get(match[1], "")
        if not value.strip():
            raise MissingValue(match[1], wording.source)
        return value

    return PLACEHOLDER.sub(value_of, wording.text)
