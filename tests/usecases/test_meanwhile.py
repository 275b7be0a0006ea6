"""What changes between the look and the write makes no decision wrong, nor does an old index."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.errors import AlreadyDecided, Invalid, Unavailable
from chalicelib.domain.people.patient import Patient
from chalicelib.domain.record import Record
from chalicelib.domain.visits.appointment import Appointment, AppointmentStatus
from chalicelib.domain.visits.request import RequestStatus
from chalicelib.usecases.patients import contact_details, opt_out
from chalicelib.usecases.privacy.erase import erase
from chalicelib.usecases.tasks import close_task
from chalicelib.usecases.visits import attendance, book, offers
from tests.builders.acts import (
    ANA,
    MINUTE,
    OTHER,
    arrives,
    cancels,
    has_another_number,
    hear,
    lists,
    meanwhile,
    moves,
    ticks_and_erases,
)
from tests.builders.looks import (
    first_alone,
    firsts,
    phone_of,
    request_of,
    sessions_of,
    tasks,
    visit_of,
)
from tests.builders.visits import (
    BO,
    NIGHT,
    PLANTED,
    booked,
    booked_and_listed,
    booked_at_night,
    course_of,
    just_booked,
    offered,
    with_course_rule,
)
from tests.world import RUTH, World, at

REMINDED = datetime(2026, 12, 8, 14, 0, tzinfo=UTC)  # by then the visit's texts have left


def arrives_here(world: World, visit_id: str) -> None:
    attendance.record_arrival(world.context, appointment_id=visit_id, at=None, actor=RUTH)


def lagging(world: World, patient_id: str) -> None:
    """From now on the index shows the patient's rows as they are at this moment (F19)."""
    then = world.store.of_patient(patient_id)

    def lags(patient_id: str) -> list[Record]:
        return then

    world.store.of_patient = lags  # type: ignore[method-assign]


def hears_until_taken(world: World, body: str) -> None:
    """As the webhook is tried again, or the list finds it, once the index has caught up."""
    lagged, sid = world.store.of_patient, "SM" + "a" * 32
    try:
        hear(world, body, sid=sid)
    except Unavailable:
        del world.store.of_patient
        hear(world, body, sid=sid)
        world.store.of_patient = lagged  # type: ignore[method-assign]


def patient(world: World, patient_id: str) -> Patient:
    found = world.store.get(Patient.ref(patient_id))
    assert found is not None
    return found


@pytest.mark.parametrize("index_lags", [False, True])
def test_who_arrives_at_the_moment_of_an_erasure_is_not_erased(index_lags: bool) -> None:
    """R11, F70: aftercare would go to nobody, and no task would tell of it."""
    world, visit_id = booked_and_listed()
    patient_id = visit_of(world, visit_id).patient_id
    world.run_until(visit_of(world, visit_id).start_at)
    if index_lags:
        lagging(world, patient_id)
        arrives_here(world, visit_id)
    else:
        meanwhile(world, lambda: arrives_here(world, visit_id))
    with pytest.raises(AlreadyDecided):
        erase(world.context, patient_id, actor=RUTH)
    assert patient(world, patient_id).erased_at is None


def test_an_erasure_goes_on_though_a_visit_was_cancelled_a_moment_ago() -> None:
    """F70, F19: the index shows it as it was, and the others are to be cancelled all the same."""
    world = World()
    course = course_of(world)
    world.drain()
    lagging(world, course.patient_id)
    cancels(world, course.appointment_ids[0])
    erase(world.context, course.patient_id, actor=RUTH)
    assert {one.status for one in sessions_of(world, course)} == {AppointmentStatus.CANCELLED}


def test_a_visit_that_no_index_named_when_its_patient_was_erased_is_cancelled_later() -> None:
    """F70, F19: it was booked a moment before."""
    world = World()
    visit_id = just_booked(world, **PLANTED).id
    of_patient = world.store.of_patient

    def without_visits(patient_id: str) -> list[Record]:
        return [row for row in of_patient(patient_id) if not isinstance(row, Appointment)]

    world.store.of_patient = without_visits  # type: ignore[method-assign]
    erase(world.context, visit_id, actor=RUTH)
    world.store.of_patient = of_patient  # type: ignore[method-assign]
    world.clock.at += timedelta(minutes=11)
    ticks_and_erases(world)
    assert visit_of(world, visit_id).status is AppointmentStatus.CANCELLED


