"""Claim, send, settle. The claim is written before the provider is called; settling never sends."""

from datetime import datetime, timedelta

from aws_lambda_powertools import Logger

from chalicelib.clinic.staff_directory import staff_now
from chalicelib.domain.change import Change, Operation, Save
from chalicelib.domain.errors import NotFound, Stale, Unavailable
from chalicelib.domain.messaging.inbound_text import ProviderId
from chalicelib.domain.messaging.message import Message, MessageStatus
from chalicelib.domain.messaging.transitions import accepted, again, ended, opened
from chalicelib.messages.factory import mails_to_staff, subject_of, task_of
from chalicelib.messages.floods import Stage
from chalicelib.messages.render import CannotSay
from chalicelib.outbox.checks import is_in_time, validity
from chalicelib.outbox.circuit_breaker import ended_by_acceptance
from chalicelib.outbox.claim import KEPT, as_listed, claim_of_mail, claim_of_text
from chalicelib.outbox.compose_email import mail_of
from chalicelib.outbox.compose_text import Said, text_of
from chalicelib.outbox.context import Office, Situation
from chalicelib.outbox.floods import Waiting
from chalicelib.outbox.outcomes import refused
from chalicelib.outbox.outcomes.fallback import instead_of, to_others
from chalicelib.ports import Accepted, OutcomeUnknown, Refused

log = Logger(service="bookend", child=True)

SEND_TAKES = timedelta(seconds=15)  # the provider's time-out and a little more (F78)


def open_task(office: Office, seen: Situation) -> None:
    """The task exists and the staff are told; the commit is the sending."""
    message = seen.message
    task = task_of(message, now=seen.now)
    is_mailed = "mailed" not in message.facts
    everybody = staff_now(office.store, office.clinic, seen.now) if is_mailed else []
    mails = mails_to_staff(
        task.id,
        "task",
        everybody,
        now=seen.now,
        patient_id=task.patient_id,
        subject=subject_of(task, ("open",)),
    )
    change = Change(opened(message, now=seen.now), Save(task), *(Save(mail) for mail in mails))
    if message.subject is not None:
        change.include([message.subject.requirement()])
    office.commit(change, seen.now)


def tell_of_many(office: Office, seen: Situation, waiting: Waiting) -> None:
    """A mail to each of the staff is owed, or to the managers: the commit is the sending."""
    message = seen.message
    role = "manager" if waiting.stage is Stage.OVERDUE else None
    staff = staff_now(office.store, office.clinic, seen.now, role=role)
    mails = mails_to_staff(
        message.owner_id,
        message.kind,
        staff,
        about=waiting.stage.value,
        now=seen.now,
        facts=message.facts,
    )
    office.commit(Change(opened(message, now=seen.now), *(Save(mail) for mail in mails)), seen.now)


def send_mail(office: Office, seen: Situation) -> None:
    """One mail to one person. It may repeat if its outcome stays unknown; a text may not."""
    message, named = seen.message, as_listed(office, seen)
    try:
        email = mail_of(office, seen)
    except NotFound:
        return _nobody_to_write_to(office, seen)
    except CannotSay as error:
        return refused.not_sayable(office, seen, error)
    email = email.model_copy(update={"message_id": message.id})
    taken, change = claim_of_mail(office, seen, to=email.to, said=email.text)
    change.include(named)
    office.store.commit(change)
    if _has_paused(office, seen, taken):
        return None
    try:
        answer = office.mails.send(email)
    except Refused as error:
        refused.refused(office, seen, taken, error)
    except OutcomeUnknown as error:
        log.warning("message.unknown", extra={"message_id": message.id, "error": str(error)})
    else:
        settle(office, taken, answer)
    return None


def send_text(office: Office, seen: Situation) -> None:
    """One text to one number, claimed before the provider hears of it (R30)."""
    named = as_listed(office, seen)
    try:
        said = text_of(office, seen)
    except CannotSay as error:
        return refused.not_sayable(office, seen, error)
    taken, change = claim_of_text(office, seen, said.body)
    change.include(named)
    office.store.commit(change)
    return _hand_over(office, seen, taken, said)


def settle(office: Office, taken: Message, answer: Accepted) -> None:
    """What the provider answered is written on the row; a failure here never sends again."""
    now = office.clock.now()
    change = Change(
        accepted(
            taken,
            claim_id=taken.claim_id or "",
            sid=answer.sid,
            provider_status=answer.status,
            now=now,
        )
    )
    if answer.sid is not None and taken.body is not None:
        change.include([held_by(office, answer.sid, taken, now)])
    try:
        office.store.commit(change)
    except Stale:
        # A receipt was faster and has settled it, or another row holds what it brought.
        log.info("message.settled_before", extra={"message_id": taken.id})
    except Unavailable:
        # The lease ends, the look-up finds the text, and the row is settled then (F11).
        log.warning("message.not_settled", extra={"message_id": taken.id})
    else:
        told = {"message_id": taken.id, "channel": taken.channel.value, "attempt": taken.attempt}
        log.info("message.sent", extra=told)


def held_by(office: Office, sid: str, message: Message, now: datetime) -> Operation:
    """That this row holds the provider's id: refused when another row holds it (F77).

    It also says when the text's words are to be erased.
    """
    erase_at = now + timedelta(days=office.clinic.retention.texts_days)
    ttl = int((erase_at + KEPT).timestamp())
    return Save(ProviderId(sid=sid, message_id=message.id, ttl=ttl, erase_at=erase_at))


def _nobody_to_write_to(office: Office, seen: Situation) -> None:
    """A mail that has nobody to go to is withdrawn; somebody else learns what must be known."""
    why = "there is nobody to write to any more"
    change = Change(ended(seen.message, MessageStatus.WITHDRAWN, why=why, now=seen.now))
    is_to_staff = seen.message.staff_id is not None
    change.include(to_others(office, seen) if is_to_staff else instead_of(office, seen))
    office.commit(change, seen.now)


def _hand_over(office: Office, seen: Situation, taken: Message, said: Said) -> None:
    if _has_paused(office, seen, taken):
        return
    try:
        answer = office.texts.send(
            to=taken.to or "",
            body=said.body,
            status_callback=office.links.status_callback(taken.id),
            validity=validity(office, seen._replace(now=office.clock.now())),
        )
    except Refused as error:
        refused.refused(office, seen, taken, error)
    except OutcomeUnknown as error:
        log.warning("message.unknown", extra={"message_id": taken.id, "error": str(error)})
    else:
        settle(office, taken, answer)
        # Apart from settling, which a receipt may have done before us.
        if ends := ended_by_acceptance(office, seen.standing_stop, office.clock.now()):
            office.store.commit(Change(*ends))


def _has_paused(office: Office, seen: Situation, taken: Message) -> bool:
    """Whether so much time has passed since the claim that this courier must not send.

    Somebody else may hold the row by the time an answer came (F78); or quiet hours came, or its
    window closed (R13, R14): then nothing has left, for certain.
    """
    now = office.clock.now()
    if now + SEND_TAKES > (taken.lease_until or now):
        log.warning("message.lease_too_short", extra={"message_id": taken.id})
        return True
    if is_in_time(office, seen._replace(now=now)):
        return False
    office.commit(Change(again(taken, due_at=now, why="its time went by", now=now)), now)
    return True
