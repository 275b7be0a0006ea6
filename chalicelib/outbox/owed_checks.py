"""Whether a message is still owed, from what it is about as that stands now. Pure."""

from datetime import timedelta

from chalicelib.clinic.careplan import plan_of
from chalicelib.clinic.clocks import evening_until
from chalicelib.clinic.conditions import circumstances_of
from chalicelib.clinic.schedule import due_times
from chalicelib.clinic.steps import Anchor
from chalicelib.domain.appointment import AppointmentStatus
from chalicelib.domain.message import Channel, MessageStatus
from chalicelib.messages import catalogue
from chalicelib.outbox.office import EARLY, Office, Situation
from chalicelib.outbox.verdicts import Check, Drop, Hold, Verdict

LEAVES_WITHIN = timedelta(hours=2)  # of the planned end; then nobody will record it any more
DEPLOYED = timedelta(hours=1)  # by then every container has the new plans
LAST_CALL = timedelta(minutes=10)  # before its window or its evening ends, what waited goes


def _void(office: Office, seen: Situation) -> Verdict:
    if seen.message.void_because is None:
        return None
    return Drop(MessageStatus.WITHDRAWN, seen.message.void_because)


def _subject(office: Office, seen: Situation) -> Verdict:
    """Owed only while its subject has the version and a status it was written for."""
    about = seen.message.subject
    if about is None:
        return None
    if seen.subject is None:
        return Drop(MessageStatus.WITHDRAWN, "what it was about is gone")
    status = str(getattr(seen.subject, "status", ""))
    if getattr(seen.subject, "version", None) != about.version:
        return Drop(MessageStatus.WITHDRAWN, "it was changed since")
    if status not in about.statuses:
        return Drop(MessageStatus.WITHDRAWN, f"it is {status} now")
    return None


def _waiting(office: Office, seen: Situation) -> Verdict:
    """A mail about many requests is owed while one of them has no answer."""
    if seen.waiting is None or seen.waiting.many:
        return None
    return Drop(MessageStatus.WITHDRAWN, "all of them were answered")


def _step(office: Office, seen: Situation) -> Verdict:
    """What the care plan asks of the visit as it is now: confirmed, with a driver …"""
    visit = seen.appointment
    if visit is None:
        return None
    if seen.message.kind == "ride_unknown" and visit.driver is not None:
        return Drop(MessageStatus.WITHDRAWN, "we know about the ride home already")
    plan = plan_of(office.plans, visit)
    asking = plan.find(seen.message.facts.get("asks", ""))
    if asking is not None and not asking.still_asks(
        confirmed=visit.confirmed_at is not None, driver=visit.driver
    ):
        return Drop(MessageStatus.WITHDRAWN, "it was answered meanwhile")
    if seen.message.step is None:
        return None
    step = plan.find(seen.message.step)
    if step is None:
        return _gone(seen)
    kind = office.clinic.kind_of(visit)
    why = step.why_not_owed(visit.status, circumstances_of(kind, visit, seen.patient))
    return Drop(MessageStatus.WITHDRAWN, why) if why else None


def _gone(seen: Situation) -> Verdict:
    """Taken out of the plan, or not in it yet: while a new version comes, two plans hold (F28)."""
    why = "the care plan has no such step any more"
    return _until_deployed(seen, why) or Drop(MessageStatus.WITHDRAWN, why, instead=True)


def _words(office: Office, seen: Situation) -> Verdict:
    """The same of the catalogue's words; without them it cannot be said, and a person hears so."""
    message = seen.message
    is_ours = message.staff_id is not None or message.channel is Channel.TASK
    if message.step is not None or is_ours or catalogue.has(message.kind):
        return None
    return _until_deployed(seen, "there are no such words any more")


def _until_deployed(seen: Situation, why: str) -> Hold | None:
    until = min(seen.message.scheduled_at + DEPLOYED, seen.message.send_before - LAST_CALL)
    return Hold(until, why) if seen.now < until else None


def _still_here(office: Office, seen: Situation) -> Verdict:
    """Who has arrived and not left yet gets aftercare from the discharge, if it comes (R20).

    It is not waited for so long that quiet hours would hold the text. A text that never left may
    have been due from a discharge that was undone since (F65).
    """
    visit, step_id = seen.appointment, seen.message.step
    if visit is None or step_id is None or visit.discharged_at is not None:
        return None
    plan = plan_of(office.plans, visit)
    step = plan.find(step_id)
    if step is None or step.anchor is not Anchor.DISCHARGE:
        return None
    match visit.status:
        case AppointmentStatus.BOOKED:
            start, end, zone = visit.start_at, visit.end_at, office.clinic.zone
            until = due_times(plan, step, start=start, end=end, zone=zone).due_at
        case AppointmentStatus.ARRIVED:
            quiet, zone = office.clinic.quiet, office.clinic.zone
            latest = evening_until(visit.end_at, zone, quiet) - LAST_CALL
            until = min(visit.end_at + LEAVES_WITHIN, latest)
        case _:
            return None
    until = min(until, seen.message.send_before - LAST_CALL)
    return Hold(until, "the patient has not left yet") if seen.now + EARLY < until else None


def _rest(office: Office, seen: Situation) -> Verdict:
    """A question waits for the day after a session; if it cannot wait, it goes without (R20)."""
    until = seen.rests_until
    if until is None or not seen.is_resting or seen.message.send_before <= until:
        return None
    return Hold(until, "24 hours after a session")


OWED: tuple[Check, ...] = (_void, _subject, _waiting, _step)
WAITS: tuple[Check, ...] = (_still_here, _rest, _words)
