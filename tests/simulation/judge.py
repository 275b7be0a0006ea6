"""What must hold of every text that the provider accepted, and of every row in the end."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from chalicelib.clinic.careplan import CarePlan
from chalicelib.clinic.profile import Clinic
from chalicelib.clinic.schedule import due_times
from chalicelib.clinic.steps import AFTERWARDS, DECISIONS, Step
from chalicelib.domain.appointment import Appointment
from chalicelib.domain.message import FINAL, LEFT, Channel, Message, MessageStatus
from chalicelib.domain.people import TextConsent
from chalicelib.domain.work import AuditEvent
from chalicelib.ports import ReceivedText
from tests.simulation.ledger import VERSION, Claim, Ledger, hold
from tests.simulation.provider import Taken
from tests.simulation.table import QuickTable

SKEW = timedelta(minutes=1)  # a container's clock against true time
CALL = timedelta(seconds=20)  # from the last look at the clock until the provider has the text
SLACK = SKEW + CALL
CALLED_OFF = ("cancelled", "noshow")


class Judge:
    """Looks at each text in the moment it is accepted, and at everything in the end."""

    def __init__(self, ledger: Ledger, clinic: Clinic, plans: Mapping[str, CarePlan]) -> None:
        self._ledger = ledger
        self._clinic = clinic
        self._plans = plans
        self._accepted: Counter[str] = Counter()
        self._counted: dict[str, list[tuple[datetime, set[date]]]] = defaultdict(list)

    def accepted(self, text: Taken) -> None:
        """The provider took this text: was it owed, allowed, in time, and the only one?"""
        id_ = text.message_id
        self._accepted[id_] += 1
        hold(self._accepted[id_] == 1, f"{id_} was sent {self._accepted[id_]} times")
        claims = [claim for claim in self._ledger.claims[id_] if claim.at <= text.called_at]
        hold(bool(claims), f"{id_} was sent without a claim")
        claim = claims[-1]
        hold(text.called_at - claim.at < timedelta(minutes=5), f"{id_} was sent after its lease")
        self._allowed(text, claim)
        self._owed(text, claim)
        self._in_time(text, claim)
        self._capped(text, claim)

    def _allowed(self, text: Taken, claim: Claim) -> None:
        id_, patient, phone = text.message_id, claim.patient, claim.phone
        if patient is None or phone is None:
            hold(False, f"{id_} was sent to nobody we know")
            return
        hold(patient.phone == text.to, f"{id_} went to another number than the patient's")
        hold(phone.opted_out_at is None, f"{id_} was sent to {text.to}, which opted out")
        hold(patient.text_consent is not TextConsent.NONE, f"{id_} was sent without a consent")
        hold(phone.bad_because is None, f"{id_} was sent to a number known to be bad")

    def _owed(self, text: Taken, claim: Claim) -> None:
        id_, visit = text.message_id, claim.visit
        found = VERSION.search(id_)
        hold(claim.message.void_because is None, f"{id_} was void when it was claimed")
        if visit is None or found is None:
            if claim.request is not None and found is not None:
                right = int(found[1]) == claim.request.version
                hold(right, f"{id_} was sent though the request is v{claim.request.version}")
            return
        hold(int(found[1]) == visit.version, f"{id_} was sent though the visit is v{visit.version}")
        step = self._step(visit, claim.message)
        if step is None:
            return
        if step.anchor.value == "cancelled":
            hold(visit.status == "cancelled", f"{id_} was sent for a visit that is {visit.status}")
        elif step.anchor in AFTERWARDS:
            hold(visit.status not in CALLED_OFF, f"{id_} was sent, the visit is {visit.status}")
        else:
            hold(visit.status == "booked", f"{id_} was sent for a visit that is {visit.status}")

    def _in_time(self, text: Taken, claim: Claim) -> None:
        id_, visit, at = text.message_id, claim.visit, text.called_at
        hold(at < claim.message.send_before + SLACK, f"{id_} was sent too late")
        step = self._step(visit, claim.message) if visit else None
        if visit is not None and step is not None:
            times = due_times(
                self._plans[visit.visit_type],
                step,
                start=visit.start_at,
                end=visit.end_at,
                zone=self._clinic.zone,
                happened_at=claim.message.created_at if step.anchor in DECISIONS else None,
                discharged_at=visit.discharged_at,
            )
            hold(at > times.due_at - SLACK, f"{id_} was sent before {times.due_at}")
            hold(at < times.useful_until + SLACK, f"{id_} was sent after {times.useful_until}")
            if step.anchor not in AFTERWARDS and visit.status == "booked":
                hold(at < visit.start_at + SLACK, f"{id_} was sent after the visit began")
        if claim.message.answers_person:
            return
        for moment in (at - SLACK, at + SLACK):
            local = moment.astimezone(self._zone(claim))
            if 8 <= local.hour < 21:
                return
        hold(False, f"{id_} was sent in quiet hours: {at.astimezone(self._zone(claim))}")

    def _capped(self, text: Taken, claim: Claim) -> None:
        """Class 2 goes up to the cap, class 3 up to one less (R19); a message counts once.

        It counts on the day of its first claim, however often and however late it is tried again.
        """
        message, zone = claim.message, self._zone(claim)
        if "retry" in message.facts:
            return
        first_at = self._ledger.claims[message.id][0].at
        # A container whose clock is off may have counted it for the day beside.
        near = timedelta(minutes=3)
        days = {at.astimezone(zone).date() for at in (first_at - near, first_at + near)}
        counted = self._counted[text.to]
        today = [other for at, other in counted if at < first_at and other == days]
        counted.append((first_at, days))
        if message.priority == 1 or message.answers_person:
            return
        most = self._clinic.caps.per_day - (message.priority - 2)
        hold(len(today) < most, f"{message.id} is one too many for the day")

    def _step(self, visit: Appointment, message: Message) -> Step | None:
        return self._plans[visit.visit_type].step(message.step) if message.step else None

    def _zone(self, claim: Claim) -> ZoneInfo:
        zone = claim.patient.time_zone if claim.patient else None
        return ZoneInfo(zone) if zone else self._clinic.zone

    # In the end

    def ended(self, table: QuickTable, taken: list[Taken], received: list[ReceivedText]) -> None:
        """All faults are over and nothing is due: every row has its end or its reason."""
        rows = {row.id: row for row in table.rows(Message)}
        for row in rows.values():
            self._has_its_end(row)
        for text in taken:
            self._on_the_timeline(text, rows.get(text.message_id))
        sent = {text.message_id for text in taken}
        for row in rows.values():
            if row.channel is Channel.TEXT and row.status in LEFT:
                hold(row.id in sent, f"{row.id} says {row.status} and was never sent")
        self._every_step_has_a_row(table, rows)
        heard = self._ledger.heard
        for text_ in received:
            hold(text_.sid in heard, f"a text {text_.body!r} from {text_.sender} was never heard")

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

    def _on_the_timeline(self, text: Taken, row: Message | None) -> None:
        if row is None:
            hold(False, f"{text.message_id} was sent and has no row")
            return
        if row.sid == text.sid:
            return
        unsure = row.status is MessageStatus.FAILED and "nobody knows" in (row.reason or "")
        hold(unsure, f"{row.id} is {row.status} ({row.reason}), yet {text.sid} was accepted")

    def _every_step_has_a_row(self, table: QuickTable, rows: Mapping[str, Message]) -> None:
        """Each visit, at each time it was given, owes every step of its plan, or says why not."""
        told: dict[str, str] = defaultdict(str)
        for event in table.rows(AuditEvent):
            told[event.owner_id] += event.facts.get("left_out", "")
        after: dict[str, list[Message]] = defaultdict(list)
        for row in rows.values():
            if row.kind in ("aftercare", "check_in"):
                after[row.owner_id].append(row)
        for visit_id, states in self._ledger.was.items():
            for version in {visit.version for _, visit in states}:
                of_version = [visit for _, visit in states if visit.version == version]
                decision = "booked" if version == 1 else "moved"
                self._steps_of(of_version[0], decision, rows, told)
                if of_version[-1].status == "fulfilled":
                    self._aftercare_of(visit_id, after[visit_id])

    def _steps_of(
        self,
        visit: Appointment,
        decision: str,
        rows: Mapping[str, Message],
        told: Mapping[str, str],
    ) -> None:
        in_course = visit.course_id is not None
        for step in self._plans[visit.visit_type].steps:
            if step.anchor.value not in (decision, "start", "end", "discharge"):
                continue
            if in_course and (step.anchor.value == "booked" or step.when):
                continue
            there = f"{visit.id}.v{visit.version}-{step.id}" in rows
            hold(
                there or f"no {step.id}:" in told[visit.id],
                f"{visit.id} v{visit.version} has no {step.id}, and nothing says why",
            )

    def _aftercare_of(self, visit_id: str, rows: list[Message]) -> None:
        """Who was treated gets aftercare once, or the row says why not (R20)."""
        left: Counter[str] = Counter()
        for row in rows:
            is_first = "retry" not in row.facts and row.channel is Channel.TEXT
            if is_first and row.status in LEFT:
                left[row.kind] += 1
        for kind, count in left.items():
            hold(count == 1, f"{visit_id} got {kind} {count} times")
