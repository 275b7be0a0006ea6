"""What a check may say of a message that has come due."""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from chalicelib.domain.message import MessageStatus
from chalicelib.outbox.office import Office, Situation


class Hold(NamedTuple):
    """Not now: look again then."""

    until: datetime
    why: str


class Drop(NamedTuple):
    """Not ever. `instead` says whether what it says must reach the patient otherwise (R11)."""

    status: MessageStatus
    why: str
    instead: bool = False


Verdict = Hold | Drop | None
Check = Callable[[Office, Situation], Verdict]
