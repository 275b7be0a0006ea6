"""Booked visits and their rows, for tests that look at one message closely."""

from collections.abc import Callable
from typing import Any

from chalicelib.adapters.rows import record_of
from chalicelib.domain.change import Change, Patch
from chalicelib.domain.messaging.message import Message
from chalicelib.domain.messaging.task import Task
from chalicelib.outbox import deliver
from chalicelib.usecases.visits import book, reschedule
from tests.world import RUTH, World, at


def booked(
    world: World, when: str = "2026-12-08T09:00", room: str = "room-1", **request_form: Any
) -> str:
    """A visit, whose first text and confirmation are still to leave."""
    receipt = world.request(**request_form)
    world.drain()
    return book.confirm(
        world.context,
        subject_id=receipt.reference,
        when=at(when),
        visit_type="iv_infusion",
        resource=room,
        actor=RUTH,
    ).id


def ready(world: World, **request_form: Any) -> str:
    """A booked visit's confirmation; the first text to the number has left."""
    visit_id = booked(world, **request_form)
    deliver.deliver(world.delivery_context, f"{visit_id}.welcome")
    return f"{visit_id}.v1-confirmation"


def row(world: World, message_id: str) -> Message:
    found = world.store.get(Message.ref(message_id))
    assert found is not None
    return found


def before_the_next_claim(world: World, act: Callable[[], object]) -> None:
    """It happens between a courier's last look and its claim."""
    commit = world.store.commit

    def meanwhile(change: Change) -> None:
        is_claim = any(
            isinstance(part, Patch) and part.set.get("status") == "sending"
            for part in change.operations
        )
        if is_claim:
            world.store.commit = commit  # type: ignore[method-assign]
            act()
        commit(change)

    world.store.commit = meanwhile  # type: ignore[method-assign]


def confirmations(world: World) -> int:
    return sum("is booked for" in body for body in world.texts.bodies)


def restored(world: World, before: Message) -> None:
    """The table as it was then: the row, and no note of what the provider took since."""
    kept = {k: v for k, v in world.store._rows[before.key].items() if k in ("pk", "sk", "record")}
    stored = before.model_dump(mode="json", exclude_none=True)
    world.store._rows[before.key] = {**kept, **stored, "due_shard": "0"}
    for key in [key for key in world.store._rows if key.pk.startswith("SID#")]:
        if world.store._rows[key]["message_id"] == before.id:
            del world.store._rows[key]


def tasks(world: World) -> list[str]:
    """What a person must do now, by what each task is called."""
    return [task.what for task in world.store.open("task") if isinstance(task, Task)]


def ever(world: World, what: str) -> list[Task]:
    """Every task of that kind, whether it is done or not."""
    rows = world.store._rows.values()
    found = [record_of(stored) for stored in rows if stored.get("record") == Task.KIND]
    return [task for task in found if isinstance(task, Task) and task.what == what]


def moves(world: World, visit_id: str, when: str) -> None:
    """Staff move the visit to another time in the first room."""
    reschedule.reschedule(
        world.context, appointment_id=visit_id, when=at(when), resource="room-1", actor=RUTH
    )
