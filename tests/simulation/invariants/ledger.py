"""The independent account: what was decided and when, and what was true at each claim.

It is written from the changes that were applied, and shares no rule with the code it judges.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chalicelib.domain.audit import AuditEvent
from chalicelib.domain.change import Change, Require
from chalicelib.domain.messaging.message import FINAL, Message, MessageStatus
from chalicelib.domain.messaging.task import Task, TaskStatus
from chalicelib.domain.people.patient import Consent, Patient, TextConsent
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.system import CircuitBreaker
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.domain.visits.request import ConsultationRequest
from chalicelib.ports import ReceivedText, Store
from tests.simulation.engine.stage import Stage
from tests.simulation.invariants.noted import Applied, Claim, read, standing

VERSION = re.compile(r"\.v(\d+)-(.+)$")
SILENCE = frozenset({"STOP", "CANCEL", "please stop texting me", "leave me alone"})
DOUBTFUL = frozenset({"leave me alone"})
TEXTS_AGAIN = frozenset({"START"})
ECHOES = (
    "Liked \u201c{}\u201d",
    "Reacted \u2764\ufe0f to \u201c{}\u201d",
    "{}",
)  # how a phone sends a text of ours back
CALLED_OFF = ("cancelled", "noshow")
RACE = timedelta(minutes=21)  # between what somebody saw and what they then wrote, at most
SKEWS = timedelta(minutes=2)  # between two containers, and a moment more


def is_echo(body: str, clinic: str) -> bool:
    """Whether it is one of our texts, as a patient's phone sends it back."""
    return any(body.startswith(form.partition("{}")[0] + clinic) for form in ECHOES)


class Broken(BaseException):
    """Something that must hold does not. No handler's own catch may hide it."""


