"""Whether a message may leave now: pure functions of what was read a moment ago."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from chalicelib.clinic.careplan.conditions import circumstances_of
from chalicelib.clinic.careplan.plan import plan_of
from chalicelib.clinic.careplan.schedule import due_times
from chalicelib.clinic.careplan.step import Anchor, StepKind
from chalicelib.clinic.quiet_hours import aftercare_until, evening_until, held_until, next_quiet
from chalicelib.domain.messaging.message import (
    FINAL,
    LEFT,
    Channel,
    Exemption,
    MessageStatus,
    Recipient,
)
from chalicelib.domain.messaging.task import TaskKind
from chalicelib.domain.people.patient import ENDED_BY_MAIL, TextConsent
from chalicelib.domain.visits.appointment import AppointmentStatus
from chalicelib.messages import catalogue
from chalicelib.outbox.context import EARLY, DeliveryContext, Snapshot, patient_and_phone


class Hold(NamedTuple):
    """Not now: check again at that time."""

    until: datetime
    why: str


class Drop(NamedTuple):
    """Never. `instead`: its content must reach the patient in another way (R11)."""

    status: MessageStatus
    why: str
    instead: bool = False


Verdict = Hold | Drop | None
Check = Callable[[DeliveryContext, Snapshot], Verdict]


LEAVES_WITHIN = timedelta(hours=2)  # after the planned end; later nobody records a discharge
DEPLOYED = timedelta(hours=1)  # by then every container has the new plans
LAST_CALL = timedelta(minutes=10)  # before its window or evening ends, a waiting text is sent


def _void(context: DeliveryContext, snapshot: Snapshot) -> Verdict:
    if snapshot.message.void_because is None:
        return None
    return Drop(MessageStatus.WITHDRAWN, snapshot.message.void_because)


def _subject(context: DeliveryContext, snapshot: Snapshot) -> Verdict:
    """Needed only while its subject has the version and a status that it was written for."""
    about = snapshot.message.subject
    if about is None:
        return None
    if snapshot.subject is None:
        return Drop(MessageStatus.WITHDRAWN, "what it was about is gone")
    status = str(getattr(snapshot.subject, "status", ""))
    if getattr(snapshot.subject, "version", None) != about.version:
        return Drop(MessageStatus.WITHDRAWN, "it was changed since")
    if status not in about.statuses:
        return Drop(MessageStatus.WITHDRAWN, f"it is {status} now")
    return None


def _waiting(context: DeliveryContext, snapshot: Snapshot) -> Verdict:
    """A mail about many requests is needed while one of them has no answer."""
    if snapshot.waiting is None or snapshot.waiting.many:
        return None
    return Drop(MessageStatus.WITHDRAWN, "all of them were answered")


def _step(context: DeliveryContext, snapshot: Snapshot) -> Verdict:
    """The care plan's conditions on the visit's current state: confirmed, with a driver …"""
    visit = snapshot.appointment
    if visit is None:
        return None
    if snapshot.message.kind == TaskKind.RIDE_UNKNOWN and visit.driver is not None:
        return Drop(MessageStatus.WITHDRAWN, "we know about the ride home already")
    plan = plan_of(context.plans, visit)
    asking = plan.find(snapshot.message.facts.asks or "")
    if asking is not None and not asking.still_asks(
        confirmed=visit.confirmed_at is not None, driver=visit.driver
    ):
        return Drop(MessageStatus.WITHDRAWN, "it was answered meanwhile")
    if snapshot.message.step is None:
        return None
    step = plan.find(snapshot.message.step)
    if step is None:
        return _gone(snapshot)
    kind = context.clinic.kind_of(visit)
    why = step.why_not_owed(visit.status, circumstances_of(kind, visit, snapshot.patient))
    return Drop(MessageStatus.WITHDRAWN, why) if why else None


def _gone(snapshot: Snapshot) -> Verdict:
    """The plan lacks the step: removed, or not deployed yet, as two versions overlap (F28)."""
    why = "the care plan has no such step any more"
    return _until_deployed(snapshot, why) or Drop(MessageStatus.WITHDRAWN, why, instead=True)


def _words(context: DeliveryContext, snapshot: Snapshot) -> Verdict:
    """The same for the catalogue's words; without them it cannot be sent, and a person is told."""
    message = snapshot.message
    if message.step is not None or catalogue.has(message.kind):
        return None
    return _until_deployed(snapshot, "there are no such words any more")


def _until_deployed(snapshot: Snapshot, why: str) -> Hold | None:
    until = min(snapshot.message.scheduled_at + DEPLOYED, snapshot.message.send_before - LAST_CALL)
    return Hold(until, why) if snapshot.now < until else None


