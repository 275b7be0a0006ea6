"""For a day after a session no text asks for a decision (R20): it waits, or a person asks."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.clinic.profile_models import Caps
from chalicelib.domain.messaging.message import MessageStatus
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.usecases.visits import attendance, book
from tests.builders.looks import tasks
from tests.world import RUTH, World, at


def session_and_next(next_at: str) -> tuple[World, Appointment]:
    """A world in which a session has just ended at 11:00, and the visit that comes next."""
    world = World()
    caps = Caps(per_day=9, per_week=20)
    world.replace(clinic=world.services.clinic.model_copy(update={"caps": caps}))
    asked = world.request()
    first = book.confirm(
        world.context,
        subject_id=asked.reference,
        when=at("2026-12-08T09:00"),
        visit_type="iv_infusion",
        resource="room-1",
        actor=RUTH,
    )
    following = book.confirm(
        world.context,
        subject_id=first.id,
        when=at(next_at),
        visit_type="iv_infusion",
        resource="room-2",
        actor=RUTH,
    )
    world.run_until(first.end_at)
    attendance.record_discharge(world.context, appointment_id=first.id, at=None, actor=RUTH)
    return world, following


def test_a_question_waits_until_a_day_after_the_session() -> None:
    world, following = session_and_next("2026-12-10T09:00")
    world.run_until(datetime(2026, 12, 10, 14, tzinfo=UTC))
    ride = world.message(following.id, "v1-ride")
    assert ride.claimed_at == datetime(2026, 12, 9, 17, tzinfo=UTC)  # 24 h after the discharge
    assert "Reply D" in (ride.body or "")
    assert "question_left_out" not in tasks(world)


def test_what_cannot_wait_goes_without_its_question_and_a_person_asks() -> None:
    world, following = session_and_next("2026-12-09T13:00")
    world.run_until(datetime(2026, 12, 8, 20, tzinfo=UTC))
    ride = world.message(following.id, "v1-ride")
    assert ride.status is MessageStatus.SENT
    assert "no driving after your visit" in (ride.body or "")
    assert "Reply D" not in (ride.body or "")
    assert "question_left_out" not in tasks(world)  # nor does a person ask within the day
    world.run_until(following.start_at - timedelta(hours=1))
    assert tasks(world).count("question_left_out") == 1


@pytest.mark.parametrize("has", ["yes", "no"])
def test_a_question_that_was_answered_meanwhile_is_asked_by_nobody(has: str) -> None:
    world, following = session_and_next("2026-12-09T13:00")
    world.run_until(datetime(2026, 12, 8, 20, tzinfo=UTC))
    attendance.record_driver(world.context, appointment_id=following.id, has=has, actor=RUTH)
    world.run_until(following.start_at - timedelta(hours=1))
    assert "question_left_out" not in tasks(world)
