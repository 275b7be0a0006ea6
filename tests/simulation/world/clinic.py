"""The clinic whose days are played: the one that is configured, with rooms enough."""

from datetime import time

from chalicelib.clinic.careplan.plan import load_careplans
from chalicelib.clinic.profile import Clinic, load_profile
from chalicelib.clinic.profile_models import Opening, Resource

LATE = time(23, 59)  # there are sessions until the night (R14)
KEPT_DAYS = 20  # so short that words are erased by their age while a run lasts (R55)
CLINIC, PLANS = load_profile(), load_careplans()


def clinic_for(asks_a_day: float) -> Clinic:
    """The clinic, of short memory; with a room more for every other request a day too many."""
    rooms = [Resource(id=f"room-{n}", name=f"Room {n}") for n in range(3, 3 + int(asks_a_day // 2))]
    more = tuple(room.id for room in rooms)
    types = [
        type_.model_copy(update={"resources": (*type_.resources, *more)})
        for type_ in CLINIC.visit_types
    ]
    resources = (*CLINIC.resources, *rooms)
    hours = {day: Opening(opens=open_.opens, closes=LATE) for day, open_ in CLINIC.hours.items()}
    kept = dict.fromkeys(("notes_days", "texts_days", "inbound_days"), KEPT_DAYS)
    return CLINIC.model_copy(
        update={
            "resources": resources,
            "hours": hours,
            "visit_types": tuple(types),
            "retention": CLINIC.retention.model_copy(update=kept),
        }
    )
