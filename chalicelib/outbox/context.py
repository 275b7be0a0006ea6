"""What the courier works with, and what it knows of one message when it decides."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from chalicelib.clinic.careplan.plan import plan_of
from chalicelib.domain.change import Change
from chalicelib.domain.errors import NotFound, Unreadable
from chalicelib.domain.messaging.message import Channel, Message
from chalicelib.domain.messaging.transitions import due_now
from chalicelib.domain.people.patient import Patient
from chalicelib.domain.people.phone import Phone, SentCount
from chalicelib.domain.record import Record, Ref
from chalicelib.domain.system import CircuitBreaker
from chalicelib.domain.visits.appointment import Appointment, AppointmentStatus
from chalicelib.outbox.floods import Waiting, waiting_of
from chalicelib.ports import EmailSender, Links, TextSender
from chalicelib.transaction import Context

RESTS = timedelta(hours=24)
CLOCKS_DIFFER = timedelta(minutes=2)  # ours, another container's and the provider's, at most (F22)
EARLY = timedelta(seconds=1)  # this clock may be so far behind the one that called us


@dataclass(frozen=True, kw_only=True)
class DeliveryContext(Context):
    """What the courier works with: a decision's context, and what it takes to send."""

    texts: TextSender
    mails: EmailSender
    links: Links
    samples_allowed: bool  #: sample wordings are sent in the local stage only (R21)
    texts_per_minute: int
    shards: int

    def commit(self, change: Change) -> None:
        """Commit the change, and queue what it made due instead of waiting for the next tick."""
        self.store.commit(change)
        self.queue.send(due_now(change, self.clock.now()))


class Snapshot(NamedTuple):
    """Everything the courier looks at before it sends one message, read just now."""

    now: datetime
    message: Message
    subject: Record | None
    patient: Patient | None
    phone: Phone | None
    first_text: Message | None  #: the number's first text, which must leave before others
    counts: dict[str, SentCount]  #: texts sent to the number, by date of its own calendar
    stop: CircuitBreaker | None  #: the last one; it may have closed
    zone: ZoneInfo  #: the patient's
    rests_until: datetime | None  #: no question before then: a session was less than 24 h ago
    waiting: Waiting | None = None  #: the requests that a mail about many of them reports

    @property
    def is_resting(self) -> bool:
        return self.rests_until is not None and self.now < self.rests_until

    @property
    def open_breaker(self) -> CircuitBreaker | None:
        """The circuit breaker that makes all texts wait, if one is open."""
        return self.stop if self.stop is not None and self.stop.is_open else None

    @property
    def is_erased(self) -> bool:
        """Whether the message was for a patient who has been erased."""
        return self.patient is not None and self.patient.erased_at is not None

    @property
    def appointment(self) -> Appointment | None:
        return self.subject if isinstance(self.subject, Appointment) else None


def take_snapshot(context: DeliveryContext, message: Message, now: datetime) -> Snapshot:
    """Read the current state by two requests: the rows known by id, then all of the phone's.

    For a mail about many requests, those are read instead of a phone's rows.
    """
    wanted: dict[str, Ref[Record]] = {"stop": CircuitBreaker.ref()}  # type: ignore[dict-item]
    if message.subject is not None:
        wanted["subject"] = message.subject.ref
    if message.patient_id is not None:
        wanted["patient"] = Patient.ref(message.patient_id)  # type: ignore[assignment]
    if message.follows is not None:
        wanted["first_text"] = Message.ref(message.follows)  # type: ignore[assignment]
    rows = _read(context, wanted)
    patient: Patient | None = rows.get("patient")
    of_phone = context.store.owned(Phone.ref(patient.phone).key.pk) if patient else []
    phone = next((row for row in of_phone if isinstance(row, Phone)), None)
    if phone is None and patient is not None:
        # Either there is no phone, or it cannot be read; then it may hold an opt-out, and this
        # raises.
        phone = context.store.get(Phone.ref(patient.phone))
    return Snapshot(
        now=now,
        message=message,
        subject=rows.get("subject"),
        patient=patient,
        phone=phone,
        first_text=_first_text(context, message, phone, rows.get("first_text")),
        counts={row.on: row for row in of_phone if isinstance(row, SentCount)},
        stop=rows["stop"],
        zone=context.clinic.zone_of(patient),
        rests_until=_rests_until(context, message, rows.get("subject"), now),
        waiting=waiting_of(context.store, message),
    )


def _read(context: DeliveryContext, wanted: dict[str, Ref[Record]]) -> dict[str, Any]:
    """The rows by name; an unreadable first text is left out, as nothing waits for it (R35)."""
    try:
        return dict(zip(wanted, context.store.get_many(*wanted.values()), strict=True))
    except Unreadable:
        if "first_text" not in wanted:
            raise
    others = {name: ref for name, ref in wanted.items() if name != "first_text"}
    return dict(zip(others, context.store.get_many(*others.values()), strict=True))


def _first_text(
    context: DeliveryContext, message: Message, phone: Phone | None, known: Record | None
) -> Message | None:
    """The first text of the current number, which may differ from the one when this was written."""
    is_bound = message.channel is Channel.TEXT and not message.answers_person
    first_id = phone.welcome_id if phone is not None and is_bound else None
    if first_id is None or first_id == message.id:
        return None
    if isinstance(known, Message) and known.id == first_id:
        return known
    try:
        return context.store.get(Message.ref(first_id))
    except Unreadable:
        return None


def patient_and_phone(snapshot: Snapshot) -> tuple[Patient, Phone]:
    """Both, for a text; NotFound when the row names nobody (F23)."""
    if snapshot.patient is None:
        raise NotFound
    return snapshot.patient, snapshot.phone or Phone(number=snapshot.patient.phone)


def _rests_until(
    context: DeliveryContext, message: Message, subject: Record | None, now: datetime
) -> datetime | None:
    """For 24 h after a session no message asks the patient to decide anything (R20)."""
    if message.step is None or not isinstance(subject, Appointment):
        return None
    step = plan_of(context.plans, subject).find(message.step)
    if step is None or not step.asks:
        return None
    ends = [
        visit.discharged_at or visit.end_at
        for visit in context.store.of_patient(subject.patient_id)
        if isinstance(visit, Appointment)
        and visit.status in (AppointmentStatus.ARRIVED, AppointmentStatus.FULFILLED)
        and context.clinic.kind_of(visit).is_sedating
    ]
    recent = [end + RESTS for end in ends if now < end + RESTS]
    return max(recent, default=None)
