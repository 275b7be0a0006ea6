"""What must have come in the end of every STOP, START and cry for help, and of any other text."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from itertools import pairwise

from chalicelib.domain.messaging.message import Message
from chalicelib.domain.people.phone import Phone
from tests.simulation.engine.table import QuickTable
from tests.simulation.invariants.ledger import RACE, SILENCE, SKEWS, TEXTS_AGAIN, Ledger, hold
from tests.simulation.invariants.promises import URGENT
from tests.simulation.world.clinic import CLINIC
from tests.simulation.world.staff import STAFF

# What was written since then may have been missing from an index when a text was heard, by an
# act that was held up for a while before it wrote.
LAGS = timedelta(minutes=20)
MOST_ASKED = 19  # patients of one phone of whom one asks, beside whoever staff spoke with (F48)
SOON = timedelta(days=14)  # an opt-out this close before a visit (R10)
ANSWERED_FOR = timedelta(hours=1)  # one automatic answer per sender (R63)


class Answers:
    """Asked in the end of everybody who wrote, or told us otherwise to be left alone."""

    def __init__(self, ledger: Ledger, table: QuickTable) -> None:
        self._ledger = ledger
        self._table = table
        self._rows = {row.id: row for row in table.rows(Message)}
        self._told_stop: dict[str, list[datetime]] = defaultdict(list)
        for at, _, number in ledger.told_stop:
            self._told_stop[number].append(at)

    def of_who_wrote(self) -> None:
        """STOP, START and a cry for help had all that must follow."""
        for number, texts in self._ledger.said.items():
            for text in texts:
                heard_at = self._ledger.heard.get(text.sid)
                if heard_at is None:
                    continue
                owner = f"TXT-{text.sid}"
                if text.body in ("STOP", "CANCEL", "please stop texting me"):
                    read = f"{owner}.reply_to_read" in self._rows
                    if not read:
                        self._asked_whether_cancelled(owner, number, text.at, heard_at)
                if text.body in URGENT:
                    self._alarmed(owner, number, heard_at)
            self._may_be_texted_again(number)
        for at, change_id, number in self._ledger.told_stop:
            if change_id in self._ledger.told_to_the_end:
                self._asked_whether_cancelled(change_id, number, at - SKEWS, at)
        for at, change_id, patient_id in self._ledger.ended_own:
            if change_id in self._ledger.told_to_the_end:
                self._asked_of(change_id, patient_id, at - SKEWS, at)
                self._owner_asked(change_id, patient_id, at)
        for number, phone in self._ledger.phones.items():
            # No text has a link here, so every page was opened by one that was mailed (F96).
            hold(phone.opted_out_means != "page", f"{number} was opted out by a mailed link (R9)")
        self._answered_seldom()

    def _asked_whether_cancelled(
        self, owner: str, number: str, said_at: datetime, at: datetime
    ) -> None:
        """Who opts out shortly before a visit may have meant to cancel it (R10); once a day."""
        phone = self._ledger.phone_at(number, at)
        for patient_id in phone.patients[:MOST_ASKED] if phone is not None else ():
            if self._ledger.patients[patient_id].phone == number:
                self._asked_of(owner, patient_id, said_at, at)

    def _asked_of(self, owner: str, patient_id: str, said_at: datetime, at: datetime) -> None:
        if self._ledger.patients[patient_id].erased_at is not None:
            return
        visits, days = self._ledger.visits_of[patient_id], _days(said_at - SKEWS, at + SKEWS)
        asked = any(f"{id_}.opted-out-{on}" in self._rows for id_ in visits for on in days)
        soon = [id_ for id_ in visits if self._is_soon(id_, said_at, at)]
        hold(asked or not soon, f"{owner} opted out before {soon}, and nobody asks why (R10)")

    def _owner_asked(self, owner: str, patient_id: str, at: datetime) -> None:
        """Where others certainly get texts at the number, its owner is asked (R9)."""
        ledger = self._ledger
        if ledger.patients[patient_id].erased_at is not None:
            return
        days = _days(at - SKEWS, at + SKEWS)
        asked = any(f"{patient_id}.owner-meant-{on}" in self._rows for on in days)
        for number in ledger.numbers[patient_id]:
            known = [ledger.phone_at(number, when) for when in (at - SKEWS, at, at + SKEWS)]
            if any(phone is None or not phone.may_be_texted for phone in known):
                continue
            others = {
                id_
                for phone in known[:1]
                if phone is not None and patient_id in phone.patients
                for id_ in phone.patients
                if id_ != patient_id
                and ledger.numbers[id_] == {number}
                and id_ not in ledger.without_consent | ledger.ended_texts
            }
            hold(asked or not others, f"{owner}: {others} get texts too, and nobody asks (R9)")

    def _is_soon(self, visit_id: str, said_at: datetime, at: datetime) -> bool:
        """Whether this visit was certainly known to be coming soon."""
        visit = self._ledger.visit_at(visit_id, at - SKEWS)
        if visit is None or visit != self._ledger.visit_at(visit_id, at + SKEWS):
            return False
        if any(at - LAGS < known_at < at for known_at, _ in self._ledger.was[visit_id]):
            return False  # an index may lack it, or show it as it was
        return visit.is_open and at + SKEWS < visit.start_at < said_at + SOON - SKEWS

    def _alarmed(self, owner: str, number: str, heard_at: datetime) -> None:
        """The fixed answer goes out, and the alarm is repeated until somebody takes it (R44)."""
        phone = self._ledger.phone_at(number, heard_at)
        patients = phone.patients if phone is not None else ()
        is_known = any(self._ledger.patients[id_].phone == number for id_ in patients)
        alarms = [
            id_ for id_ in self._ledger.messages_of[owner] if id_.startswith(f"{owner}.alarm-")
        ]
        if not alarms:
            return  # it joins an alarm that stands
        answered = f"{owner}.urgent_answer" in self._rows
        hold(answered or not is_known, f"{owner} has no answer (R44)")
        answer = self._rows.get(f"{owner}.urgent_answer")
        hushed = answer is not None and answer.reason in ("opted out", "no consent to texts")
        hold(not hushed, f"{owner} was not answered: {answer and answer.reason} (R44)")
        hold(len(alarms) > len(STAFF), f"the alarm of {owner} is not repeated (R44)")

    def _may_be_texted_again(self, number: str) -> None:
        """Whose last word was START is not opted out, unless somebody told us so later (R7)."""
        words = [
            text
            for text in sorted(self._ledger.said[number], key=lambda text: text.at)
            if text.body in SILENCE | TEXTS_AGAIN
        ]
        if len(words) < 1 or words[-1].body not in TEXTS_AGAIN or words[-1].sid == "resumed":
            return
        started_at = words[-1].at - RACE
        told = self._told_stop[number]
        others = any(at > started_at for at in [*told, *(text.at for text in words[:-1])])
        phone = self._table.get(Phone.ref(number))
        off = phone is not None and phone.opted_out_at is not None
        hold(others or not off, f"{number} texted START at {words[-1].at}, and is still opted out")

    def _answered_seldom(self) -> None:
        at_by_number: dict[str, list[datetime]] = defaultdict(list)
        for texts in self._ledger.said.values():
            for text in texts:
                row = self._rows.get(f"TXT-{text.sid}.automatic_answer")
                if row is not None:
                    at_by_number[text.sender].append(row.created_at)
        for number, times in at_by_number.items():
            ordered = sorted(times)
            for one, other in pairwise(ordered):
                seldom = other - one > ANSWERED_FOR - SKEWS
                hold(seldom, f"{number} was answered automatically at {one} and {other} (R43)")


def _days(since: datetime, until: datetime) -> list[date]:
    """The clinic's days from one moment to another."""
    first, last = (at.astimezone(CLINIC.zone).date() for at in (since, until))
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
