"""What must hold of the answer to a patient's text when it is written: it is so, and no guess."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from chalicelib.domain.messaging.message import LEFT, Channel, Message
from chalicelib.domain.visits.appointment import Appointment
from tests.simulation.invariants.ledger import Ledger, hold

OUT_FOR = timedelta(minutes=3)  # by then a question has surely been heard of
ASKING = ("confirmation", "moved", "reminder", "ride")
RIDE = ("ride",)  # what an answer about a driver answers, and nothing else

SAYS: Mapping[str, Callable[[Ledger, Message, Appointment], bool]] = {
    "confirmed_thanks": lambda _l, _r, visit: visit.confirmed_at is not None,
    "driver_noted": lambda _l, _r, visit: visit.driver == "yes",
    "driver_missing": lambda ledger, row, visit: (
        visit.driver == "no" and f"{row.owner_id}.ride-{visit.id}" in ledger.messages
    ),
    "reschedule_received": lambda ledger, row, visit: (
        f"{row.owner_id}.move-{visit.id}" in ledger.messages
    ),
}


class Replies:
    """Asked with every message that is new."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def written(self, row: Message) -> None:
        """What the answer to a patient's text says was done was done in the same change (R41).

        Tried again, it is owed only while the visit is as it was then.
        """
        if row.facts.retry:
            return
        meaning = row.kind
        about = " ".join(row.facts.appointments)
        visit = self._ledger.visits.get(about)
        if visit is None or meaning not in SAYS:
            return
        hold(SAYS[meaning](self._ledger, row, visit), f"{row.id} says what is not so of {about}")
        self._not_guessed(row, visit)

    def _not_guessed(self, row: Message, visit: Appointment) -> None:
        """With two questions out, an answer is about neither before it is asked which (R42)."""
        sid = row.owner_id.removeprefix("TXT-")
        patient = self._ledger.patients[visit.patient_id]
        text = next((t for t in self._ledger.said[patient.phone] if t.sid == sid), None)
        if text is None or text.body.isdigit():
            return
        phone = self._ledger.phones[patient.phone]
        out = [
            other.id
            for id_ in phone.patients
            for visit_id in sorted(self._ledger.visits_of[id_])
            for other in [self._ledger.visits[visit_id]]
            if other.id != visit.id and self._waits_for_answer(row, other, text.at - OUT_FOR)
        ]
        was_asked = self._was_asked(row, visit, text.at - OUT_FOR)
        hold(not (out and was_asked), f"{row.id} is about {visit.id}, and {out} was asked as well")

    def _waits_for_answer(self, row: Message, visit: Appointment, at: datetime) -> bool:
        if not visit.is_open or visit.end_at < self._ledger.stage.now:
            return False
        if row.kind == "confirmed_thanks" and visit.confirmed_at is not None:
            return False
        if row.kind.startswith("driver") and visit.driver is not None:
            return False
        return self._was_asked(row, visit, at)

    def _was_asked(self, row: Message, visit: Appointment, at: datetime) -> bool:
        return any(
            message.kind in (RIDE if row.kind.startswith("driver") else ASKING)
            and message.status in LEFT
            and message.channel is Channel.TEXT
            and message.claimed_at is not None
            and message.claimed_at < at
            and self._ledger.changed_at[message.id] < at
            and message.subject is not None
            and message.subject.version == visit.version
            for message in self._ledger.messages_of[visit.id].values()
        )