@dataclass
class Ledger:
    """What is true, who said so, and what was claimed when."""

    stage: Stage
    calm_since: datetime | None = None  #: from then on nothing goes wrong; None: it may
    visits: dict[str, Appointment] = field(default_factory=dict)
    was: dict[str, list[tuple[datetime, Appointment]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    visits_of: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    without_consent: set[str] = field(default_factory=set)  #: patients, at any time
    without_mail: set[str] = field(default_factory=set)  #: the same, of an address for mails
    ended_texts: set[str] = field(default_factory=set)  #: the same, who ended only their own
    consents: set[tuple[str, str]] = field(default_factory=set)  #: patient and number, ever
    open_visits: dict[str, Appointment] = field(default_factory=dict)
    requests: dict[str, ConsultationRequest] = field(default_factory=dict)
    open_requests: dict[str, ConsultationRequest] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)  #: by its note, which names it: its id
    open_tasks: dict[str, Task] = field(default_factory=dict)
    patients: dict[str, Patient] = field(default_factory=dict)
    phones: dict[str, Phone] = field(default_factory=dict)
    phone_was: dict[str, list[tuple[datetime, Phone]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    messages: dict[str, Message] = field(default_factory=dict)
    messages_of: dict[str, dict[str, Message]] = field(default_factory=lambda: defaultdict(dict))
    events: list[tuple[datetime, AuditEvent]] = field(default_factory=list)
    #: Opt-outs that staff entered: when, by which change, of which number.
    told_stop: list[tuple[datetime, str, str]] = field(default_factory=list)
    #: Patients who ended their own messages on a page: when, by which change, who.
    ended_own: list[tuple[datetime, str, str]] = field(default_factory=list)
    told_to_the_end: set[str] = field(default_factory=set)  #: whose handler was not interrupted
    stop: CircuitBreaker | None = None  #: the open circuit breaker
    stopped_at: datetime | None = None  #: the last time that it opened
    #: The spans whose writes were lost when the table was restored.
    lost: list[tuple[datetime, datetime]] = field(default_factory=list)
    first_seen: dict[str, datetime] = field(default_factory=dict)
    changed_at: dict[str, datetime] = field(default_factory=dict)
    no_mail: set[tuple[str, str]] = field(default_factory=set)  #: patient and address, ever
    zones: dict[str, set[str | None]] = field(default_factory=lambda: defaultdict(set))  #: ever
    numbers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    heard: dict[str, datetime] = field(default_factory=dict)  #: inbound texts: by id, when
    said: dict[str, list[ReceivedText]] = field(default_factory=lambda: defaultdict(list))
    claims: dict[str, list[Claim]] = field(default_factory=lambda: defaultdict(list))

    def applied(self, change: Change, table: Store) -> Applied:
        """A change was written: note what it made true."""
        now = self.stage.now
        taken, touched, rows, events = [], [], [], []
        stop_before, stop = self.stop, None
        for operation in change.operations:
            if isinstance(operation, Require):
                continue
            if operation.key.sk == "TXT":
                self.heard.setdefault(operation.key.pk.removeprefix("TXT-"), now)
            record = read(operation.key, table)
            match record:
                case CircuitBreaker():
                    if self.stop is None:
                        self.stopped_at = now
                    stop = self.stop = standing(record)
                case AuditEvent():
                    events.append(record)
                    self.events.append((now, record))
                case Appointment():
                    touched.append((self.visits.get(record.id), record))
                    self.visits[record.id] = record
                    self.visits_of[record.patient_id].add(record.id)
                    self.open_visits.pop(record.id, None)
                    if record.is_open:
                        self.open_visits[record.id] = record
                    self.was[record.id].append((now, record))
                case ConsultationRequest():
                    if record.id not in self.requests:
                        once = record.note not in self.asked
                        hold(once, f"{record.id} was asked for before: {record.note} (F2)")
                        self.asked[record.note] = record.id
                    self.requests[record.id] = record
                    self.open_requests.pop(record.id, None)
                    if record.status in ("received", "proposed"):
                        self.open_requests[record.id] = record
                case Task():
                    self.open_tasks.pop(record.id, None)
                    if record.status is TaskStatus.OPEN:
                        self.open_tasks[record.id] = record
                case Consent():
                    self.consents.add((record.patient_id, record.phone))
                case Patient():
                    self.patients[record.id] = record
                    self.numbers[record.id].add(record.phone)
                    self.zones[record.id].add(record.time_zone)
                    if record.text_consent is TextConsent.NONE:
                        self.without_consent.add(record.id)
                    if record.texts_ended_at is not None:
                        self.ended_texts.add(record.id)
                    if record.mail_to is None:
                        self.without_mail.add(record.id)
                    if record.mail_stopped is not None:
                        self.no_mail.add((record.id, record.email or ""))
                case Phone():
                    self._asked_for_silence(record)
                    self.phones[record.number] = record
                    self.phone_was[record.number].append((now, record))
                case Message():
                    before_ = self.messages.get(record.id)
                    if before_ is not None and before_.status in FINAL:
                        hold(record.status is before_.status, f"{record.id} left its end")
                    claimed = record.status is MessageStatus.SENDING
                    if claimed and (before_ is None or before_.attempt != record.attempt):
                        taken.append((record, self._due_since(before_, now)))
                    self.changed_at[record.id] = now
                    self.first_seen.setdefault(record.id, now)
                    self.messages[record.id] = record
                    self.messages_of[record.owner_id][record.id] = record
                    rows.append((before_, record))
        for event in events:
            if event.what == "opted_out":
                number = self.patients[event.owner_id].phone
                self.told_stop.append((now, event.change_id, number))
            if event.what == "own_messages_ended":
                self.ended_own.append((now, event.change_id, event.owner_id))
        for message, since in taken:
            self.claims[message.id].append(self._claim(message, now, since))
        return Applied(touched, rows, events, stop_before, stop)

    def is_lost(self, at: datetime) -> bool:
        """Whether what was written then is lost."""
        return any(since <= at <= until for since, until in self.lost)

    def decided_since(self, at: datetime) -> Iterator[AuditEvent]:
        """The decisions on timelines since then, the last first."""
        for when, event in reversed(self.events):
            if when < at:
                return
            yield event

    def phone_at(self, number: str, at: datetime) -> Phone | None:
        known = [phone for when, phone in self.phone_was[number] if when <= at]
        return known[-1] if known else None

    def wants_none(self, number: str, at: datetime) -> bool:
        """Whether a text received by then opted out, and none since opted in."""
        silent = False
        for text in self.said[number]:
            if text.body in SILENCE and self.heard.get(text.sid, at) < at:
                silent = True
            elif text.body in TEXTS_AGAIN:
                silent = False
        return silent

    def _asked_for_silence(self, phone: Phone) -> None:
        """No text that did not ask for it opts a number out or pauses it (R6, R61)."""
        before = self.phones.get(phone.number)
        is_new = before is None or before.opted_out_at is None
        if phone.opted_out_means not in ("text", "doubtful text") or not is_new:
            return
        wished = any(text.body in SILENCE for text in self.said[phone.number])
        hold(wished, f"{phone.number} is opted out, and no text of it asked for that")

    def may_be_resumed(self, number: str) -> None:
        """Staff end a pause; only a doubtful text can be taken back like this."""
        silence = [text for text in self.said[number] if text.body in SILENCE]
        if silence and silence[-1].body in DOUBTFUL:
            now = self.stage.now
            self.said[number].append(ReceivedText("resumed", number, "START", now))

    def is_erased(self, patient_id: str | None) -> bool:
        """Whether the patient was erased."""
        patient = self.patients.get(patient_id or "")
        return patient is None or patient.erased_at is not None

    def visit_at(self, visit_id: str, at: datetime) -> Appointment | None:
        known = [visit for when, visit in self.was[visit_id] if when <= at]
        return known[-1] if known else None

    def _due_since(self, before: Message | None, now: datetime) -> datetime:
        if before is None or before.due_at is None:
            return now
        return max(before.due_at, self.changed_at[before.id])

    def _claim(self, message: Message, now: datetime, since: datetime) -> Claim:
        patient = self.patients.get(message.patient_id or "")
        about = message.subject.pk if message.subject else message.owner_id
        return Claim(
            at=now,
            waited_since=since,
            message=message,
            patient=patient,
            phone=self.phones.get(patient.phone) if patient else None,
            visit=self.visits.get(about),
            request=self.requests.get(about),
            is_task_open=about in self.open_tasks,
        )


def hold(holds: bool, what: str) -> None:
    if not holds:
        raise Broken(what)
