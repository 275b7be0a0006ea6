"""What follows when the provider refuses a message, or when it cannot be said at all."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from aws_lambda_powertools import Logger

from chalicelib.domain.change import Change, Is, Operation, Patch, Save, as_stored
from chalicelib.domain.errors import Stale
from chalicelib.domain.messaging.message import Channel, Exemption, Message, MessageStatus
from chalicelib.domain.messaging.task import Task, TaskStatus
from chalicelib.domain.messaging.transitions import again, ended, held
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.randomness import source
from chalicelib.messages.factory import task_message
from chalicelib.messages.render import CannotSay
from chalicelib.outbox.circuit_breaker import PROBE_EVERY, probed, stopped
from chalicelib.outbox.context import Office, Situation
from chalicelib.outbox.outcomes.fallback import TASK_BY_KIND, instead_of, visit_call_by
from chalicelib.outbox.outcomes.staff_alerts import staff_unreachable, texts_refused
from chalicelib.ports import Fate, Refused

log = Logger(service="bookend", child=True)

FEW = 3  # tries in all for what may pass by itself (R33: twice again)
BACKOFF = timedelta(seconds=30)
BACKOFF_MOST = timedelta(minutes=30)
DOUBLINGS = 6  # the next one passes the most
MEND_WITHIN = timedelta(hours=4)

# How a fate that ends the message is written down.
END_BY_FATE: Mapping[Fate, MessageStatus] = {
    Fate.NEVER: MessageStatus.FAILED,
    Fate.A_FEW_TIMES: MessageStatus.FAILED,
    Fate.NUMBER_BAD: MessageStatus.FAILED,
    Fate.OPTED_OUT: MessageStatus.WITHDRAWN,
    Fate.EXPIRED: MessageStatus.EXPIRED,
}


def refused(office: Office, seen: Situation, taken: Message, error: Refused) -> None:
    """Nothing left, for certain: the row waits for another try or ends, by the error's fate."""
    now = office.clock.now()
    consequences = _consequences(office, seen, taken, error, now)
    try:
        office.commit(_put_back(office, seen, taken, error, now, consequences), now)
    except Stale:
        # Another courier has written the same consequences a moment ago, or a START has come.
        office.commit(_put_back(office, seen, taken, error, now, []), now)
    told = {"message_id": taken.id, "code": error.code, "fate": error.fate.value}
    if taken.channel is Channel.EMAIL and error.fate is not Fate.LATER:
        log.error("mail.refused", extra=told)
    else:
        log.warning("message.refused", extra=told)


def _put_back(
    office: Office,
    seen: Situation,
    taken: Message,
    error: Refused,
    now: datetime,
    also: list[Operation],
) -> Change:
    change = Change()
    change.include(also)
    retry_at = _retry_at(taken, error.fate, now)
    if retry_at is not None and retry_at < taken.send_before:
        why = f"refused for now: {error.code or error.fate.value}"
        change.include([again(taken, due_at=retry_at, why=why, now=now, code=error.code)])
    else:
        status = END_BY_FATE.get(error.fate, MessageStatus.EXPIRED)
        why = f"refused: {error.code or error.fate.value}"
        change.include([ended(taken, status, why=why, now=now, code=error.code)])
        change.include(instead_of(office, seen))
        change.include(told_of(office, taken, error.fate, error.code, now))
    return change


def told_of(
    office: Office, message: Message, fate: Fate, code: int | None, now: datetime
) -> list[Operation]:
    """Staff hear of what is refused for good and that nobody says otherwise (R33, F36)."""
    if fate is not Fate.NEVER:
        return []
    if message.staff_id is not None:
        return staff_unreachable(office, message.staff_id, "are refused by the mail service", now)
    if message.channel is Channel.TEXT and message.kind not in TASK_BY_KIND:
        return texts_refused(office, code, now)
    return []


def look_up_refused(office: Office, seen: Situation, error: Refused) -> None:
    """Nothing may be sent before it was looked up; our own settings stop all texts as usual."""
    now, is_ours = seen.now, error.fate is Fate.CONFIGURATION
    why = f"not looked up yet: {error.code or error.fate.value}"
    patch = held(seen.message, until=now + PROBE_EVERY, why=why, now=now)
    change = Change() if patch is None else Change(patch)
    if is_ours and seen.standing_stop is not None:
        change.include([probed(seen.standing_stop, now)])
    elif is_ours:
        change.include(stopped(seen.stop, error.code, now))
    office.commit(change, now)