def test_a_cry_for_help_joins_no_alarm_that_is_taken_at_that_moment() -> None:
    """R44: who took the alarm has not read it, and nobody else would be mailed of it."""
    world = World()
    booked(world)
    hear(world, "overdose")
    world.clock.at += MINUTE
    (alarm,) = world.open_tasks()
    mails = len(world.mails.sent)
    meanwhile(world, lambda: close_task(world.context, task_id=alarm.id, note="called", actor=RUTH))
    hear(world, "I want to kill myself")
    assert tasks(world) == ["urgent_text"]
    assert len(world.mails.sent) > mails


@pytest.mark.parametrize("is_erased", [False, True])
def test_a_cry_for_help_is_answered_though_one_of_the_number_leaves_it(is_erased: bool) -> None:
    """R44: somebody else of the same number may have written."""
    world = World()
    ana = booked(world).id
    booked(world, room="room-2", name=BO)
    sent = len(world.texts.sent)
    if is_erased:
        meanwhile(world, lambda: erase(world.context, ana, actor=RUTH))
    else:
        meanwhile(world, lambda: has_another_number(world, ana))
    hear(world, "I have chest pain")
    assert tasks(world) == ["urgent_text"]
    assert any("911" in body for body in world.texts.bodies[sent:])


def test_a_digit_takes_no_time_of_an_offer_that_has_not_left_yet() -> None:
    """R42: the new offer waits for the morning, and the patient answers the old one."""
    world = World(datetime(2026, 12, 2, 2, 0, tzinfo=UTC))  # 20:00 in Wichita
    reference = offered(world)
    world.clock.at += timedelta(hours=2)
    offers.propose(
        world.context,
        subject_id=reference,
        times=[at("2026-12-10T09:00")],
        visit_type="consultation",
        resource="room-1",
        actor=RUTH,
    )
    world.drain()
    hear(world, "1")
    assert request_of(world, reference).status is RequestStatus.PROPOSED
    assert "reply_to_read" in tasks(world)


def test_a_digit_takes_the_time_of_the_offer_that_stands_though_the_index_lags() -> None:
    """R42, F19."""
    world = World()
    reference = offered(world)  # 9:00 or 13:00
    lagging(world, request_of(world, reference).patient_id)
    offers.propose(
        world.context,
        subject_id=reference,
        times=[at("2026-12-08T08:00"), at("2026-12-08T09:00")],
        visit_type="consultation",
        resource="room-1",
        actor=RUTH,
    )
    world.drain()
    hear(world, "1")
    booked_id = request_of(world, reference).appointment_id or ""
    assert visit_of(world, booked_id).start_at == datetime(2026, 12, 8, 14, 0, tzinfo=UTC)


def test_who_asks_to_move_while_the_visit_is_moved_is_called() -> None:
    """R41."""
    world = World()
    visit_id = booked(world).id
    meanwhile(world, lambda: moves(world, visit_id, "2026-12-09T09:00"))
    hear(world, "R")
    assert tasks(world) != []


@pytest.mark.parametrize("body", ["C", "R"])
def test_an_answer_to_a_move_counts_though_the_index_does_not_show_the_move(body: str) -> None:
    """R41, F19."""
    world = World()
    visit_id = booked(world).id
    hear(world, "C")
    lagging(world, visit_of(world, visit_id).patient_id)
    moves(world, visit_id, "2026-12-09T09:00")
    world.drain()
    hears_until_taken(world, body)
    is_confirmed = visit_of(world, visit_id).confirmed_at is not None
    assert (is_confirmed, tasks(world)) == ((body == "C"), [] if body == "C" else ["move_asked"])


def test_who_shares_a_number_is_told_who_texts_when_who_waited_for_it_has_another() -> None:
    """R4: no race at all; the night is enough."""
    world, ana = booked_at_night()
    booked(world, room="room-2", name=BO)
    has_another_number(world, ana)
    world.run_until(REMINDED)
    assert first_alone(firsts(world))