def _still_here(context: DeliveryContext, snapshot: Snapshot) -> Verdict:
    """A patient who has arrived and not left gets aftercare timed from the discharge (R20).

    The discharge is not waited for so long that quiet hours would hold the text. A text that never
    left may be timed from a discharge that was undone since (F65).
    """
    visit, step_id = snapshot.appointment, snapshot.message.step
    if visit is None or step_id is None or visit.discharged_at is not None:
        return None
    plan = plan_of(context.plans, visit)
    step = plan.find(step_id)
    if step is None or step.anchor is not Anchor.DISCHARGE:
        return None
    match visit.status:
        case AppointmentStatus.BOOKED:
            start, end, zone = visit.start_at, visit.end_at, context.clinic.zone
            until = due_times(plan, step, start=start, end=end, zone=zone).due_at
        case AppointmentStatus.ARRIVED:
            quiet, zone = context.clinic.quiet, context.clinic.zone
            latest = evening_until(visit.end_at, zone, quiet) - LAST_CALL
            until = min(visit.end_at + LEAVES_WITHIN, latest)
        case _:
            return None
    until = min(until, snapshot.message.send_before - LAST_CALL)
    return Hold(until, "the patient has not left yet") if snapshot.now + EARLY < until else None


def _rest(context: DeliveryContext, snapshot: Snapshot) -> Verdict:
    """A question waits until the day after a session; if it cannot wait, it is left out (R20)."""
    until = snapshot.rests_until
    if until is None or not snapshot.is_resting or snapshot.message.send_before <= until:
        return None
    return Hold(until, "24 hours after a session")


VALID_AT_LEAST = timedelta(seconds=6)  # with less of the window left it is too late (R34)
ANSWERS_MORE = 10  # above the day's cap; more is a machine that answers ours (F59)
AFTER_FIRST_TEXT = timedelta(minutes=1)  # how long to wait for a first text that is being sent


def judge(context: DeliveryContext, snapshot: Snapshot) -> Verdict:
    """None when it may leave now; otherwise the first reason against it."""
    message = snapshot.message
    for check in CHECKS[message.channel, message.recipient]:
        verdict = check(context, snapshot)
        if verdict is not None:
            return verdict
    return None


def validity(context: DeliveryContext, snapshot: Snapshot) -> timedelta:
    """How long the provider may try: until the window ends or the next quiet hours begin (R34).

    A text that those quiet hours do not hold may arrive during them.
    """
    ends = [snapshot.message.send_before]
    begins = next_quiet(snapshot.now, snapshot.zone, context.clinic.quiet)
    if _held_until(context, snapshot, begins) is not None:
        ends.append(begins)
    return max(min(ends) - snapshot.now, VALID_AT_LEAST)


def is_in_time(context: DeliveryContext, snapshot: Snapshot) -> bool:
    """Whether it may still leave by the clock alone: a courier that was delayed asks this again."""
    message = snapshot.message
    checks = CHECKS[message.channel, message.recipient]
    return not any(check(context, snapshot) for check in BY_THE_CLOCK if check in checks)


def calendar_day(snapshot: Snapshot) -> str:
    """Today in the patient's zone, as the caps count it."""
    return snapshot.now.astimezone(snapshot.zone).date().isoformat()


def _window(context: DeliveryContext, snapshot: Snapshot) -> Verdict:
    if snapshot.message.send_before - snapshot.now < VALID_AT_LEAST:
        return Drop(MessageStatus.EXPIRED, "too late to be of use", instead=True)
    return None


def _consent(context: DeliveryContext, snapshot: Snapshot) -> Verdict:
    patient, _ = patient_and_phone(snapshot)
    if Exemption.CONSENT in snapshot.message.exempt_from:
        return None
    if patient.texted_consent is TextConsent.NONE:
        return Drop(MessageStatus.SUPPRESSED, "no consent to texts", instead=True)
    return None


def _number(context: DeliveryContext, snapshot: Snapshot) -> Verdict:
    _, phone = patient_and_phone(snapshot)
    if phone.opted_out_at is not None and Exemption.OPT_OUT not in snapshot.message.exempt_from:
        return Drop(MessageStatus.WITHDRAWN, "opted out", instead=True)
    if phone.bad_because is not None:
        return Drop(MessageStatus.FAILED, phone.bad_because, instead=True)
    return None


def _own(context: DeliveryContext, snapshot: Snapshot) -> Verdict:
    """Drops the texts of a patient who ended only their own, while the number's go on.

    A text that this number asked for is sent: the link that ended their texts was mailed, and does
    not speak for the person who writes from the number (R67).
    """
    patient, _ = patient_and_phone(snapshot)
    if patient.texts_ended_at is None or snapshot.message.answers_person:
        return None
    return Drop(MessageStatus.WITHDRAWN, ENDED_BY_MAIL, instead=True)


