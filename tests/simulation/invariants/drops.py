"""What must hold in the end of each message that did not go: rightly so, and said otherwise."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from chalicelib.adapters.twilio.codes import failure_class_of
from chalicelib.clinic.careplan.plan import CarePlan
from chalicelib.clinic.profile import Clinic
from chalicelib.domain.messaging.message import Channel, Message, MessageStatus
from chalicelib.domain.people.patient import Patient
from chalicelib.domain.system import CircuitBreaker
from chalicelib.ports import FailureClass
from tests.simulation.engine.table import QuickTable
from tests.simulation.invariants.account import CALLED, RETRY
from tests.simulation.invariants.decisions import is_of
from tests.simulation.invariants.judge import SLACK
from tests.simulation.invariants.ledger import RACE, SKEWS, Ledger, hold
from tests.simulation.invariants.noted import end_of
from tests.simulation.invariants.promises import OTHERWISE, was_owed
from tests.simulation.invariants.rights import class_of
from tests.simulation.world.provider import Provider

MOST_RETRIES = 2  # of a text that did not arrive (R33)
ALARMED_AFTER = 3  # refusals of our settings: one courier may be killed before it says so
UNSURE = ("nobody knows", "it never left")
SAID = CALLED | {"proposed", "declined", "course_overview"}
ENOUGH = "enough texts for one"


class Drops:
    """Asked in the end of every row, and of the stop of all texts."""

    def __init__(
        self, ledger: Ledger, table: QuickTable, clinic: Clinic, plans: Mapping[str, CarePlan]
    ) -> None:
        self._ledger = ledger
        self._table = table
        self._clinic = clinic
        self._plans = plans
        self._rows = {row.id: row for row in table.rows(Message)}
        #: By number, when each text that counts was first claimed, and by its reader's calendar.
        self._counted: dict[str, list[tuple[datetime, date]]] = defaultdict(list)
        for claims in ledger.claims.values():
            message, at = claims[0].message, claims[0].at
            if message.channel is Channel.TEXT and not message.facts.retry:
                on = at.astimezone(self._zone(claims[0].patient)).date()
                self._counted[message.to or ""].append((at, on))

    def of_rows(self) -> None:
        """No row gives up early, is dropped without need, or is tried without end."""
        for row in self._rows.values():
            tried = RETRY.search(row.id)
            if tried is not None and int(tried[1]) > MOST_RETRIES:
                before = RETRY.sub("", row.id) + f"-r{int(tried[1]) - 1}"
                is_ours = (
                    failure_class_of(self._rows[before].error_code) is FailureClass.CONFIGURATION
                )
                hold(is_ours, f"{row.id}: too many (R33)")
            reason = row.reason or ""
            if row.status is MessageStatus.FAILED and reason.startswith(UNSURE):
                late = end_of(row).at > row.send_before - SLACK
                hold(late, f"{row.id} was given up before {row.send_before}")
            if row.status is MessageStatus.SUPPRESSED:
                self._rightly_suppressed(row)
            if row.channel is Channel.TEXT and row.kind in SAID and was_owed(row):
                self._said_otherwise(row)
            if row.channel is Channel.TEXT:
                self._number_marked(row)

    def of_stop(self, provider: Provider) -> None:
        """Texts that our settings stopped go again after the first that was accepted (R33)."""
        stop = self._table.get(CircuitBreaker.ref())
        if stop is not None and stop.is_open:
            since = [
                text
                for text in provider.taken
                if text.called_at > stop.since + RACE
                and (text.status == "delivered" or not stop.by_receipt)
            ]
            hold(len(since) < 2, f"texts are stopped since {stop.since}, yet {len(since)} left")
        alarms = sum(row.kind == "texts_stopped" for row in self._rows.values())
        told = alarms > 0 or len(provider.misconfigured_at) < ALARMED_AFTER
        hold(told, "our settings were refused, and nobody was told")

    def _rightly_suppressed(self, row: Message) -> None:
        reason, at = row.reason or "", end_of(row).at
        if reason.startswith("no consent"):
            never = row.patient_id in self._ledger.without_consent
            hold(never, f"{row.id} was suppressed: {reason}; yet there is one")
        if not reason.startswith(ENOUGH):
            return
        visit = next(
            (v for _, v in self._ledger.was[row.owner_id] if is_of(row.id, v)),
            None,
        )
        step = self._plans[visit.visit_type].find(row.step) if visit and row.step else None
        right = class_of(row, visit, step, self._clinic.zone)
        hold(right > 1, f"{row.id} is of class 1 and was dropped (R19)")
        patient = self._ledger.patients[row.patient_id or ""]
        is_day, today = reason.endswith("day"), at.astimezone(self._zone(patient)).date()
        oldest = today if is_day else today - timedelta(days=6)
        # Who shares a phone may live by another clock: each text counts for its own reader's day.
        count = sum(
            oldest <= on <= today and claimed_at < at + SKEWS
            for number in self._ledger.numbers[row.patient_id or ""]
            for claimed_at, on in self._counted[number]
        )
        caps = self._clinic.caps
        most = (caps.per_day if is_day else caps.per_week) - (right - 2)
        hold(count >= most, f"{row.id} was dropped after {count} texts: {reason} (R19)")

    def _said_otherwise(self, row: Message) -> None:
        """By mail where there is an address, by a call as well where a mail is too slow (R11)."""
        patient_id = row.patient_id or ""
        if self._ledger.is_erased(patient_id):
            return
        tried = RETRY.search(row.id)
        again = RETRY.sub("", row.id) + f"-r{int(tried[1]) + 1 if tried else 1}"
        if again in self._rows or any(f"{row.id}{how}" in self._rows for how in OTHERWISE[2:]):
            return
        mailed, called = f"{row.id}-mail" in self._rows, f"{row.id}-call" in self._rows
        hold(mailed or called, f"{row.id} is {row.status} ({row.reason}); nobody says it otherwise")
        ended = end_of(row).at
        can_mail = patient_id not in self._ledger.without_mail and ended < row.send_before - SLACK
        hold(mailed or not can_mail, f"{row.id} is {row.status}, and not mailed (R11)")
        if row.kind == "preparation":
            hold(called, f"{row.id} is {row.status}, and nobody calls (F35)")

    def _number_marked(self, row: Message) -> None:
        """A number that cannot be texted, or is blocked, is known to be so (R12, R33)."""
        code, numbers = row.error_code, self._ledger.numbers[row.patient_id or ""]
        if self._ledger.is_erased(row.patient_id):
            return
        ever = [phone for number in numbers for _, phone in self._ledger.phone_was[number]]
        if code in (21614, 30006):
            hold(any(p.bad_because for p in ever), f"{row.id}: {code}, and the number is not bad")
        if code == 21610:
            off = any(p.opted_out_at for p in ever)
            hold(off, f"{row.id}: {code}, and the number is not known to be blocked")

    def _zone(self, patient: Patient | None) -> ZoneInfo:
        zone = patient.time_zone if patient is not None else None
        return ZoneInfo(zone) if zone else self._clinic.zone
