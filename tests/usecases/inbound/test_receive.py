"""What a patient's text causes: once, never by guess, and a person hears of the rest."""

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from chalicelib.domain.messaging.message import Message, MessageStatus
from chalicelib.domain.people.patient import Consent, Patient
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.visits.request import ConsultationRequest, RequestStatus
from chalicelib.ports import FailureClass, Refused
from chalicelib.usecases.inbound.receive import Incoming, receive_text
from chalicelib.usecases.patients import contact_details
from chalicelib.usecases.tasks import close_task
from chalicelib.usecases.visits import attendance, book
from tests.builders.acts import ANA, QUIET, hear, moves
from tests.builders.looks import tasks, visit_of
from tests.builders.visits import booked, offered
from tests.world import RUTH, World, at

_sids = count(1)


@pytest.mark.parametrize("body", ["C", "c.", "confirm", " Confirm! ", "ok", "👍", "C 👍"])
def test_the_visit_is_confirmed_and_thanked_for(body: str) -> None:
    world = World()
    visit_id = booked(world).id
    hear(world, body)
    assert visit_of(world, visit_id).confirmed_at == world.clock.at
    assert "is confirmed" in world.texts.bodies[-1]


def test_a_text_that_comes_twice_has_one_effect() -> None:
    world = World()
    booked(world)
    for _ in range(3):
        hear(world, "where do I park", sid="SM" + "1" * 32)
    assert tasks(world) == ["reply_to_read"]


def test_r_asks_a_person_to_call_and_keeps_the_visit() -> None:
    world = World()
    visit_id = booked(world).id
    hear(world, "R")
    assert tasks(world) == ["move_asked"]
    assert visit_of(world, visit_id).is_open


@pytest.mark.parametrize(("body", "driver"), [("D", "yes"), ("N", "no")])
def test_the_ride_home_is_noted(body: str, driver: str) -> None:
    world = World()
    visit_id = booked(world).id
    world.run_until(datetime(2026, 12, 7, 15, 5, tzinfo=UTC))
    hear(world, body)
    assert visit_of(world, visit_id).driver == driver
    assert ("no_driver" in tasks(world)) is (driver == "no")


@pytest.mark.parametrize("visit_type", ["consultation", "iv_infusion"])
@pytest.mark.parametrize("body", ["no", "N", "nobody"])
def test_no_is_about_no_ride_that_nobody_asked_about(visit_type: str, body: str) -> None:
    world = World()
    visit = book.confirm(
        world.context,
        subject_id=world.request().reference,
        when=at("2026-12-08T09:00"),
        visit_type=visit_type,
        resource="room-1",
        actor=RUTH,
    )
    world.drain()
    hear(world, body)  # to "Reply C to confirm, R to reschedule"
    assert tasks(world) == ["reply_to_read"]
    assert visit_of(world, visit.id).driver is None
    assert "ride" not in world.texts.bodies[-1]


def test_who_loses_their_ride_after_all_is_called() -> None:
    world = World()
    visit_id = booked(world).id
    world.run_until(datetime(2026, 12, 7, 15, 5, tzinfo=UTC))
    hear(world, "D")
    hear(world, "N")
    assert visit_of(world, visit_id).driver == "no"
    assert "no_driver" in tasks(world)


@pytest.mark.parametrize(("body", "task"), [("N", "no_driver"), ("R", "reply_to_read")])
def test_what_is_answered_after_the_arrival_reaches_a_person(body: str, task: str) -> None:
    world = World()
    visit_id = booked(world).id
    world.run_until(datetime(2026, 12, 8, 14, 50, tzinfo=UTC))
    attendance.record_arrival(world.context, appointment_id=visit_id, at=None, actor=RUTH)
    world.clock.at += timedelta(minutes=1)
    hear(world, body)
    assert task in tasks(world)


def test_no_ride_said_just_before_the_arrival_is_recorded_reaches_a_person() -> None:
    world = World()
    visit_id = booked(world).id
    world.run_until(datetime(2026, 12, 8, 14, 50, tzinfo=UTC))
    receive_text(
        world.context,
        Incoming(sid=f"SM{next(_sids):032x}", sender=ANA, body="N"),
        quiet_words=QUIET,
    )
    attendance.record_arrival(world.context, appointment_id=visit_id, at=None, actor=RUTH)
    world.drain()
    assert "no_driver" in tasks(world)


