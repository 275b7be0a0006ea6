"""What people rely on, kept in the end: who asked is known to staff, who wrote was heard, and what
a patient must know was said in some way.
"""

from collections.abc import Collection
from itertools import chain

from chalicelib.domain.messaging.message import LEFT, Channel, Message, MessageStatus
from chalicelib.domain.messaging.task import Task
from chalicelib.domain.record import id_from
from chalicelib.messages import floods
from tests.simulation.engine.table import QuickTable
from tests.simulation.invariants.account import CALLED, RETRY
from tests.simulation.invariants.ledger import Ledger, hold, is_echo
from tests.simulation.invariants.noted import end_of
from tests.simulation.world.clinic import CLINIC
from tests.simulation.world.staff import STAFF

URGENT = frozenset({"I have chest pain", "the bleeding won't stop", "can't wake him"})
#: What the provider answers by itself, what needs no answer, what books and is answered by that.
NO_ANSWER = frozenset(
    {"STOP", "CANCEL", "START", "HELP", "please stop texting me", "1", "2", "thanks"}
)
#: A row withdrawn for these was still owed; for any other reason it was not any more.
STILL_OWED = ("opted out", "refused", "there is nobody to write to")
#: How the rows are called that say it otherwise: a mail, a call, a wording to be mended.
OTHERWISE = ("-mail", "-call", "-wording", "-failing")


class Promises:
    """Asked once all faults are over and nothing is due any more."""

    def __init__(self, ledger: Ledger, table: QuickTable) -> None:
        self._ledger = ledger
        self._rows = {row.id: row for row in table.rows(Message)}
        self._tasks = {task.id: task for task in table.rows(Task)}

    def to_who_asked(self, notes: Collection[str]) -> None:
        """Whoever was told that the request was received stands in the table, and staff know."""
        for note in notes:
            id_ = self._ledger.asked.get(note)
            hold(id_ is not None, f"the request {note!r} was acknowledged and is nowhere")
            told_at_once = not self._ledger.requests[id_ or ""].is_told_with_others
            if told_at_once:
                self._staff_were_mailed(f"{id_}.new_request", f"the request {id_}")

    def to_who_wrote(self) -> None:
        """Each has an answer or a person who reads it; for a cry for help all are mailed (R44)."""
        answered = {row.owner_id for row in self._rows.values()}
        for text in chain.from_iterable(self._ledger.said.values()):
            owner = f"TXT-{text.sid}"
            silent = not (
                text.body in NO_ANSWER or is_echo(text.body, CLINIC.sender) or owner in answered
            )
            hold(not silent, f"nothing came of the text {text.body!r} from {text.sender}")
            if text.body not in URGENT:
                continue
            again = f"{owner}.urgent_again" in self._rows
            if not again:
                self._staff_were_mailed(f"{owner}.alarm-0", f"the cry for help {text.sid}")

    def to_staff(self) -> None:
        """What a person must do is a task that everybody was mailed of.

        What tells of many requests is no task, and becomes a mail at once (R68).
        """
        for row in self._rows.values():
            if row.channel is not Channel.TASK or row.status not in LEFT:
                continue
            if row.kind == floods.KIND:
                hold(f"{row.id}-manager" in self._rows, f"{row.id} was sent to nobody")
                continue
            task_id = id_from("TSK", row.id)
            hold(task_id in self._tasks, f"{row.id} was opened and there is no task")
            is_erased = row.facts.deadline_at is None  # and with it whether it was to be mailed
            if row.facts.mailed and not is_erased:
                self._staff_were_mailed(f"{task_id}.task", f"the task of {row.id}")

    def of_alarms(self, refused: int) -> None:
        """However many texts our settings stop, staff hear of it once each time (R33)."""
        alarms = sum(row.kind == "texts_stopped" for row in self._rows.values())
        hold(
            alarms <= refused, f"{alarms} alarms that texts are stopped, which they were {refused}"
        )

    def to_patients(self) -> None:
        """What did not reach the patient is mailed, tried again, or said by a person (R11, F35)."""
        for row in self._rows.values():
            if row.kind not in CALLED or row.channel is Channel.TASK or not was_owed(row):
                continue
            patient = self._ledger.patients[row.patient_id or ""]
            if patient.erased_at is not None:
                continue
            tried = RETRY.search(row.id)
            again = RETRY.sub("", row.id) + f"-r{int(tried[1]) + 1 if tried else 1}"
            first = row.id.removesuffix("-mail")
            instead = {f"{id_}{how}" for id_ in (first, row.id) for how in OTHERWISE} - {row.id}
            said = again in self._rows or any(id_ in self._rows for id_ in instead)
            hold(said, f"{row.id} is {row.status} ({row.reason}), and nobody says it otherwise")

    def _staff_were_mailed(self, about: str, what: str) -> None:
        for staff_id in STAFF:
            row = self._rows.get(f"{about}-{staff_id}")
            hold(row is not None, f"{staff_id} was not mailed of {what}")


def was_owed(row: Message) -> bool:
    """Whether it was to be said and did not get there."""
    if row.void_because is not None or end_of(row).what == "skipped":
        return False
    match row.status:
        case MessageStatus.UNDELIVERED | MessageStatus.FAILED | MessageStatus.EXPIRED:
            return True
        case MessageStatus.SUPPRESSED:
            return True
        case MessageStatus.WITHDRAWN:
            return (row.reason or "").startswith(STILL_OWED)
        case _:
            return False
