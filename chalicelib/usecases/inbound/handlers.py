"""What each meaning of a patient's text causes, as a table of small functions."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.change import Operation, Patch, Save
from chalicelib.domain.errors import Refusal
from chalicelib.domain.messaging.facts import Facts
from chalicelib.domain.messaging.message import LEFT, Message
from chalicelib.domain.messaging.task import TaskKind
from chalicelib.domain.people.patient import Consent, Patient, TextConsent
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.messages.factory import NO_FACTS, first_text
from chalicelib.messages.replies.reading import Meaning
from chalicelib.usecases.first_text import is_welcomed
from chalicelib.usecases.inbound.context import InboundContext, is_before, read_this, reply
from chalicelib.usecases.patients.opt_out import ask_whether_cancelling
from chalicelib.usecases.visits.load import open_visits
from chalicelib.usecases.visits.patient_answers import (
    ask_to_move_writes,
    confirm_writes,
    driver_writes,
)

ONE_ANSWER_PER = timedelta(hours=1)  # "a person will read this", to one sender (R63)
CONFIRMED_WITHIN = timedelta(minutes=5)  # the one text after an opt-out, or none at all (R6)
MOST_STARTED = 15  # patients of one phone for whom a START is stored; each takes two writes
ASKING = {"confirmation", "moved", "reminder", "ride"}  # kinds of texts that ask something
NOT_MAILED = Facts(mailed=False)  # it stands on the day sheet alone
RIDE = {Meaning.DRIVER_YES, Meaning.DRIVER_NO}  # answers to the last of them alone


def _stop(inbound: InboundContext) -> list[Operation]:
    """The opt-out stands already; did they mean to cancel a visit?"""
    if is_before(inbound.found_at, inbound.phone.opted_in_at):
        # START came after it and was heard first: the last word counts, and a person sees both.
        return [read_this(inbound, TaskKind.REPLY_TO_READ)]
    ids = [patient.id for patient in inbound.patients]
    asked = ask_whether_cancelling(inbound.context, ids, said_at=inbound.at, now=inbound.now)
    if inbound.quiet or not inbound.ends_texts:
        return asked
    return [*asked, *reply(inbound, "opt_out_done", within=CONFIRMED_WITHIN)]


def _start(inbound: InboundContext) -> list[Operation]:
    """The block is lifted and a new consent stored; what came due meanwhile stays withdrawn.

    In doubt which of the two came last, the opt-out stands and a person sees both.
    """
    out = inbound.phone.opted_out_at
    if out is not None and inbound.at < out:
        return [read_this(inbound, TaskKind.REPLY_TO_READ)]
    lifted: dict[str, Any] = {
        "number": inbound.phone.number,
        "opted_out_at": None,
        "opted_out_means": None,
    }
    if inbound.phone.opted_in_at is None or inbound.at >= inbound.phone.opted_in_at:
        lifted |= {"opted_in_at": inbound.at, "opted_in_by": inbound.owner_id}
    # Whoever ended their own texts comes last, so that no crowd of strangers keeps others out.
    first = sorted(inbound.patients, key=lambda one: one.texts_ended_at is not None)[:MOST_STARTED]
    started = [_started(inbound, patient) for patient in first]
    operations = _first_text(inbound, lifted, started)
    for before, patient in zip(first, started, strict=True):
        if not patient.gets_texts:
            continue
        wording = inbound.context.clinic.consent("appointment", patient.language)
        operations.append(
            Save(
                Consent(
                    patient_id=patient.id,
                    phone=patient.phone,
                    given=TextConsent.NEUTRAL,
                    wording_version=wording.version,
                    wording_hash=wording.sha256,
                    language=patient.language,
                    means="text",
                    page=inbound.owner_id,
                    address="",
                    at=inbound.now,
                )
            )
        )
        if patient != before:
            operations.append(Save(patient))
    return operations if inbound.quiet else [*operations, *reply(inbound, "start_again")]


def _started(inbound: InboundContext, patient: Patient) -> Patient:
    """The patient after a START from their number: they agreed to texts.

    What one patient ended of their own by a mail, the START of a number that others use does not
    lift where it may have meant the number's block alone (R42, R67); a second one does.
    """
    ended = patient.texts_ended_at
    is_meant = inbound.phone.opted_out_at is None or (
        inbound.is_whole and len(inbound.patients) == 1
    )
    if ended is not None and is_meant and not is_before(inbound.at, ended):
        patient = patient.evolve(texts_ended_at=None)
    if patient.text_consent is TextConsent.NONE:
        patient = patient.evolve(text_consent=TextConsent.NEUTRAL)
    return patient


def _first_text(
    inbound: InboundContext, lifted: Mapping[str, Any], started: list[Patient]
) -> list[Operation]:
    """The number's row without its block; if its first text has not left, it gets it (R4)."""
    texted = [patient for patient in started if patient.gets_texts]
    agreed = [patient for patient in texted if patient in inbound.patients]
    reader = next(iter(agreed or texted), None)
    # A STOP, or another START, may come while this one is heard.
    as_read = inbound.phone.as_read("opted_out_at", "welcome_id")
    if reader is None or is_welcomed(inbound.context, inbound.phone):
        return [Patch.upsert(inbound.phone, when=as_read, **lifted)]
    first = first_text(inbound.owner_id, reader, inbound.phone, now=inbound.now)
    welcomed = {**lifted, "welcome_id": first.id}
    return [Patch.upsert(inbound.phone, when=as_read, **welcomed), Save(first)]


