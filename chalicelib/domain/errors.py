"""Why something cannot be done, in the clinic's words. No HTTP status and no provider's term."""

from collections.abc import Sequence
from datetime import datetime


class Refusal(Exception):
    """A request that is answered with a clear no; nothing was changed."""


class NotFound(Refusal):
    """There is no such thing, or this link does not lead to it."""


class LinkExpired(Refusal):
    """The link was valid and has expired; a fresh one can be sent."""


class AlreadyDecided(Refusal):
    """Somebody has already decided this."""

    def __init__(self, what: str, by: str, at: datetime) -> None:
        super().__init__(what)
        self.what = what  #: what was decided, such as `booked`
        self.by = by  #: the name of the person who decided
        self.at = at


class SlotTaken(Refusal):
    """Something else is booked at that time."""

    def __init__(self, free: Sequence[datetime] = (), clashes: Sequence[datetime] = ()) -> None:
        super().__init__("That time is taken.")
        self.free = tuple(free)  #: starts nearby that are free
        self.clashes = tuple(clashes)  #: the requested starts that are taken


class Invalid(Refusal):
    """A field is missing or wrong."""

    def __init__(self, **messages_by_field: str) -> None:
        super().__init__("Some fields need another look.")
        self.messages_by_field = messages_by_field


class TooMany(Refusal):
    """Too many requests came; try again later."""

    def __init__(self, retry_after_seconds: int) -> None:
        super().__init__("Too many requests. Please try again later, or call us.")
        self.retry_after_seconds = retry_after_seconds


class Stale(Exception):
    """What the decision was based on has changed; load and decide again."""


class Unavailable(Exception):
    """The store or a provider cannot be reached now; nothing was half done."""


class Unreadable(Exception):
    """This version cannot read a row; the row is set aside."""
