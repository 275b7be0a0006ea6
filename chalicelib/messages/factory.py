"""The only module that makes outbox rows, and tasks from them: pure.

First the rows that a decision makes, then those that are made from another row.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from chalicelib.clinic.careplan.schedule import Event, PlannedStep
from chalicelib.domain.messaging.facts import Facts
from chalicelib.domain.messaging.message import Channel, Happened, Message, MessageStatus, Owed
from chalicelib.domain.messaging.subject import Subject
from chalicelib.domain.messaging.task import RULES, Task, TaskKind, deadline_of
from chalicelib.domain.people.patient import Patient
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.people.staff_member import StaffMember
from chalicelib.domain.record import id_from, to_milliseconds
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.domain.visits.request import ConsultationRequest
from chalicelib.messages import catalogue

TASK_USEFUL = timedelta(days=60)  # a task is opened however late the courier comes
STAFF_MAIL_USEFUL = timedelta(days=14)
NOTE_USEFUL = timedelta(days=2)  # an answer to a request is of no use after this
FIRST_TEXT_USEFUL = timedelta(days=60)  # it may wait for the first other text


NO_FACTS = Facts()


class About(NamedTuple):
    """Whom a row is about, and when it is needed; without a subject, in any case."""

    patient_id: str | None = None
    subject: Subject | None = None
    starts_at: datetime | None = None  #: of the visit on which a task's deadline depends

    @staticmethod
    def visit(visit: Appointment, *statuses: str) -> "About":
        """Needed while the visit is unchanged and has one of these statuses; none: in any case."""
        subject = subject_of(visit, tuple(map(str, statuses))) if statuses else None
        return About(visit.patient_id, subject, visit.start_at)

    @staticmethod
    def message(message: Message) -> "About":
        """Needed as long as that message is."""
        return About(message.patient_id, message.subject)


ABOUT_NOBODY = About()


def subject_of(
    about: Appointment | ConsultationRequest | Task, statuses: tuple[str, ...]
) -> Subject:
    """Needed while the request, visit or task has this version and one of these statuses."""
    return Subject(pk=about.key.pk, sk=about.key.sk, version=about.version, statuses=statuses)


def first_text(owner_id: str, patient: Patient, phone: Phone, *, now: datetime) -> Message:
    """Who texts, what about and how often, and how to stop it (R4).

    After one that ended without leaving, this is another row, even for the same owner.
    """
    again = "" if phone.welcome_id is None else f"-{int(now.timestamp() * 1000)}"
    return _row(
        f"{owner_id}.welcome{again}",
        now=now,
        useful=FIRST_TEXT_USEFUL,
        kind="welcome",
        channel=Channel.TEXT,
        patient_id=patient.id,
        priority=catalogue.priority("welcome"),
    )


def note_to_patient(
    kind: str,
    row_id: str,
    about: About,
    *,
    now: datetime,
    follows: str | None = None,
    send_before: datetime | None = None,
    facts: Facts = NO_FACTS,
) -> Message:
    """One text of the catalogue to a patient, due now."""
    return _row(
        row_id,
        now=now,
        send_before=send_before or now + NOTE_USEFUL,
        kind=kind,
        channel=Channel.TEXT,
        patient_id=about.patient_id,
        subject=about.subject,
        facts=facts,
        priority=catalogue.priority(kind),
        exempt_from=catalogue.exempt_from(kind),
        follows=follows,
    )


def answer_to_patient(
    kind: str,
    row_id: str,
    about: About,
    *,
    now: datetime,
    due_at: datetime,
    send_before: datetime | None = None,
    facts: Facts = NO_FACTS,
) -> Message:
    """Like `note_to_patient`, as the answer to a text of theirs."""
    note = note_to_patient(kind, row_id, about, now=now, send_before=send_before, facts=facts)
    return note.evolve(answers_person=True, scheduled_at=due_at, due_at=due_at)


def step_of_plan(
    part: PlannedStep, appointment: Appointment, phone: Phone, *, event: Event, now: datetime
) -> Message:
    """The care plan's message at this step; a row that has ended already if it is too late."""
    step, skipped = part.step, part.skipped
    about = f"v{appointment.version}-{step.id}"
    if event == "discharged":
        # A discharge that was undone and recorded again makes new rows.
        about += f"-{len(appointment.decisions)}"
    row = _row(
        f"{appointment.id}.{about}",
        now=now,
        due_at=part.due_at,
        send_before=part.useful_until,
        kind=step.kind.value,
        step=step.id,
        channel=Channel(step.channel),
        patient_id=appointment.patient_id,
        subject=subject_of(appointment, tuple(sorted(step.requires_status))),
        facts=Facts(adds=part.adds or None),
        priority=part.priority,
        follows=phone.welcome_id,
    )
    return (
        never_sent(row, MessageStatus.EXPIRED, "skipped", why=skipped, now=now) if skipped else row
    )


def open_task(
    kind: TaskKind,
    row_id: str,
    about: About = ABOUT_NOBODY,
    *,
    now: datetime,
    due_at: datetime | None = None,
    by: datetime | None = None,
    facts: Facts = NO_FACTS,
) -> Message:
    """The row that opens a task when it comes due; sending it is committing the Task.

    The deadline is the kind's own unless `by` is given. `facts` may give the detail, the number,
    another page than the subject's, and whether it is mailed or urgent, unlike others of its kind.
    """
    rule = RULES[kind]
    said = facts.evolve(
        detail=facts.detail or "",
        deadline_at=by or deadline_of(kind, now=now, visit_at=about.starts_at),
        mailed=rule.is_mailed and facts.mailed,
        urgent=rule.is_urgent or facts.urgent,
    )
    return _shared(kind, row_id, about, now=now, due_at=due_at, facts=said)


