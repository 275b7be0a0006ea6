"""What a patient's text says once our own words that came back in it are taken away (R61)."""

from datetime import datetime, timedelta

from chalicelib.domain.messaging.message import Channel, Message
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.record import Record
from chalicelib.domain.visits.appointment import Appointment, Course
from chalicelib.domain.visits.request import ConsultationRequest
from chalicelib.messages.replies.echo import may_hold_ours, without_ours
from chalicelib.tolerant_reads import read_each
from chalicelib.transaction import Context
from chalicelib.usecases.inbound.context import Incoming

REACTED_WITHIN = timedelta(days=60)  # nobody scrolls further back


def without_our_words(context: Context, incoming: Incoming) -> Incoming:
    """The text with what is its writer's own; only a text that may hold ours asks the store."""
    if not may_hold_ours(incoming.body):
        return incoming
    sent = _sent_to(context, incoming.sender, incoming.received_at or context.clock.now())
    words = without_ours(incoming.body, sent, clinic=context.clinic.sender)
    return incoming if words == incoming.body else incoming.model_copy(update={"words": words})


def _sent_to(context: Context, number: str, at: datetime) -> list[str]:
    """The words of every text that went to the number lately, while they are kept."""
    (phone,) = read_each(context.store, Phone.ref(number))
    if not isinstance(phone, Phone):
        return []
    about = [record for id_ in phone.patients for record in context.store.of_patient(id_)]
    things = [r for r in about if isinstance(r, Appointment | ConsultationRequest | Course)]
    owners = {thing.id for thing in things}
    rows = [*about, *(row for owner in sorted(owners) for row in context.store.owned(owner))]
    return list(filter(None, (_body(row, number, at) for row in rows)))


def _body(row: Record, number: str, at: datetime) -> str | None:
    if not isinstance(row, Message) or row.channel is not Channel.TEXT or row.to != number:
        return None
    is_late = row.claimed_at is not None and row.claimed_at >= at - REACTED_WITHIN
    return row.body if is_late else None
