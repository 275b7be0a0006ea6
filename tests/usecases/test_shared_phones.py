"""A number that several people use, or that somebody typed who does not own it."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.change import Change, Patch, Save
from chalicelib.domain.errors import Invalid, Unavailable
from chalicelib.domain.messaging.task import Task
from chalicelib.domain.people.patient import Patient
from chalicelib.domain.record import Record
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.domain.visits.request import ConsultationRequest, RequestStatus
from chalicelib.outbox import deliver
from chalicelib.usecases.inbound.receive import Incoming, receive_text
from chalicelib.usecases.patients import contact_details, opt_out
from chalicelib.usecases.visits.load import open_visits
from tests.builders.acts import ANA, has_another_number, hear
from tests.builders.looks import phone_of, tasks, visit_of
from tests.builders.visits import BO, booked, offered
from tests.world import RUTH, World


def test_a_stranger_who_gave_the_number_first_silences_no_answer() -> None:
    world = World()
    world.request(name="A Prankster", sms_consent=False, detailed_consent=False)
    booked(world)
    sent = len(world.texts.sent)
    hear(world, "I have chest pain")
    hear(world, "where do I park")
    hear(world, "C")
    said = world.texts.bodies[sent:]
    assert [("911" in body, "is confirmed" in body) for body in said] == [
        (True, False),
        (True, False),
        (False, True),
    ]


def test_the_answer_is_for_the_patient_whose_visit_it_is() -> None:
    world = World()
    booked(world)
    second = booked(world, room="room-2", name=BO, time_zone="America/Denver").id
    hear(world, "C")
    visits = sorted(phone_of(world).choosing.items())
    digit = next(digit for digit, meant in visits if second in meant)
    hear(world, digit)
    assert visit_of(world, second).confirmed_at is not None
    # Only a reader in another zone is told which clock is meant.
    assert "at 9:00 AM CST is confirmed" in world.texts.bodies[-1]


def test_a_text_from_a_shared_phone_is_put_under_nobodys_name() -> None:
    world = World()
    booked(world)
    booked(world, room="room-2", name=BO)
    hear(world, "where do I park")
    (task,) = [t for t in world.store.open("task") if isinstance(t, Task)]
    assert (task.patient_id, task.number) == (None, ANA)


def test_staff_who_note_an_opt_out_hear_of_both_patients_visits() -> None:
    world = World()
    first = booked(world).id
    booked(world, room="room-2", name=BO)
    opt_out.opt_out(world.context, subject_id=first, means="phone", actor=RUTH)
    world.drain()
    assert tasks(world).count("opted_out_before_visit") == 2


def test_a_stop_stands_though_nothing_else_can_be_read() -> None:
    world = World()
    booked(world)
    of_patient = world.store.of_patient

    def silent(patient_id: str) -> list[Record]:
        raise Unavailable("query: ThrottlingException")

    world.store.of_patient = silent  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        hear(world, "STOP", sid="SM" + "a" * 32)
    assert phone_of(world).opted_out_at == world.clock.at
    world.store.of_patient = of_patient  # type: ignore[method-assign]
    hear(world, "STOP", sid="SM" + "a" * 32)
    assert "opted_out_before_visit" in tasks(world)


def test_a_replayed_stop_does_not_undo_a_later_start() -> None:
    world = World()
    booked(world)
    hear(world, "STOP", sid="SM" + "a" * 32)
    world.clock.at += timedelta(minutes=1)
    hear(world, "START", sid="SM" + "b" * 32)
    hear(world, "STOP", sid="SM" + "a" * 32)
    assert phone_of(world).opted_out_at is None


def test_a_stop_and_a_start_of_two_hundred_patients_are_taken() -> None:
    world = World()
    booked(world)
    known = world.store.get(Patient.ref(phone_of(world).patients[0]))
    assert known is not None
    ids = [f"PAT-{n:010d}" for n in range(200)]
    for id_ in ids:
        world.store.commit(Change(Save(known.evolve(id=id_, revision=0))))
    world.store.commit(Change(Save(phone_of(world).evolve(patients=ids))))
    hear(world, "STOP")
    assert phone_of(world).opted_out_at is not None
    hear(world, "START")
    assert phone_of(world).opted_out_at is None


@pytest.mark.parametrize("body", ["where do I park", "STOP", "START", "C"])
def test_a_number_that_texts_us_is_not_a_bad_one(body: str) -> None:
    world = World()
    booked(world)
    world.store.commit(Change(Patch(phone_of(world).key, set={"bad_because": "no texts (30006)"})))
    world.clock.at += timedelta(minutes=1)
    hear(world, body)
    assert phone_of(world).bad_because is None


def test_a_number_that_staff_say_is_right_is_tried_again() -> None:
    world = World()
    visit_id = booked(world).id
    world.store.commit(Change(Patch(phone_of(world).key, set={"bad_because": "no texts (30006)"})))
    contact_details.contact(
        world.context,
        subject_id=visit_id,
        name="Ana Löwe",
        phone=ANA,
        email=None,
        language="en",
        actor=RUTH,
    )
    assert phone_of(world).may_be_texted


def test_a_visit_that_nobody_closed_takes_no_answer_meant_for_the_next() -> None:
    world = World()
    booked(world)
    world.run_until(datetime(2026, 12, 10, 18, 0, tzinfo=UTC))
    later = open_visits(world.context, phone_of(world).patients[0])
    assert later == []
    world.clock.at += timedelta(days=1)
    hear(world, "R")
    assert "move_asked" not in tasks(world)


def test_a_digit_that_answers_an_offer_is_not_taken_for_an_older_question() -> None:
    world = World()
    booked(world, room="chair-1")
    visit_id = booked(world, room="room-2", name=BO).id
    hear(world, "C")
    assert phone_of(world).choosing != {}
    world.clock.at += timedelta(days=1)  # else the day has texts enough, and the offer is mailed
    reference = offered(world)
    hear(world, "1")
    request = world.store.get(ConsultationRequest.ref(reference))
    assert request is not None
    assert request.status is RequestStatus.BOOKED
    assert visit_of(world, visit_id).confirmed_at is None


def test_a_new_number_is_told_who_texts_before_anything_else() -> None:
    world = World()
    visit_id = booked(world).id
    sent = len(world.texts.sent)
    has_another_number(world, visit_id)
    world.run_until(datetime(2026, 12, 6, 18, 0, tzinfo=UTC))
    hear(world, "START", sender="+13165550150")
    world.run_until(datetime(2026, 12, 8, 12, 0, tzinfo=UTC))
    texts = world.texts.sent[sent:]
    assert {text.to for text in texts} == {"+13165550150"}
    assert ["Msg & data rates" in text.body for text in texts] == [
        True,
        *[False] * (len(texts) - 1),
    ]
    assert len(texts) > 2


def test_the_first_text_to_a_new_number_leaves_first_whatever_the_queue_says() -> None:
    world = World()
    visit_id = booked(world).id
    has_another_number(world, visit_id)
    reminder = world.message(visit_id, "v1-reminder")
    world.run_until(reminder.scheduled_at - timedelta(minutes=1))
    sent = len(world.texts.sent)
    receive_text(
        world.context,
        Incoming(sid="SM" + "c" * 32, sender="+13165550150", body="START"),
        quiet_words=frozenset({"start"}),
    )
    world.clock.at = reminder.scheduled_at
    deliver.deliver(world.delivery_context, reminder.id)
    assert ["Msg & data rates" in body for body in world.texts.bodies[sent:]] == [True, False]


def test_a_stop_that_comes_while_a_pause_is_ended_stands() -> None:
    world = World()
    visit_id = booked(world).id
    world.clock.at += timedelta(minutes=1)
    hear(world, "too many texts")
    commit = world.store.commit

    def meanwhile(change: Change) -> None:
        world.store.commit = commit  # type: ignore[method-assign]
        hear(world, "STOP")
        commit(change)

    world.store.commit = meanwhile  # type: ignore[method-assign]
    with pytest.raises(Invalid):
        opt_out.resume(world.context, subject_id=visit_id, actor=RUTH)
    assert phone_of(world).opted_out_means == "text"


def test_of_two_people_on_one_phone_nobody_is_confirmed_by_guess() -> None:
    """R42: the first has confirmed, and the next C may be either's."""
    world = World()
    visits = [booked(world).id, booked(world, room="room-2", name="Bo Example").id]
    world.drain()
    world.clock.at += timedelta(minutes=1)
    hear(world, "C", sid="SM" + "1" * 32)
    hear(world, "1", sid="SM" + "2" * 32)
    world.clock.at += timedelta(minutes=1)
    hear(world, "C", sid="SM" + "3" * 32)
    confirmed = [
        visit.confirmed_at is not None
        for visit in (world.store.get(Appointment.ref(visit_id)) for visit_id in visits)
        if visit is not None
    ]
    assert confirmed == [True, False]
    assert phone_of(world).choosing.keys() == {"1", "2"}
