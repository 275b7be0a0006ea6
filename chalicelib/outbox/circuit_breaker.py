"""All texts wait while the provider refuses our settings; now and then one of them tries (R33)."""

from datetime import datetime, timedelta

from chalicelib.domain.change import Is, Operation, Patch, Save, as_stored
from chalicelib.domain.messaging.message import Message
from chalicelib.domain.messaging.task import Task, TaskStatus
from chalicelib.domain.record import id_from, written
from chalicelib.domain.system import Stop
from chalicelib.messages.factory import task_message
from chalicelib.outbox.context import CLOCKS_DIFFER, Office

PROBE_EVERY = timedelta(minutes=5)
_ALARM = "texts-stopped"


def stopped(
    known: Stop | None, code: int | None, now: datetime, *, by_receipt: bool = False
) -> list[Operation]:
    """All texts wait from now on, and one alarm says so; nothing while they wait already."""
    if known is not None and known.stands:
        return []
    stop = Stop(
        revision=known.revision if known else 0,
        since=now,
        code=code or 0,
        probe_at=now + PROBE_EVERY,
        by_receipt=by_receipt,
    )
    alarm = task_message(
        owner_id=_owner(stop),
        about=_ALARM,
        what="texts_stopped",
        detail=f"The provider answers with code {stop.code}.",
        deadline_at=now,
        now=now,
    )
    return [Save(stop), Save(alarm)]


def stopped_by_receipt(
    known: Stop | None, message: Message, code: int | None, now: datetime
) -> list[Operation]:
    """As `stopped`, unless texts have gone again since this one was claimed: it is old news."""
    ended_at, claimed_at = known.ended_at if known else None, message.claimed_at
    if ended_at is not None and claimed_at is not None and claimed_at < ended_at + CLOCKS_DIFFER:
        return []
    return stopped(known, code, now, by_receipt=True)


def probed(stop: Stop, now: datetime) -> Operation:
    """This text tries, and the others go on waiting; refused when another one tries already."""
    probe = as_stored({"probe_at": now + PROBE_EVERY})
    return Patch(stop.key, set=probe, when=(Is("revision", stop.revision),))


def ended_by_acceptance(office: Office, stop: Stop | None, now: datetime) -> list[Operation]:
    """The first text that is accepted ends the stop, unless those before it were accepted too."""
    return [] if stop is None or stop.by_receipt else _ended(office, stop, now)


def ended_by_arrival(
    office: Office, stop: Stop | None, message: Message, now: datetime
) -> list[Operation]:
    """A text that was claimed since the stop and has arrived ends it, whatever began it."""
    if stop is None or not stop.stands or message.claimed_at is None:
        return []
    is_since = message.claimed_at >= stop.since + CLOCKS_DIFFER
    return _ended(office, stop, now) if is_since else []


def _ended(office: Office, stop: Stop, now: datetime) -> list[Operation]:
    """Texts go again, and the task that said otherwise is done."""
    alarm = office.store.get(Task.ref(id_from("TSK", f"{_owner(stop)}.{_ALARM}")))
    ended = Patch(
        stop.key, set=as_stored({"ended_at": now}), when=(Is("since", written(stop.since)),)
    )
    if alarm is None or alarm.status is TaskStatus.DONE:
        return [ended]
    done = alarm.evolve(
        status=TaskStatus.DONE, done_at=now, done_by="service", note="Texts go again."
    )
    return [ended, Save(done)]


def _owner(stop: Stop) -> str:
    return f"SYS-{int(stop.since.timestamp() * 1000)}"