def test_who_is_booked_while_the_first_text_waits_for_who_left_the_number_is_told() -> None:
    """R4: nor this."""
    world, ana = booked_at_night()
    has_another_number(world, ana)
    booked(world, room="room-2", name=BO)
    world.run_until(REMINDED)
    assert first_alone(firsts(world))


def test_who_is_booked_at_the_moment_of_anothers_erasure_is_told_who_texts() -> None:
    """R4."""
    world, ana = booked_at_night()
    reference = world.request(name=BO).reference
    meanwhile(world, lambda: erase(world.context, ana, actor=RUTH))
    book.confirm(
        world.context,
        subject_id=reference,
        when=at("2026-12-08T09:00"),
        visit_type="iv_infusion",
        resource="room-2",
        actor=RUTH,
    )
    world.run_until(REMINDED)
    assert first_alone(firsts(world))


def test_a_pause_that_ends_for_who_wants_no_texts_brings_the_others_their_first() -> None:
    """R4: nor this is a race."""
    world = World(NIGHT)
    ana = booked(world, sms_consent=False, detailed_consent=False).id
    booked(world, room="room-2", name=BO)
    hear(world, "too many texts")
    world.run_for(hours=12)
    assert firsts(world) == []
    opt_out.resume(world.context, subject_id=ana, actor=RUTH)
    world.run_until(REMINDED)
    assert first_alone(firsts(world))


@pytest.mark.parametrize("body", ["STOP", "too many texts"])
def test_older_words_that_are_found_while_a_start_is_heard_do_not_undo_it(body: str) -> None:
    """R7, R60."""
    world, _ = booked_and_listed()
    world.clock.at += MINUTE
    arrives(world, body)
    world.clock.at += 4 * MINUTE
    meanwhile(world, lambda: arrives(world, "START", heard=True))
    lists(world)
    assert phone_of(world).opted_in_at == world.clock.at
    assert phone_of(world).opted_out_at is None


@pytest.mark.parametrize("body", ["STOP", "too many texts"])
def test_a_text_that_is_told_twice_at_once_does_not_undo_a_start_after_it(body: str) -> None:
    """R38, R7: one of the two containers was frozen."""
    world, _ = booked_and_listed()
    sid = "SM" + "a" * 32

    def is_told_again_and_lifted() -> None:
        hear(world, body, sid=sid)
        world.clock.at += MINUTE
        hear(world, "START")

    meanwhile(world, is_told_again_and_lifted)
    hear(world, body, sid=sid)
    assert phone_of(world).opted_out_at is None


def test_of_two_who_change_contact_details_at_once_the_second_looks_again() -> None:
    """R50: else the number that was just mended is the wrong one again, and nobody is told."""
    world = World()
    visit_id = booked(world).id
    meanwhile(world, lambda: has_another_number(world, visit_id))
    with pytest.raises(Invalid):
        contact_details.contact(
            world.context,
            subject_id=visit_id,
            name="Ana Löwe",
            phone=ANA,
            email="new@example.org",
            language="en",
            actor=RUTH,
        )
    assert contact_details.patient_of(world.context, visit_id).phone == OTHER


def test_two_moves_at_once_make_no_course_longer_than_the_rule_allows() -> None:
    """R49: of its first and its last session, neither of which is the other's neighbour."""
    world = with_course_rule(World(), min_gap_days=2, max_span_days=16)
    course = course_of(world)  # December 8, 15 and 22
    first, _, last = course.appointment_ids
    meanwhile(world, lambda: moves(world, first, "2026-12-06T09:00"))
    with pytest.raises(Invalid):
        moves(world, last, "2026-12-24T09:00")


def test_nobody_is_asked_of_who_was_erased_while_another_of_the_number_opted_out() -> None:
    """R55, R10: the task would stand after every word of theirs was erased."""
    world = World()
    ana = booked(world).id
    booked(world, room="room-2", name=BO)

    def is_heard_meanwhile() -> None:
        meanwhile(world, lambda: erase(world.context, ana, actor=RUTH))

    # The opt-out itself is written first; what follows it is written with the text.
    meanwhile(world, is_heard_meanwhile)
    hear(world, "STOP")
    asked = [task for task in world.open_tasks() if task.what == "opted_out_before_visit"]
    assert [task.patient_id for task in asked] != []
    assert visit_of(world, ana).patient_id not in {task.patient_id for task in asked}
