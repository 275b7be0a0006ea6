"""What must hold of every row once all faults are over and nothing is due any more."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta

from chalicelib.clinic.careplan import CarePlan
from chalicelib.domain.appointment import Appointment
from chalicelib.domain.message import FINAL, LEFT, Channel, Message, MessageStatus
from chalicelib.domain.work import AuditEvent, Task, TaskStatus
from chalicelib.ports import MailFate, ReceivedText
from tests.simulation.clinic import CLINIC
from tests.simulation.judge import SKEW, SLACK
from tests.simulation.ledger import VERSION, Ledger, hold
from tests.simulation.mails import Mailed
from tests.simulation.provider import Taken
from tests.simulation.table import QuickTable

AGAIN = timedelta(minutes=6)  # within this, what was told is told again if nobody took it in
RETRY = re.compile(r"-r(\d+)$")
#: Facts of a row that say nothing of a person.
ABOUT_US = frozenset({"retry", "deadline_at"})
#: What a person must say by telephone when the mail that said it has come back.
CALLED = frozenset({"confirmation", "moved", "cancelled", "preparation", "aftercare", "check_in"})


class Account:
    """Every text and mail is on its row; every row has its end, or says why not."""

    def __init__(self, ledger: Ledger, table: QuickTable, plans: Mapping[str, CarePlan]) -> None:
        self._ledger = ledger
        self._table = table
        self._plans = plans
        self._rows = {row.id: row for row in table.rows(Message)}

    def of_rows(self) -> None:
        """Each has its end, and each step of each visit has a row or says why not."""
        for row in self._rows.values():
            self._has_its_end(row)
        self._every_step_has_a_row()

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
            words = {name: fact for name, fact in row.facts.items() if name not in ABOUT_US}
            silent = not (row.body or row.to or any(words.values()))
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
        stops = mail.fate in (MailFate.BOUNCED, MailFate.UNWANTED)
        if mail.fate is not MailFate.UNWANTED:
            came = row.status is MessageStatus.UNDELIVERED
            hold(came, f"{row.id} is {row.status}, yet its mail came back")
        if row.staff_id is not None:
            days = {moment.astimezone(CLINIC.zone).date() for moment in (at - AGAIN, at + SKEW)}
            tasks = (f"SYS-{day.isoformat()}.staff-mail-{row.staff_id}" for day in days)
            hold(
                any(task in self._rows for task in tasks),
                f"{row.id} did not reach {row.staff_id}, and nobody was told",
            )
            return
        is_erased = self._ledger.patients[row.patient_id or ""].erased_at is not None
        if stops and not is_erased:
            known = (row.patient_id, mail.to) in self._ledger.no_mail
            hold(known, f"{row.id}: mails to {mail.to} go on: {mail.fate}")
        about = row.id.removesuffix("-mail")
        if row.kind in CALLED and row.void_because is None and mail.fate is not MailFate.UNWANTED:
            called = f"{about}-call" in self._rows or f"{row.id}-call" in self._rows
            hold(called, f"{row.id} came back, and nobody calls")

    def _has_its_end(self, row: Message) -> None:
        if row.status in LEFT:
            return
        hold(row.status in FINAL, f"{row.id} is {row.status} for ever, due {row.due_at}")
        hold(bool(row.reason), f"{row.id} is {row.status} without a reason")
        if row.status is MessageStatus.EXPIRED and row.history[-1].what != "skipped":
            at = row.history[-1].at
            last = row.send_before - SLACK
            early = at < last and "quiet hours" not in (row.reason or "")
            hold(not early or "refused" in (row.reason or ""), f"{row.id} expired too early, {at}")
        if row.reason == "opted out" and row.patient_id is not None:
            numbers = self._ledger.numbers[row.patient_id]
            ever = [phone for n in numbers for _, phone in self._ledger.phone_was[n]]
            known = any(phone.opted_out_at is not None for phone in ever)
            hold(known, f"{row.id} withdrawn; nobody opted out")

    def _on_the_timeline(self, text: Taken) -> None:
        row = self._rows.get(text.message_id)
        if row is None:
            hold(False, f"{text.message_id} was sent and has no row")
            return
        if row.sid == text.sid:
            came = text.status != "undelivered" or row.status is MessageStatus.UNDELIVERED
            hold(came, f"{row.id} is {row.status}, yet its text did not arrive")
            return
        unsure = row.status is MessageStatus.FAILED and "nobody knows" in (row.reason or "")
        hold(unsure, f"{row.id} is {row.status} ({row.reason}), yet {text.sid} was accepted")

    def _every_step_has_a_row(self) -> None:
        """Each visit, at each time it was given, owes every step of its plan, or says why not."""
        told: dict[str, str] = defaultdict(str)
        for event in self._table.rows(AuditEvent):
            told[event.owner_id] += event.facts.get("left_out", "")
        after: dict[tuple[str, int], list[Message]] = defaultdict(list)
        for row in self._rows.values():
            found = VERSION.search(row.id)
            if row.kind in ("aftercare", "check_in") and found is not None:
                after[row.owner_id, int(found[1])].append(row)
        for visit_id, states in self._ledger.was.items():
            for version in {visit.version for _, visit in states}:
                of_version = [visit for _, visit in states if visit.version == version]
                decision = "booked" if version == 1 else "moved"
                self._steps_of(of_version[0], decision, told)
                if of_version[-1].status == "fulfilled":
                    self._aftercare_of(of_version[-1], after[visit_id, version])

    def _steps_of(
        self,
        visit: Appointment,
        decision: str,
        told: Mapping[str, str],
    ) -> None:
        in_course = visit.course_id is not None
        for step in self._plans[visit.visit_type].steps:
            if step.anchor.value not in (decision, "start", "end", "discharge"):
                continue
            if in_course and (step.anchor.value == "booked" or step.when):
                continue
            there = f"{visit.id}.v{visit.version}-{step.id}" in self._rows
            hold(
                there or f"no {step.id}:" in told[visit.id],
                f"{visit.id} v{visit.version} has no {step.id}, and nothing says why",
            )

    def _aftercare_of(self, visit: Appointment, rows: list[Message]) -> None:
        """Who was treated gets aftercare once, or the row says why not (R20).

        What was said for an earlier time, which nobody knew to have been missed, does not count.
        """
        left: Counter[str] = Counter()
        for row in rows:
            is_first = RETRY.search(row.id) is None and row.channel is Channel.TEXT
            if is_first and row.status in LEFT:
                left[row.kind] += 1
        for kind, count in left.items():
            hold(count == 1, f"{visit.id} v{visit.version} got {kind} {count} times")
