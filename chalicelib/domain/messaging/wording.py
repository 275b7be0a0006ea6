"""A piece of text that the clinic has written, and who approved it.

Here, because care plans hold wordings and messages are made from them, and neither knows the other.
"""

import re
from datetime import date
from typing import Literal, Self

from pydantic import model_validator

from chalicelib.domain.record import Value

Level = Literal["neutral", "detailed"]


class Approval(Value):
    """Who answers for a wording. A sample is good for trying the software and for nothing else."""

    version: str
    status: Literal["sample", "approved"]
    approver: str  #: a clinician's name; for a sample, what it is
    role: str
    on: date
    sample: bool = False
    sha256: str | None = None  #: of what was approved; an edit afterwards makes it unapproved

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if self.sample is not (self.status == "sample"):
            raise ValueError('set sample = true with status = "sample", and neither without')
        return self

    def covers(self, sha256: str) -> bool:
        """Whether these very words were approved (R21)."""
        return self.status == "approved" and self.sha256 == sha256


class Wording(Value):
    """One text with `{placeholders}`, ready to be filled in."""

    text: str
    segments: int = 1  #: how many GSM-7 segments it may take (R27)
    language: str
    level: Level = "neutral"
    version: str
    is_approved: bool
    source: str  #: where it stands, for people: `careplans/consultation.toml, step reminder`


#: How a text ends that people may opt out of, in whatever language: the word STOP is the network's.
_STOP_LINE = re.compile(r"\s*[^.]*\bSTOP\b[^.]*\.$")


def without_stop_line(text: str) -> str:
    """The text as a mail says it; a mail has no such reply."""
    return _STOP_LINE.sub("", text)
