"""Who did what, when and why."""

from typing import ClassVar

from pydantic import Field

from chalicelib.domain.record import Instant, Key, Record, written


class AuditEvent(Record):
    """Who did what, when and why. Append only; it has its change's id."""

    KIND: ClassVar[str] = "audit"

    change_id: str
    owner_id: str
    what: str
    by: str  #: a staff member's id, `patient` or `service`
    by_name: str = ""  #: their name at the time, in case no other record names them any more (R71)
    at: Instant
    facts: dict[str, str] = Field(default_factory=dict)

    @property
    def key(self) -> Key:
        return Key(self.owner_id, f"AUDIT#{written(self.at)}#{self.change_id}")
