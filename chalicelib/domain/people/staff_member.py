"""The clinic's staff."""

from typing import ClassVar

from pydantic import AwareDatetime

from chalicelib.domain.record import Instant, Key, Record, Ref


class StaffMember(Record):
    """A person who decides. Their row is read each time one of their links is used (F69)."""

    KIND: ClassVar[str] = "staff"

    id: str
    name: str
    email: str
    role: str
    removed_at: Instant | None = None

    @property
    def key(self) -> Key:
        return Key(f"STAFF#{self.id}", "STAFF")

    @staticmethod
    def ref(staff_id: str) -> Ref["StaffMember"]:
        return Ref(StaffMember, Key(f"STAFF#{staff_id}", "STAFF"))

    def may_act(self, now: AwareDatetime) -> bool:
        return self.removed_at is None or now < self.removed_at