def number_marked(
    message: Message, fate: Fate, code: int | None, now: datetime, phone: Phone | None
) -> list[Operation]:
    """The number is known to be bad, or blocked at the provider, and a person hears of it (R12).

    `phone` is the row as it was read: a START that came meanwhile is the last word (R7).
    """
    if fate not in _MARKS or message.to is None:
        return []
    blocked = _answer_blocked(message) if fate is Fate.OPTED_OUT else []
    is_known = phone is not None and phone.opted_out_at is not None
    if fate is Fate.OPTED_OUT and is_known and Exemption.OPT_OUT in message.exempt_from:
        return blocked
    task, marks = _MARKS[fate](code, now)
    base: dict[str, object] = {"record": Phone.KIND, "number": message.to}
    when: tuple[Is, ...] = ()
    if fate is Fate.OPTED_OUT and phone is not None and phone.number == message.to:
        when = phone.as_read("opted_in_at")
    return [
        *blocked,
        Patch(Phone.ref(message.to).key, set=as_stored(base | marks), when=when),
        Save(
            task_message(
                owner_id=message.owner_id,
                about=f"{message.id.partition('.')[2]}-number",
                what=task,
                patient_id=message.patient_id,
                deadline_at=now + MEND_WITHIN,
                now=now,
            )
        ),
    ]


def _answer_blocked(message: Message) -> list[Operation]:
    """Whoever takes the alarm must know that nobody has answered its sender (R44)."""
    if "alarm" not in message.facts:
        return []
    alarm = Task.ref(message.facts["alarm"]).key
    note = "The provider blocks this number: our answer did not reach them."
    return [Patch(alarm, set={"note": note}, when=(Is("status", TaskStatus.OPEN.value),))]


_MARKS: Mapping[Fate, Callable[[int | None, datetime], tuple[str, dict[str, object]]]] = {
    Fate.NUMBER_BAD: lambda code, _now: (
        "number_bad",
        {"bad_because": f"this number cannot be texted ({code})"},
    ),
    Fate.OPTED_OUT: lambda _code, now: (
        "blocked_by_provider",
        {"opted_out_at": now, "opted_out_means": "provider"},
    ),
}


def not_sayable(office: Office, seen: Situation, error: CannotSay) -> None:
    """Never a text with a hole in it: nothing is sent and staff are told (R22, F24)."""
    message = seen.message
    change = Change(ended(message, MessageStatus.FAILED, why=str(error), now=seen.now))
    change.include(
        [
            Save(
                task_message(
                    owner_id=message.owner_id,
                    about=f"{message.id.partition('.')[2]}-wording",
                    what="cannot_say",
                    patient_id=message.patient_id,
                    deadline_at=visit_call_by(office, seen) or seen.now + MEND_WITHIN,
                    now=seen.now,
                )
            )
        ]
    )
    office.commit(change, seen.now)
    log.error("message.not_sayable", extra={"message_id": message.id, "why": str(error)})


def _retry_at(taken: Message, fate: Fate, now: datetime) -> datetime | None:
    match fate:
        case Fate.CONFIGURATION:
            return now + PROBE_EVERY
        case Fate.LATER:
            return now + _backoff(taken.attempt)
        case Fate.A_FEW_TIMES if taken.attempt < FEW:
            return now + _backoff(taken.attempt)
        case _:
            return None


def _backoff(attempt: int) -> timedelta:
    """Exponential with full jitter, so that what failed together does not come back together."""
    most: timedelta = min(BACKOFF * 2 ** min(attempt - 1, DOUBLINGS), BACKOFF_MOST)
    return timedelta(seconds=5) + most * source().random()


def _consequences(
    office: Office, seen: Situation, taken: Message, error: Refused, now: datetime
) -> list[Operation]:
    if taken.channel is not Channel.TEXT:
        return []
    if error.fate is not Fate.CONFIGURATION:
        return number_marked(taken, error.fate, error.code, now, seen.phone)
    return stopped(seen.stop, error.code, now)