def test_with_two_visits_open_nothing_is_applied_by_guess() -> None:
    world = World()
    first = booked(world).id
    second = booked(world, room="room-2", name="Bo Example").id
    hear(world, "C")
    assert visit_of(world, first).confirmed_at is None
    assert visit_of(world, second).confirmed_at is None
    assert "which visit" in world.texts.bodies[-1]
    hear(world, "2")
    confirmed = [visit_of(world, v).confirmed_at is not None for v in (first, second)]
    assert confirmed.count(True) == 1


@pytest.mark.parametrize("body", ["STOP", "stop.", " Unsubscribe ", "Optout!", "CANCEL"])
def test_stop_is_one_fact_and_no_reply(body: str) -> None:
    world = World()
    booked(world)
    sent = len(world.texts.sent)
    hear(world, body)
    phone = world.store.get(Phone.ref(ANA))
    assert phone is not None
    assert phone.opted_out_at == world.clock.at
    assert "opted_out_before_visit" in tasks(world)
    world.run_until(datetime(2026, 12, 14, tzinfo=UTC))
    assert len(world.texts.sent) == sent


def test_start_before_the_visit_brings_later_texts_back_and_not_the_missed_ones() -> None:
    world = World()
    visit_id = booked(world).id
    hear(world, "STOP")
    world.run_until(datetime(2026, 12, 7, 18, 0, tzinfo=UTC))
    hear(world, "START")
    world.run_until(datetime(2026, 12, 14, tzinfo=UTC))
    status = {m.id.partition(".v1-")[2]: m.status for m in world.messages(visit_id)}
    assert status["reminder"] is MessageStatus.WITHDRAWN
    assert status["preparation"] is MessageStatus.SENT
    patient_id = visit_of(world, visit_id).patient_id
    means = [r.means for r in world.store.owned(patient_id) if isinstance(r, Consent)]
    assert means.count("text") == 1


def test_two_patients_on_one_phone_are_both_looked_after_when_one_opts_out() -> None:
    world = World()
    booked(world)
    booked(world, room="room-2", name="Bo Example")
    hear(world, "STOP")
    assert tasks(world).count("opted_out_before_visit") == 2


def test_an_urgent_text_is_answered_at_night_and_alarms_until_somebody_takes_it() -> None:
    world = World()
    booked(world)
    world.clock.at = datetime(2026, 12, 2, 9, 0, tzinfo=UTC)  # 3:00 in the morning
    mails = len(world.mails.sent)
    hear(world, "I have chest pain")
    assert "911" in world.texts.bodies[-1]
    assert world.texts.sent[-1].created_at == world.clock.at
    assert tasks(world) == ["urgent_text"]
    assert len(world.mails.sent) == mails + 3
    world.run_for(minutes=11)
    assert len(world.mails.sent) == mails + 6


def test_an_urgent_text_after_an_opt_out_alarms_staff_all_the_same() -> None:
    world = World()
    booked(world)
    hear(world, "STOP")
    hear(world, "suicide")
    assert "urgent_text" in tasks(world)


def test_an_unknown_number_learns_nothing() -> None:
    world = World()
    booked(world)
    sent = len(world.texts.sent)
    for body in ("C", "HELP", "hello", "START", "STOP"):
        hear(world, body, sender="+13165550177")
    assert len(world.texts.sent) == sent


def test_the_sender_gets_one_automatic_answer_an_hour() -> None:
    """R63."""
    world = World()
    booked(world)
    sent = len(world.texts.sent)
    for _ in range(5):
        hear(world, "thanks, and where do I park")
    assert len(world.texts.sent) == sent + 1
    world.clock.at += timedelta(hours=1)
    hear(world, "hello again")
    assert len(world.texts.sent) == sent + 2


def test_a_flood_of_texts_is_one_mail_one_answer_and_every_text_on_the_day_sheet() -> None:
    world = World()
    booked(world)
    mails, sent = len(world.mails.sent), len(world.texts.sent)
    for number in range(60):
        hear(world, f"hello {number}")
    assert (len(world.mails.sent) - mails, len(world.texts.sent) - sent) == (3, 1)
    assert tasks(world).count("reply_to_read") == 60


def test_a_flood_of_urgent_texts_is_one_alarm_until_somebody_takes_it() -> None:
    world = World()
    booked(world)
    mails = len(world.mails.sent)
    for _ in range(30):
        hear(world, "overdose")
    assert len(world.mails.sent) - mails == 3
    assert tasks(world).count("urgent_text") == 1
    (alarm,) = [task for task in world.open_tasks() if task.urgent]
    close_task(world.context, task_id=alarm.key.pk, note="called", actor=RUTH)
    for _ in range(30):
        hear(world, "overdose")
    assert tasks(world).count("urgent_text") == 1
    assert len(world.mails.sent) - mails == 6


