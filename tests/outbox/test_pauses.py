"""What passes between a claim and the provider's call: pauses, quiet hours, windows (F78, R13)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from chalicelib.domain.change import Change, Patch, as_stored
from chalicelib.domain.messaging.message import MessageStatus
from chalicelib.domain.messaging.transitions import LOOK_AFTER, void_patches
from chalicelib.outbox import deliver
from chalicelib.ports import FailureClass, Refused
from chalicelib.usecases.patients import opt_out
from tests.builders.looks import confirmations, row
from tests.builders.visits import confirmation_next
from tests.world import RUTH, World

NEARLY_NIGHT = datetime(2026, 12, 2, 2, 58, tzinfo=UTC)  # 20:58 in Wichita


def pausing(world: World, span: timedelta) -> None:
    """The next claim takes that long."""
    commit = world.store.commit

    def slowly(change: Change) -> None:
        commit(change)
        if any(
            isinstance(p, Patch) and p.set.get("status") == "sending" for p in change.operations
        ):
            world.store.commit = commit  # type: ignore[method-assign]
            world.clock.at += span

    world.store.commit = slowly  # type: ignore[method-assign]


def closing(world: World, message_id: str) -> None:
    """The row's window closes in a minute."""
    closes = as_stored({"send_before": world.clock.at + timedelta(minutes=1)})
    world.store.commit(Change(Patch(row(world, message_id).key, set=closes)))


def test_a_courier_that_paused_into_the_night_sends_in_the_morning() -> None:
    world = World(NEARLY_NIGHT)
    message_id = confirmation_next(world)
    pausing(world, timedelta(minutes=4))
    deliver.deliver(world.delivery_context, message_id)
    assert confirmations(world) == 0
    world.run_for(hours=12)
    assert confirmations(world) == 1


def test_a_courier_that_paused_past_the_window_sends_nothing() -> None:
    world = World()
    message_id = confirmation_next(world)
    closing(world, message_id)
    pausing(world, timedelta(minutes=3))
    deliver.deliver(world.delivery_context, message_id)
    world.drain()
    assert confirmations(world) == 0
    assert row(world, message_id).status is MessageStatus.EXPIRED


def test_a_mail_that_was_held_up_past_its_window_is_not_sent_either() -> None:
    world = World()
    message_id = confirmation_next(world)
    opt_out.opt_out(
        world.context, subject_id=row(world, message_id).owner_id, means="phone", actor=RUTH
    )
    deliver.deliver(world.delivery_context, message_id)
    mails = len(world.mails.sent)
    closing(world, f"{message_id}-mail")
    pausing(world, timedelta(minutes=3))
    deliver.deliver(world.delivery_context, f"{message_id}-mail")
    assert len(world.mails.sent) == mails
    world.drain()
    assert row(world, f"{message_id}-mail").status is MessageStatus.EXPIRED


def test_a_courier_that_paused_past_its_lease_mails_nothing() -> None:
    """F78: another one may hold the row by now, and the address may be another (F13)."""
    world = World()
    receipt = world.request()
    world.queue.ids.clear()
    pausing(world, timedelta(minutes=6))
    deliver.deliver(world.delivery_context, f"{receipt.reference}.new_request-nurse")
    assert world.mails.sent == []


def test_a_pause_shortens_how_long_the_provider_may_try() -> None:
    world = World(NEARLY_NIGHT)
    message_id = confirmation_next(world)
    pausing(world, timedelta(minutes=1))
    deliver.deliver(world.delivery_context, message_id)
    assert world.texts.validity[-1] == timedelta(minutes=1)


def test_a_text_without_a_receipt_is_asked_about_ever_more_seldom() -> None:
    """R40, while the provider answers nobody."""
    world = World()
    message_id = confirmation_next(world)
    deliver.deliver(world.delivery_context, message_id)
    asked: list[str] = []

    def refuse(sid: str) -> None:
        asked.append(sid)
        raise Refused(FailureClass.CONFIGURATION, 20003)

    world.texts.fetch = refuse  # type: ignore[method-assign]
    for _ in range(24 * 60):
        deliver.deliver(world.delivery_context, message_id)
        world.clock.at += timedelta(minutes=1)
    assert 10 < len(asked) < 30


def test_voiding_what_has_just_left_uses_no_look_up_of_it() -> None:
    """A decision read the row a moment before it was settled, and voids it unseen (R40)."""
    world = World()
    message_id = confirmation_next(world)
    deliver.deliver(world.delivery_context, message_id)
    sent = row(world, message_id)
    before = sent.evolve(status="sending", due_at=world.clock.at)
    world.store.commit(Change(*void_patches([before], because="moved", now=world.clock.at)))
    fetched: list[str] = []
    fetch: Callable[[str], object] = world.texts.fetch

    def noting(sid: str) -> object:
        fetched.append(sid)
        return fetch(sid)

    world.texts.fetch = noting  # type: ignore[method-assign, assignment]
    deliver.deliver(world.delivery_context, message_id)
    assert fetched == []
    assert sent.claimed_at is not None
    assert row(world, message_id).due_at == sent.claimed_at + LOOK_AFTER
