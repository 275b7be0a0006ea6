"""A mail that comes back, or is unwanted, is noticed: once, by a person who can be reached."""

from datetime import timedelta

import pytest

from chalicelib.adapters.ses import tagged, untagged
from chalicelib.domain.change import Change, Patch
from chalicelib.domain.messaging.message import MessageStatus
from chalicelib.outbox import deliver
from chalicelib.outbox.outcomes import email_events
from chalicelib.ports import Accepted, Email, MailEvent, MailOutcome
from chalicelib.usecases.patients import contact_details
from tests.builders.acts import before_the_next_claim
from tests.builders.looks import patient_of, row, tasks
from tests.builders.visits import just_booked
from tests.world import RUTH, World

NURSE = "nurse@example.com"
CAME_BACK = [MailOutcome.BOUNCED, MailOutcome.DELAYED, MailOutcome.REFUSED]


def told(world: World, mail: Email, failure_class: MailOutcome = MailOutcome.BOUNCED) -> bool:
    is_new = email_events.take(
        world.delivery_context, MailEvent(mail.message_id, "ses-1", failure_class)
    )
    world.drain()
    return is_new


def mail_to(world: World, to: str) -> Email:
    return next(mail for mail in reversed(world.mails.sent) if mail.to == to)


def mailed_instead() -> tuple[World, str]:
    """A visit of a patient without texts: what there is to say goes by mail."""
    world = World()
    visit_id = just_booked(world, sms_consent=False, detailed_consent=False).id
    world.drain()
    return world, visit_id


@pytest.mark.parametrize("failure_class", [*CAME_BACK, MailOutcome.UNWANTED])
def test_a_member_of_staff_who_gets_no_mail_is_named_to_the_others(
    failure_class: MailOutcome,
) -> None:
    world = World()
    world.request()
    world.drain()
    sent = len(world.mails.sent)
    assert told(world, mail_to(world, NURSE), failure_class)
    assert tasks(world) == ["staff_mail_does_not_arrive"]
    (task,) = world.store.open("task")
    name = next(seed.name for seed in world.services.clinic.staff if seed.email == NURSE)
    assert name in getattr(task, "detail", "")
    managers = {seed.email for seed in world.services.clinic.staff_with_role("manager")}
    assert managers
    assert managers <= {mail.to for mail in world.mails.sent[sent:]}


def test_mails_about_mails_that_come_back_do_not_go_round_in_circles() -> None:
    world = World()
    world.request()
    world.drain()
    for _ in range(20):
        told(world, mail_to(world, NURSE))
        world.clock.at += timedelta(minutes=10)
    assert tasks(world) == ["staff_mail_does_not_arrive"]
    world.clock.at += timedelta(days=1)
    world.request(phone="+13165550143")
    world.drain()
    told(world, mail_to(world, NURSE))
    assert tasks(world) == ["staff_mail_does_not_arrive"] * 2


@pytest.mark.parametrize("failure_class", [*CAME_BACK, MailOutcome.UNWANTED])
def test_what_is_told_again_changes_nothing(failure_class: MailOutcome) -> None:
    world, visit_id = mailed_instead()
    mail = mail_to(world, "ana@example.org")
    assert told(world, mail, failure_class)
    before = (sorted(tasks(world)), row(world, mail.message_id))
    assert not told(world, mail, failure_class)
    assert (sorted(tasks(world)), row(world, mail.message_id)) == before
    assert visit_id in mail.message_id


@pytest.mark.parametrize("failure_class", CAME_BACK)
def test_a_patients_mail_that_comes_back_becomes_a_call(failure_class: MailOutcome) -> None:
    world, _ = mailed_instead()
    mail = mail_to(world, "ana@example.org")
    assert row(world, mail.message_id).kind == "confirmation"
    told(world, mail, failure_class)
    assert row(world, mail.message_id).status is MessageStatus.UNDELIVERED
    assert tasks(world) == ["call_with_confirmation"]


def test_preparation_that_comes_back_is_one_call_before_the_fasting() -> None:
    world, visit_id = mailed_instead()
    world.run_for(days=7)
    mails = [mail for mail in world.mails.sent if mail.message_id.endswith("preparation-mail")]
    assert len(mails) == 1
    assert tasks(world).count("call_with_preparation") == 1
    told(world, mails[0])
    # The task that went beside the mail says it already.
    assert tasks(world).count("call_with_preparation") == 1
    assert visit_id in mails[0].message_id


@pytest.mark.parametrize(
    ("failure_class", "why"),
    [(MailOutcome.BOUNCED, "bounced"), (MailOutcome.UNWANTED, "complained")],
)
def test_no_more_mail_goes_to_that_address_and_people_call_instead(
    failure_class: MailOutcome, why: str
) -> None:
    world, visit_id = mailed_instead()
    told(world, mail_to(world, "ana@example.org"), failure_class)
    assert patient_of(world, visit_id).mail_stopped == why
    sent = len(world.mails.sent)
    world.run_for(days=9)
    assert [mail for mail in world.mails.sent[sent:] if mail.to == "ana@example.org"] == []
    assert {"call_with_preparation", "call_with_aftercare"} <= set(tasks(world))


