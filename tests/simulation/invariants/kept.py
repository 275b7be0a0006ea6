"""What must be gone in the end: words kept long enough, here and at the provider (R55)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from chalicelib.domain.messaging.inbound_text import InboundText, ProviderId
from chalicelib.domain.messaging.message import Message
from chalicelib.domain.messaging.task import Task
from chalicelib.domain.visits.request import OPEN, ConsultationRequest
from chalicelib.ports import ReceivedText
from tests.simulation.engine.table import QuickTable
from tests.simulation.invariants.ledger import Ledger, hold
from tests.simulation.world.clinic import KEPT_DAYS
from tests.simulation.world.delivery import Taken

#: Until words are gone: their time, what the provider would not erase at once, the next tick.
GONE_AFTER = timedelta(days=KEPT_DAYS + 2)


class Kept:
    """Asked once all faults are over and nothing is due any more."""

    def __init__(self, ledger: Ledger, table: QuickTable) -> None:
        self._table = table
        self._old = ledger.stage.now - GONE_AFTER

    def of_requests(self) -> None:
        """Reason and note of what was answered; what waits is kept."""
        for request in self._table.rows(ConsultationRequest):
            if request.status not in OPEN and self._is_old(request.decisions[-1].at):
                says = request.note or request.reason != "undisclosed" or request.decline_note
                hold(not says, f"{request.id} still says what its sender wrote")

    def of_rows(self) -> None:
        """Bodies of texts, whichever way they went, and what tasks say."""
        for row in self._table.rows(Message):
            says = row.body or (row.facts.detail is not None and row.owner_id.startswith("TXT-"))
            is_kept = bool(says) and self._is_old(row.history[-1].at)
            hold(not is_kept, f"{row.id} still has its words, {row.status} ({row.reason})")
        for task in self._table.rows(Task):
            is_of_a_person = task.patient_id is not None or task.number is not None
            if is_of_a_person and task.done_at is not None and self._is_old(task.done_at):
                says = task.detail or task.note
                hold(not says, f"{task.id}, {task.what}, still says what it was about")
        for text in self._table.rows(InboundText):
            is_kept = bool(text.body) and self._is_old(text.at)
            hold(not is_kept, f"{text.sid} still has its words")

    def of_provider(self, taken: Sequence[Taken], received: Sequence[ReceivedText]) -> None:
        """Its copies of all that we know to be there."""
        known = {held.sid for held in self._table.rows(ProviderId)}
        for text in taken:
            is_kept = bool(text.body) and self._is_old(text.at) and text.sid in known
            hold(not is_kept, f"the provider still has {text.message_id}")
        for heard in received:
            is_kept = bool(heard.body) and self._is_old(heard.at)
            hold(not is_kept, f"the provider still has {heard.sid} of {heard.sender}")

    def _is_old(self, at: datetime) -> bool:
        return at < self._old
