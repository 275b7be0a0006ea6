"""What is busy on a resource on one clinic date."""

from datetime import datetime
from typing import ClassVar

from chalicelib.domain.errors import SlotTaken
from chalicelib.domain.record import Instant, Key, Record, Ref, Value
from chalicelib.domain.visits.appointment import Appointment


class Room(Record):
    """The name of a room in the clinic's data when somebody was last booked there (R71)."""

    KIND: ClassVar[str] = "room"
    ALL: ClassVar[str] = "ROOMS"  #: the key under which all of them are read

    id: str
    name: str

    @property
    def key(self) -> Key:
        return Key(Room.ALL, f"ROOM#{self.id}")


class Busy(Value):
    """A resource is taken from start to end."""

    start_at: Instant
    end_at: Instant
    appointment_id: str


class DaySheet(Record):
    """What is busy on a resource on one clinic date.

    Every booking of that day saves it, so its revision makes a double booking impossible (R47).
    """

    KIND: ClassVar[str] = "day"

    resource: str
    on: str  #: `2026-12-01`, a date of the clinic's calendar
    busy: tuple[Busy, ...] = ()

    @property
    def key(self) -> Key:
        return Key(f"DAY#{self.resource}#{self.on}", "DAY")

    @staticmethod
    def ref(resource: str, on: str) -> Ref["DaySheet"]:
        return Ref(DaySheet, Key(f"DAY#{resource}#{on}", "DAY"))

    def is_free(self, start_at: datetime, end_at: datetime) -> bool:
        return all(end_at <= taken.start_at or taken.end_at <= start_at for taken in self.busy)

    def taking(self, appointment: Appointment) -> "DaySheet":
        """The day sheet with this visit added; SlotTaken when something else is booked then."""
        rest = self.without(appointment.id)
        if not rest.is_free(appointment.start_at, appointment.end_at):
            raise SlotTaken(clashes=[appointment.start_at])
        taken = Busy(
            start_at=appointment.start_at, end_at=appointment.end_at, appointment_id=appointment.id
        )
        return self.evolve(busy=tuple(sorted((*rest.busy, taken), key=lambda b: b.start_at)))

    def without(self, appointment_id: str) -> "DaySheet":
        return self.evolve(busy=tuple(b for b in self.busy if b.appointment_id != appointment_id))