def test_a_mail_that_waits_when_they_are_stopped_becomes_a_call() -> None:
    world = World()
    visit_id = just_booked(world, sms_consent=False, detailed_consent=False).id
    patient = patient_of(world, visit_id)
    deliver.deliver(world.delivery_context, f"{visit_id}.v1-confirmation")
    world.store._rows[patient.key]["mail_stopped"] = "complained"
    world.drain()
    assert "call_with_confirmation" in tasks(world)


def test_a_complaint_is_told_to_a_person_once_for_an_address() -> None:
    world, _ = mailed_instead()
    world.run_for(days=7)
    mails = [mail for mail in world.mails.sent if mail.to == "ana@example.org"]
    assert len(mails) > 1
    for mail in mails:
        told(world, mail, MailOutcome.UNWANTED)
    assert tasks(world).count("patient_wants_no_mail") == 1


def test_another_address_gets_mail_again() -> None:
    world, visit_id = mailed_instead()
    old = mail_to(world, "ana@example.org")
    contact_details.contact(
        world.context,
        subject_id=visit_id,
        name="Ana Löwe",
        phone="+13165550142",
        email="ana.loewe@example.org",
        language="en",
        actor=RUTH,
    )
    told(world, old)
    assert patient_of(world, visit_id).mail_to == "ana.loewe@example.org"
    world.run_for(days=7)
    new = mail_to(world, "ana.loewe@example.org")
    told(world, new)
    assert patient_of(world, visit_id).mail_to is None
    contact_details.contact(
        world.context,
        subject_id=visit_id,
        name="Ana Löwe",
        phone="+13165550142",
        email="ana@example.net",
        language="en",
        actor=RUTH,
    )
    assert patient_of(world, visit_id).mail_to == "ana@example.net"


def test_one_that_came_back_for_now_stops_no_other_mail() -> None:
    world, visit_id = mailed_instead()
    told(world, mail_to(world, "ana@example.org"), MailOutcome.DELAYED)
    assert patient_of(world, visit_id).mail_to == "ana@example.org"


@pytest.mark.parametrize(
    "message_id", ["REQ-0000000000.new_request-ruth", "nonsense", "", "REQ-0.welcome"]
)
def test_what_names_no_mail_of_ours_is_no_error(message_id: str) -> None:
    world = World()
    assert not email_events.take(
        world.delivery_context, MailEvent(message_id, "ses-1", MailOutcome.BOUNCED)
    )
    assert tasks(world) == []


def test_an_event_cannot_end_a_text() -> None:
    world = World()
    visit_id = just_booked(world).id
    world.drain()
    text = f"{visit_id}.v1-confirmation"
    assert not email_events.take(
        world.delivery_context, MailEvent(text, "ses-1", MailOutcome.BOUNCED)
    )
    assert row(world, text).status is MessageStatus.SENT


class Hasty:
    """A mail provider that tells of a mail before it has answered its sending."""

    def __init__(self, world: World, failure_class: MailOutcome) -> None:
        self._world = world
        self._fate = failure_class

    def send(self, email: Email) -> Accepted:
        answer = self._world.mails.send(email)
        event = MailEvent(email.message_id, answer.sid or "", self._fate)
        assert email_events.take(self._world.delivery_context, event)
        return answer


def test_a_mail_that_comes_back_before_its_sending_was_noted_stays_undelivered() -> None:
    world = World()
    world.replace(email_sender=Hasty(world, MailOutcome.BOUNCED))
    world.request()
    world.drain()
    statuses = {row(world, mail.message_id).status for mail in world.mails.sent}
    assert statuses == {MessageStatus.UNDELIVERED}


def test_a_complaint_that_comes_before_its_sending_was_noted_is_heard() -> None:
    world = World()
    world.replace(email_sender=Hasty(world, MailOutcome.UNWANTED))
    visit_id = just_booked(world, sms_consent=False, detailed_consent=False).id
    world.drain()
    assert patient_of(world, visit_id).mail_stopped == "complained"
    assert {"patient_wants_no_mail", "staff_mail_does_not_arrive"} <= set(tasks(world))


@pytest.mark.parametrize("what", ["another address", "mails stopped"])
def test_what_changes_between_check_and_claim_keeps_the_mail_from_the_old_address(
    what: str,
) -> None:
    world = World()
    visit_id = just_booked(world, sms_consent=False, detailed_consent=False).id
    patient = patient_of(world, visit_id)
    deliver.deliver(world.delivery_context, f"{visit_id}.v1-confirmation")
    changes = {
        "another address": {"email": "ana.loewe@example.org"},
        "mails stopped": {"mail_stopped": "bounced"},
    }
    before_the_next_claim(
        world, lambda: world.store.commit(Change(Patch(patient.key, set=changes[what])))
    )
    deliver.deliver(world.delivery_context, f"{visit_id}.v1-confirmation-mail")
    world.drain()
    to = [mail.to for mail in world.mails.sent]
    assert "ana@example.org" not in to
    assert ("ana.loewe@example.org" in to) is (what == "another address")
    assert ("call_with_confirmation" in tasks(world)) is (what == "mails stopped")


@pytest.mark.parametrize(
    "message_id",
    ["REQ-7K2M9Q4X1B.new_request-ruth", "TXT-SM0123.alarm-10-a__b", "APT-1.v2-preparation-mail"],
)
def test_an_id_survives_its_tag(message_id: str) -> None:
    assert untagged(tagged(message_id)) == message_id
    assert set(tagged(message_id)) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
    )
