"""What must hold of each text by the rules alone, whatever its own row says of itself."""

import re
from collections.abc import Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo

from chalicelib.clinic.careplan.conditions import Circumstances
from chalicelib.clinic.careplan.plan import CarePlan
from chalicelib.clinic.careplan.step import Step, StepKind
from chalicelib.clinic.profile import Clinic
from chalicelib.clinic.quiet_hours import next_quiet
from chalicelib.domain.messaging.message import FINAL, LEFT, Message
from chalicelib.domain.messaging.segments import transliterate
from chalicelib.domain.people.patient import Patient, TextConsent
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.messages import catalogue
from tests.simulation.evenings import LAST_CALL, clinics_time, leaves_until
from tests.simulation.invariants.ledger import RACE, Ledger, hold
from tests.simulation.invariants.noted import Claim
from tests.simulation.world.delivery import Taken

SHORT_NOTICE = timedelta(hours=48)  # of a move or a cancellation (R19)
RESTS = timedelta(hours=24)  # after a session nobody is asked to decide (R20)
LEAVES_WITHIN = timedelta(hours=2)  # of the planned end, or nobody will record it
FROZEN = timedelta(minutes=6)  # a courier, with the lease it holds
LONG_ENOUGH = 12  # letters by which a piece of a wording is known again


def answers(message: Message) -> bool:
    """Whether it answers a person's own text: only what that text owns does."""
    return message.owner_id.startswith("TXT-") and message.kind != "welcome"


def class_of(message: Message, visit: Appointment | None, step: Step | None, at: ZoneInfo) -> int:
    """R19's class, by what the message says and when; tried again, it is what it was at first."""
    if message.facts.retry:
        return message.priority
    if step is None or visit is None:
        return catalogue.priority(message.kind)
    due_at, start_at = message.scheduled_at, visit.start_at
    is_soon = start_at - due_at <= SHORT_NOTICE
    if step.kind in (StepKind.MOVED, StepKind.CANCELLED) and is_soon:
        return 1
    is_same_day = due_at.astimezone(at).date() == start_at.astimezone(at).date()
    return 1 if step.kind is StepKind.PREPARATION and is_same_day else step.priority


