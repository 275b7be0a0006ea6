"""Which requests a mail about many requests reports, in their current state."""

from typing import NamedTuple

from chalicelib.domain.messaging.message import Message
from chalicelib.domain.visits.request import ConsultationRequest, RequestStatus
from chalicelib.messages.floods import Span, Stage
from chalicelib.ports import Store

KINDS = ("request", "folded")
LISTED = 200  # references in one mail; the mail says how many more there are


class Waiting(NamedTuple):
    """Requests that have no answer yet."""

    stage: Stage
    many: int
    folded: int  #: how many of them are suspicious, and folded together on the day sheet
    references: tuple[str, ...]  #: the first ones by deadline; at the end of an hour, none


def waiting_of(store: Store, message: Message) -> Waiting | None:
    """The requests that the row must report now; None for any other message.

    At the end of an hour all open requests are counted; otherwise those of the span that are
    reported together: each of the rest has a mail of its own.
    """
    span = Span.of(message)
    if span is None:
        return None
    if span.stage is Stage.NEW:
        counts = [store.count_open(kind) for kind in KINDS]
        return Waiting(span.stage, sum(counts), counts[1], ())
    found = [
        request
        for kind in KINDS
        for request in store.open(kind, since=span.since, until=span.until, limit=None)
        if isinstance(request, ConsultationRequest)
        and request.is_told_with_others
        and request.status is RequestStatus.RECEIVED
    ]
    folded = sum(request.is_folded for request in found)
    listed = tuple(request.id for request in found[:LISTED])
    return Waiting(span.stage, len(found), folded, listed)