def _help(inbound: InboundContext) -> list[Operation]:
    return [] if inbound.quiet else reply(inbound, "help")


def _choice(inbound: InboundContext) -> list[Operation]:
    """A digit answers our question which visit was meant (R42)."""
    wanted = inbound.phone.choosing.get(str(inbound.reading.number))
    if wanted is None or is_before(inbound.at, inbound.phone.asked_at):
        return _other(inbound)
    meaning, _, asked = wanted.partition(" ")
    appointment_id, _, version = asked.partition(" ")
    visit = inbound.context.store.get(Appointment.ref(appointment_id))
    if visit is None or str(visit.version) != version:  # moved since: another time was meant
        return _other(inbound)
    chosen: Operation = Save(inbound.phone.evolve(choosing={}))
    return [chosen, *_applied(inbound, Meaning(meaning), visit)]


def _about_visit(inbound: InboundContext) -> list[Operation]:
    """The answer goes to the visit last asked about; asks back rather than guessing."""
    visits = [v for patient in inbound.patients for v in open_visits(inbound.context, patient.id)]
    if inbound.reading.meaning is Meaning.DRIVER_NO:
        # Where nobody asked about a ride, "no" says something else, and a person reads it.
        visits = [visit for visit in visits if _was_asked(inbound, visit)]
    asked = [visit for visit in visits if _was_asked(inbound, visit)]
    unanswered = [visit for visit in asked if not _has_answered(inbound, visit)]
    # What came late may be about a visit as it was then, so only an answer to a question counts.
    meant = unanswered or ([] if is_before(inbound.at, inbound.now) else visits)
    if len({visit.patient_id for visit in asked}) > 1:
        # Two people on one phone: that one of them has answered does not say who answers now (R42).
        meant = asked
    if not meant:
        return _other(inbound)
    if len(meant) == 1:
        return _applied(inbound, inbound.reading.meaning, meant[0])
    meant = sorted(meant, key=lambda visit: visit.start_at)[:9]
    choosing = {
        str(n): f"{inbound.reading.meaning.value} {visit.id} {visit.version}"
        for n, visit in enumerate(meant, 1)
    }
    facts = Facts(appointments=tuple(visit.id for visit in meant))
    asks = reply(inbound, "ask_which", facts=facts)
    asking: Operation = Save(inbound.phone.evolve(choosing=choosing, asked_at=inbound.now))
    return [asking, *asks]