class Rights:
    """Asked when the provider accepts a text."""

    def __init__(self, ledger: Ledger, clinic: Clinic, plans: Mapping[str, CarePlan]) -> None:
        self._ledger = ledger
        self._clinic = clinic
        self._plans = plans

    def accepted(self, text: Taken, claim: Claim, zone: ZoneInfo) -> None:
        """The provider took this text."""
        id_, message, patient, visit = text.message_id, claim.message, claim.patient, claim.visit
        hold(
            message.answers_person is answers(message),
            f"{id_} says of itself that it answers a person: {message.answers_person}",
        )
        if patient is None:
            return
        consented = (patient.id, text.to) in self._ledger.consents
        consented = consented or message.kind == "urgent_answer"  # R44
        hold(consented, f"{id_} went to {text.to} of which no consent is recorded (R2)")
        self._first_of_all(text, claim)
        self._valid(text, claim, zone)
        step = self._step(visit, message)
        if visit is None or step is None:
            return
        right = class_of(message, visit, step, self._clinic.zone)
        is_right = message.priority == right or message.facts.retry > 0  # which does not count
        hold(is_right, f"{id_} is of class {message.priority}, not {right} (R19)")
        self._plain(text, patient, step)
        self._wanted(id_, claim, patient, step)
        self._has_left(text, claim, step)
        self._restful(text, claim, step, patient)

    def _first_of_all(self, text: Taken, claim: Claim) -> None:
        """Who texts and how to stop it is said before anything else (R4)."""
        first_id = claim.phone.welcome_id if claim.phone else None
        if claim.message.kind == "welcome" or answers(claim.message):
            return
        hold(first_id is not None, f"{text.message_id} went to {text.to}, which had no first text")
        first = self._ledger.messages.get(first_id or "")
        ended = first is not None and first.status in LEFT | FINAL
        hold(ended, f"{text.message_id} went before {first_id} (R4)")

    def _valid(self, text: Taken, claim: Claim, zone: ZoneInfo) -> None:
        """The provider tries no longer than it is of use, or its quiet hours allow (R34)."""
        id_, slack = text.message_id, FROZEN + (text.at - text.called_at)
        late = text.expires_at - claim.message.send_before
        hold(late < slack, f"{id_} may be delivered {late} after it is of use")
        if answers(claim.message):
            return
        begins = next_quiet(text.called_at - FROZEN, zone, self._clinic.quiet)
        until = leaves_until(claim.visit, self._step(claim.visit, claim.message), self._clinic)
        if text.called_at < begins and (until is None or until < begins):
            late = text.expires_at - begins
            hold(late < slack, f"{id_} may be delivered {late} into quiet hours")

    def _plain(self, text: Taken, patient: Patient, step: Step) -> None:
        """Who did not agree to detailed texts gets none (R3)."""
        if patient.text_consent is TextConsent.DETAILED and not patient.discreet:
            return
        for levels in step.wording.values():
            told = [transliterate(part) for part in re.split(r"\{\w+\}", levels.detailed or "")]
            plain = transliterate(levels.neutral)
            for part in told:
                gives_away = len(part) >= LONG_ENOUGH and part not in plain and part in text.body
                hold(not gives_away, f"{text.message_id} says {part!r} to who agreed to no detail")

    def _wanted(self, id_: str, claim: Claim, patient: Patient, step: Step) -> None:
        """The step is owed to this visit as it was a moment before the claim."""
        reasons = [
            step.why_not_owed(visit.status, self._circumstances(visit, patient))
            for visit in self._as_it_was(claim)
        ]
        hold(None in reasons, f"{id_} was sent though {reasons[-1]}")

    def _has_left(self, text: Taken, claim: Claim, step: Step) -> None:
        """Who has arrived gets aftercare from the discharge, while that may still come (R20)."""
        states = self._as_it_was(claim)
        is_here = all(visit.status == "arrived" for visit in states)
        end_at = states[-1].end_at
        latest = clinics_time(end_at, self._clinic) - LAST_CALL
        early = text.called_at < min(end_at + LEAVES_WITHIN, latest) - FROZEN
        late = text.called_at > claim.message.send_before - LEAVES_WITHIN
        too_soon = step.anchor.value == "discharge" and is_here and early and not late
        hold(not too_soon, f"{text.message_id} was sent while its patient was still here")

    def _restful(self, text: Taken, claim: Claim, step: Step, patient: Patient) -> None:
        """For a day after a session no text asks anything (R20)."""
        asked = [transliterate(words) for words in step.question.values()]
        if not any(question in text.body for question in asked):
            return
        for visit_id in self._ledger.visits_of[patient.id]:
            visit = self._ledger.visit_at(visit_id, text.called_at - RACE)
            if visit is None or visit.status not in ("arrived", "fulfilled"):
                continue
            kind = self._clinic.kind(visit.visit_type)
            ended = visit.discharged_at or visit.end_at
            rests = ended <= text.called_at < ended + RESTS - timedelta(minutes=2)
            asks = kind.is_sedating and rests
            hold(not asks, f"{text.message_id} asks within a day of the session {visit_id} (R20)")

    def _circumstances(self, visit: Appointment, patient: Patient) -> Circumstances:
        kind = self._clinic.kind(visit.visit_type)
        return Circumstances(
            route=kind.route,
            session=visit.session,
            needs_driver=kind.needs_driver,
            driver=visit.driver,
            confirmed=visit.confirmed_at is not None,
            detailed=patient.text_consent is TextConsent.DETAILED and not patient.discreet,
        )

    def _as_it_was(self, claim: Claim) -> list[Appointment]:
        """The visit, in every state that a courier may have seen when it looked."""
        if claim.visit is None:
            return []
        known = self._ledger.was[claim.visit.id]
        since = claim.at - RACE
        before = [visit for at, visit in known if at <= since][-1:]
        return before + [visit for at, visit in known if since < at <= claim.at]

    def _step(self, visit: Appointment | None, message: Message) -> Step | None:
        if visit is None or message.step is None:
            return None
        return self._plans[visit.visit_type].step(message.step)
