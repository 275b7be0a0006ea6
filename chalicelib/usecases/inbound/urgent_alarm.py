"""An urgent text alarms staff before anything else of it is looked at (R44).

Nothing beside the alarm can fail it, and dying after it is harmless: the text is read again.
"""

from datetime import datetime, timedelta

from chalicelib.clinic.staff_directory import staff_now
from chalicelib.domain.change import Change, Operation, Require, Save
from chalicelib.domain.messaging.facts import Facts
from chalicelib.domain.messaging.message import LEFT, WAITING, Message
from chalicelib.domain.messaging.task import RULES, Task, TaskKind, TaskStatus, deadline_of
from chalicelib.domain.record import id_from
from chalicelib.messages.factory import About, mails_to_staff, subject_of
from chalicelib.tolerant_reads import read_each
from chalicelib.transaction import PATIENT, Context, change_of, run_in_transaction
from chalicelib.usecases.inbound.context import (
    InboundContext,
    Incoming,
    can_be_texted,
    inbound_context,
    known_rows,
    owner_id_of,
    read_this,
    reply,
)

ALARMS = (0, 10, 20, 40, 80)  # minutes after which an untaken alarm is mailed again (R44)
THEN_EVERY = 60  # minutes, until somebody takes it
ANSWER = "urgent_answer"
ANSWERED = timedelta(minutes=10)  # the answer leaves within, and then the next one is due (R44)


def raise_alarm(context: Context, incoming: Incoming, at: datetime) -> None:
    """A cry for help alarms staff before what else it means is looked at (R44).

    Heard again, it alarms nobody anew: whatever stands under the text came with the alarm or later.
    """
    if not incoming.reading().urgent:
        return

    def attempt(now: datetime) -> tuple[Change, None]:
        if context.store.owned(owner_id_of(incoming)):
            return Change(), None
        _, phone = known_rows(context, incoming)
        inbound = inbound_context(context, incoming, phone, frozenset(), at=at, now=now)
        change = change_of(inbound.owner_id, "alarmed", PATIENT, now)
        change.include(_alarm(inbound))
        change.include(can_be_texted(phone, []))
        change.include(inbound.unless_erased())
        return change, None

    run_in_transaction(context, attempt)


def _alarm(inbound: InboundContext) -> list[Operation]:
    """The fixed answer, an urgent task, and mails to everybody until somebody takes it (R44).

    More urgent texts of the same hour join the alarm that nobody has taken yet (F59).
    """
    task_id, standing = _last_of_the_hour(inbound)
    if standing is not None:
        return _joined(inbound, standing)
    task = Task(
        id=task_id,
        what=TaskKind.URGENT_TEXT.value,
        detail=inbound.body,
        patient_id=inbound.sender_id,
        number=inbound.phone.number,
        subject_id=inbound.owner_id,
        urgent=RULES[TaskKind.URGENT_TEXT].is_urgent,
        opened_at=inbound.now,
        deadline_at=deadline_of(TaskKind.URGENT_TEXT, now=inbound.now),
    )
    everybody = staff_now(inbound.context.store, inbound.context.clinic, inbound.now)
    mails = [
        Save(mail)
        for minutes in ALARMS
        for mail in mails_to_staff(
            "urgent_alarm",
            f"{inbound.owner_id}.alarm-{minutes}",
            everybody,
            About(task.patient_id, subject_of(task, ("open",))),
            now=inbound.now,
            due_at=inbound.now + timedelta(minutes=minutes),
            facts=Facts(every=THEN_EVERY if minutes == ALARMS[-1] else None),
        )
    ]
    return [
        Save(task),
        *reply(inbound, ANSWER, within=ANSWERED, facts=Facts(alarm=task.id)),
        *mails,
    ]


def _last_of_the_hour(inbound: InboundContext) -> tuple[str, Task | None]:
    """The number's alarm that is open, with its id; or None, with the id of the next one.

    Numbered from the hour's first on: two texts at one moment want the same, and one joins.
    """
    this_hour = f"{inbound.phone.number} {inbound.now:%Y-%m-%dT%H}"
    n = 0
    while True:
        task_id = id_from("TSK", f"{this_hour} {n}" if n else this_hour)
        (known,) = read_each(inbound.context.store, Task.ref(task_id))
        if known is None:
            return task_id, None
        if isinstance(known, Task) and known.status is TaskStatus.OPEN:
            return task_id, known
        n += 1


def _joined(inbound: InboundContext, alarm: Task) -> list[Operation]:
    """The text stands beside the alarm; its sender is answered again, unless just answered."""
    again = read_this(inbound, TaskKind.URGENT_AGAIN)
    answer = (
        []
        if _is_answered(inbound, alarm)
        else reply(inbound, ANSWER, within=ANSWERED, facts=Facts(alarm=alarm.id))
    )
    if not answer:
        # Whoever takes the alarm at this very moment has not read this text.
        return [again, Require.of(alarm, *alarm.as_read("status"))]
    return [again, Save(alarm.evolve(subject_id=inbound.owner_id)), *answer]


def _is_answered(inbound: InboundContext, alarm: Task) -> bool:
    """Whether the last answer still waits to leave, or left a moment ago.

    A machine that answers our answer does so at once, and is not answered again (F59).
    """
    (last,) = read_each(inbound.context.store, Message.ref(f"{alarm.subject_id}.{ANSWER}"))
    if not isinstance(last, Message):
        return False
    is_fresh = inbound.now - (last.claimed_at or last.created_at) < ANSWERED
    return last.shown_status in WAITING or (last.status in LEFT and is_fresh)
