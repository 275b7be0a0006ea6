"""A digit that answers an offer of times: the time is taken at once, or what is left is said."""

from datetime import datetime
from typing import NamedTuple

from chalicelib.domain.change import Operation, Save
from chalicelib.domain.errors import AlreadyDecided, Invalid, NotFound, SlotTaken
from chalicelib.domain.messaging.facts import Facts
from chalicelib.domain.messaging.message import LEFT, Message, MessageStatus
from chalicelib.domain.messaging.task import TaskKind
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.record import written
from chalicelib.domain.visits.request import ConsultationRequest, RequestStatus
from chalicelib.tolerant_reads import read_each
from chalicelib.transaction import Context
from chalicelib.usecases.inbound.context import InboundContext, is_before, read_this, reply
from chalicelib.usecases.visits.offers import choose

OUT = LEFT | {MessageStatus.SENDING}  # of the offer's text: it may have been read
OFFER = "offer"  # how a digit's meaning begins on the phone's row, when it stands for a time


class Choice(NamedTuple):
    """What came of a digit: booked, or gone with the times that are left."""

    request_id: str
    is_booked: bool
    left: tuple[datetime, ...] = ()


def take_offer(
    context: Context, phone: Phone, number: int, *, said_at: datetime | None = None
) -> Choice | None:
    """The offered time of that number is booked; None when no offer can be meant."""
    meant = _meant(context, phone, number, said_at)
    if meant is None:
        return None
    request_id, start_at = meant
    try:
        choose(context, request_id=request_id, start_at=start_at)
    except SlotTaken as taken:
        return Choice(request_id, False, taken.free)
    except (AlreadyDecided, Invalid, NotFound):
        return None
    return Choice(request_id, True)


def chosen(inbound: InboundContext, choice: Choice) -> list[Operation]:
    """The booking confirms itself; a time that was gone is answered with those left."""
    numbered = {
        str(n): f"{OFFER} {choice.request_id} {written(at)}" for n, at in enumerate(choice.left, 1)
    }
    remembered: Operation = Save(inbound.phone.evolve(choosing=numbered, asked_at=inbound.now))
    if choice.is_booked:
        return [remembered]
    if not choice.left:
        return [
            remembered,
            read_this(inbound, TaskKind.REPLY_TO_READ),
            *reply(inbound, "choices_gone"),
        ]
    return [remembered, *reply(inbound, "choice_gone", facts=Facts(starts=choice.left))]


def _meant(
    context: Context, phone: Phone, number: int, said_at: datetime | None
) -> tuple[str, datetime] | None:
    """What the digit stands for: as we last numbered it, else in the order of the offer.

    A digit that was sent before we asked answers another question (R60).
    """
    if is_before(said_at, phone.asked_at):
        return None
    if phone.choosing:
        kind, _, rest = phone.choosing.get(str(number), "").partition(" ")
        request_id, _, start = rest.partition(" ")
        return (request_id, datetime.fromisoformat(start)) if kind == OFFER else None
    offered = [
        record
        for patient_id in phone.patients
        for record in context.store.of_patient(patient_id)
        if isinstance(record, ConsultationRequest) and record.status is RequestStatus.PROPOSED
    ]
    if len(offered) != 1:
        return None
    # As it is now: an index may show an older offer, and a newer one may not have left yet.
    request = context.store.get(ConsultationRequest.ref(offered[0].id))
    if request is None or not 1 <= number <= len(request.offers):
        return None
    (asked,) = read_each(context.store, Message.ref(f"{request.id}.v{request.version}-proposed"))
    if not isinstance(asked, Message) or asked.status not in OUT:
        return None
    if is_before(said_at, asked.claimed_at):
        return None
    return request.id, request.offers[number - 1].start_at
