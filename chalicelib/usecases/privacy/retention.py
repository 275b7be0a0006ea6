"""Erase words that were kept long enough, at the provider and here (R55). Opt-outs stay."""

from datetime import datetime, timedelta
from typing import TypeVar

from aws_lambda_powertools import Logger

from chalicelib.domain.change import Change, Operation, Patch, Save
from chalicelib.domain.errors import Stale, Unreadable
from chalicelib.domain.messaging.inbound_text import InboundText, ProviderId
from chalicelib.domain.messaging.message import WAITING, Message
from chalicelib.domain.messaging.task import Task
from chalicelib.domain.messaging.transitions import erase_words_patch
from chalicelib.domain.people.patient import Patient
from chalicelib.domain.personal import without_personal_data
from chalicelib.domain.record import Record, erased_later
from chalicelib.domain.visits.request import ConsultationRequest
from chalicelib.ports import OutcomeUnknown, Refused, TextInbox
from chalicelib.transaction import Context
from chalicelib.usecases.privacy.erase import erase_the_rest

R = TypeVar("R", bound=Record)

log = Logger(service="bookend", child=True)

AT_ONCE = 50  # rows in one minute: half as many again as the texts that leave in it
TAKES = timedelta(seconds=15)  # the most that it may take of a tick
RETRY = timedelta(hours=6)  # before a text that the provider would not erase is tried again


def erase_expired(context: Context, inbox: TextInbox) -> int:
    """How many rows lost their words. A failure is tried again later and stops no other row."""
    now = context.clock.now()
    count = 0
    for record in context.store.open("erase", limit=AT_ONCE, until=now):
        if context.clock.now() - now > TAKES:
            break
        try:
            context.store.commit(Change(*_erasing(context, inbox, record, now)))
        except Stale:
            # Somebody changed the row a moment ago; the index names it again.
            log.info("words.changed", extra={"kind": record.KIND})
        except (Refused, OutcomeUnknown, Unreadable) as error:
            log.error("words.not_erased", extra={"kind": record.KIND, "error": str(error)})
            context.store.commit(Change(_put_off(record, now + RETRY)))
            if isinstance(error, OutcomeUnknown):
                break
        else:
            count += 1
    return count


def _erasing(context: Context, inbox: TextInbox, record: Record, now: datetime) -> list[Operation]:
    """What is left to write once the provider, who is asked first, has erased its copy."""
    match record:
        case Patient():
            return [Save(erase_the_rest(context, record, now))]
        case ProviderId():
            return _of_sent(context, inbox, record, now)
        case InboundText():
            inbox.erase(record.sid)
            told = [m for m in context.store.owned(record.key.pk) if isinstance(m, Message)]
            quoting = [
                erase_words_patch(message, now=now)
                for message in told
                if message.facts.detail is not None
            ]
            return [Save(_without_words(record)), *quoting]
        case Task() | ConsultationRequest():
            return [Save(_without_words(record))]
    raise Unreadable(f"a {record.KIND} has no words to erase")


def _without_words(record: R) -> R:
    return without_personal_data(record, by_age=True).evolve(erase_at=None)


def _of_sent(
    context: Context, inbox: TextInbox, held: ProviderId, now: datetime
) -> list[Operation]:
    message = context.store.get(Message.ref(held.message_id))
    if message is not None and message.status in WAITING:
        return [_put_off(held, now + RETRY)]
    inbox.erase(held.sid)
    kept = Save(held.evolve(erase_at=None))
    return [kept] if message is None else [kept, erase_words_patch(message, now=now)]


def _put_off(record: Record, at: datetime) -> Patch:
    return Patch.of(record, erase_at=at, **erased_later(at))
