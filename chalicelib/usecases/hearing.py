"""A text as it was heard, and the three things that may follow any: an answer, a task, an alarm."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.clinic.staff import staff_now
from chalicelib.domain.change import Operation, Save
from chalicelib.domain.owed import mails_to_staff, subject_of, task_message
from chalicelib.domain.people import Patient, Phone, TextConsent
from chalicelib.domain.record import id_from
from chalicelib.domain.work import Task, TaskStatus
from chalicelib.messages.replies import Reading
from chalicelib.usecases.deciding import Desk
from chalicelib.usecases.owing import note_to_patient

READ_WITHIN = timedelta(hours=4)  # a reply is read by then
ALARMS = (0, 10, 20, 40, 80)  # minutes after which an untaken alarm is mailed again (R44)


@dataclass(frozen=True, kw_only=True)
class Heard:
    """A text, whom it may be from, and what it was understood as."""

    desk: Desk
    owner_id: str
    phone: Phone
    patients: list[Patient]
    reading: Reading
    body: str
    quiet: bool  #: the provider has answered this word itself
    now: datetime
    at: datetime  #: when it reached our number: before `now` if the webhook missed it (R60)

    def reader(self, about: str | None = None) -> Patient | None:
        """Whom an answer is for: the patient it is about, if they agreed to texts; else who did.

        Who gave the number first does not matter: anyone can type anyone's number into a form.
        """
        agreed = [p for p in self.patients if p.text_consent is not TextConsent.NONE]
        meant = [p for p in agreed if p.id == about]
        return next(iter(meant or agreed or self.patients), None)

    @property
    def sender_id(self) -> str | None:
        """The patient who wrote, when there can be no doubt who of the phone it was."""
        return self.patients[0].id if len(self.patients) == 1 else None


def reply(heard: Heard, kind: str, about: str | None = None, **facts: str) -> list[Operation]:
    """One text back, to a known patient alone: an unknown number learns nothing (R45)."""
    reader = heard.reader(about)
    if reader is None:
        return []
    return [
        Save(
            note_to_patient(
                heard.owner_id,
                kind,
                kind,
                patient_id=reader.id,
                now=heard.now,
                facts=facts,
                answers_person=True,
                # A table that was restored may have forgotten an answer, so a late one is looked
                # up before it leaves (F71).
                due_at=heard.at,
            )
        )
    ]


def is_before(said_at: datetime | None, asked_at: datetime | None) -> bool:
    """Whether it was said in an earlier second; a provider's times have whole seconds."""
    if said_at is None or asked_at is None:
        return False
    return said_at < asked_at.replace(microsecond=0)


def read_this(heard: Heard, what: str, *, mailed: bool = True) -> Operation:
    """A person reads the text and does what it needs."""
    return Save(
        task_message(
            owner_id=heard.owner_id,
            about=what,
            what=what,
            patient_id=heard.sender_id,
            number=heard.phone.number,
            detail=heard.body,
            deadline_at=heard.now + READ_WITHIN,
            now=heard.now,
            mailed=mailed,
        )
    )


def alarm(heard: Heard) -> list[Operation]:
    """The fixed answer, an urgent task, and mails to everybody until somebody takes it (R44).

    More urgent texts of the same hour join an alarm that nobody has taken yet (F59).
    """
    this_hour = f"{heard.phone.number} {heard.now:%Y-%m-%dT%H}"
    standing = heard.desk.store.get(Task.ref(id_from("TSK", this_hour)))
    if standing is not None and standing.status is TaskStatus.OPEN:
        return [read_this(heard, "urgent_again", mailed=False)]
    task = Task(
        id=id_from("TSK", this_hour if standing is None else heard.owner_id),
        what="urgent_text",
        detail=heard.body,
        patient_id=heard.sender_id,
        number=heard.phone.number,
        subject_id=heard.owner_id,
        urgent=True,
        opened_at=heard.now,
        deadline_at=heard.now,
    )
    everybody = staff_now(heard.desk.store, heard.desk.clinic, heard.now)
    mails = [
        Save(mail)
        for minutes in ALARMS
        for mail in mails_to_staff(
            heard.owner_id,
            "urgent_alarm",
            everybody,
            about=f"alarm-{minutes}",
            now=heard.now,
            due_at=heard.now + timedelta(minutes=minutes),
            patient_id=task.patient_id,
            subject=subject_of(task, ("open",)),
        )
    ]
    return [Save(task), *reply(heard, "urgent_answer"), *mails]
