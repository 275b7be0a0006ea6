"""Claim, send, settle. The claim is written before the provider is called; settling never sends."""

from datetime import datetime, timedelta

from aws_lambda_powertools import Logger

from chalicelib.clinic.staff_directory import staff_now
from chalicelib.domain.change import Change, Operation, Save
from chalicelib.domain.errors import NotFound, Stale, Unavailable
from chalicelib.domain.messaging.inbound_text import ProviderId
from chalicelib.domain.messaging.message import Message, MessageStatus
from chalicelib.domain.messaging.transitions import (
    accept_patch,
    end_patch,
    open_task_patch,
    retry_patch,
)
from chalicelib.messages.factory import About, mails_to_staff, subject_of, task_of
from chalicelib.messages.floods import Stage
from chalicelib.messages.render import CannotSay
from chalicelib.outbox.checks import is_in_time, validity
from chalicelib.outbox.circuit_breaker import close_by_acceptance
from chalicelib.outbox.claim import KEPT, as_listed, claim_of_mail, claim_of_text
from chalicelib.outbox.compose_email import compose_email
from chalicelib.outbox.compose_text import Said, compose_text
from chalicelib.outbox.context import DeliveryContext, Snapshot
from chalicelib.outbox.floods import Waiting
from chalicelib.outbox.outcomes import refused
from chalicelib.outbox.outcomes.fallback import fallback_for, to_others
from chalicelib.ports import Accepted, OutcomeUnknown, Refused

log = Logger(service="bookend", child=True)

SEND_TAKES = timedelta(seconds=15)  # the provider's time-out and a little more (F78)


def open_task(context: DeliveryContext, snapshot: Snapshot) -> None:
    """The task exists and the staff are told; the commit is the sending."""
    message = snapshot.message
    task = task_of(message, now=snapshot.now)
    everybody = (
        staff_now(context.store, context.clinic, snapshot.now) if message.facts.mailed else []
    )
    about = About(task.patient_id, subject_of(task, ("open",)))
    mails = mails_to_staff("task", f"{task.id}.task", everybody, about, now=snapshot.now)
    change = Change(
        open_task_patch(message, now=snapshot.now), Save(task), *(Save(mail) for mail in mails)
    )
    if message.subject is not None:
        change.include([message.subject.requirement()])
    context.commit(change, snapshot.now)


def tell_of_many(context: DeliveryContext, snapshot: Snapshot, waiting: Waiting) -> None:
    """A mail to each of the staff is owed, or to the managers: the commit is the sending."""
    message = snapshot.message
    role = "manager" if waiting.stage is Stage.OVERDUE else None
    staff = staff_now(context.store, context.clinic, snapshot.now, role=role)
    row_id = f"{message.owner_id}.{waiting.stage}"
    mails = mails_to_staff(message.kind, row_id, staff, now=snapshot.now, facts=message.facts)
    context.commit(
        Change(open_task_patch(message, now=snapshot.now), *(Save(mail) for mail in mails)),
        snapshot.now,
    )


def send_mail(context: DeliveryContext, snapshot: Snapshot) -> None:
    """One mail to one person. It may repeat if its outcome stays unknown; a text may not."""
    message, named = snapshot.message, as_listed(context, snapshot)
    try:
        email = compose_email(context, snapshot)
    except NotFound:
        return _nobody_to_write_to(context, snapshot)
    except CannotSay as error:
        return refused.settle_unsayable(context, snapshot, error)
    email = email.model_copy(update={"message_id": message.id})
    taken, change = claim_of_mail(context, snapshot, to=email.to, said=email.text)
    change.include(named)
    context.store.commit(change)
    if _has_paused(context, snapshot, taken):
        return None
    try:
        answer = context.mails.send(email)
    except Refused as error:
        refused.settle_refusal(context, snapshot, taken, error)
    except OutcomeUnknown as error:
        log.warning("message.unknown", extra={"message_id": message.id, "error": str(error)})
    else:
        settle(context, taken, answer)
    return None


