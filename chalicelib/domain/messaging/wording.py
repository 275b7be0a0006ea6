"""A piece of text that the clinic has written, and who approved it.

It is in the domain because care plans contain wordings and messages are made from them, and neither
of these two imports the other.
"""

import re
from datetime import date
from typing import Literal, Self

from pydantic import model_validator

from chalicelib.domain.record import Value

Level = Literal["neutral", "detailed"]


class Approval(Value):
    """Who is responsible for a wording. A sample is only good for trying the software."""

    version: str
    status: Literal["sample", "approved"]
    approver: str  #: a clinician's name; in a sample, a description
    role: str
    on: date
    sample: bool = False
    sha256: str | None = None  #: hash of the approved words; any edit makes the wording unapproved

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if self.sample is not (self.status == "sample"):
            raise ValueError('set sample = true with status = "sample", and neither without')
        return self

    def covers(self, sha256: str) -> bool:
        """Whether exactly these words were approved (R21)."""
        return self.status == "approved" and self.sha256 == sha256


class Wording(Value):
    """One text with `{placeholders}`, ready to be filled in."""

    text: str
    segments: int = 1  #: how many GSM-7 segments it may take (R27)
    language: str
    level: Level = "neutral"
    version: str
    is_approved: bool
    source: str  #: where people find it: `careplans/consultation.toml, step reminder`


#: How a text ends that people may opt out of, in any language: STOP is the network's word.
_STOP_LINE = re.compile(r"\s*[^.]*\bSTOP\b[^.]*\.$")


def without_stop_line(text: str) -> str:
    """The text for a mail, to which nobody can reply STOP."""
    return _STOP_LINE.sub("", text)
