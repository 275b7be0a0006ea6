"""How messages and tasks are made from one another: pure, and used by decisions and courier."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from chalicelib.domain.messaging.message import Channel, Message
from chalicelib.domain.messaging.subject import Subject
from chalicelib.domain.messaging.task import Task
from chalicelib.domain.people.staff_member import StaffMember
from chalicelib.domain.record import id_from, to_milliseconds
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.domain.visits.request import ConsultationRequest

STANDS_IN = "-mail"  # how the id of a mail ends that was made in a text's place
TASK_USEFUL = timedelta(days=60)  # a task is opened however late the courier comes
STAFF_MAIL_USEFUL = timedelta(days=14)


def subject_of(
    about: Appointment | ConsultationRequest | Task, statuses: tuple[str, ...]
) -> Subject:
    """Owed while the thing has this version and one of these statuses."""
    return Subject(pk=about.key.pk, sk=about.key.sk, version=about.version, statuses=statuses)


def task_message(
    *,
    owner_id: str,
    about: str,
    what: str,
    deadline_at: datetime,
    now: datetime,
    due_at: datetime | None = None,
    patient_id: str | None = None,
    subject: Subject | None = None,
    detail: str = "",
    number: str | None = None,
    page: str | None = None,
    mailed: bool = True,
    urgent: bool = False,
) -> Message:
    """The row that opens a task when it comes due; sending it is committing the Task.

    `page` is the request or visit whose page it leads to, where it is owed whatever becomes of it.
    Without `mailed` it stands on the day sheet and no mail tells of it. An `urgent` one stands
    above all others.
    """
    return Message(
        id=f"{owner_id}.{about}",
        kind=what,
        channel=Channel.TASK,
        patient_id=patient_id,
        subject=subject,
        facts={"detail": detail, "deadline_at": deadline_at.isoformat()}
        | ({} if mailed else {"mailed": "no"})
        | ({"urgent": "yes"} if urgent else {})
        | ({} if number is None else {"number": number})
        | ({} if page is None else {"page": page}),
        priority=1,
        scheduled_at=due_at or now,
        send_before=(due_at or now) + TASK_USEFUL,
        created_at=now,
        due_at=due_at or now,
    )


def task_of(message: Message, *, now: datetime) -> Task:
    """The task that a due row opens. Its id comes from the row, so it is opened once."""
    return Task(
        id=id_from("TSK", message.id),
        what=message.kind,
        detail=message.facts.get("detail", ""),
        patient_id=message.patient_id,
        number=message.facts.get("number"),
        subject_id=message.page_of,
        urgent="urgent" in message.facts,
        opened_at=now,
        deadline_at=datetime.fromisoformat(message.facts["deadline_at"]),
    )


def mails_to_staff(
    owner_id: str,
    kind: str,
    staff: Iterable[StaffMember],
    *,
    now: datetime,
    due_at: datetime | None = None,
    about: str = "",
    patient_id: str | None = None,
    subject: Subject | None = None,
    facts: dict[str, str] | None = None,
) -> list[Message]:
    """One mail to each of them, so that one bad address stops no other (F36)."""
    at = to_milliseconds(due_at or now)
    return [
        Message(
            id=f"{owner_id}.{about or kind}-{member.id}",
            kind=kind,
            channel=Channel.EMAIL,
            patient_id=patient_id,
            staff_id=member.id,
            subject=subject,
            facts=facts or {},
            priority=1,
            scheduled_at=at,
            send_before=at + STAFF_MAIL_USEFUL,
            created_at=now,
            due_at=at,
        )
        for member in staff
    ]
