"""What must hold of every row once all faults are over and nothing is due any more."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from chalicelib.domain.messaging.message import FINAL, LEFT, Channel, Message, MessageStatus
from chalicelib.domain.messaging.task import Task, TaskStatus
from chalicelib.domain.messaging.transitions import LOOK_AFTER
from chalicelib.domain.people.patient import ENDED_BY_MAIL
from chalicelib.outbox.outcomes.retry_policy import AFTER_REFUSAL
from chalicelib.ports import MailOutcome, ReceivedText
from tests.simulation.engine.table import QuickTable
from tests.simulation.invariants.judge import SKEW, SLACK
from tests.simulation.invariants.ledger import Ledger, hold
from tests.simulation.invariants.noted import end_of
from tests.simulation.world.clinic import CLINIC
from tests.simulation.world.delivery import EXPIRED, Taken
from tests.simulation.world.mails import Mailed

AGAIN = timedelta(minutes=6)  # within this, what was told is told again if nobody took it in
RETRY = re.compile(r"-r(\d+)$")
#: Facts of a row that say nothing of a person.
ABOUT_US = frozenset({"retry", "deadline_at"})
#: What a person must say by telephone when the mail that said it has come back.
CALLED = frozenset({"confirmation", "moved", "cancelled", "preparation", "aftercare", "check_in"})

LONGEST_WAIT = max(policy.longest for policy in AFTER_REFUSAL.values())


class Account:
    """Every text and mail is on its row; every row has its end, or says why not."""

    def __init__(self, ledger: Ledger, table: QuickTable) -> None:
        self._ledger = ledger
        self._table = table
        self._rows = {row.id: row for row in table.rows(Message)}

    def of_rows(self) -> None:
        """Each has its end, and a reason if it did not leave."""
        for row in self._rows.values():
            self._has_its_end(row)

    def of_texts(self, taken: list[Taken], received: list[ReceivedText]) -> None:
        """Each is on its row, each row tells the truth, and all that came in was heard."""
        for text in taken:
            self._on_the_timeline(text)
        self._was_sent(Channel.TEXT, {text.message_id for text in taken})
        for text_ in received:
            heard = text_.sid in self._ledger.heard
            hold(heard, f"a text {text_.body!r} from {text_.sender} was never heard")

    def of_mails(self, sent: list[Mailed], told: Mapping[str, datetime]) -> None:
        """What a row says was mailed was; and what came back is known where it must be (F36)."""
        self._was_sent(Channel.EMAIL, {mail.message_id for mail in sent})
        for mail in sent:
            if mail.sid in told:
                self._came_back(mail, told[mail.sid])

    def of_erased(self, visits: set[str], taken: list[Taken]) -> None:
        """Of who was erased, no row has a word, neither have the provider and the staff (R55)."""
        gone = {self._ledger.visits[visit_id].patient_id for visit_id in visits}
        theirs = [row for row in self._rows.values() if row.patient_id in gone]
        for row in theirs:
            facts = row.facts.model_dump()
            silent = not (row.body or row.to or any(map(facts.get, facts.keys() - ABOUT_US)))
            hold(silent, f"{row.id} still tells of who was erased")
        for task in self._table.rows(Task):
            if task.patient_id in gone:
                says = task.detail or task.note or task.number
                hold(not says, f"the task {task.id} still tells of who was erased")
                done = task.status is TaskStatus.DONE
                hold(done, f"the task {task.id} waits for somebody who was erased")
        sids = {row.sid for row in theirs}
        for text in taken:
            if text.sid in sids:
                hold(not text.body, f"the provider still has {text.message_id} of who was erased")

    def _was_sent(self, channel: Channel, sent: set[str]) -> None:
        for row in self._rows.values():
            if row.channel is channel and row.status in LEFT:
                hold(row.id in sent, f"{row.id} says {row.status} and was never sent")

    def _came_back(self, mail: Mailed, at: datetime) -> None:
        row = self._rows[mail.message_id]
        if row.sid != mail.sid:
            return  # another mail of this row left later
        stops = mail.outcome in (MailOutcome.BOUNCED, MailOutcome.UNWANTED)
        if mail.outcome is not MailOutcome.UNWANTED:
            came = row.status is MessageStatus.UNDELIVERED
            hold(came, f"{row.id} is {row.status}, yet its mail came back")
        if row.staff_id is not None:
            # It may have been taken in as soon as it was sent, by an act that was killed then.
            moments = (mail.at - SKEW, at - AGAIN, at + SKEW)
            days = {moment.astimezone(CLINIC.zone).date() for moment in moments}
            tasks = (f"SYS-{day.isoformat()}.staff-mail-{row.staff_id}" for day in days)
            hold(
                any(task in self._rows for task in tasks),
                f"{row.id} did not reach {row.staff_id}, and nobody was told",
            )
            return
        patient = self._ledger.patients[row.patient_id or ""]
        if stops and patient.erased_at is None and patient.email == mail.to:
            known = (row.patient_id, mail.to) in self._ledger.no_mail
            hold(known, f"{row.id}: mails to {mail.to} go on: {mail.outcome}")
        about = row.id.removesuffix("-mail")
        is_owed = row.void_because is None and patient.erased_at is None
        if row.kind in CALLED and is_owed and mail.outcome is not MailOutcome.UNWANTED:
            called = f"{about}-call" in self._rows or f"{row.id}-call" in self._rows
            hold(called, f"{row.id} came back, and nobody calls")

    def _has_its_end(self, row: Message) -> None:
        if row.status in LEFT:
            return
        hold(row.status in FINAL, f"{row.id} is {row.status} for ever, due {row.due_at}")
        hold(bool(row.reason), f"{row.id} is {row.status} without a reason")
        if row.status is MessageStatus.EXPIRED and end_of(row).what != "skipped":
            at = end_of(row).at
            last = row.send_before - SLACK
            early = at < last and "quiet hours" not in (row.reason or "")
            # Refused for now, and the next try would have come too late.
            is_last = "refused" in (row.reason or "") and at > last - LONGEST_WAIT
            hold(not early or is_last, f"{row.id} expired too early, {at}: {row.reason}")
        if row.reason == "opted out" and row.patient_id is not None:
            numbers = self._ledger.numbers[row.patient_id]
            ever = [phone for n in numbers for _, phone in self._ledger.phone_was[n]]
            known = any(phone.opted_out_at is not None for phone in ever)
            hold(known, f"{row.id} withdrawn; nobody opted out")
        if row.reason == ENDED_BY_MAIL:
            ended = row.patient_id in self._ledger.ended_texts
            hold(ended, f"{row.id} withdrawn; its patient ended nothing")

    def _on_the_timeline(self, text: Taken) -> None:
        row = self._rows.get(text.message_id)
        if row is None:
            hold(False, f"{text.message_id} was sent and has no row")
            return
        if row.sid == text.sid:
            came = text.status != "undelivered" or row.status is MessageStatus.UNDELIVERED
            # It was given up after the one look-up that it gets, and its receipt was lost (R40).
            later = text.error_code == EXPIRED and text.expires_at > text.called_at + LOOK_AFTER
            hold(came or later, f"{row.id} is {row.status}, yet its text did not arrive")
            return
        unsure = row.status is MessageStatus.FAILED and "nobody knows" in (row.reason or "")
        hold(unsure, f"{row.id} is {row.status} ({row.reason}), yet {text.sid} was accepted")
