"""What is told later of a text or mail to somebody who was erased since: nobody calls them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.domain.messaging.message import WAITING, MessageStatus
from chalicelib.domain.messaging.task import Task
from chalicelib.domain.people.patient import Patient
from chalicelib.outbox.outcomes import email_events, text_receipts
from chalicelib.ports import MailEvent, MailOutcome
from chalicelib.usecases.patients import contact_details
from chalicelib.usecases.privacy.erase import erase
from chalicelib.usecases.visits import attendance
from tests.builders.acts import ANA
from tests.builders.looks import row
from tests.builders.visits import just_booked
from tests.world import RUTH, World


def treated(**request_form: Any) -> tuple[World, str, str]:
    """A patient who went home and whose aftercare has left; the visit's and the patient's id."""
    world = World()
    visit_id = just_booked(world, **request_form).id
    world.run_until(datetime(2026, 12, 8, 15, 30, tzinfo=UTC))
    attendance.record_arrival(world.context, appointment_id=visit_id, at=None, actor=RUTH)
    world.run_for(hours=1)
    attendance.record_discharge(world.context, appointment_id=visit_id, at=None, actor=RUTH)
    world.run_for(minutes=90)
    return world, visit_id, contact_details.patient_of(world.context, visit_id).id


def calls_to(world: World, patient_id: str) -> list[str]:
    tasks = [task for task in world.store.open("task") if isinstance(task, Task)]
    return [task.what for task in tasks if task.patient_id == patient_id]


@pytest.mark.parametrize("code", [30007, 30003, 30006, 21610])
def test_a_text_that_did_not_arrive(code: int) -> None:
    world, visit_id, patient_id = treated()
    text = next(m for m in world.messages(visit_id) if m.sid and m.kind == "aftercare")
    erase(world.context, patient_id, actor=RUTH)
    world.run_for(minutes=5)
    assert text_receipts.take(
        world.delivery_context,
        text.id,
        sid=text.sid or "",
        to=ANA,
        status="undelivered",
        error_code=code,
    )
    assert not [m for m in world.messages(visit_id) if m.status in WAITING]
    assert row(world, text.id).status is MessageStatus.UNDELIVERED
    assert calls_to(world, patient_id) == []


@pytest.mark.parametrize(
    "failure_class", [MailOutcome.BOUNCED, MailOutcome.DELAYED, MailOutcome.REFUSED]
)
def test_a_mail_that_came_back(failure_class: MailOutcome) -> None:
    world, visit_id, patient_id = treated(sms_consent=False, detailed_consent=False)
    mail = next(m for m in reversed(world.mails.sent) if m.to == "ana@example.org")
    erase(world.context, patient_id, actor=RUTH)
    world.run_for(minutes=5)
    erased = world.store.get(Patient.ref(patient_id))
    assert email_events.take(
        world.delivery_context, MailEvent(mail.message_id, "ses-1", failure_class)
    )
    assert not [m for m in world.messages(visit_id) if m.status in WAITING]
    assert row(world, mail.message_id).status is MessageStatus.UNDELIVERED
    assert calls_to(world, patient_id) == []
    assert world.store.get(Patient.ref(patient_id)) == erased


def test_staff_who_want_no_mails_are_named_though_it_was_about_somebody_erased() -> None:
    """F36: the mail's row says no more to whom it went, and the others must know all the same."""
    world, _, patient_id = treated()
    mail = next(m for m in world.mails.sent if m.to == "nurse@example.com")
    erase(world.context, patient_id, actor=RUTH)
    event = MailEvent(mail.message_id, "ses-1", MailOutcome.UNWANTED)
    assert email_events.take(world.delivery_context, event)
    world.drain()
    assert [task.what for task in world.open_tasks()].count("staff_mail_does_not_arrive") == 1