def send_text(context: DeliveryContext, snapshot: Snapshot) -> None:
    """One text to one number, claimed before the provider hears of it (R30)."""
    named = as_listed(context, snapshot)
    try:
        said = compose_text(context, snapshot)
    except CannotSay as error:
        return refused.settle_unsayable(context, snapshot, error)
    taken, change = claim_of_text(context, snapshot, said.body)
    change.include(named)
    context.store.commit(change)
    return _hand_over(context, snapshot, taken, said)


def settle(context: DeliveryContext, taken: Message, answer: Accepted) -> None:
    """What the provider answered is written on the row; a failure here never sends again."""
    now = context.clock.now()
    change = Change(
        accept_patch(
            taken,
            claim_id=taken.claim_id or "",
            sid=answer.sid,
            provider_status=answer.status,
            now=now,
        )
    )
    if answer.sid is not None and taken.body is not None:
        change.include([held_by(context, answer.sid, taken, now)])
    try:
        context.store.commit(change)
    except Stale:
        # A receipt was faster and has settled it, or another row holds what it brought.
        log.info("message.settled_before", extra={"message_id": taken.id})
    except Unavailable:
        # The lease ends, the look-up finds the text, and the row is settled then (F11).
        log.warning("message.not_settled", extra={"message_id": taken.id})
    else:
        told = {"message_id": taken.id, "channel": taken.channel.value, "attempt": taken.attempt}
        log.info("message.sent", extra=told)


def held_by(context: DeliveryContext, sid: str, message: Message, now: datetime) -> Operation:
    """That this row holds the provider's id: refused when another row holds it (F77).

    It also says when the text's words are to be erased.
    """
    erase_at = now + timedelta(days=context.clinic.retention.texts_days)
    ttl = int((erase_at + KEPT).timestamp())
    return Save(ProviderId(sid=sid, message_id=message.id, ttl=ttl, erase_at=erase_at))


def _nobody_to_write_to(context: DeliveryContext, snapshot: Snapshot) -> None:
    """A mail that has nobody to go to is withdrawn; somebody else learns what must be known."""
    why = "there is nobody to write to any more"
    change = Change(end_patch(snapshot.message, MessageStatus.WITHDRAWN, why=why, now=snapshot.now))
    is_to_staff = snapshot.message.staff_id is not None
    change.include(to_others(context, snapshot) if is_to_staff else fallback_for(context, snapshot))
    context.commit(change, snapshot.now)


def _hand_over(context: DeliveryContext, snapshot: Snapshot, taken: Message, said: Said) -> None:
    if _has_paused(context, snapshot, taken):
        return
    try:
        answer = context.texts.send(
            to=taken.to or "",
            body=said.body,
            status_callback=context.links.status_callback(taken.id),
            validity=validity(context, snapshot._replace(now=context.clock.now())),
        )
    except Refused as error:
        refused.settle_refusal(context, snapshot, taken, error)
    except OutcomeUnknown as error:
        log.warning("message.unknown", extra={"message_id": taken.id, "error": str(error)})
    else:
        settle(context, taken, answer)
        # Apart from settling, which a receipt may have done before us.
        if ends := close_by_acceptance(context, snapshot.open_breaker, context.clock.now()):
            context.store.commit(Change(*ends))


def _has_paused(context: DeliveryContext, snapshot: Snapshot, taken: Message) -> bool:
    """Whether so much time has passed since the claim that this courier must not send.

    Somebody else may hold the row by the time an answer came (F78); or quiet hours came, or its
    window closed (R13, R14): then nothing has left, for certain.
    """
    now = context.clock.now()
    if now + SEND_TAKES > (taken.lease_until or now):
        log.warning("message.lease_too_short", extra={"message_id": taken.id})
        return True
    if is_in_time(context, snapshot._replace(now=now)):
        return False
    context.commit(Change(retry_patch(taken, due_at=now, why="its time went by", now=now)), now)
    return True
