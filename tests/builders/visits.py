"""Requests that became visits, offers and courses, over a world."""

from datetime import UTC, datetime
from typing import Any

from chalicelib.clinic.profile_models import CourseRule
from chalicelib.domain.visits.appointment import Appointment, Course
from chalicelib.outbox import deliver
from chalicelib.usecases.visits import book, book_course
from tests.builders.acts import lists, proposes
from tests.world import RUTH, World, at

BO = "Bo Example"
#: Words that are searched for after they were to be erased.
PLANTED = {
    "name": "PLANTED-NAME",
    "email": "planted@example.org",
    "note": "PLANTED-NOTE",
    "reason": "depression",
}
NIGHT = datetime(2026, 12, 2, 4, 0, tzinfo=UTC)  # 22:00 in Wichita: the first text waits for 8:00


def just_booked(
    world: World, when: str = "2026-12-08T09:00", room: str = "room-1", **request_form: Any
) -> Appointment:
    """A visit whose first text and confirmation have not left yet."""
    receipt = world.request(**request_form)
    world.drain()
    return book.confirm(
        world.context,
        subject_id=receipt.reference,
        when=at(when),
        visit_type="iv_infusion",
        resource=room,
        actor=RUTH,
    )


def booked(
    world: World, when: str = "2026-12-08T09:00", room: str = "room-1", **request_form: Any
) -> Appointment:
    """A visit for which everything has left that is sent at once."""
    visit = just_booked(world, when, room, **request_form)
    world.drain()
    return visit


def confirmation_next(world: World, **request_form: Any) -> str:
    """The confirmation of a booked visit, once the first text to the number has left."""
    visit_id = just_booked(world, **request_form).id
    deliver.deliver(world.delivery_context, f"{visit_id}.welcome")
    return f"{visit_id}.v1-confirmation"


def booked_and_listed() -> tuple[World, str]:
    """A world with a visit, whose provider was listed once; and the visit's id."""
    world = World()
    visit_id = booked(world).id
    lists(world)
    return world, visit_id


def booked_at_night() -> tuple[World, str]:
    world = World(NIGHT)
    return world, booked(world).id


def offered(world: World, *times: str, **request_form: Any) -> str:
    """A request to which times are offered; returns its reference."""
    reference = world.request(**request_form).reference
    proposes(world, reference, times or ("2026-12-08T09:00", "2026-12-08T13:00"))
    return reference


def course_of(world: World, **changes: Any) -> Course:
    """Three sessions, a week apart."""
    receipt = world.request()
    world.drain()
    asked: dict[str, Any] = {
        "subject_id": receipt.reference,
        "first": at("2026-12-08T09:00"),
        "visit_type": "iv_infusion",
        "resource": "room-1",
        "sessions": 3,
        "spacing_days": 7,
        "weekdays": (),
        "actor": RUTH,
    }
    return book_course.book_course(world.context, **(asked | changes))


def with_course_rule(world: World, **rule: int) -> World:
    """The same world, with this rule for courses."""
    clinic = world.services.clinic
    ruled = {"course": CourseRule(**rule)}
    types = tuple(kind.model_copy(update=ruled) for kind in clinic.visit_types)
    world.replace(clinic=clinic.model_copy(update={"visit_types": types}))
    return world
