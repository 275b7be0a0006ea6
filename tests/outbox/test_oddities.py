"""A row that the courier cannot deal with waits, is told to a person once, and stops no other."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from chalicelib.clinic.careplan import CarePlan
from chalicelib.domain.change import Change, Patch
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.message import Message, MessageStatus
from chalicelib.domain.people import Patient
from chalicelib.domain.record import Ref
from chalicelib.outbox import courier
from chalicelib.usecases import moving
from tests.outbox.rows import booked, confirmations, ready, row
from tests.world import RUTH, World


def tasks(world: World) -> list[str]:
    return [getattr(task, "what", "") for task in world.store.open("task")]


def without_step(world: World, step_id: str) -> dict[str, CarePlan]:
    """The plans as after an edit of the file: a step that a waiting row names is gone."""
    plan = world.services.plans["iv_infusion"]
    steps = tuple(step for step in plan.steps if step.id != step_id)
    return {**world.services.plans, "iv_infusion": plan.model_copy(update={"steps": steps})}


def test_a_step_that_was_removed_is_withdrawn_after_a_while_and_stops_no_other() -> None:
    world = World()
    visit_id = booked(world)
    world.services = replace(world.services, plans=without_step(world, "reminder"))
    world.run_until(datetime(2026, 12, 14, tzinfo=UTC))
    reminder = row(world, f"{visit_id}.v1-reminder")
    assert (reminder.status, reminder.reason) == (
        MessageStatus.WITHDRAWN,
        "the care plan has no such step any more",
    )
    assert row(world, f"{visit_id}.v1-same_day").status is MessageStatus.SENT
    assert tasks(world) == ["ride_unknown"]


def test_a_safety_step_that_was_removed_becomes_a_call_in_time() -> None:
    world = World()
    visit_id = booked(world)
    world.services = replace(world.services, plans=without_step(world, "preparation"))
    world.run_until(datetime(2026, 12, 8, 1, tzinfo=UTC))
    (call,) = [t for t in world.store.open("task") if "preparation" in getattr(t, "what", "")]
    fasting = datetime(2026, 12, 8, 7, tzinfo=UTC)
    assert getattr(call, "deadline_at", fasting) < fasting
    assert row(world, f"{visit_id}.v1-preparation").status is MessageStatus.WITHDRAWN


def test_a_step_that_only_the_next_version_knows_waits_for_it() -> None:
    world = World()
    visit_id = booked(world)
    plans = world.services.plans
    world.services = replace(world.services, plans=without_step(world, "preparation"))
    world.run_until(row(world, f"{visit_id}.v1-preparation").scheduled_at + timedelta(minutes=20))
    world.services = replace(world.services, plans=plans)
    world.run_for(hours=1)
    assert row(world, f"{visit_id}.v1-preparation").status is MessageStatus.SENT
    assert tasks(world) == []


def test_what_is_void_is_withdrawn_though_its_step_was_removed() -> None:
    world = World()
    visit_id = booked(world)
    world.services = replace(world.services, plans=without_step(world, "ride"))
    moving.cancel(
        world.desk,
        appointment_id=visit_id,
        reason_code="other",
        tell_patient=False,
        actor=RUTH,
    )
    world.run_for(minutes=10)
    assert row(world, f"{visit_id}.v1-ride").status is MessageStatus.WITHDRAWN
    assert tasks(world) == []


def test_what_fails_is_told_once_for_the_visit_and_by_itself_where_it_must_be_said() -> None:
    world = World()
    visit_id = booked(world)
    world.drain()
    world.services = replace(world.services, plans={})
    world.run_until(datetime(2026, 12, 14, tzinfo=UTC))
    assert row(world, f"{visit_id}.v1-reminder").status is MessageStatus.FAILED
    failing = [t for t in world.store.open("task") if getattr(t, "what", "").endswith("be_sent")]
    assert {getattr(task, "detail", "").partition(".v1-")[2] for task in failing} == {
        "reminder",  # and with it the ride and the day itself
        "preparation",
        "aftercare",
        "check_in",
    }


def test_a_row_that_cannot_be_read_waits_for_a_version_that_can() -> None:
    world = World()
    message_id = ready(world)
    key = row(world, message_id).key
    world.store.commit(Change(Patch(key, set={"channel": "pigeon"})))
    world.run_for(hours=3)
    assert tasks(world).count("a_message_cannot_be_read") == 1
    world.store.commit(Change(Patch(key, set={"channel": "text"})))
    world.run_for(hours=2)
    assert confirmations(world) == 1


def test_a_patient_who_cannot_be_read_loses_no_message() -> None:
    world = World()
    message_id = ready(world)
    patient = Patient.ref(row(world, message_id).patient_id or "")
    world.store.commit(Change(Patch(patient.key, set={"language": None, "text_consent": "often"})))
    courier.deliver(world.office, message_id)
    world.store.commit(Change(Patch(patient.key, set={"text_consent": "neutral"})))
    world.run_for(hours=2)
    assert confirmations(world) == 1


def test_a_store_that_does_not_answer_for_a_moment_is_nobodys_task() -> None:
    world = World()
    message_id = ready(world)
    get = world.store.get

    def silent(ref: Ref[Message]) -> Message | None:
        world.store.get = get  # type: ignore[method-assign]
        raise Unavailable("get_item: ThrottlingException")

    world.store.get = silent  # type: ignore[method-assign,assignment]
    courier.deliver(world.office, message_id)
    assert confirmations(world) == 0
    world.clock.at += timedelta(minutes=5)
    courier.deliver(world.office, message_id)
    assert confirmations(world) == 1
    assert tasks(world) == []
