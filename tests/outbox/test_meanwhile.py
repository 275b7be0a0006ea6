"""What changes between a courier's look and its write."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.outbox import deliver
from chalicelib.ports import Accepted, FailureClass, Refused
from tests.builders.acts import MINUTE, before_the_next_claim, cancels, hear, meanwhile
from tests.builders.looks import phone_of, row
from tests.builders.visits import booked_and_listed, confirmation_next, course_of
from tests.world import World


def test_an_overview_names_no_session_that_was_called_off_before_its_claim() -> None:
    """F13."""
    world = World()
    course = course_of(world)
    deliver.deliver(world.delivery_context, f"{course.id}.welcome")
    before_the_next_claim(world, lambda: cancels(world, course.appointment_ids[0]))
    deliver.deliver(world.delivery_context, f"{course.id}.overview")
    assert "your 2 visits: Tue Dec 15" in world.texts.bodies[-1]


def test_a_start_that_comes_while_the_provider_still_refuses_is_the_last_word() -> None:
    """R7, R12."""
    world, visit_id = booked_and_listed()
    reminder = world.message(visit_id, "v1-reminder")
    world.run_until(reminder.scheduled_at - MINUTE)
    world.clock.at = reminder.scheduled_at
    send = world.texts.send

    def refuses(**_: Any) -> Accepted:
        world.texts.send = send  # type: ignore[method-assign]
        hear(world, "START")
        raise Refused(FailureClass.OPTED_OUT, 21610)

    world.texts.send = refuses  # type: ignore[method-assign]
    deliver.deliver(world.delivery_context, reminder.id)
    world.drain()
    assert phone_of(world).opted_in_at == world.clock.at
    assert phone_of(world).opted_out_at is None


def test_a_text_that_two_couriers_drop_at_once_is_said_to_be_dropped_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World()
    confirmation_id = confirmation_next(world)
    world.clock.at += timedelta(days=3)
    meanwhile(world, lambda: deliver.deliver(world.delivery_context, confirmation_id))
    with caplog.at_level("INFO"):
        deliver.deliver(world.delivery_context, confirmation_id)
    assert row(world, confirmation_id).status == "expired"
    assert caplog.messages.count("message.dropped") == 1
