"""Records as they are stored, each valid by default."""

from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.domain.messaging.message import Channel, Message
from chalicelib.domain.people.patient import Patient
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.domain.visits.request import ConsultationRequest

NOW = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)


def a_patient(**changes: Any) -> Patient:
    base: dict[str, Any] = {
        "id": "PAT-0000000001",
        "name": "Ana Löwe",
        "phone": "+13165550142",
        "created_at": NOW,
    }
    return Patient(**(base | changes))


def a_request(**changes: Any) -> ConsultationRequest:
    base: dict[str, Any] = {
        "id": "REQ-1",
        "patient_id": "PAT-1",
        "reason": "anxiety",
        "received_at": NOW,
        "answer_by": NOW,
        "source": "json",
    }
    return ConsultationRequest(**(base | changes))


def a_visit(**changes: Any) -> Appointment:
    base: dict[str, Any] = {
        "id": "APT-0000000001",
        "patient_id": "PAT-0000000001",
        "visit_type": "consultation",
        "resource": "room-1",
        "start_at": NOW,
        "end_at": NOW,
        "booked_at": NOW,
    }
    return Appointment(**(base | changes))


def a_message(**changes: Any) -> Message:
    """A reminder by text that is due now."""
    base: dict[str, Any] = {
        "id": "APT-0000000001.v1-reminder",
        "kind": "reminder",
        "channel": Channel.TEXT,
        "scheduled_at": NOW,
        "send_before": NOW + timedelta(hours=1),
        "created_at": NOW,
        "due_at": NOW,
    }
    return Message(**(base | changes))