def notice_of_many(
    kind: str, row_id: str, *, now: datetime, due_at: datetime, facts: Facts
) -> Message:
    """The row that becomes a mail to each of the staff when it comes due (R68)."""
    said = facts.evolve(detail="", deadline_at=due_at)
    return _shared(kind, row_id, ABOUT_NOBODY, now=now, due_at=due_at, facts=said)


def _shared(
    kind: str,
    row_id: str,
    about: About,
    *,
    now: datetime,
    due_at: datetime | None,
    facts: Facts,
) -> Message:
    """A row that is sent by a commit of ours."""
    return _row(
        row_id,
        now=now,
        due_at=due_at,
        useful=TASK_USEFUL,
        kind=str(kind),
        channel=Channel.TASK,
        patient_id=about.patient_id,
        subject=about.subject,
        facts=facts,
        priority=1,
    )


def task_of(message: Message, *, now: datetime) -> Task:
    """The task that a due row opens. Its id comes from the row, so it is opened once."""
    if message.facts.deadline_at is None:
        raise ValueError(f"{message.id} does not say by when")
    return Task(
        id=id_from("TSK", message.id),
        what=message.kind,
        detail=message.facts.detail or "",
        patient_id=message.patient_id,
        number=message.facts.number,
        subject_id=message.page_of,
        urgent=message.facts.urgent,
        opened_at=now,
        deadline_at=message.facts.deadline_at,
    )


def mails_to_staff(
    kind: str,
    row_id: str,
    staff: Iterable[StaffMember],
    about: About = ABOUT_NOBODY,
    *,
    now: datetime,
    due_at: datetime | None = None,
    facts: Facts = NO_FACTS,
) -> list[Message]:
    """One mail to each of them, so that one bad address stops no other (F36)."""
    return [
        _row(
            _to_member(row_id, member.id),
            base_id=row_id,
            now=now,
            due_at=due_at,
            useful=STAFF_MAIL_USEFUL,
            kind=kind,
            channel=Channel.EMAIL,
            patient_id=about.patient_id,
            staff_id=member.id,
            subject=about.subject,
            facts=facts,
            priority=1,
        )
        for member in staff
    ]


def never_sent(
    message: Message, status: MessageStatus, what: str, *, why: str, now: datetime
) -> Message:
    """A new row with nothing left to do: it says why this is not sent."""
    return message.evolve(
        status=status, due_at=None, reason=why, history=(Happened(at=now, what=what, why=why),)
    )


def retry_of(message: Message, *, at: datetime, now: datetime) -> Message:
    """A new row with the same words, so that the final status of the first stays final."""
    facts = message.facts.evolve(retry=message.facts.retry + 1)
    return _another(message, f"{message.base_id}-r{facts.retry}", due_at=at, now=now, facts=facts)


def mail_instead(message: Message, *, now: datetime) -> Message:
    """The mail that replaces a text."""
    mail_id = f"{message.id}-mail"
    return _another(message, mail_id, now=now, channel=Channel.EMAIL, stands_in_for=message.id)


def same_to_staff(
    message: Message, staff: Iterable[StaffMember], *, now: datetime
) -> list[Message]:
    """The rows that tell each of these staff what one of the staff was to be told."""
    ids = {member.id: _to_member(message.base_id, member.id) for member in staff}
    return [
        _another(message, row_id, now=now, staff_id=staff_id, repetition=0)
        for staff_id, row_id in ids.items()
    ]


def repetition_of(message: Message, *, every: timedelta, now: datetime) -> Message:
    """The next row of a repeated message, with as long a window as this one had."""
    window = message.send_before - message.scheduled_at
    n = message.repetition + 1
    again = f"{_to_member(message.base_id, message.staff_id)}-again-{n}"
    return _another(message, again, due_at=now + every, now=now, useful=window, repetition=n)


def _to_member(base_id: str, staff_id: str | None) -> str:
    return base_id if staff_id is None else f"{base_id}-{staff_id}"


def _another(message: Message, message_id: str, *, now: datetime, **changes: Any) -> Message:
    """A new row that says the same, of use for as long unless given otherwise.

    It names no first text to follow: that is looked up when the row comes due.
    """
    said = {name: getattr(message, name) for name in Owed.model_fields if name not in _ITS_OWN}
    return _row(message_id, now=now, **{**said, "follows": None, **changes})


_ITS_OWN = {"id", "scheduled_at", "created_at"}


def _row(
    message_id: str,
    *,
    now: datetime,
    due_at: datetime | None = None,
    useful: timedelta | None = None,
    **said: Any,
) -> Message:
    """Due now by default; of no use after `useful` has passed, or after `send_before`."""
    at = to_milliseconds(due_at or now)
    owed = {"base_id": message_id, **said}
    if useful is not None:
        owed["send_before"] = at + useful
    return Message(id=message_id, scheduled_at=at, due_at=at, created_at=now, **owed)