def test_a_stop_that_is_urgent_does_both() -> None:
    world = World()
    booked(world)
    meaning = receive_text(
        world.context,
        Incoming(sid=f"SM{next(_sids):032x}", sender=ANA, body="suicide", opt_out_type="STOP"),
        quiet_words=frozenset({"stop"}),
    )
    phone = world.store.get(Phone.ref(ANA))
    assert phone is not None
    assert (meaning, phone.opted_out_at is not None) == ("stop", True)
    world.drain()
    assert "urgent_text" in tasks(world)


def test_a_digit_takes_an_offered_time_at_once() -> None:
    world = World()
    reference = offered(world)
    assert "1 for Tue Dec 8 9:00 AM" in world.texts.bodies[-1]
    hear(world, "2")
    request = world.store.get(ConsultationRequest.ref(reference))
    assert request is not None
    assert request.status is RequestStatus.BOOKED
    visit = visit_of(world, request.appointment_id or "")
    assert visit.start_at == datetime(2026, 12, 8, 19, 0, tzinfo=UTC)
    assert "is booked for Tue Dec 8 at 1:00 PM" in world.texts.bodies[-1]


def test_an_offered_time_that_was_taken_is_said_so_with_what_is_left() -> None:
    world = World()
    offered(world)
    booked(world, phone="+13165550143", name="Bo Example")
    hear(world, "1")
    assert "is no longer free" in world.texts.bodies[-1]
    assert "1:00 PM" in world.texts.bodies[-1]


def test_a_new_number_gets_nothing_before_its_own_consent() -> None:
    world = World()
    visit_id = booked(world).id
    sent = len(world.texts.sent)
    contact_details.contact(
        world.context,
        subject_id=visit_id,
        name="Ana Löwe",
        phone="+13165550150",
        email="ana@example.org",
        language="en",
        actor=RUTH,
    )
    world.run_until(datetime(2026, 12, 7, 18, 0, tzinfo=UTC))
    assert len(world.texts.sent) == sent
    hear(world, "START", sender="+13165550150")
    world.run_until(datetime(2026, 12, 8, 12, 0, tzinfo=UTC))
    assert {text.to for text in world.texts.sent[sent:]} == {"+13165550150"}
    patient = world.store.get(Patient.ref(visit_of(world, visit_id).patient_id))
    assert patient is not None
    assert patient.text_consent == "neutral"


def test_what_is_left_is_numbered_anew_and_the_new_number_counts() -> None:
    world = World()
    reference = offered(world)
    booked(world, phone="+13165550143", name="Bo Example")
    hear(world, "1")
    hear(world, "1")
    request = world.store.get(ConsultationRequest.ref(reference))
    assert request is not None
    visit = visit_of(world, request.appointment_id or "")
    assert visit.start_at == datetime(2026, 12, 8, 19, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "opt_out_type", "is_ours"),
    [
        pytest.param("help", None, False, id="the provider's word"),
        pytest.param(" Info ", None, False, id="another of its words"),
        pytest.param("AYUDA", "HELP", False, id="a word that it was taught"),
        pytest.param("ayuda", None, True, id="a word that it does not know"),
        pytest.param("help please", None, True, id="more than its word"),
    ],
)
def test_help_is_answered_by_the_provider_or_by_us_and_by_one_alone(
    body: str, opt_out_type: str | None, is_ours: bool
) -> None:
    world = World()
    booked(world)
    sent = len(world.texts.sent)
    asks = Incoming(sid="SM" + "a" * 32, sender=ANA, body=body, opt_out_type=opt_out_type)
    assert receive_text(world.context, asks, quiet_words=frozenset({"help"})) == "help"
    world.drain()
    assert len(world.texts.sent) - sent == is_ours


def test_an_answer_that_is_late_says_nothing_of_a_time_that_the_visit_was_moved_to() -> None:
    """R18, R41: "confirmed" was true of the old time."""
    world = World()
    visit_id = booked(world).id
    world.texts.before.append(Refused(FailureClass.RETRY, 429))
    hear(world, "C")
    moves(world, visit_id, "2026-12-09T09:00")
    world.run_for(hours=1)
    late = world.store.of_patient(visit_of(world, visit_id).patient_id)
    (thanks,) = [m for m in late if isinstance(m, Message) and m.kind == "confirmed_thanks"]
    assert (thanks.status, thanks.reason) == (MessageStatus.WITHDRAWN, "it was changed since")
