"""A stage for the preview: the real rendering of mails and pages, over rows that are not kept."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from chalicelib.adapters.links import SignedLinks
from chalicelib.clinic.careplan.plan import CarePlan
from chalicelib.clinic.profile import Clinic
from chalicelib.domain.messaging.wording import Level
from chalicelib.domain.people.patient import Patient, TextConsent
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.domain.visits.request import ConsultationRequest
from chalicelib.settings import Settings
from chalicelib.wiring import Services
from local.memory_store import MemoryStore

USUAL_NAME = "Ana Example"
#: A hundred letters of another alphabet, with words of the usual length of names.
LONGEST_NAME = " ".join(["Κωνσταντίνα"] * 8 + ["Παπα"])[:100]
NUMBER = "+13165550142"
ANSWER_WITHIN = timedelta(hours=4)


class StandingClock:
    """Implements ports.Clock for a fixed moment."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at


def stage(clinic: Clinic, plans: Mapping[str, CarePlan], now: datetime) -> Services:
    """What views and the courier use; it has no provider, so nothing can be sent."""
    nobody: Any = None
    settings = Settings(
        stage="local",
        table_name="preview",
        queue_url="none",
        base_url="https://book.clinic.example.com",
        email_from="clinic@example.com",
        link_keys=("a-key-for-the-preview-alone",),
        twilio_account_sid="AC" + "0" * 32,
        twilio_auth_token="a-token-for-the-preview",
        twilio_from="+13165550100",
    )
    return Services(
        settings=settings,
        clinic=clinic,
        plans=plans,
        clock=StandingClock(now),
        store=MemoryStore(shards=1),
        text_sender=nobody,
        text_inbox=nobody,
        email_sender=nobody,
        queue=nobody,
        links=SignedLinks(base_url=settings.base_url, keys=settings.link_keys),
        pause=lambda attempt: None,
    )


def a_patient(language: str, now: datetime, *, name: str = USUAL_NAME, level: Level) -> Patient:
    consent = TextConsent.DETAILED if level == "detailed" else TextConsent.NEUTRAL
    return Patient(
        id="PAT-PREVIEW",
        name=name,
        phone=NUMBER,
        email="ana@example.org",
        language=language,
        text_consent=consent,
        created_at=now,
    )


def a_visit(clinic: Clinic, visit_type: str, start: datetime, now: datetime) -> Appointment:
    return Appointment(
        id="APT-PREVIEW",
        patient_id="PAT-PREVIEW",
        visit_type=visit_type,
        resource=clinic.visit_type(visit_type).resources[0],
        start_at=start,
        end_at=start + clinic.length(visit_type),
        booked_at=now,
    )


def a_request(now: datetime) -> ConsultationRequest:
    return ConsultationRequest(
        id="REQ-PREVIEW",
        patient_id="PAT-PREVIEW",
        reason="undisclosed",
        received_at=now,
        answer_by=now + ANSWER_WITHIN,
        source="form",
    )
