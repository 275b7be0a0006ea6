"""A timeline for people: every message past and coming, every decision, with reasons."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from itertools import count
from typing import NamedTuple

from chalicelib.domain.audit import AuditEvent
from chalicelib.domain.messaging.inbound_text import InboundText
from chalicelib.domain.messaging.message import Channel, Message, MessageStatus
from chalicelib.domain.people.patient import ENDED_BY_MAIL, Consent, Patient, TextConsent
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.record import Record
from chalicelib.messages.catalogue import task_title
from chalicelib.usecases.visits.offers import DECLINE_REASONS
from chalicelib.usecases.visits.reschedule import CANCEL_REASONS
from chalicelib.web.timeline.words import (
    CONSENT_WORDS,
    EVENT_WORDS,
    KIND_WORDS,
    MEANING_WORDS,
    MEANS_WORDS,
    SENT_WORDS,
    STATUS_WORDS,
)

NameOf = Callable[[str], str]

WAITING = (MessageStatus.PENDING, MessageStatus.SENDING)


class Line(NamedTuple):
    """One line of a timeline."""

    at: datetime
    rank: int  #: at the same instant a decision comes first, then its effects
    what: str
    state: str
    tone: str
    why: str = ""
    channel: str = ""
    body: str = ""
    meant_for: datetime | None = None  #: when it was planned to leave, if it left at another time
    is_coming: bool = False
    is_for_staff: bool = False
    useful_until: datetime | None = None  #: as long as it has not left
    number: int = 0  #: of a message to the patient or a task, from 1; its mark in the picture


def timeline(
    records: Iterable[Record],
    *,
    patient: Patient,
    phone: Phone | None,
    name_of: NameOf,
    events: Mapping[str, str],
) -> list[Line]:
    """What happened and what will happen, by time; nothing is left out.

    `events` are the words for what staff can decide.
    """
    words = {**EVENT_WORDS, **events}
    lines = []
    for record in records:
        if isinstance(record, Message):
            withheld = _withheld(record, patient, phone)
            lines.append(_of_message(record, withheld, name_of))
        elif isinstance(record, InboundText):
            meaning = MEANING_WORDS.get(record.meaning, record.meaning)
            lines.append(Line(record.at, 0, "Text received", meaning, "event", body=record.body))
        elif isinstance(record, AuditEvent):
            lines.append(_of_event(record, words, name_of))
        elif isinstance(record, Consent):
            means = MEANS_WORDS.get(record.means, record.means)
            what = CONSENT_WORDS[record.given]
            lines.append(Line(record.at, 0, what, means, "event"))
    return _numbered(sorted(lines, key=lambda line: (line.at, line.rank)))


def said_age(span: timedelta) -> str:
    """`3 minutes`, `2 hours`, `4 days`: the largest unit only."""
    minutes = max(int(span.total_seconds() // 60), 0)
    for unit, size in (("day", 24 * 60), ("hour", 60), ("minute", 1)):
        number = minutes // size
        if number or unit == "minute":
            break
    return f"{number} {unit}{'' if number == 1 else 's'}"


def _numbered(lines: list[Line]) -> list[Line]:
    numbers = count(1)
    return [
        line._replace(number=next(numbers)) if line.channel and not line.is_for_staff else line
        for line in lines
    ]


def _of_message(message: Message, withheld: str, name_of: NameOf) -> Line:
    status = message.shown_status
    words, tone = STATUS_WORDS[status]
    if status is MessageStatus.SENT:
        words, tone = SENT_WORDS.get(message.channel, (words, tone))
    if withheld:
        words, tone = "withheld", "off"
    is_waiting, is_said = status in WAITING, message.channel is not Channel.TASK
    at = _moment(message)
    is_void = message.void_because is not None and status is MessageStatus.WITHDRAWN
    code = f"code {message.error_code}" if message.error_code else ""
    return Line(
        at,
        1 if message.follows is None else 2,
        _named(message, name_of),
        words,
        tone,
        why=withheld or (message.void_because if is_void else message.reason) or code,
        channel=message.channel.value,
        body=message.body or "",
        meant_for=None if is_waiting or at >= message.scheduled_at else message.scheduled_at,
        is_coming=is_waiting,
        is_for_staff=message.staff_id is not None,
        useful_until=message.send_before if is_waiting and is_said else None,
    )


def _moment(message: Message) -> datetime:
    """When it left, when it was given up, or when it is to leave."""
    if message.shown_status in WAITING:
        return max(message.due_at or message.scheduled_at, message.scheduled_at)
    if message.claimed_at is not None:
        return message.claimed_at
    return message.history[-1].at if message.history else message.scheduled_at


def _named(message: Message, name_of: NameOf) -> str:
    if message.channel is Channel.TASK:
        return task_title(message.kind)
    words = KIND_WORDS.get(message.kind) or _plain(message.kind)
    return f"{words}, {name_of(message.staff_id)}" if message.staff_id else words


def _withheld(message: Message, patient: Patient, phone: Phone | None) -> str:
    """Why a waiting text would not leave at present; an opt-out rewrites no message."""
    if message.channel is not Channel.TEXT or message.shown_status is not MessageStatus.PENDING:
        return ""
    if phone is not None and phone.opted_out_at is not None:
        return "opted out"
    if patient.texts_ended_at is not None and not message.answers_person:
        return ENDED_BY_MAIL
    if patient.texted_consent is TextConsent.NONE:
        return "no consent to texts"
    return phone.bad_because or "" if phone is not None else ""


def _of_event(event: AuditEvent, words: Mapping[str, str], name_of: NameOf) -> Line:
    by = {"patient": "the patient", "service": ""}.get(event.by)
    by = event.by_name or name_of(event.by) if by is None else by
    facts = event.facts
    code = facts.get("reason_code", "")
    reason = CANCEL_REASONS.get(code) or DECLINE_REASONS.get(code) or code
    sessions = f"{facts['sessions']} sessions" if "sessions" in facts else ""
    means = MEANS_WORDS.get(facts.get("means", ""), facts.get("means", ""))
    why = "; ".join(filter(None, (reason or sessions or means, facts.get("left_out"))))
    what = words.get(event.what) or _plain(event.what)
    return Line(event.at, 0, what, f"by {by}" if by else "", "event", why)


def _plain(name: str) -> str:
    return name.replace("_", " ").capitalize()