def _quiet(context: DeliveryContext, snapshot: Snapshot) -> Verdict:
    begins = next_quiet(snapshot.now, snapshot.zone, context.clinic.quiet)
    is_near = begins - snapshot.now < VALID_AT_LEAST
    until = _held_until(context, snapshot, begins if is_near else snapshot.now)
    if until is None:
        return None
    if snapshot.message.send_before - until < VALID_AT_LEAST:
        return Drop(MessageStatus.EXPIRED, "quiet hours until it is too late", instead=True)
    return Hold(until, "quiet hours")


def _held_until(context: DeliveryContext, snapshot: Snapshot, at: datetime) -> datetime | None:
    """When the quiet hours end that hold this text at an instant; None when none do (R14)."""
    if snapshot.message.answers_person:
        return None
    leaves_until = _leaves_until(context, snapshot)
    return held_until(at, snapshot.zone, context.clinic.quiet, leaves_until=leaves_until)


def _leaves_until(context: DeliveryContext, snapshot: Snapshot) -> datetime | None:
    """Until when quiet hours do not hold it, because it is about safety tonight."""
    visit, kind = snapshot.appointment, snapshot.message.kind
    if visit is None or kind != StepKind.AFTERCARE:
        return None
    ended_at, recorded_at = visit.discharged_at or visit.end_at, visit.discharge_recorded_at
    return aftercare_until(ended_at, recorded_at, context.clinic.zone, context.clinic.quiet)


def _stopped(context: DeliveryContext, snapshot: Snapshot) -> Verdict:
    stop = snapshot.open_breaker
    if stop is not None and snapshot.now < stop.probe_at:
        return Hold(stop.probe_at, f"texts are stopped: {stop.code}")
    return None


def _caps(context: DeliveryContext, snapshot: Snapshot) -> Verdict:
    """Class 1 is never dropped, class 2 goes up to the cap, class 3 up to one less (R19)."""
    message = snapshot.message
    if message.priority == 1 or message.is_counted:
        return None
    spare = message.priority - 2
    today = snapshot.now.astimezone(snapshot.zone).date()
    week = [(today - timedelta(days=n)).isoformat() for n in range(7)]
    sent = [snapshot.counts[day].count if day in snapshot.counts else 0 for day in week]
    caps = context.clinic.caps
    if message.answers_person:
        too_many = sent[0] >= caps.per_day + ANSWERS_MORE
        return Drop(MessageStatus.SUPPRESSED, "enough answers for one day") if too_many else None
    if sent[0] >= caps.per_day - spare:
        return Drop(MessageStatus.SUPPRESSED, "enough texts for one day", instead=True)
    if sum(sent) >= caps.per_week - spare:
        return Drop(MessageStatus.SUPPRESSED, "enough texts for one week", instead=True)
    return None


def _first_text(context: DeliveryContext, snapshot: Snapshot) -> Verdict:
    """The number's first text says who texts and why, so it leaves before any other (R4).

    A text that is only of use tonight goes another way if the first text must wait until morning.
    """
    first = snapshot.first_text
    if first is None or first.status in LEFT or first.status in FINAL or first.set_aside:
        return None
    until = max(first.due_at or snapshot.now, snapshot.now + AFTER_FIRST_TEXT)
    if _misses_its_evening(context, snapshot, until):
        why = "quiet hours hold the first text to this number"
        return Drop(MessageStatus.EXPIRED, why, instead=True)
    return Hold(
        min(until, snapshot.message.send_before), "the first text to this number goes before"
    )


def _misses_its_evening(context: DeliveryContext, snapshot: Snapshot, until: datetime) -> bool:
    """Whether a text that is only of use tonight would wait into quiet hours that hold it (R14)."""
    tonight = _leaves_until(context, snapshot)
    if tonight is None or until < tonight:
        return False
    return _held_until(context, snapshot, max(snapshot.now, tonight)) is not None


_OWED: tuple[Check, ...] = (_void, _subject, _step, _window)
_SAID: tuple[Check, ...] = (_still_here, _rest, _words)
_TEXTED: tuple[Check, ...] = (_consent, _number, _own, _quiet, _stopped, _caps, _first_text)
BY_THE_CLOCK: tuple[Check, ...] = (_window, _quiet)

# The checks before a row leaves, in this order. A row that is not listed here never leaves.
CHECKS: Mapping[tuple[Channel, Recipient], tuple[Check, ...]] = {
    (Channel.TEXT, Recipient.PATIENT): (*_OWED, *_SAID, *_TEXTED),
    (Channel.EMAIL, Recipient.PATIENT): (*_OWED, *_SAID),
    (Channel.EMAIL, Recipient.STAFF): (_void, _subject, _waiting, _window),
    (Channel.TASK, Recipient.STAFF): (_void, _subject, _waiting, _step, _window),
}
