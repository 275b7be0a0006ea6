"""What follows when we hear whether a text arrived, by a receipt or a look-up (F35)."""

from datetime import datetime, timedelta

from chalicelib.domain.change import Operation, Save
from chalicelib.domain.messaging.message import Message, MessageStatus
from chalicelib.domain.record import to_milliseconds
from chalicelib.domain.system import Stop
from chalicelib.outbox.circuit_breaker import ended_by_arrival, stopped_by_receipt
from chalicelib.outbox.context import Office, situation
from chalicelib.outbox.outcomes.fallback import instead_of
from chalicelib.outbox.outcomes.refused import number_marked, told_of
from chalicelib.ports import Fate

FEW = 2  # how often an undelivered text is tried again, each time as a new row
RETRY_AFTER = timedelta(minutes=15)
RETRY_AFTER_MOST = timedelta(hours=4)  # while all texts are stopped


def followed_up(
    office: Office,
    message: Message,
    status: MessageStatus,
    *,
    stop: Stop | None,
    to: str,
    code: int | None,
    now: datetime,
) -> list[Operation]:
    """Tried again as a new row where that may help, else said otherwise.

    When our settings are at fault all texts are stopped, though the provider accepts them; one that
    arrives ends that. To be committed with the row's new status, so that it follows once.
    """
    if status is MessageStatus.DELIVERED:
        return ended_by_arrival(office, stop, message, now)
    if status is not MessageStatus.UNDELIVERED:
        return []
    fate = office.texts.fate_of(code)
    is_ours = fate is Fate.CONFIGURATION
    operations = stopped_by_receipt(stop, message, code, now) if is_ours else []
    seen = situation(office, message, now)
    if seen.is_erased:
        return operations
    operations += number_marked(message.evolve(to=to), fate, code, now, seen.phone)
    retry = _retry(message, fate, now)
    if retry is not None:
        return [*operations, Save(retry)]
    if message.void_because is not None:
        return operations
    operations += told_of(office, message, fate, code, now)
    return [*operations, *instead_of(office, seen)]


def _retry(message: Message, fate: Fate, now: datetime) -> Message | None:
    """A fresh row for the same words, so that a final status stays final; None once enough."""
    tried = int(message.facts.get("retry", "0"))
    match fate:
        case Fate.CONFIGURATION:
            wait: timedelta = min(RETRY_AFTER * 2 ** min(tried, FEW * 2), RETRY_AFTER_MOST)
        case Fate.A_FEW_TIMES if tried < FEW:
            wait = RETRY_AFTER
        case _:
            return None
    due_at = to_milliseconds(now + wait)
    if message.void_because is not None or due_at >= message.send_before:
        return None
    base = message.id.removesuffix(f"-r{tried}")
    return Message(
        id=f"{base}-r{tried + 1}",
        kind=message.kind,
        step=message.step,
        channel=message.channel,
        patient_id=message.patient_id,
        subject=message.subject,
        facts={**message.facts, "retry": str(tried + 1)},
        priority=message.priority,
        answers_person=message.answers_person,
        scheduled_at=due_at,
        send_before=message.send_before,
        created_at=now,
        due_at=due_at,
    )
