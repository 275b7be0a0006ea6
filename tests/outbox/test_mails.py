"""Mails that SES does not take: one patient's address stops nothing and starts no chain (F36)."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.messaging.message import Channel, MessageStatus
from chalicelib.domain.people.patient import PatientLink
from chalicelib.outbox import deliver
from chalicelib.ports import Email, FailureClass, OutcomeUnknown, Refused
from chalicelib.usecases.patients import opt_out
from chalicelib.usecases.visits import book, book_course
from tests.builders.looks import row, tasks
from tests.builders.visits import confirmation_next, just_booked
from tests.world import RUTH, FakeMails, World, at

AFTER = datetime(2026, 12, 14, tzinfo=UTC)


class PickyMails(FakeMails):
    """Refuses one address for good, as SES does a suppressed one."""

    def __init__(self, refused: str) -> None:
        super().__init__()
        self.refused = refused
        self.tries = 0

    def send(self, email: Email):  # type: ignore[no-untyped-def]
        if email.to == self.refused:
            self.tries += 1
            raise Refused(FailureClass.PERMANENT)
        return super().send(email)


def without_texts(world: World) -> str:
    visit_id = just_booked(world).id
    opt_out.opt_out(world.context, subject_id=visit_id, means="phone", actor=RUTH)
    return visit_id


def picky(world: World, refused: str) -> PickyMails:

    mails = PickyMails(refused)
    world.mails = mails
    world.services = replace(world.services, email_sender=mails)
    return mails


def test_a_mail_that_is_refused_for_good_becomes_a_call_and_no_further_mail() -> None:
    world = World()
    visit_id = without_texts(world)
    mails = picky(world, "ana@example.org")
    world.run_until(AFTER)
    to_patient = [
        m for m in world.messages(visit_id) if m.channel is Channel.EMAIL and m.staff_id is None
    ]
    assert mails.tries == len(to_patient)
    assert not [m.id for m in to_patient if "-mail-mail" in m.id]
    whats = [getattr(task, "what", "") for task in world.store.open("task")]
    assert "call_with_confirmation" in whats
    assert "call_with_aftercare" in whats


def test_what_takes_the_place_of_a_refused_text_waits_for_no_tick() -> None:
    world = World()
    message_id = confirmation_next(world)
    world.queue.ids.clear()
    world.texts.before.append(Refused(FailureClass.NUMBER_BAD, 21614))
    deliver.deliver(world.delivery_context, message_id)
    world.drain()
    assert "ana@example.org" in [mail.to for mail in world.mails.sent]


def test_one_member_of_staff_whose_address_is_refused_stops_no_other() -> None:
    world = World()
    picky(world, "nurse@example.com")
    receipt = world.request()
    world.drain()
    sent_to = {mail.to for mail in world.mails.sent}
    assert sent_to == {"scheduler@example.com", "manager@example.com"}
    assert row(world, f"{receipt.reference}.new_request-nurse").status is MessageStatus.FAILED


def test_when_all_mails_to_staff_are_refused_the_day_sheet_names_each_reader() -> None:
    """F36: the sandbox, or a suppression list. The tasks' own mails are refused as well."""
    world = World()
    world.mails.before.extend([Refused(FailureClass.PERMANENT)] * 100)
    world.request()
    world.run_for(hours=3)
    assert tasks(world) == ["staff_mail_does_not_arrive"] * 3


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(Refused(FailureClass.RETRY), id="throttled"),
        pytest.param(Refused(FailureClass.CONFIGURATION), id="sending is paused"),
        pytest.param(OutcomeUnknown("500"), id="nobody knows"),
    ],
)
def test_a_mail_that_did_not_leave_goes_later(error: Exception) -> None:
    world = World()
    world.mails.before.extend([error, error, error])
    world.request()
    world.run_for(hours=1)
    assert len(world.mails.sent) == 3


def test_a_mail_of_which_nobody_ever_knows_whether_it_left_repeats_ever_more_seldom() -> None:
    world = World()
    receipt = world.request()
    message_id = f"{receipt.reference}.new_request-nurse"
    world.mails.before.extend([OutcomeUnknown("time-out")] * 1000)
    world.run_for(hours=2)
    assert row(world, message_id).attempt == 5
    world.run_for(days=1)
    assert row(world, message_id).attempt == 10


def test_weeks_without_mail_grow_no_row_towards_its_limit() -> None:
    world = World()
    receipt = world.request()
    message_id = f"{receipt.reference}.new_request-nurse"
    for _ in range(300):
        world.mails.before.append(Refused(FailureClass.CONFIGURATION))
        deliver.deliver(world.delivery_context, message_id)
        world.clock.at += timedelta(minutes=5)
    tried = row(world, message_id)
    assert tried.attempt == 300
    assert len(tried.history) == 100
    world.clock.at += timedelta(days=15)
    deliver.deliver(world.delivery_context, message_id)
    ended = row(world, message_id)
    assert ended.history[-1].what == ended.status == MessageStatus.EXPIRED


def test_every_link_in_a_patients_mails_leads_to_a_page() -> None:
    world = World()
    reference = world.request(sms_consent=False, detailed_consent=False).reference
    book_course.book_course(
        world.context,
        subject_id=reference,
        first=at("2026-12-08T09:00"),
        visit_type="iv_infusion",
        resource="room-1",
        sessions=2,
        spacing_days=3,
        weekdays=(),
        actor=RUTH,
    )
    world.run_until(AFTER)
    mails = [mail for mail in world.mails.sent if mail.to == "ana@example.org"]
    assert "Your 2 visits" in mails[0].text
    for mail in mails:
        (token,) = set(re.findall(r"/v/(\w+)", mail.text))
        assert world.store.get(PatientLink.ref(world.services.links.hashed(token))) is not None


def mails_to_ana(world: World, visit_type: str = "iv_infusion", **request_form: Any) -> list[Email]:
    """All that she is mailed of one visit when she takes no texts."""
    reference = world.request(sms_consent=False, detailed_consent=False, **request_form).reference
    book.confirm(
        world.context,
        subject_id=reference,
        when=at("2026-12-08T09:00"),
        visit_type=visit_type,
        resource="room-1",
        actor=RUTH,
    )
    world.run_until(AFTER)
    return [mail for mail in world.mails.sent if mail.to == "ana@example.org"]


def test_the_next_day_a_mail_asks_how_they_are_and_says_nothing_of_yesterday() -> None:
    """R20, R26: the check-in is a message of its own."""
    aftercare, check_in = mails_to_ana(World())[-2:]
    assert aftercare.subject == "After your visit"
    assert check_in.subject == "How are you today?"
    assert "tomorrow" not in check_in.text
    for part in ("911", "988", "316"):
        assert part in check_in.text


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("visit_type", ["iv_infusion", "intranasal"])
def test_who_wishes_discretion_gets_no_mail_that_shows_what_it_is_about(
    visit_type: str, language: str
) -> None:
    telling = ("ketamin", "nasal", "infus", "depress", "depres", "bipolar", "dissoc", "disoc")
    mails = mails_to_ana(World(), visit_type, discreet=True, language=language)
    assert len(mails) >= 4
    for mail in mails:
        said = f"{mail.subject} {mail.text} {mail.html} {mail.attachments}".casefold()
        assert [word for word in telling if word in said] == []


def test_who_does_not_gets_the_whole_leaflet() -> None:
    mails = mails_to_ana(World(), "intranasal")
    assert any("nasal" in mail.text for mail in mails)
