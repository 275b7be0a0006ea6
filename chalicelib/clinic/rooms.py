"""The rooms that may be booked, and those with bookings that the clinic's data no longer has."""

from chalicelib.clinic.profile import Clinic
from chalicelib.clinic.profile_models import Resource
from chalicelib.domain.change import Patch
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.domain.visits.day_sheet import Room
from chalicelib.ports import Store


def rooms_of(store: Store, clinic: Clinic) -> tuple[Resource, ...]:
    """The data's rooms in its order; then those that it no longer has, by their stored name."""
    named = {room.id for room in clinic.resources}
    kept = (row for row in store.owned(Room.ALL) if isinstance(row, Room))
    gone = (Resource(id=row.id, name=row.name) for row in kept if row.id not in named)
    return (*clinic.resources, *gone)


def room_names(store: Store, clinic: Clinic, *visits: Appointment) -> dict[str, str]:
    """The name of each visit's room; its id where neither the data nor the table has a name."""
    names = {room.id: room.name for room in clinic.resources}
    wanted = {visit.resource for visit in visits}
    if not wanted <= names.keys():
        names = {room.id: room.name for room in rooms_of(store, clinic)}
    return {room_id: names.get(room_id, room_id) for room_id in wanted}


def kept_name(clinic: Clinic, room_id: str) -> list[Patch]:
    """Store the room's name; no write for a room that the data does not have."""
    return [
        Patch.upsert(Room(id=room.id, name=room.name), id=room.id, name=room.name)
        for room in clinic.resources
        if room.id == room_id
    ]
