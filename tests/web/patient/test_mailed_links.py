"""A link proves only the address that it was sent to: what one that was mailed ends (R9, R67)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.audit import AuditEvent
from chalicelib.domain.change import Change, Patch, Save
from chalicelib.domain.messaging.message import Channel, Message, MessageStatus
from chalicelib.domain.messaging.task import Task
from chalicelib.domain.people.patient import ENDED_BY_MAIL, PatientLink, SentBy
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.usecases.inbound.receive import Incoming, receive_text
from chalicelib.usecases.patients import contact_details, opt_out
from chalicelib.usecases.visits import offers
from tests.builders.acts import ANA, QUIET, hear
from tests.builders.looks import first_alone, firsts, patient_of, phone_of, tasks
from tests.builders.pages import all_of, mailed_link, stored_rows
from tests.builders.visits import NIGHT, booked
from tests.web.browser import SURE, Browser, browsing, text_of
from tests.world import RUTH, World

STRANGER = {"name": "A Stranger", "email": "stranger@example.com"}


def link_of(world: World, subject_id: str, *, sent_by: SentBy = SentBy.MAIL) -> str:
    """The address that a text or a mail about this would lead to, as if it had been sent."""
    links = world.services.links
    patient = patient_of(world, subject_id)
    token = links.patient_token(patient.link_name(subject_id, sent_by))
    row = PatientLink(
        hash=links.hashed(token),
        subject_id=subject_id,
        links=patient.links,
        sent_by=sent_by,
        expires_at=world.clock.at + timedelta(days=30),
    )
    world.store.commit(Change(Save(row)))
    return f"/v/{token}"


def ends(browser: Browser, visit: Appointment) -> None:
    link = link_of(browser.world, visit.id)
    assert browser.send(f"{link}/opt_out", [SURE]).status_code == 303
    browser.world.drain()


def texted(world: World, visit: Appointment) -> list[Message]:
    """The texts about the visit that left."""
    return [m for m in world.messages(visit.id) if m.channel is Channel.TEXT and m.sid is not None]


def test_a_stranger_who_asked_with_somebody_elses_number_silences_nobody(browser: Browser) -> None:
    """F96: what the stranger is mailed about their own request ends nothing of the number."""
    world = browser.world
    owner = booked(world)
    reference = world.request(**STRANGER, sms_consent=False, detailed_consent=False).reference
    offers.decline(
        world.context, subject_id=reference, reason_code="could_not_reach", note="", actor=RUTH
    )
    world.drain()
    mail = next(m for m in reversed(world.mails.sent) if m.to == "stranger@example.com")
    link = "/v/" + mail.text.partition("/v/")[2].split()[0]
    before = len(texted(world, owner))
    assert browser.send(f"{link}/opt_out", [SURE]).status_code == 303
    assert phone_of(world).opted_out_at is None
    world.run_until(owner.end_at + timedelta(days=2))
    assert len(texted(world, owner)) > before + 3
    assert patient_of(world, owner.id).gets_texts


def test_a_mailed_link_ends_the_mails_and_the_patients_own_texts(browser: Browser) -> None:
    world = browser.world
    visit = booked(world)
    sent, mailed = len(world.texts.sent), len(world.mails.sent)
    ends(browser, visit)
    patient = patient_of(world, visit.id)
    assert (patient.texts_ended_at, patient.mail_to) == (world.clock.at, None)
    staff = world.services.links.staff_token(
        subject_id=visit.id, staff_id="nurse", now=world.clock.at
    )
    page = text_of(browser.get(f"/s/{staff}"))
    for said in (
        "Wants no more mails, and no texts about themselves : by the patient "
        "(by a link that was mailed)",
        f"Preparation text : withheld ({ENDED_BY_MAIL})",
        "no mail goes there any more, at their wish",
        "none goes about this patient; the number has not opted out",
    ):
        assert said in page
    world.run_until(visit.end_at + timedelta(days=2))
    assert len(world.texts.sent) == sent
    assert "ana@example.org" not in {mail.to for mail in world.mails.sent[mailed:]}
    for step in ("preparation", "aftercare", "check_in"):
        row = world.message(visit.id, f"v1-{step}")
        assert (row.status, row.reason) == (MessageStatus.WITHDRAWN, ENDED_BY_MAIL)
    # Safety information is not lost: a person says it (R11).
    assert {"call_with_preparation", "call_with_aftercare", "call_to_check_in"} <= set(tasks(world))
    assert "opted_out_before_visit" in tasks(world)
    assert phone_of(world).opted_out_at is None


def test_who_shares_the_number_still_gets_texts_and_its_owner_is_asked(browser: Browser) -> None:
    world = browser.world
    mine = booked(world)
    theirs = booked(world, room="room-2", name="Bo Example", email=None)
    ends(browser, mine)
    (task,) = [task for task in world.open_tasks() if task.what == "number_owner_meant"]
    assert (task.patient_id, task.number, task.subject_id) == (mine.patient_id, ANA, mine.id)
    # Noon on a Tuesday: four opening hours later the clinic is still open.
    assert task.deadline_at == world.clock.at + timedelta(hours=4)
    (event,) = [e for e in all_of(browser, AuditEvent) if e.what == "own_messages_ended"]
    assert (event.owner_id, event.by) == (mine.patient_id, "patient")
    sheet = text_of(browser.get(browser.day_link()))
    assert "Opted out by a mailed link: does the number&#39;s owner mean it?" in sheet
    world.run_until(theirs.end_at + timedelta(days=2))
    assert {"reminder", "preparation", "aftercare"} <= {m.kind for m in texted(world, theirs)}
    assert {m.kind for m in texted(world, mine)} == {"welcome", "confirmation"}
    assert patient_of(world, theirs.id).gets_texts


def test_the_question_to_the_owner_waits_for_opening_hours(browser: Browser) -> None:
    world = browser.world
    mine = booked(world)
    booked(world, room="room-2", name="Bo Example", email=None)
    world.clock.at = datetime(2026, 12, 2, 22, 30, tzinfo=UTC)  # Wednesday, an hour before closing
    ends(browser, mine)
    (task,) = [task for task in world.open_tasks() if task.what == "number_owner_meant"]
    assert task.deadline_at == datetime(2026, 12, 3, 17, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(None, id="nobody else has it"),
        pytest.param({"sms_consent": False, "detailed_consent": False}, id="they take no texts"),
    ],
)
def test_nobody_is_asked_where_the_number_gets_no_other_texts(
    browser: Browser, other: dict[str, Any] | None
) -> None:
    mine = booked(browser.world)
    if other is not None:
        booked(browser.world, room="room-2", name="Bo Example", **other)
    ends(browser, mine)
    assert "number_owner_meant" not in tasks(browser.world)


def test_pressed_again_it_changes_nothing(browser: Browser) -> None:
    mine = booked(browser.world)
    booked(browser.world, room="room-2", name="Bo Example", email=None)
    link = link_of(browser.world, mine.id)
    assert browser.send(f"{link}/opt_out", [SURE]).status_code == 303
    before = stored_rows(browser)
    browser.world.clock.at += timedelta(minutes=1)
    assert browser.send(f"{link}/opt_out", [SURE]).status_code == 303
    assert stored_rows(browser) == before


def test_a_texted_link_opts_the_number_out(browser: Browser) -> None:
    world = browser.world
    visit = booked(world)
    link = link_of(world, visit.id, sent_by=SentBy.TEXT)
    assert "all our texts to this phone" in text_of(browser.get(link))
    answer = browser.send(f"{link}/opt_out", [SURE])
    assert answer.status_code == 303
    assert phone_of(world).opted_out_means == "page"
    assert "We will not text you any more" in text_of(browser.get(answer.headers["Location"]))
    assert patient_of(world, visit.id).mail_to == "ana@example.org"


def test_a_mailed_page_says_what_it_ends_and_then_that_it_has(browser: Browser) -> None:
    visit = booked(browser.world)
    link = link_of(browser.world, visit.id)
    assert "Please send me no more e-mails and texts" in text_of(browser.get(link))
    done = browser.send(f"{link}/opt_out", [SURE]).headers["Location"]
    page = text_of(browser.get(done))
    assert "We will send you no more e-mails and texts." in page
    assert "Please send me no more" not in page


def test_a_link_of_which_nobody_knows_how_it_was_sent_speaks_for_its_patient_alone(
    browser: Browser,
) -> None:
    """An older row does not say, and its characters were derived from the subject alone."""
    world = browser.world
    visit = booked(world)
    token = world.services.links.patient_token(visit.id)
    link = PatientLink(
        hash=world.services.links.hashed(token),
        subject_id=visit.id,
        expires_at=world.clock.at + timedelta(days=1),
    )
    world.store.commit(Change(Save(link)))
    world.store.commit(Change(Patch(link.key, set={"sent_by": None})))
    assert browser.get(f"/v/{token}").status_code == 200
    assert browser.send(f"/v/{token}/opt_out", [SURE]).status_code == 303
    assert phone_of(world).opted_out_at is None
    assert patient_of(world, visit.id).texts_ended_at is not None


def test_a_text_and_a_mail_about_the_same_have_other_links() -> None:
    world = World()
    visit = booked(world)
    patient = patient_of(world, visit.id)
    assert patient.link_name(visit.id, SentBy.TEXT) != patient.link_name(visit.id, SentBy.MAIL)
    mailed = booked(
        world, room="room-2", name="Bo Example", sms_consent=False, detailed_consent=False
    )
    with browsing(world) as browser:
        token = mailed_link(browser).removeprefix("/v/")
    row = world.store.get(PatientLink.ref(world.services.links.hashed(token)))
    assert row is not None
    assert (row.subject_id, row.sent_by) == (mailed.id, SentBy.MAIL)


def test_the_next_request_of_the_number_is_texted_again(browser: Browser) -> None:
    ends(browser, booked(browser.world))
    again = booked(browser.world, room="room-2")
    assert [message.kind for message in texted(browser.world, again)] == ["confirmation"]


def test_what_the_number_itself_asks_is_answered(browser: Browser) -> None:
    """It has not opted out: whoever writes from it did not press the link (R63)."""
    world = browser.world
    ends(browser, booked(world))
    for body, said in (("I have chest pain", "911"), ("where do I park", "call"), ("C", "confirm")):
        sent = len(world.texts.sent)
        world.clock.at += timedelta(hours=5)
        hear(world, body)
        assert any(said in text for text in world.texts.bodies[sent:]), body


def test_an_answer_is_for_who_still_gets_texts(browser: Browser) -> None:
    world = browser.world
    ends(browser, booked(world, language="es"))
    booked(world, room="room-2", name="Bo Example", email=None)
    hear(world, "where do I park")
    assert "reads replies" in world.texts.bodies[-1]


def test_a_start_of_the_number_that_is_the_patients_alone_lets_texts_go_again(
    browser: Browser,
) -> None:
    world = browser.world
    visit = booked(world)
    ends(browser, visit)
    world.clock.at += timedelta(minutes=1)
    hear(world, "START")
    assert patient_of(world, visit.id).gets_texts
    # A phone proves a phone: the mails stay ended.
    assert patient_of(world, visit.id).mail_to is None
    world.run_until(visit.end_at + timedelta(days=2))
    assert "reminder" in {m.kind for m in texted(world, visit)}


def test_a_stop_and_a_start_after_the_mailed_link_lift_both_where_nobody_shares_the_number(
    browser: Browser,
) -> None:
    world = browser.world
    visit = booked(world)
    hear(world, "STOP")
    ends(browser, visit)
    assert phone_of(world).opted_out_means == "text"
    world.clock.at += timedelta(minutes=1)
    hear(world, "START")
    assert phone_of(world).may_be_texted
    assert patient_of(world, visit.id).gets_texts


def test_a_start_of_a_shared_number_lifts_its_block_and_only_the_next_what_one_ended(
    browser: Browser,
) -> None:
    world = browser.world
    mine = booked(world)
    theirs = booked(world, room="room-2", name="Bo Example", email=None)
    ends(browser, mine)
    hear(world, "STOP")
    world.clock.at += timedelta(minutes=1)
    hear(world, "START")
    assert phone_of(world).may_be_texted
    assert [patient_of(world, v.id).gets_texts for v in (mine, theirs)] == [False, True]
    world.clock.at += timedelta(minutes=1)
    hear(world, "START")
    assert [patient_of(world, v.id).gets_texts for v in (mine, theirs)] == [True, True]


def test_an_older_start_that_is_found_late_lifts_nothing(browser: Browser) -> None:
    world = browser.world
    visit = booked(world)
    started_at = world.clock.at + timedelta(minutes=1)
    world.clock.at += timedelta(minutes=5)
    ends(browser, visit)
    late = Incoming(sid="SM" + "a" * 32, sender=ANA, body="START", received_at=started_at)
    receive_text(world.context, late, quiet_words=QUIET)
    assert not patient_of(world, visit.id).gets_texts


def test_the_first_text_that_waited_for_them_is_written_to_another(browser: Browser) -> None:
    """R4: who texts is said before anything else, once."""
    world = browser.world
    world.clock.at = NIGHT
    mine = booked(world)
    theirs = booked(world, room="room-2", name="Bo Example", email=None)
    ends(browser, mine)
    world.run_for(hours=12)
    assert first_alone(firsts(world))
    assert {m.kind for m in texted(world, theirs)} == {"confirmation"}


def test_staff_opt_the_number_out_once_its_owner_means_it(browser: Browser) -> None:
    world = browser.world
    mine = booked(world)
    theirs = booked(world, room="room-2", name="Bo Example", email=None)
    ends(browser, mine)
    opt_out.opt_out(world.context, subject_id=mine.id, means="phone", actor=RUTH)
    before = len(texted(world, theirs))
    world.run_until(theirs.end_at)
    assert len(texted(world, theirs)) == before
    assert phone_of(world).opted_out_means == "phone"


def test_mails_go_to_an_address_that_the_patient_gives_anew(browser: Browser) -> None:
    world = browser.world
    visit = booked(world)
    ends(browser, visit)
    contact_details.contact(
        world.context,
        subject_id=visit.id,
        name="Ana Löwe",
        phone=ANA,
        email="ana@example.com",
        language="en",
        actor=RUTH,
    )
    patient = patient_of(world, visit.id)
    assert (patient.mail_to, patient.gets_texts) == ("ana@example.com", False)


def test_the_task_leads_to_the_page_where_either_can_be_noted(browser: Browser) -> None:
    world = browser.world
    mine = booked(world)
    booked(world, room="room-2", name="Bo Example", email=None)
    ends(browser, mine)
    mail = next(m for m in reversed(world.mails.sent) if "does the number" in m.text)
    page = mail.text.partition("http://127.0.0.1:8000")[2].split()[0]
    assert "opt_out" in {form.decision for form in browser.forms(page)}
    assert any(isinstance(task, Task) for task in world.open_tasks())
