"""All texts wait while the provider refuses our settings; now and then one of them tries (R33)."""

from datetime import datetime, timedelta

from chalicelib.domain.change import Forget, Is, Operation, Patch, Save, as_stored
from chalicelib.domain.message import Message
from chalicelib.domain.owed import task_message
from chalicelib.domain.work import Stop

PROBE_EVERY = timedelta(minutes=5)


def stopped(code: int | None, now: datetime, *, by_receipt: bool = False) -> list[Operation]:
    """All texts wait from now on, and one alarm says so. To be written once, while none stands."""
    stop = Stop(since=now, code=code or 0, probe_at=now + PROBE_EVERY, by_receipt=by_receipt)
    alarm = task_message(
        owner_id=f"SYS-{int(now.timestamp() * 1000)}",
        about="texts-stopped",
        what="texts_stopped",
        detail=f"The provider answers with code {stop.code}.",
        deadline_at=now,
        now=now,
    )
    return [Save(stop), Save(alarm)]


def probed(stop: Stop, now: datetime) -> Operation:
    """This text tries, and the others go on waiting; refused when another one tries already."""
    probe = as_stored({"probe_at": now + PROBE_EVERY})
    return Patch(stop.key, set=probe, when=(Is("revision", stop.revision),))


def ended_by_acceptance(stop: Stop | None) -> list[Operation]:
    """The first text that is accepted ends the stop, unless those before it were accepted too."""
    return [] if stop is None or stop.by_receipt else [Forget(stop.key)]


def ended_by_arrival(stop: Stop | None, message: Message) -> list[Operation]:
    """A text that was claimed since the stop and has arrived ends it, whatever began it."""
    if stop is None or message.claimed_at is None or message.claimed_at < stop.since:
        return []
    return [Forget(stop.key)]
