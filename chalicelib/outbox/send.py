"""Claim, send, settle. The claim is written before the provider is called; settling never sends.

Each function returns what is still to be written on the row, if anything.
"""

from collections.abc import Callable, Iterable
from datetime import timedelta

from aws_lambda_powertools import Logger

from chalicelib.clinic.staff_directory import staff_now
from chalicelib.domain.change import Change, Save
from chalicelib.domain.errors import NotFound, Stale, Unavailable
from chalicelib.domain.messaging.message import Channel, Message, MessageStatus
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
from chalicelib.outbox.claim import (
    claim_of_mail,
    claim_of_text,
    hold_provider_id,
    listed_visits_unchanged,
)
from chalicelib.outbox.compose_email import compose_email
from chalicelib.outbox.compose_text import compose_text
from chalicelib.outbox.context import DeliveryContext, Snapshot
from chalicelib.outbox.floods import Waiting
from chalicelib.outbox.outcomes.fallback import fallback_for, to_others
from chalicelib.outbox.outcomes.refused import refusal_changes, unsayable_change
from chalicelib.ports import Accepted, FailureClass, OutcomeUnknown, Refused

log = Logger(service="bookend", child=True)

SEND_TAKES = timedelta(seconds=15)  # the provider's time-out and a little more (F78)


def open_task(context: DeliveryContext, snapshot: Snapshot) -> Change:
    """Open the task and write the mails to staff; the commit is the sending."""
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
    return change


def tell_of_many(context: DeliveryContext, snapshot: Snapshot, waiting: Waiting) -> Change:
    """Write a mail to each of the staff, or to the managers; the commit is the sending."""
    message = snapshot.message
    role = "manager" if waiting.stage is Stage.OVERDUE else None
    staff = staff_now(context.store, context.clinic, snapshot.now, role=role)
    row_id = f"{message.owner_id}.{waiting.stage}"
    mails = mails_to_staff(message.kind, row_id, staff, now=snapshot.now, facts=message.facts)
    return Change(open_task_patch(message, now=snapshot.now), *(Save(mail) for mail in mails))


def send_mail(context: DeliveryContext, snapshot: Snapshot) -> Change:
    """Send one mail to one person. An unknown outcome may repeat it; a text is never repeated."""
    named = listed_visits_unchanged(context, snapshot)
    try:
        email = compose_email(context, snapshot)
    except NotFound:
        return _nobody_to_write_to(context, snapshot)
    except CannotSay as error:
        return unsayable_change(context, snapshot, error)
    email = email.model_copy(update={"message_id": snapshot.message.id})
    taken, claim = claim_of_mail(context, snapshot, to=email.to, said=email.text)
    claim.include(named)
    return _send(context, snapshot, taken, claim, lambda: context.mails.send(email))


def send_text(context: DeliveryContext, snapshot: Snapshot) -> Change:
    """Send one text to one number, claimed before the provider is called (R30)."""
    named = listed_visits_unchanged(context, snapshot)
    try:
        said = compose_text(context, snapshot)
    except CannotSay as error:
        return unsayable_change(context, snapshot, error)
    taken, claim = claim_of_text(context, snapshot, said.body)
    claim.include(named)

    def call() -> Accepted:
        return context.texts.send(
            to=taken.to or "",
            body=said.body,
            status_callback=context.links.status_callback(taken.id),
            validity=validity(context, snapshot._replace(now=context.clock.now())),
        )

    return _send(context, snapshot, taken, claim, call)


def settle(context: DeliveryContext, taken: Message, answer: Accepted) -> None:
    """Note on the row that the provider has accepted the message."""
    if _commit_first(context, taken, [_acceptance(context, taken, answer)]):
        told = {"message_id": taken.id, "channel": taken.channel.value, "attempt": taken.attempt}
        log.info("message.sent", extra=told)


def _send(
    context: DeliveryContext,
    snapshot: Snapshot,
    taken: Message,
    claim: Change,
    call: Callable[[], Accepted],
) -> Change:
    """Commit the claim, call the provider once, and settle its answer."""
    context.store.commit(claim)
    paused = _after_pause(context, snapshot, taken)
    if paused is not None:
        return paused
    try:
        answer = call()
    except Refused as error:
        _settle_refusal(context, snapshot, taken, error)
        return Change()
    except OutcomeUnknown as error:
        log.warning("message.unknown", extra={"message_id": taken.id, "error": str(error)})
        return Change()
    settle(context, taken, answer)
    if taken.channel is not Channel.TEXT:
        return Change()
    # Not part of settling, as a receipt may have settled the row before us.
    return Change(*close_by_acceptance(context, snapshot.open_breaker, context.clock.now()))


def _after_pause(context: DeliveryContext, snapshot: Snapshot, taken: Message) -> Change | None:
    """What to write if too much time has passed since the claim to send now; None: send.

    Another courier may hold the row before an answer would come (F78); or quiet hours have begun,
    or its window has closed (R13, R14): then it is certain that nothing has left.
    """
    now = context.clock.now()
    if now + SEND_TAKES > (taken.lease_until or now):
        log.warning("message.lease_too_short", extra={"message_id": taken.id})
        return Change()
    if is_in_time(context, snapshot._replace(now=now)):
        return None
    return Change(retry_patch(taken, due_at=now, why="its time went by", now=now))


def _acceptance(context: DeliveryContext, taken: Message, answer: Accepted) -> Change:
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
        change.include([hold_provider_id(context, answer.sid, taken, now)])
    return change


def _settle_refusal(
    context: DeliveryContext, snapshot: Snapshot, taken: Message, error: Refused
) -> None:
    if not _commit_first(context, taken, refusal_changes(context, snapshot, taken, error)):
        return
    told = {"message_id": taken.id, "code": error.code, "failure_class": error.failure_class.value}
    if taken.channel is Channel.EMAIL and error.failure_class is not FailureClass.RETRY:
        log.error("mail.refused", extra=told)
    else:
        log.warning("message.refused", extra=told)


def _commit_first(context: DeliveryContext, taken: Message, changes: Iterable[Change]) -> bool:
    """Commit the first of these changes that is not stale; returns whether one was committed.

    A failure here never sends again.
    """
    for change in changes:
        try:
            context.commit(change)
        except Stale:
            continue
        except Unavailable:
            # The lease ends, the look-up finds what left, and the row is settled then (F11).
            log.warning("message.not_settled", extra={"message_id": taken.id})
            return False
        return True
    # A receipt was faster and has settled the row, or another row holds the provider's id.
    log.info("message.settled_before", extra={"message_id": taken.id})
    return False


def _nobody_to_write_to(context: DeliveryContext, snapshot: Snapshot) -> Change:
    """Withdraw a mail that has nobody to go to; tell somebody else what must be known."""
    why = "there is nobody to write to any more"
    change = Change(end_patch(snapshot.message, MessageStatus.WITHDRAWN, why=why, now=snapshot.now))
    is_to_staff = snapshot.message.staff_id is not None
    change.include(to_others(context, snapshot) if is_to_staff else fallback_for(context, snapshot))
    return change
