"""Actions of people, of the provider and of chance on a world."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import count
from typing import Any

from chalicelib.domain.change import Change, Patch
from chalicelib.domain.messaging.message import Message
from chalicelib.domain.record import Key
from chalicelib.usecases.inbound.poll import poll_missed_texts
from chalicelib.usecases.inbound.receive import Incoming, receive_text
from chalicelib.usecases.patients import contact_details
from chalicelib.usecases.privacy.retention import erase_expired
from chalicelib.usecases.visits import offers, reschedule
from tests.world import RUTH, World, at

ANA = "+13165550142"
OTHER = "+13165550150"
QUIET = frozenset({"stop", "start"})
MINUTE = timedelta(minutes=1)
_sids = count(1)


def hear(world: World, body: str, *, sender: str = ANA, sid: str | None = None) -> str:
    """The webhook reports a text; returns what it was understood as."""
    meaning = receive_text(
        world.context,
        Incoming(sid=sid or f"SM{next(_sids):032x}", sender=sender, body=body),
        quiet_words=QUIET,
    )
    world.drain()
    return meaning


def arrives(world: World, body: str, *, sender: str = ANA, heard: bool = False) -> str:
    """A text reaches our number; the webhook is called or not."""
    sid = world.texts.hear(sender, body).sid
    if heard:
        receive_text(world.context, Incoming(sid=sid, sender=sender, body=body), quiet_words=QUIET)
        world.drain()
    return sid


def lists(world: World) -> int:
    """List the received texts at the provider; returns how many were missed."""
    found = poll_missed_texts(world.context, world.services.text_inbox, quiet_words=QUIET)
    world.drain()
    return found


def ticks_for(world: World, span: timedelta) -> int:
    """Tick for so many minutes; returns how many texts were found."""
    found = 0
    for _ in range(span // MINUTE):
        world.clock.at += MINUTE
        world.tick()
        found += lists(world)
    return found


def ticks_and_erases(world: World) -> None:
    """Tick once, and erase what was kept long enough."""
    world.tick()
    erase_expired(world.context, world.services.text_inbox)


def proposes(world: World, reference: str, times: Sequence[str]) -> None:
    """Staff offer these times for a consultation."""
    offers.propose(
        world.context,
        subject_id=reference,
        times=[at(time) for time in times],
        visit_type="consultation",
        resource="room-1",
        actor=RUTH,
    )
    world.drain()


def moves(world: World, visit_id: str, when: str, room: str = "room-1") -> None:
    """Staff move the visit before anything about it has left."""
    reschedule.reschedule(
        world.context, appointment_id=visit_id, when=at(when), resource=room, actor=RUTH
    )


def cancels(world: World, visit_id: str) -> None:
    """Staff cancel the visit, and tell the patient themselves."""
    reschedule.cancel(
        world.context, appointment_id=visit_id, reason_code="other", tell_patient=False, actor=RUTH
    )


def has_another_number(world: World, visit_id: str) -> None:
    contact_details.contact(
        world.context,
        subject_id=visit_id,
        name="Ana Löwe",
        phone=OTHER,
        email=None,
        language="en",
        actor=RUTH,
    )


def meanwhile(world: World, act: Callable[[], object]) -> None:
    """Just before the next commit, something else happens."""
    _before_a_commit(world, act, lambda change: True)


def before_the_next_claim(world: World, act: Callable[[], object]) -> None:
    """It happens between a courier's last read and its claim."""
    _before_a_commit(
        world,
        act,
        lambda change: any(
            isinstance(part, Patch) and part.set.get("status") == "sending"
            for part in change.operations
        ),
    )


def _before_a_commit(
    world: World, act: Callable[[], object], is_meant: Callable[[Change], bool]
) -> None:
    commit = world.store.commit

    def with_act(change: Change) -> None:
        if is_meant(change):
            world.store.commit = commit  # type: ignore[method-assign]
            act()
        commit(change)

    world.store.commit = with_act  # type: ignore[method-assign]


def spoil(world: World, key: Key, **values: Any) -> None:
    """Store the row in a form that no version can read."""
    row = world.store._rows.setdefault(key, dict(key._asdict()))
    row.update({"revision": 1, **values})


def restored(world: World, before: Message) -> None:
    """Restore the table as it was then: the row, without what the provider accepted since."""
    kept = {k: v for k, v in world.store._rows[before.key].items() if k in ("pk", "sk", "record")}
    stored = before.model_dump(mode="json", exclude_none=True)
    world.store._rows[before.key] = {**kept, **stored, "due_shard": "0"}
    for key in [key for key in world.store._rows if key.pk.startswith("SID#")]:
        if world.store._rows[key]["message_id"] == before.id:
            del world.store._rows[key]
