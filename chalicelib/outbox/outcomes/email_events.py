"""What is told of a mail after it left: nobody who cannot be reached by mail goes unnoticed (F36).

Taken once, however often it is told.
"""

from datetime import datetime

from aws_lambda_powertools import Logger

from chalicelib.domain.change import Change, Is, Operation, Patch
from chalicelib.domain.errors import Stale, Unavailable
from chalicelib.domain.messaging.message import Channel, Message, MessageStatus
from chalicelib.domain.messaging.transitions import complained, receipt
from chalicelib.domain.people.patient import Patient
from chalicelib.messages.factory import task_message
from chalicelib.outbox.context import Office, situation
from chalicelib.outbox.outcomes.fallback import CALL_WITHIN, instead_of
from chalicelib.outbox.outcomes.staff_alerts import staff_unreachable, unless_there
from chalicelib.outbox.outcomes.text_receipts import TRIES
from chalicelib.ports import MailEvent, MailFate

log = Logger(service="bookend", child=True)

# After these no more mails go to a patient's address, until it is changed.
STOPS = frozenset({MailFate.BOUNCED, MailFate.UNWANTED})
WHAT_HAPPENED = {
    MailFate.BOUNCED: "come back: there may be no such address any more",
    MailFate.DELAYED: "came back today: the mailbox may be full, or answer by itself",
    MailFate.REFUSED: "are refused by our own mail service",
    MailFate.UNWANTED: "were marked as unwanted, so the mail service may hold back the next",
}


def take(office: Office, event: MailEvent) -> bool:
    """Whether it told anything new. Unavailable when it could not be written: ask again."""
    for _ in range(TRIES):
        now = office.clock.now()
        message = office.store.get(Message.ref(event.message_id))
        if message is None or message.channel is not Channel.EMAIL:
            log.warning("mail_event.not_ours", extra={"sid": event.sid})
            return False
        patch = _noted(message, event, now)
        if patch is None:
            return False
        change = Change(patch)
        change.include(_followed_up(office, message, event.fate, now))
        try:
            office.commit(change, now)
        except Stale:
            continue
        told = {"message_id": message.id, "fate": event.fate.value}
        if message.staff_id is None:
            log.warning("mail_event.patient", extra=told)
        else:
            log.error("mail_event.staff", extra={**told, "staff_id": message.staff_id})
        return True
    raise Unavailable("what became of a mail could not be written")


def _noted(message: Message, event: MailEvent, now: datetime) -> Patch | None:
    """The row says so; None when it does already, or is being sent anew."""
    if event.fate is MailFate.UNWANTED:
        return complained(message, word=event.fate, now=now)
    status = MessageStatus.UNDELIVERED
    return receipt(message, sid=event.sid, status=status, word=event.fate, code=None, now=now)


def _followed_up(
    office: Office, message: Message, fate: MailFate, now: datetime
) -> list[Operation]:
    if message.staff_id is not None:
        return staff_unreachable(office, message.staff_id, WHAT_HAPPENED[fate], now)
    patient_id = message.patient_id or ""
    patient = office.store.get(Patient.ref(patient_id))
    if patient is None or patient.erased_at is not None:
        return []
    operations: list[Operation] = []
    is_new = patient.email == message.to and patient.mail_stopped is None
    if fate in STOPS and is_new:
        same_address = (Is("email", message.to), Is("mail_stopped", None))
        stopped = {"mail_stopped": fate.value}
        operations.append(Patch(patient.key, set=stopped, when=same_address))
    if fate is MailFate.UNWANTED:
        return [*operations, *(unless_there(office, _complaint(message, now)) if is_new else [])]
    if message.void_because is not None:
        return operations
    return [*operations, *instead_of(office, situation(office, message, now))]


def _complaint(message: Message, now: datetime) -> Message:
    return task_message(
        owner_id=message.owner_id,
        about=f"{message.id.partition('.')[2]}-unwanted",
        what="patient_wants_no_mail",
        patient_id=message.patient_id,
        detail="A mail was marked as unwanted, so no more are sent. Ask how to reach them.",
        deadline_at=now + CALL_WITHIN,
        now=now,
    )
