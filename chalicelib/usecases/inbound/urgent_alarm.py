"""An urgent text alarms staff before anything else of it is looked at (R44).

Nothing beside the alarm can fail it, and dying after it is harmless: the text is read again.
"""

from datetime import datetime, timedelta

from chalicelib.clinic.staff_directory import staff_now
from chalicelib.domain.change import Change, Is, Operation, Require, Save
from chalicelib.domain.messaging.message import LEFT, WAITING, Message
from chalicelib.domain.messaging.task import Task, TaskStatus
from chalicelib.domain.record import id_from
from chalicelib.messages.factory import mails_to_staff, subject_of
from chalicelib.tolerant_reads import read_each
from chalicelib.transaction import PATIENT, Desk, change_of, decide
from chalicelib.usecases.inbound.context import (
    Heard,
    Incoming,
    as_heard,
    can_be_texted,
    known_rows,
    owner_id_of,
    read_this,
    reply,
)

ALARMS = (0, 10, 20, 40, 80)  # minutes after which an untaken alarm is mailed again (R44)


THEN_EVERY = "60"  # minutes, until somebody takes it


ANSWER = "urgent_answer"


ANSWERED = timedelta(minutes=10)  # the answer leaves within, and then the next one is due (R44)


def alarm_at_once(desk: Desk, incoming: Incoming, at: datetime) -> None:
    """A cry for help alarms staff before what else it means is looked at (R44).

    Heard again, it alarms nobody anew: whatever stands under the text came with the alarm or later.
    """
    if not incoming.reading().urgent:
        return

    def attempt(now: datetime) -> tuple[Change, None]:
        if desk.store.owned(owner_id_of(incoming)):
            return Change(), None
        _, phone = known_rows(desk, incoming)
        heard = as_heard(desk, incoming, phone, frozenset(), at=at, now=now)
        change = change_of(heard.owner_id, "alarmed", PATIENT, now)
        change.include(_alarm(heard))
        change.include(can_be_texted(phone, []))
        change.include(heard.unless_erased())
        return change, None

    decide(desk, attempt)


def _alarm(heard: Heard) -> list[Operation]:
    """The fixed answer, an urgent task, and mails to everybody until somebody takes it (R44).

    More urgent texts of the same hour join the alarm that nobody has taken yet (F59).
    """
    task_id, standing = _last_of_the_hour(heard)
    if standing is not None:
        return _joined(heard, standing)
    task = Task(
        id=task_id,
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
            facts={"every": THEN_EVERY} if minutes == ALARMS[-1] else None,
        )
    ]
    return [Save(task), *reply(heard, ANSWER, within=ANSWERED, alarm=task.id), *mails]


def _last_of_the_hour(heard: Heard) -> tuple[str, Task | None]:
    """The number's alarm that is open, with its id; or None, with the id of the next one.

    Numbered from the hour's first on: two texts at one moment want the same, and one joins.
    """
    this_hour = f"{heard.phone.number} {heard.now:%Y-%m-%dT%H}"
    n = 0
    while True:
        task_id = id_from("TSK", f"{this_hour} {n}" if n else this_hour)
        (known,) = read_each(heard.desk.store, Task.ref(task_id))
        if known is None:
            return task_id, None
        if isinstance(known, Task) and known.status is TaskStatus.OPEN:
            return task_id, known
        n += 1


def _joined(heard: Heard, alarm: Task) -> list[Operation]:
    """The text stands beside the alarm; its sender is answered again, unless just answered."""
    again = read_this(heard, "urgent_again", mailed=False)
    answer = (
        [] if _is_answered(heard, alarm) else reply(heard, ANSWER, within=ANSWERED, alarm=alarm.id)
    )
    if not answer:
        # Whoever takes the alarm at this very moment has not read this text.
        return [again, Require(alarm.key, (Is("status", TaskStatus.OPEN.value),))]
    return [again, Save(alarm.evolve(subject_id=heard.owner_id)), *answer]


def _is_answered(heard: Heard, alarm: Task) -> bool:
    """Whether the last answer still waits to leave, or left a moment ago.

    A machine that answers our answer does so at once, and is not answered again (F59).
    """
    (last,) = read_each(heard.desk.store, Message.ref(f"{alarm.subject_id}.{ANSWER}"))
    if not isinstance(last, Message):
        return False
    is_fresh = heard.now - (last.claimed_at or last.created_at) < ANSWERED
    return last.shown_status in WAITING or (last.status in LEFT and is_fresh)
