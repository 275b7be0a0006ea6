"""A text that did not arrive has the same consequences whoever tells of it first (F35)."""

from datetime import timedelta

import pytest

from chalicelib.domain.messaging.message import Message, MessageStatus
from chalicelib.domain.people.phone import Phone
from chalicelib.outbox import deliver
from chalicelib.outbox.outcomes import text_receipts
from chalicelib.ports import FailureClass, OutcomeUnknown, Refused
from tests.builders.acts import ANA, restored
from tests.builders.looks import row, tasks
from tests.builders.visits import just_booked
from tests.world import World

REMINDER = "v1-reminder"
WAYS = ["found after a crash", "asked about after six hours", "forgotten by a restored table"]


def preparing() -> tuple[World, str]:
    """Its preparation text is due in a moment, and everything before it arrived."""
    world = World()
    visit_id = just_booked(world).id
    world.drain()
    message_id = f"{visit_id}.v1-preparation"
    world.run_until(row(world, message_id).scheduled_at - timedelta(minutes=1))
    world.deliver_all()
    return world, message_id


def looked_up(world: World, message_id: str, way: str, *, code: int) -> Message:
    """The text left and did not arrive; its receipts are lost, so a look-up tells."""
    world.clock.at += timedelta(minutes=1)
    before = row(world, message_id)
    if way == "found after a crash":
        world.texts.after.append(OutcomeUnknown("the connection broke"))
    deliver.deliver(world.delivery_context, message_id)
    world.texts.sent[-1] = world.texts.sent[-1]._replace(status="undelivered", error_code=code)
    if way == "forgotten by a restored table":
        restored(world, before)
    world.clock.at += timedelta(minutes=12)
    world.run_for(hours=7)
    return row(world, message_id)


def calls(world: World) -> int:
    tasks = [getattr(task, "what", "") for task in world.store.open("task")]
    return tasks.count("call_with_preparation")


@pytest.mark.parametrize("way", WAYS)
def test_an_undelivered_preparation_that_a_look_up_finds_becomes_a_call(way: str) -> None:
    world, message_id = preparing()
    texts = len(world.texts.sent)
    message = looked_up(world, message_id, way, code=30007)
    assert message.status is MessageStatus.UNDELIVERED
    assert calls(world) == 1
    assert message.body not in [text.body for text in world.texts.sent[texts + 1 :]]


@pytest.mark.parametrize("code", [30007, 99999])
@pytest.mark.parametrize("how", ["refused", "undelivered"])
def test_staff_hear_once_a_day_of_texts_that_are_never_carried(how: str, code: int) -> None:
    """R33: a carrier filters the reminders, and nobody else would notice."""
    world = World()
    visits = [just_booked(world, room=f"room-{n}", phone=f"+1316555015{n}").id for n in (1, 2)]
    world.run_until(row(world, f"{visits[0]}.{REMINDER}").scheduled_at - timedelta(minutes=1))
    if how == "refused":
        world.texts.before.extend([Refused(FailureClass.PERMANENT, code)] * 2)
    world.run_for(minutes=10)
    reminders = [row(world, f"{visit}.{REMINDER}") for visit in visits]
    for reminder in reminders if how == "undelivered" else []:
        text_receipts.take(
            world.delivery_context,
            reminder.id,
            sid=reminder.sid or "",
            to=reminder.to or "",
            status="undelivered",
            error_code=code,
        )
    world.drain()
    assert tasks(world) == ["texts_refused"]


@pytest.mark.parametrize("way", WAYS)
def test_a_number_that_a_look_up_finds_bad_gets_no_more_texts(way: str) -> None:
    world, message_id = preparing()
    looked_up(world, message_id, way, code=30006)
    phone = world.store.get(Phone.ref(ANA))
    assert phone is not None
    assert phone.bad_because == "this number cannot be texted (30006)"


def test_an_unreachable_handset_that_a_look_up_finds_is_tried_again_as_a_new_row() -> None:
    world, message_id = preparing()
    message = looked_up(world, message_id, WAYS[0], code=30003)
    assert message.status is MessageStatus.UNDELIVERED
    again = row(world, f"{message_id}-r1")
    assert again.status is MessageStatus.SENT
    assert again.body == message.body
    assert calls(world) == 0
