"""What one change made true, and what was true at each claim."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from chalicelib.domain.audit import AuditEvent
from chalicelib.domain.messaging.message import Happened, Message
from chalicelib.domain.messaging.task import Task
from chalicelib.domain.people.patient import Consent, Patient
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.record import Key, Record, Ref
from chalicelib.domain.system import CircuitBreaker
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.domain.visits.request import ConsultationRequest
from chalicelib.ports import Store

_KIND_BY_SK: Mapping[str, type[Record]] = {
    "APT": Appointment,
    "PAT": Patient,
    "REQ": ConsultationRequest,
    "TEL": Phone,
    "TSK": Task,
}
_KIND_BY_FAMILY: Mapping[str, type[Record]] = {
    "AUDIT": AuditEvent,
    "CONSENT": Consent,
    "MSG": Message,
}


@dataclass
class Claim:
    """A courier took a row: what was true at that moment."""

    at: datetime
    waited_since: datetime  #: when the row came due, by its state then
    message: Message
    patient: Patient | None
    phone: Phone | None
    visit: Appointment | None
    request: ConsultationRequest | None
    is_task_open: bool  #: of a mail about a task; also False for a mail about none


class Applied(NamedTuple):
    """What a change touched, each row before and after it."""

    visits: list[tuple[Appointment | None, Appointment]]
    rows: list[tuple[Message | None, Message]]
    events: list[AuditEvent]
    stop_before: CircuitBreaker | None
    stop: CircuitBreaker | None  #: as it was written just now


def standing(stop: CircuitBreaker | None) -> CircuitBreaker | None:
    """The open circuit breaker, if texts wait."""
    return stop if stop is not None and stop.is_open else None


def end_of(row: Message) -> Happened:
    """What became of a message, even if it was erased since."""
    return next(line for line in reversed(row.history) if line.what != "erased")


def read(key: Key, table: Store) -> object:
    """The record at this key, if it is of a kind that is accounted for."""
    if key == CircuitBreaker.ref().key:
        return table.get(CircuitBreaker.ref())
    kind = _KIND_BY_SK.get(key.sk) or _KIND_BY_FAMILY.get(key.sk.partition("#")[0])
    return table.get(Ref(kind, key)) if kind is not None else None
