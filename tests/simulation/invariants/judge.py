"""What must hold of every text and every mail at the moment when its provider accepts it."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from chalicelib.clinic.careplan.plan import CarePlan
from chalicelib.clinic.careplan.schedule import due_times
from chalicelib.clinic.careplan.step import AFTERWARDS, DECISIONS, Step
from chalicelib.clinic.profile import Clinic
from chalicelib.domain.messaging.message import Message
from chalicelib.domain.people.patient import TextConsent
from chalicelib.domain.visits.appointment import Appointment
from tests.simulation.evenings import leaves_until
from tests.simulation.invariants.ledger import CALLED_OFF, VERSION, Ledger, hold
from tests.simulation.invariants.noted import Claim
from tests.simulation.invariants.rights import Rights, answers, class_of
from tests.simulation.world.delivery import Taken
from tests.simulation.world.mails import Mailed

SKEW = timedelta(minutes=1)  # a container's clock against true time
CALL = timedelta(seconds=20)  # from the last look at the clock until the provider has the text
SLACK = SKEW + CALL
#: Answers to a person's own words that go out despite an opt-out, and how soon (R6, R44).
SOON_OR_NEVER = {
    "urgent_answer": timedelta(minutes=10),
    "opt_out_done": timedelta(minutes=5),
    "texts_paused": timedelta(minutes=5),
}

PROMPT = timedelta(minutes=2) + SKEW  # from when a row is due until a courier takes it


class Judge:
    """Was it needed, allowed, in time, and the only one?"""

    def __init__(self, ledger: Ledger, clinic: Clinic, plans: Mapping[str, CarePlan]) -> None:
        self._ledger = ledger
        self._clinic = clinic
        self._plans = plans
        self._rights = Rights(ledger, clinic, plans)
        self._accepted: Counter[str] = Counter()
        self._counted: dict[str, list[tuple[datetime, set[date]]]] = defaultdict(list)

    def accepted(self, text: Taken) -> None:
        """The provider accepted this text."""
        id_ = text.message_id
        claim = self._claim(id_, text.called_at)
        # A visit that is moved a second time, because the first was forgotten, has other words.
        row = f"{id_} of {claim.message.created_at}"
        self._accepted[row] += 1
        hold(self._accepted[row] == 1, f"{id_} was sent {self._accepted[row]} times")
        hold(text.called_at - claim.at < timedelta(minutes=5), f"{id_} was sent after its lease")
        self._rights.accepted(text, claim, self._zone(claim))
        self._allowed(text, claim)
        self._owed(id_, claim)
        self._in_time(text, claim)
        self._capped(text, claim)
        self._prompt(id_, claim)

    def mailed(self, mail: Mailed) -> None:
        """The provider accepted this mail. It may repeat, but never without a claim of its own."""
        id_ = mail.message_id
        self._accepted[id_] += 1
        claims = len(self._ledger.claims[id_])
        hold(self._accepted[id_] <= claims, f"{id_} was mailed more often than it was claimed")
        claim = self._claim(id_, mail.at)
        self._addressed(mail, claim)
        self._owed(id_, claim)
        hold(claim.at < claim.message.send_before + SKEW, f"{id_} was mailed too late")
        self._prompt(id_, claim)

    def restored(self, since: datetime) -> None:
        """Counts since then are forgotten."""
        for number, counted in self._counted.items():
            self._counted[number] = [part for part in counted if part[0] < since]

    def _claim(self, id_: str, at: datetime) -> Claim:
        claims = [claim for claim in self._ledger.claims[id_] if claim.at <= at]
        hold(bool(claims), f"{id_} was sent without a claim")
        return claims[-1]

    def _prompt(self, id_: str, claim: Claim) -> None:
        """While nothing goes wrong, a due row is taken within two minutes."""
        calm_since = self._ledger.calm_since
        if calm_since is None or claim.waited_since < calm_since:
            return
        waited = claim.at - claim.waited_since
        hold(waited < PROMPT, f"{id_} waited {waited} though nothing was wrong")

    def _addressed(self, mail: Mailed, claim: Claim) -> None:
        id_, patient, staff_id = mail.message_id, claim.patient, claim.message.staff_id
        if staff_id is not None:
            address = self._clinic.staff_member(staff_id).email
            hold(mail.to == address, f"{id_} went to {mail.to}, not to {staff_id}")
            return
        if patient is None:
            hold(False, f"{id_} was mailed to nobody we know")
            return
        hold(patient.email == mail.to, f"{id_} went to another address than the patient's")
        stopped = patient.mail_stopped
        hold(stopped is None, f"{id_} went to {mail.to} though mails there: {stopped}")

    def _allowed(self, text: Taken, claim: Claim) -> None:
        id_, patient, phone = text.message_id, claim.patient, claim.phone
        if patient is None or phone is None:
            hold(False, f"{id_} was sent to nobody we know")
            return
        hold(patient.phone == text.to, f"{id_} went to another number than the patient's")
        ended = patient.texts_ended_at is not None and not answers(claim.message)
        hold(not ended, f"{id_} was sent to a patient who ended their own texts (R9)")
        hold(phone.bad_because is None, f"{id_} was sent to a number known to be bad")
        kind = claim.message.kind
        if kind in SOON_OR_NEVER:
            waited = claim.at - claim.message.scheduled_at
            hold(waited < SOON_OR_NEVER[kind] + SLACK, f"{id_} answers only after {waited}")
            if kind == "urgent_answer":
                return  # whatever they asked for and agreed to (R44)
        else:
            hold(phone.opted_out_at is None, f"{id_} was sent to {text.to}, which opted out")
            silent = self._ledger.wants_none(text.to, claim.at)
            hold(not silent, f"{id_} was sent to {text.to}, which had asked for silence")
        hold(patient.text_consent is not TextConsent.NONE, f"{id_} was sent without a consent")

    def _owed(self, id_: str, claim: Claim) -> None:
        visit = claim.visit
        found = VERSION.search(id_)
        hold(claim.message.void_because is None, f"{id_} was void when it was claimed")
        about = claim.message.subject
        if about is not None and about.sk == "TSK":
            hold(claim.is_task_open, f"{id_} was sent though its task is done")
        if found is None and about is not None and about.sk == "APT":
            was = self._ledger.visit_at(about.pk, claim.at)
            right = was is not None and was.version == about.version
            hold(right, f"{id_} was sent though {about.pk} was moved")
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
        until = leaves_until(visit, step, self._clinic)
        if answers(claim.message) or (until is not None and at < until + SLACK):
            return
        for moment in (at - SLACK, at + SLACK):
            local = moment.astimezone(self._zone(claim))
            if 8 <= local.hour < 21:
                return
        hold(False, f"{id_} was sent in quiet hours: {at.astimezone(self._zone(claim))}")

    def _capped(self, text: Taken, claim: Claim) -> None:
        """Class 2 goes up to the caps, class 3 up to one less (R19); a message counts once.

        It counts on the day of its first claim, however often and however late it is tried again.
        """
        message, zone = claim.message, self._zone(claim)
        if message.facts.retry:
            return
        first_at = self._ledger.claims[message.id][0].at
        # A container whose clock is off may have counted it for the neighbouring day.
        near = timedelta(minutes=3)
        days = {at.astimezone(zone).date() for at in (first_at - near, first_at + near)}
        counted = self._counted[text.to]
        today = [other for at, other in counted if at < first_at and other == days]
        counted.append((first_at, days))
        class_ = class_of(message, claim.visit, self._step_of(claim), self._clinic.zone)
        if class_ == 1 or answers(message):
            return
        caps, spare = self._clinic.caps, class_ - 2
        hold(len(today) < caps.per_day - spare, f"{message.id} is one too many for the day")
        week_ago = max(days) - timedelta(days=7)
        week = [other for at, other in counted if at < first_at and min(other) > week_ago]
        hold(len(week) < caps.per_week - spare, f"{message.id} is one too many for the week")

    def _step_of(self, claim: Claim) -> Step | None:
        return self._step(claim.visit, claim.message) if claim.visit else None

    def _step(self, visit: Appointment, message: Message) -> Step | None:
        return self._plans[visit.visit_type].step(message.step) if message.step else None

    def _zone(self, claim: Claim) -> ZoneInfo:
        zone = claim.patient.time_zone if claim.patient else None
        return ZoneInfo(zone) if zone else self._clinic.zone
