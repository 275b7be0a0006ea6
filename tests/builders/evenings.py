"""Sessions that end late in the evening, and what is sent after them."""

from datetime import datetime, time, timedelta
from typing import Any

from chalicelib.clinic.profile_models import Opening
from chalicelib.domain.messaging.message import Channel
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.usecases.visits import attendance
from tests.builders.plans import wichita
from tests.builders.visits import booked
from tests.world import RUTH, World

TONIGHT = "2026-12-08"
LONG_HOURS = Opening(opens=time(5), closes=time(23, 59))


def evening_clinic(**quiet: time) -> World:
    """A world whose clinic is open until midnight."""
    world = World()
    clinic = world.services.clinic
    hours = dict.fromkeys(clinic.hours, LONG_HOURS)
    changed = {"hours": hours, "quiet": clinic.quiet.model_copy(update=quiet)}
    world.replace(clinic=clinic.model_copy(update=changed))
    return world


def session(
    world: World, ends: str, *, is_here: bool = True, **request_form: Any
) -> tuple[Appointment, datetime]:
    """A session of two hours that is planned to end then; its patient has arrived or not."""
    end = wichita(f"{TONIGHT} {ends}")
    start = end - timedelta(hours=2)
    visit = booked(world, f"{start:%Y-%m-%dT%H:%M}", **request_form)
    world.run_until(start)
    if is_here:
        attendance.record_arrival(world.context, appointment_id=visit.id, at=None, actor=RUTH)
    return visit, end


def left_after(world: World, visit: Appointment) -> dict[str, list[datetime]]:
    """When each text that follows the visit left."""
    told: dict[str, list[datetime]] = {}
    for message in world.messages(visit.id):
        is_text = message.channel is Channel.TEXT and message.sid is not None
        if is_text and message.kind in attendance.AFTER_KINDS and message.claimed_at is not None:
            told.setdefault(message.kind, []).append(message.claimed_at)
    return told


def aftercare(world: World, visit: Appointment) -> list[datetime]:
    return left_after(world, visit).get("aftercare", [])
