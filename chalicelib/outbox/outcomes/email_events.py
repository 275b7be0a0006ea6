"""What is reported about a mail after it left, so that every failed mail is noticed (F36).

A report has one effect, however often it comes.
"""

from datetime import datetime

from aws_lambda_powertools import Logger

from chalicelib.domain.change import Change, Operation, Patch
from chalicelib.domain.conditions import Is
from chalicelib.domain.messaging.facts import Facts
from chalicelib.domain.messaging.message import Channel, Message, MessageStatus
from chalicelib.domain.messaging.task import TaskKind
from chalicelib.domain.messaging.transitions import complaint_patch, receipt_patch
from chalicelib.domain.people.patient import Patient
from chalicelib.messages.factory import About, open_task
from chalicelib.outbox.context import DeliveryContext, take_snapshot
from chalicelib.outbox.outcomes.fallback import fallback_for
from chalicelib.outbox.outcomes.staff_alerts import staff_unreachable, unless_there
from chalicelib.ports import MailEvent, MailOutcome
from chalicelib.transaction import run_in_transaction

log = Logger(service="bookend", child=True)

# After these no more mails go to a patient's address, until it is changed.
STOPS = frozenset({MailOutcome.BOUNCED, MailOutcome.UNWANTED})
WHAT_HAPPENED = {
    MailOutcome.BOUNCED: "come back: there may be no such address any more",
    MailOutcome.DELAYED: "came back today: the mailbox may be full, or answer by itself",
    MailOutcome.REFUSED: "are refused by our own mail service",
    MailOutcome.UNWANTED: "were marked as unwanted, so the mail service may hold back the next",
}


def take(context: DeliveryContext, event: MailEvent) -> bool:
    """Whether the report was news. Unavailable when it could not be written: report it again."""

    def attempt(now: datetime) -> tuple[Change, Message | None]:
        message = context.store.get(Message.ref(event.message_id))
        if message is None or message.channel is not Channel.EMAIL:
            log.warning("mail_event.not_ours", extra={"sid": event.sid})
            return Change(), None
        patch = _note_patch(message, event, now)
        if patch is None:
            return Change(), None
        change = Change(patch)
        change.include(_follow_up_writes(context, message, event.outcome, now))
        return change, message

    message = run_in_transaction(context, attempt)
    if message is None:
        return False
    told = {"message_id": message.id, "failure_class": event.outcome.value}
    if message.staff_id is None:
        log.warning("mail_event.patient", extra=told)
    else:
        log.error("mail_event.staff", extra={**told, "staff_id": message.staff_id})
    return True


def _note_patch(message: Message, event: MailEvent, now: datetime) -> Patch | None:
    """Note the report on the row; None when it is noted already, or the row is being sent again."""
    if event.outcome is MailOutcome.UNWANTED:
        return complaint_patch(message, word=event.outcome, now=now)
    status = MessageStatus.UNDELIVERED
    return receipt_patch(
        message, sid=event.sid, status=status, word=event.outcome, code=None, now=now
    )


def _follow_up_writes(
    context: DeliveryContext, message: Message, outcome: MailOutcome, now: datetime
) -> list[Operation]:
    if message.staff_id is not None:
        return staff_unreachable(context, message.staff_id, WHAT_HAPPENED[outcome], now)
    patient_id = message.patient_id or ""
    patient = context.store.get(Patient.ref(patient_id))
    if patient is None or patient.erased_at is not None:
        return []
    operations: list[Operation] = []
    is_new = patient.email == message.to and patient.mail_stopped is None
    if outcome in STOPS and is_new:
        same_address = (Is("email", message.to), Is("mail_stopped", None))
        stopped = Patch.of(patient, mail_stopped=outcome.value, when=same_address)
        operations.append(stopped)
    if outcome is MailOutcome.UNWANTED:
        return [*operations, *(unless_there(context, _complaint(message, now)) if is_new else [])]
    if message.void_because is not None:
        return operations
    return [*operations, *fallback_for(context, take_snapshot(context, message, now))]


def _complaint(message: Message, now: datetime) -> Message:
    detail = "A mail was marked as unwanted, so no more are sent. Ask how to reach them."
    return open_task(
        TaskKind.PATIENT_WANTS_NO_MAIL,
        f"{message.id}-unwanted",
        About(message.patient_id),
        now=now,
        facts=Facts(detail=detail),
    )