def _applied(inbound: InboundContext, meaning: Meaning, visit: Appointment) -> list[Operation]:
    try:
        effects = APPLY[meaning](visit, inbound.owner_id, inbound.now)
    except Refusal:
        return _other(inbound)
    # An index may show the visit as it was, and what is about another time is not owed.
    thanks = reply(inbound, THANKS[meaning], about=visit, facts=Facts(appointments=(visit.id,)))
    return [visit.while_unchanged(), *effects, *thanks]


def _doubtful(inbound: InboundContext) -> list[Operation]:
    """It may have meant stop: automatic texts are paused already, and a person looks (R6)."""
    told = reply(inbound, "texts_paused", within=CONFIRMED_WITHIN) if inbound.ends_texts else []
    return [read_this(inbound, TaskKind.DOUBTFUL_STOP), *told]


def _other(inbound: InboundContext) -> list[Operation]:
    """A person reads it; sender and staff hear of it at most once an hour (R63, F59)."""
    last = inbound.phone.answered_at
    is_first = last is None or inbound.now - last >= ONE_ANSWER_PER
    read = read_this(inbound, TaskKind.REPLY_TO_READ, facts=NO_FACTS if is_first else NOT_MAILED)
    if not is_first:
        return [read]
    answered: Operation = Save(inbound.phone.evolve(answered_at=inbound.now))
    return [read, answered, *reply(inbound, "automatic_answer")]


def _nothing(inbound: InboundContext) -> list[Operation]:
    """Nothing besides the alarm, which every urgent text raises; nothing at all for thanks and
    for our own words (R61, R63)."""
    return []


def _has_answered(inbound: InboundContext, visit: Appointment) -> bool:
    if inbound.reading.meaning in RIDE:
        return visit.driver is not None
    return inbound.reading.meaning is Meaning.CONFIRM and visit.confirmed_at is not None


def _was_asked(inbound: InboundContext, visit: Appointment) -> bool:
    """Whether a text that asks this was out when they wrote."""
    kinds = {"ride"} if inbound.reading.meaning in RIDE else ASKING
    return any(
        isinstance(record, Message)
        and record.kind in kinds
        and record.status in LEFT
        and not is_before(inbound.at, record.claimed_at)
        and record.subject is not None
        and record.subject.version == visit.version
        for record in inbound.context.store.owned(visit.id)
    )


Handler = Callable[[InboundContext], list[Operation]]

HANDLERS: Mapping[Meaning, Handler] = {
    Meaning.STOP: _stop,
    Meaning.DOUBTFUL_STOP: _doubtful,
    Meaning.START: _start,
    Meaning.HELP: _help,
    Meaning.CONFIRM: _about_visit,
    Meaning.RESCHEDULE: _about_visit,
    Meaning.DRIVER_YES: _about_visit,
    Meaning.DRIVER_NO: _about_visit,
    Meaning.CHOICE: _choice,
    Meaning.URGENT: _nothing,
    Meaning.THANKS: _nothing,
    Meaning.ECHO: _nothing,
    Meaning.OTHER: _other,
}

APPLY: Mapping[Meaning, Callable[[Appointment, str, datetime], list[Operation]]] = {
    Meaning.CONFIRM: lambda visit, _owner, now: confirm_writes(visit, now),
    Meaning.RESCHEDULE: ask_to_move_writes,
    Meaning.DRIVER_YES: lambda visit, owner, now: driver_writes(visit, "yes", owner, now),
    Meaning.DRIVER_NO: lambda visit, owner, now: driver_writes(visit, "no", owner, now),
}

THANKS: Mapping[Meaning, str] = {
    Meaning.CONFIRM: "confirmed_thanks",
    Meaning.RESCHEDULE: "reschedule_received",
    Meaning.DRIVER_YES: "driver_noted",
    Meaning.DRIVER_NO: "driver_missing",
}
