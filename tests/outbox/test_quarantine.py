"""A row that the courier cannot deal with waits, is told to a person once, and stops no other."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NoReturn

from chalicelib.clinic.careplan.plan import CarePlan
from chalicelib.domain.change import Change, Patch
from chalicelib.domain.errors import Stale, Unavailable
from chalicelib.domain.messaging.message import Message, MessageStatus
from chalicelib.domain.people.patient import Patient
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.record import Ref
from chalicelib.outbox import deliver
from tests.builders.acts import ANA, cancels
from tests.builders.looks import confirmations, ever, row, tasks
from tests.builders.visits import confirmation_next, just_booked
from tests.world import World


def without_step(world: World, step_id: str) -> dict[str, CarePlan]:
    """The plans as after an edit of the file: a step that a waiting row names is gone."""
    plan = world.services.plans["iv_infusion"]
    steps = tuple(step for step in plan.steps if step.id != step_id)
    return {**world.services.plans, "iv_infusion": plan.model_copy(update={"steps": steps})}


class Failing(dict[str, CarePlan]):
    """Plans that fail in a way that nobody foresaw."""

    def get(self, code: str, default: object = None) -> NoReturn:
        raise RuntimeError(code)


def test_a_step_that_was_removed_is_withdrawn_after_a_while_and_stops_no_other() -> None:
    world = World()
    visit_id = just_booked(world).id
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
    visit_id = just_booked(world).id
    world.services = replace(world.services, plans=without_step(world, "preparation"))
    world.run_until(datetime(2026, 12, 8, 1, tzinfo=UTC))
    (call,) = [t for t in world.store.open("task") if "preparation" in getattr(t, "what", "")]
    fasting = datetime(2026, 12, 8, 7, tzinfo=UTC)
    assert getattr(call, "deadline_at", fasting) < fasting
    assert row(world, f"{visit_id}.v1-preparation").status is MessageStatus.WITHDRAWN


def test_a_step_that_only_the_next_version_knows_waits_for_it() -> None:
    world = World()
    visit_id = just_booked(world).id
    plans = world.services.plans
    world.services = replace(world.services, plans=without_step(world, "preparation"))
    world.run_until(row(world, f"{visit_id}.v1-preparation").scheduled_at + timedelta(minutes=20))
    world.services = replace(world.services, plans=plans)
    world.run_for(hours=1)
    assert row(world, f"{visit_id}.v1-preparation").status is MessageStatus.SENT
    assert tasks(world) == []


def test_what_is_void_is_withdrawn_though_its_step_was_removed() -> None:
    world = World()
    visit_id = just_booked(world).id
    world.services = replace(world.services, plans=without_step(world, "ride"))
    cancels(world, visit_id)
    world.run_for(minutes=10)
    assert row(world, f"{visit_id}.v1-ride").status is MessageStatus.WITHDRAWN
    assert tasks(world) == []


def test_what_fails_is_told_once_for_the_visit_and_by_itself_where_it_must_be_said() -> None:
    world = World()
    visit_id = just_booked(world).id
    world.drain()
    world.services = replace(world.services, plans=Failing(world.services.plans))
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
    message_id = confirmation_next(world)
    key = row(world, message_id).key
    world.store.commit(Change(Patch(key, set={"channel": "pigeon"})))
    world.run_for(hours=3)
    assert tasks(world).count("a_message_cannot_be_read") == 1
    world.store.commit(Change(Patch(key, set={"channel": "text"})))
    world.run_for(hours=2)
    assert confirmations(world) == 1


def test_a_patient_who_cannot_be_read_loses_no_message() -> None:
    world = World()
    message_id = confirmation_next(world)
    patient = Patient.ref(row(world, message_id).patient_id or "")
    world.store.commit(Change(Patch(patient.key, set={"language": None, "text_consent": "often"})))
    deliver.deliver(world.delivery_context, message_id)
    world.store.commit(Change(Patch(patient.key, set={"text_consent": "neutral"})))
    world.run_for(hours=2)
    assert confirmations(world) == 1


def test_a_store_that_does_not_answer_for_a_moment_is_nobodys_task() -> None:
    world = World()
    message_id = confirmation_next(world)
    get = world.store.get

    def silent(ref: Ref[Message]) -> Message | None:
        world.store.get = get  # type: ignore[method-assign]
        raise Unavailable("get_item: ThrottlingException")

    world.store.get = silent  # type: ignore[method-assign,assignment]
    deliver.deliver(world.delivery_context, message_id)
    assert confirmations(world) == 0
    world.clock.at += timedelta(minutes=5)
    deliver.deliver(world.delivery_context, message_id)
    assert confirmations(world) == 1
    assert tasks(world) == []


def unreadable_patient(world: World, message_id: str) -> None:
    """As a later version, or a hand, may have left the row."""
    key = Patient.ref(row(world, message_id).patient_id or "").key
    world.store.commit(Change(Patch(key, set={"text_consent": "often"})))


def test_a_message_about_somebody_whose_row_cannot_be_read_ends_with_its_window() -> None:
    """And what may not be lost without harm is told by itself (F23, R13)."""
    world = World()
    visit_id = just_booked(world).id
    world.drain()
    unreadable_patient(world, f"{visit_id}.v1-preparation")
    world.run_until(datetime(2026, 12, 14, tzinfo=UTC))
    preparation = row(world, f"{visit_id}.v1-preparation")
    assert (preparation.status, preparation.reason) == (MessageStatus.FAILED, "unreadable")
    told = ever(world, "a_message_cannot_be_read")
    assert preparation.id in [task.detail for task in told]


def test_a_phone_that_cannot_be_read_may_hold_an_opt_out_so_nothing_leaves() -> None:
    """F23: and the rows wait, with their reason, behind the others."""
    world = World()
    message_id = confirmation_next(world)
    world.queue.ids.clear()
    world.store.commit(Change(Patch(Phone.ref(ANA).key, set={"choosing": "odd"})))
    world.tick()
    assert confirmations(world) == 0
    assert row(world, message_id).reason == "unreadable"
    assert tasks(world) == ["a_message_cannot_be_read"]


def test_a_task_that_cannot_be_opened_tells_of_no_further_task() -> None:
    """F23: the task that says that a message cannot be read is a row like any other."""
    world = World()
    message_id = confirmation_next(world)
    unreadable_patient(world, message_id)
    deliver.deliver(world.delivery_context, message_id)
    told = f"{message_id}-failing"
    world.store.commit(Change(Patch(row(world, told).key, set={"facts": {}})))
    deliver.deliver(world.delivery_context, told)
    assert row(world, told).reason == "error: ValueError"
    assert (row(world, told).due_at or world.clock.at) > world.clock.at


def test_a_row_that_changes_whenever_it_is_written_gives_way_and_is_told_in_the_end() -> None:
    """Three tries, then the others; after half an hour a person hears of it (R35, F23)."""
    world = World()
    message_id = confirmation_next(world)
    world.queue.ids.clear()
    commit = world.store.commit

    def others_are_faster(change: Change) -> None:
        patches = [part for part in change.operations if isinstance(part, Patch)]
        if any(patch.set.get("status") == "sending" for patch in patches):
            raise Stale
        commit(change)

    world.store.commit = others_are_faster  # type: ignore[method-assign]
    deliver.deliver(world.delivery_context, message_id)
    assert row(world, message_id).due_at == world.clock.at + timedelta(minutes=1)
    assert tasks(world) == []
    world.run_for(minutes=40)
    assert row(world, message_id).reason == "error: Stale"
    assert [task.detail for task in ever(world, "a_message_cannot_be_sent")] == [message_id]
    world.store.commit = commit  # type: ignore[method-assign]
    world.run_for(minutes=10)
    assert confirmations(world) == 1


def test_an_id_that_names_no_row_makes_none_even_while_the_store_is_down() -> None:
    world = World()

    def down(ref: Ref[Message]) -> Message | None:
        raise Unavailable("simulated")

    get = world.store.get
    world.store.get = down  # type: ignore[method-assign, assignment]
    deliver.deliver(world.delivery_context, "APT-NOBODY.v1-reminder")
    world.store.get = get  # type: ignore[method-assign]
    assert world.store.owned("APT-NOBODY") == []


def test_a_row_that_left_meanwhile_keeps_the_time_at_which_it_is_asked_about() -> None:
    """R40: the store fails the courier that came second."""
    world = World()
    message_id = confirmation_next(world)
    deliver.deliver(world.delivery_context, message_id)
    asked_at = row(world, message_id).due_at

    def down(ref: Ref[Message]) -> Message | None:
        raise Unavailable("simulated")

    get = world.store.get
    world.store.get = down  # type: ignore[method-assign, assignment]
    deliver.deliver(world.delivery_context, message_id)
    world.store.get = get  # type: ignore[method-assign]
    assert row(world, message_id).due_at == asked_at
