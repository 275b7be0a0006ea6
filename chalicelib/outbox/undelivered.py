"""What follows when a text did not arrive, whoever tells: a receipt or a look-up (F35)."""

from datetime import datetime, timedelta

from chalicelib.domain.change import Operation, Save
from chalicelib.domain.message import Message, MessageStatus
from chalicelib.domain.record import to_milliseconds
from chalicelib.outbox.instead import instead_of
from chalicelib.outbox.office import Office, situation
from chalicelib.outbox.refusals import number_marked
from chalicelib.ports import Fate

FEW = 2  # how often an undelivered text is tried again, each time as a new row
RETRY_AFTER = timedelta(minutes=15)


def followed_up(
    office: Office,
    message: Message,
    status: MessageStatus,
    *,
    to: str,
    code: int | None,
    now: datetime,
) -> list[Operation]:
    """Tried again as a new row where that may help, else said otherwise; nothing if it arrived.

    To be committed with the row's new status, so that it follows once.
    """
    if status is not MessageStatus.UNDELIVERED:
        return []
    seen = situation(office, message, now)
    if seen.is_erased:
        return []
    fate = office.texts.fate_of(code)
    operations = number_marked(message.evolve(to=to), fate, code, now)
    retry = _retry(message, now) if fate is Fate.A_FEW_TIMES else None
    if retry is not None:
        return [*operations, Save(retry)]
    if message.void_because is not None:
        return operations
    return [*operations, *instead_of(office, seen)]


def _retry(message: Message, now: datetime) -> Message | None:
    """A fresh row for the same words, so that a final status stays final; None once enough."""
    tried = int(message.facts.get("retry", "0"))
    due_at = to_milliseconds(now + RETRY_AFTER)
    if tried >= FEW or message.void_because is not None or due_at >= message.send_before:
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
