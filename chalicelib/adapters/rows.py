"""Records as rows: the only module that knows both forms. Used by every store."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zlib import crc32

from aws_lambda_powertools import Logger
from pydantic import ValidationError

from chalicelib.domain.audit import AuditEvent
from chalicelib.domain.change import Forget, Operation, Patch, Require, Save
from chalicelib.domain.conditions import Condition, Is
from chalicelib.domain.errors import Unreadable
from chalicelib.domain.messaging.inbound_text import InboundText, ProviderId
from chalicelib.domain.messaging.message import Message, message_id, message_key
from chalicelib.domain.messaging.task import Task
from chalicelib.domain.people.patient import Consent, Patient, PatientLink
from chalicelib.domain.people.phone import Phone, SentCount
from chalicelib.domain.people.staff_member import StaffMember
from chalicelib.domain.record import INDEX_ATTRIBUTES, Key, Record, written
from chalicelib.domain.system import CircuitBreaker, Heartbeat, InboundMark
from chalicelib.domain.visits.appointment import Appointment, Course
from chalicelib.domain.visits.day_sheet import DaySheet, Room
from chalicelib.domain.visits.request import ConsultationRequest, RateCount, Submission
from chalicelib.ports import Due

log = Logger(service="bookend", child=True)

KINDS: Mapping[str, type[Record]] = {
    kind.KIND: kind
    for kind in (
        Appointment,
        AuditEvent,
        Consent,
        ConsultationRequest,
        Course,
        DaySheet,
        Heartbeat,
        InboundMark,
        InboundText,
        Message,
        Patient,
        PatientLink,
        Phone,
        ProviderId,
        RateCount,
        Room,
        SentCount,
        StaffMember,
        CircuitBreaker,
        Submission,
        Task,
    )
}

_INDEX_ONLY = INDEX_ATTRIBUTES | {"pk", "sk", "due_shard"}

Row = dict[str, Any]
LONG_AGO = datetime.min.replace(tzinfo=UTC)


def row_of(record: Record, *, shards: int) -> Row:
    """The row to store, with its keys, its index attributes and the next revision."""
    row = {
        **record.model_dump(mode="json", exclude_none=True),
        **record.index(),
        "pk": record.key.pk,
        "sk": record.key.sk,
        "record": record.KIND,
        "revision": record.revision + 1,
    }
    return row | due_attributes(record.key, row, shards=shards)


def due_attributes(key: Key, values: Mapping[str, Any], *, shards: int) -> Row:
    """The shard that belongs to a due time; None when the due time is removed."""
    if "due_at" not in values:
        return {}
    if values["due_at"] is None:
        return {"due_shard": None}
    return {"due_shard": str(crc32("|".join(key).encode()) % shards)}


def record_of(row: Mapping[str, Any]) -> Record:
    """The record that a row contains. Unreadable when this version cannot read it (F23).

    Fields that a newer version added are left out, so that both can run during a deploy (F28).
    """
    kind = KINDS.get(str(row.get("record")))
    if kind is None:
        raise Unreadable(f"a row of the unknown kind {row.get('record')!r}")
    fields = {
        name: plain(value)
        for name, value in row.items()
        if name in kind.model_fields or name not in _INDEX_ONLY
    }
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        added = _added(error)
        if len(added) < error.error_count():
            raise Unreadable(_where(kind, error)) from None
    for place in added:
        _leave_out(fields, place)
    return kind.model_validate(fields)


def _added(error: ValidationError) -> list[tuple[int | str, ...]]:
    return [part["loc"] for part in error.errors() if part["type"] == "extra_forbidden"]


def _leave_out(fields: Any, place: tuple[int | str, ...]) -> None:
    *way, last = place
    for step in way:
        fields = fields[step]
    del fields[last]


def _where(kind: type[Record], error: ValidationError) -> str:
    """The fields that are wrong, without their values."""
    places = sorted({".".join(map(str, part["loc"])) for part in error.errors()})
    return f"a {kind.KIND} row is wrong at {', '.join(places)}"


def plain(value: Any) -> Any:
    """DynamoDB's numbers as Python's."""
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case list():
            return [plain(part) for part in value]
        case dict():
            return {name: plain(part) for name, part in value.items()}
        case _:
            return value


def conditions(operation: Operation) -> Sequence[Condition]:
    """The conditions on the stored row for this operation."""
    match operation:
        case Save(record):
            return (Is("revision", record.revision or None),)
        case Patch() | Require():
            return operation.when
        case Forget():
            return ()


def span_of(since: datetime | None, until: datetime | None) -> tuple[str, str]:
    """A span in the form in which the time attributes are compared; None: no end."""
    return "0" if since is None else written(since), "~" if until is None else written(until)


def _instant(text: str) -> datetime:
    """An unreadable due time counts as long past: the courier reports the faulty row."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return LONG_AGO
    return found if found.tzinfo is not None else LONG_AGO


def due_rows(rows: Iterable[tuple[str, str, str]]) -> list[Due]:
    """The messages of `pk`, `sk`, `due_at`; an invalid row stops no other (F23)."""
    found = []
    for pk, sk, due_at in rows:
        id_ = message_id(Key(pk, sk))
        if message_key(id_) == (pk, sk):
            found.append(Due(id_, _instant(due_at)))
        else:
            log.error("row.due_but_no_message", extra={"sk": sk})
    return found
