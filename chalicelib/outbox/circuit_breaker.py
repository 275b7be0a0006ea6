"""All texts wait while the provider refuses our settings; now and then one text probes (R33)."""

from datetime import datetime, timedelta

from chalicelib.domain.change import Operation, Patch, Save
from chalicelib.domain.messaging.facts import Facts
from chalicelib.domain.messaging.message import Message
from chalicelib.domain.messaging.task import Task, TaskKind, TaskStatus
from chalicelib.domain.messaging.transitions import void_patches
from chalicelib.domain.record import id_from
from chalicelib.domain.system import CircuitBreaker
from chalicelib.messages.factory import open_task
from chalicelib.outbox.context import CLOCKS_DIFFER, DeliveryContext

PROBE_EVERY = timedelta(minutes=5)
_ALARM = "texts-stopped"


def open_breaker(
    known: CircuitBreaker | None, code: int | None, now: datetime, *, by_receipt: bool = False
) -> list[Operation]:
    """All texts wait from now on, and one task alarms staff; no writes if it is open already."""
    if known is not None and known.is_open:
        return []
    stop = CircuitBreaker(
        revision=known.revision if known else 0,
        since=now,
        code=code or 0,
        probe_at=now + PROBE_EVERY,
        by_receipt=by_receipt,
    )
    alarm = open_task(
        TaskKind.TEXTS_STOPPED,
        f"{_owner(stop)}.{_ALARM}",
        now=now,
        facts=Facts(detail=f"The provider answers with code {stop.code}."),
    )
    return [Save(stop), Save(alarm)]


def open_breaker_by_receipt(
    known: CircuitBreaker | None, message: Message, code: int | None, now: datetime
) -> list[Operation]:
    """Like `open_breaker`; no writes if it has closed since this text was claimed: old news."""
    ended_at, claimed_at = known.ended_at if known else None, message.claimed_at
    if ended_at is not None and claimed_at is not None and claimed_at < ended_at + CLOCKS_DIFFER:
        return []
    return open_breaker(known, code, now, by_receipt=True)


def probe_patch(stop: CircuitBreaker, now: datetime) -> Operation:
    """This text probes and the others go on waiting; refused when another one probes already."""
    return Patch.of(stop, probe_at=now + PROBE_EVERY, when=stop.as_read("revision"))


def close_by_acceptance(
    context: DeliveryContext, stop: CircuitBreaker | None, now: datetime
) -> list[Operation]:
    """The first accepted text closes the breaker, unless the texts before it were accepted too."""
    return [] if stop is None or stop.by_receipt else _close_writes(context, stop, now)


def close_by_arrival(
    context: DeliveryContext, stop: CircuitBreaker | None, message: Message, now: datetime
) -> list[Operation]:
    """The arrival of a text claimed since the breaker opened closes it, whatever opened it."""
    if stop is None or not stop.is_open or message.claimed_at is None:
        return []
    is_since = message.claimed_at >= stop.since + CLOCKS_DIFFER
    return _close_writes(context, stop, now) if is_since else []


def _close_writes(context: DeliveryContext, stop: CircuitBreaker, now: datetime) -> list[Operation]:
    """Texts are sent again, and the task that alarmed staff is done, or is never opened."""
    alarm_id = f"{_owner(stop)}.{_ALARM}"
    alarm = context.store.get(Task.ref(id_from("TSK", alarm_id)))
    ended = Patch.of(stop, ended_at=now, when=stop.as_read("since"))
    if alarm is None:
        return [ended, *_never_opened(context, alarm_id, now)]
    if alarm.status is TaskStatus.DONE:
        return [ended]
    done = alarm.evolve(
        status=TaskStatus.DONE, done_at=now, done_by="service", note="Texts go again."
    )
    return [ended, Save(done)]


def _never_opened(context: DeliveryContext, alarm_id: str, now: datetime) -> list[Operation]:
    """The alarm's row withdrawn; refused when the task is opened at this very moment."""
    row = context.store.get(Message.ref(alarm_id))
    if row is None:
        return []
    void = void_patches([row], because="texts go again", now=now)
    return [patch.only_if(*row.as_read("status")) for patch in void]


def _owner(stop: CircuitBreaker) -> str:
    return f"SYS-{int(stop.since.timestamp() * 1000)}"
