"""What is decided, texted and alarmed when the clinic's data names something no more (R71, F99)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.errors import Invalid, SlotTaken
from chalicelib.domain.messaging.message import MessageStatus
from chalicelib.domain.visits.appointment import AppointmentStatus
from chalicelib.messages import catalogue
from chalicelib.transaction import Actor
from chalicelib.usecases.privacy import erase, export
from chalicelib.usecases.visits import attendance, book, offers, reschedule
from tests import taken_out
from tests.builders.acts import arrives, cancels
from tests.builders.looks import ever, row, sent_kinds, sessions_of, tasks, visit_of
from tests.builders.visits import booked, course_of, offered
from tests.world import RUTH, World, at

NINE = datetime(2026, 12, 8, 15, tzinfo=UTC)
TakesOut = Callable[[World], None]
KIND_GONE = pytest.mark.parametrize(
    "takes_out",
    [
        pytest.param(taken_out.kind, id="kept with the visit"),
        pytest.param(taken_out.kind_of_an_older_row, id="a row of before"),
    ],
)


def test_a_visit_keeps_what_the_clinic_called_it_and_what_safety_needs() -> None:
    world = World()
    visit = booked(world)
    taken_out.kind(world)
    kept = world.services.clinic.kind_of(visit_of(world, visit.id))
    assert (kept.name, kept.said("es"), kept.said("es", neutral=False)) == (
        "IV infusion",
        "Visita",
        "Infusión intravenosa",
    )
    assert (kept.route, kept.is_sedating, kept.needs_driver) == ("iv", True, True)
    assert kept.watched_for == timedelta(hours=1)
    assert visit.end_at - visit.start_at == timedelta(hours=2)


def test_what_a_route_implied_when_it_was_booked_outlasts_the_route() -> None:
    world = World()
    visit = booked(world)
    taken_out.kind(world)
    before = world.services.clinic.kind_of(visit_of(world, visit.id))
    taken_out.route(world)
    assert world.services.clinic.kind_of(visit_of(world, visit.id)) == before


def test_what_the_data_still_names_is_as_the_data_says_now() -> None:
    world = World()
    visit = booked(world)
    clinic = world.services.clinic
    named = tuple(each.model_copy(update={"name": "Infusion"}) for each in clinic.visit_types)
    world.replace(clinic=clinic.model_copy(update={"visit_types": named}))
    assert world.services.clinic.kind_of(visit_of(world, visit.id)).name == "Infusion"


def test_a_row_of_before_keeps_it_from_its_next_decision_on() -> None:
    world = World()
    visit = booked(world)
    whole = world.services
    taken_out.kind_of_an_older_row(world)
    world.services = whole
    assert visit_of(world, visit.id).booked_as is None
    attendance.record_driver(world.context, appointment_id=visit.id, has="yes", actor=RUTH)
    taken_out.kind(world)
    assert world.services.clinic.kind_of(visit_of(world, visit.id)).name == "IV infusion"


def test_of_what_nothing_is_known_any_more_neutral_words_are_said_and_the_ride_is_asked() -> None:
    world = World()
    visit = booked(world)
    taken_out.kind_of_an_older_row(world)
    known = world.services.clinic.kind_of(visit_of(world, visit.id))
    assert (known.name, known.said("en"), known.said("es", neutral=False)) == (
        "Visit",
        "Visit",
        "Visita",
    )
    assert (known.is_sedating, known.needs_driver) == (True, True)
    assert known.watched_for == timedelta(hours=2)


@KIND_GONE
def test_what_the_plan_would_have_said_becomes_calls_and_stops_nothing_else(
    takes_out: TakesOut,
) -> None:
    world = World()
    visit = booked(world)
    takes_out(world)
    world.run_until(visit.end_at + timedelta(days=2))
    assert sent_kinds(world) == ["welcome", "v1-confirmation"]
    ended = {m.step: m.status for m in world.messages(visit.id) if m.step is not None}
    assert {ended.pop(step) for step in ("reminder", "ride", "preparation", "aftercare")} == {
        MessageStatus.WITHDRAWN
    }
    assert {"call_with_preparation", "call_with_aftercare", "call_to_check_in", "ride_unknown"} == {
        task.what for task in world.open_tasks()
    }
    assert row(world, f"{visit.id}.v1-aftercare").reason == (
        "the care plan has no such step any more"
    )


def test_while_the_file_of_its_plan_is_left_every_text_leaves_as_it_was_meant() -> None:
    world, other = World(), World()
    visit = booked(world)
    taken_out.kind_alone(world)
    for each in (world, other):
        if each is other:
            booked(other)
        each.run_until(visit.end_at + timedelta(days=2))
    assert world.texts.bodies == other.texts.bodies
    assert "v1-aftercare" in sent_kinds(world)


def test_a_call_about_preparation_is_due_at_once_when_nobody_knows_the_fasting_times() -> None:
    world = World()
    visit = booked(world)
    taken_out.kind(world)
    world.run_until(visit.start_at)
    (call,) = ever(world, "call_with_preparation")
    assert call.deadline_at - call.opened_at <= timedelta(hours=4)
    assert call.deadline_at < visit.start_at


@KIND_GONE
def test_a_visit_of_a_kind_that_is_gone_is_cancelled_and_the_patient_called(
    takes_out: TakesOut,
) -> None:
    world = World()
    visit = booked(world)
    takes_out(world)
    reschedule.cancel(
        world.context, appointment_id=visit.id, reason_code="other", tell_patient=True, actor=RUTH
    )
    world.run_for(days=14)
    assert sent_kinds(world) == ["welcome", "v1-confirmation"]
    assert [task.what for task in world.open_tasks()] == ["call_with_cancellation"]


def test_a_cancellation_for_which_the_plan_has_no_words_any_more_is_a_call() -> None:
    world = World()
    visit = booked(world)
    taken_out.step(world, "cancelled")
    reschedule.cancel(
        world.context, appointment_id=visit.id, reason_code="other", tell_patient=True, actor=RUTH
    )
    world.drain()
    assert [task.what for task in world.open_tasks()] == ["call_with_cancellation"]


def test_nobody_is_called_about_a_cancellation_that_is_not_to_be_told() -> None:
    world = World()
    visit = booked(world)
    taken_out.kind(world)
    cancels(world, visit.id)
    world.run_for(days=14)
    assert world.open_tasks() == []


def test_a_new_time_for_which_the_plan_has_no_words_any_more_is_a_call() -> None:
    world = World()
    visit = booked(world)
    taken_out.step(world, "moved")
    reschedule.reschedule(
        world.context,
        appointment_id=visit.id,
        when=at("2026-12-09T09:00"),
        resource="room-1",
        actor=RUTH,
    )
    world.drain()
    assert [task.what for task in world.open_tasks()] == ["call_with_new_time"]


@KIND_GONE
def test_a_visit_of_a_kind_that_is_gone_is_not_moved_and_it_is_said_why(
    takes_out: TakesOut,
) -> None:
    world = World()
    visit = booked(world)
    takes_out(world)
    with pytest.raises(Invalid) as refused:
        reschedule.reschedule(
            world.context,
            appointment_id=visit.id,
            when=at("2026-12-09T09:00"),
            resource="room-1",
            actor=RUTH,
        )
    assert "Cancel it and book another" in refused.value.messages_by_field["starts_at"]
    assert visit_of(world, visit.id) == visit.evolve(
        revision=visit_of(world, visit.id).revision, booked_as=visit_of(world, visit.id).booked_as
    )


@pytest.mark.parametrize("takes_out", [taken_out.kind, taken_out.kind_of_an_older_row])
@pytest.mark.parametrize("recorded", [True, False], ids=["discharged", "nothing recorded"])
def test_aftercare_is_a_call_whatever_is_recorded_on_the_day(
    takes_out: TakesOut, recorded: bool
) -> None:
    world = World()
    visit = booked(world)
    takes_out(world)
    world.run_until(visit.start_at)
    if recorded:
        attendance.record_arrival(world.context, appointment_id=visit.id, at=None, actor=RUTH)
        world.run_until(visit.end_at)
        attendance.record_discharge(world.context, appointment_id=visit.id, at=None, actor=RUTH)
        attendance.undo(world.context, appointment_id=visit.id, actor=RUTH)
        attendance.record_discharge(world.context, appointment_id=visit.id, at=None, actor=RUTH)
        assert visit_of(world, visit.id).status is AppointmentStatus.FULFILLED
    world.run_until(visit.end_at + timedelta(days=2))
    assert len(ever(world, "call_with_aftercare")) == 1
    assert len(ever(world, "call_to_check_in")) == 1


def test_aftercare_that_was_taken_out_of_the_plan_is_a_call_after_a_discharge_too() -> None:
    world = World()
    visit = booked(world)
    taken_out.step(world, "aftercare")
    world.run_until(visit.end_at)
    attendance.record_discharge(world.context, appointment_id=visit.id, at=None, actor=RUTH)
    world.run_for(days=2)
    assert len(ever(world, "call_with_aftercare")) == 1
    assert "v1-check_in-2" in sent_kinds(world)


def test_a_missed_visit_of_a_kind_that_is_gone_gets_no_aftercare_and_can_be_taken_back() -> None:
    world = World()
    visit = booked(world)
    taken_out.kind(world)
    world.run_until(visit.start_at + timedelta(minutes=30))
    attendance.record_no_show(world.context, appointment_id=visit.id, at=None, actor=RUTH)
    attendance.undo(world.context, appointment_id=visit.id, actor=RUTH)
    attendance.record_no_show(world.context, appointment_id=visit.id, at=None, actor=RUTH)
    world.run_for(days=2)
    assert ever(world, "call_with_aftercare") == []


def test_the_first_session_of_a_course_can_be_called_off_though_its_kind_is_gone() -> None:
    world = World()
    first, second, _ = sessions_of(world, course_of(world))
    world.drain()
    taken_out.kind(world)
    cancels(world, first.id)
    assert visit_of(world, second.id).session == 1


@KIND_GONE
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param("C", "automatic", id="confirm"),
        pytest.param("D", "driver_noted", id="a ride"),
        pytest.param("N", "driver_missing", id="no ride"),
        pytest.param("R", "reschedule_received", id="another time"),
    ],
)
def test_an_answer_about_a_visit_whose_kind_is_gone_has_its_effect(
    takes_out: TakesOut, body: str, expected: str
) -> None:
    world = World()
    visit = booked(world)
    world.run_until(visit.start_at - timedelta(hours=23))
    takes_out(world)
    arrives(world, body, heard=True)
    if body == "C":
        assert visit_of(world, visit.id).confirmed_at is not None
    else:
        assert sent_kinds(world)[-1] == expected


@KIND_GONE
def test_a_patient_whose_visits_kind_is_gone_is_handed_over_and_erased(
    takes_out: TakesOut,
) -> None:
    world = World()
    visit = booked(world)
    takes_out(world)
    assert visit.id in str(export.export_patient(world.context, visit.id))
    erase.erase(world.context, visit.id, actor=Actor("manager", "Max Manager"))
    assert visit_of(world, visit.id).status is AppointmentStatus.CANCELLED


def test_erasing_needs_no_reason_that_staff_can_pick(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    visit = booked(world)
    monkeypatch.delitem(reschedule.CANCEL_REASONS, "patient_asked")
    erase.erase(world.context, visit.id, actor=Actor("manager", "Max Manager"))
    assert visit_of(world, visit.id).status is AppointmentStatus.CANCELLED


@pytest.mark.parametrize(
    "takes_out",
    [
        pytest.param(lambda world: taken_out.kind(world, "consultation"), id="its kind"),
        pytest.param(taken_out.room, id="its room"),
    ],
)
def test_an_offer_of_what_is_gone_is_not_to_be_had_and_a_person_calls(
    takes_out: TakesOut,
) -> None:
    world = World()
    reference = offered(world, "2026-12-08T09:00", "2026-12-09T09:00")
    takes_out(world)
    with pytest.raises(SlotTaken) as refused:
        offers.choose(world.context, request_id=reference, start_at=NINE)
    assert refused.value.free == ()
    arrives(world, "1", heard=True)
    assert sent_kinds(world)[-1] == "choices_gone"
    assert tasks(world) == ["reply_to_read"]


def test_a_visit_in_a_room_that_is_gone_is_texted_moved_and_cancelled_as_any() -> None:
    world, other = World(), World()
    visit = booked(world)
    taken_out.room(world)
    for each in (world, other):
        if each is other:
            booked(other)
        each.run_until(visit.start_at - timedelta(days=1))
    assert world.texts.bodies == other.texts.bodies
    moved = reschedule.reschedule(
        world.context,
        appointment_id=visit.id,
        when=at("2026-12-09T09:00"),
        resource="room-2",
        actor=RUTH,
    )
    assert moved.resource == "room-2"


def test_nobody_is_booked_into_a_room_that_is_gone() -> None:
    world = World()
    taken_out.room(world)
    with pytest.raises(Invalid):
        book.confirm(
            world.context,
            subject_id=world.request().reference,
            when=at("2026-12-08T09:00"),
            visit_type="iv_infusion",
            resource="room-1",
            actor=RUTH,
        )


def test_an_alarm_stands_though_its_answer_has_no_words_any_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    booked(world)
    monkeypatch.delitem(catalogue.load_catalogue("en").texts, "urgent_answer")
    arrives(world, "I have chest pain", heard=True)
    assert "urgent_text" in [task.what for task in world.open_tasks()]
    assert any("urgent" in mail.subject.lower() for mail in world.mails.sent)
    world.run_for(hours=3)
    assert "cannot_say" in tasks(world)


def test_a_text_whose_words_are_gone_waits_for_a_deploy_and_is_then_told_to_a_person(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    reference = world.request().reference
    monkeypatch.delitem(catalogue.load_catalogue("en").texts, "proposed")
    offers.propose(
        world.context,
        subject_id=reference,
        times=[at("2026-12-08T09:00")],
        visit_type="consultation",
        resource="room-1",
        actor=RUTH,
    )
    world.run_for(minutes=30)
    assert tasks(world) == []
    assert row(world, f"{reference}.v2-proposed").status is MessageStatus.PENDING
    world.run_for(hours=1)
    assert tasks(world) == ["cannot_say"]
    assert row(world, f"{reference}.v2-proposed").status is MessageStatus.FAILED


def test_a_member_of_staff_who_is_gone_stops_no_alarm_and_no_deadline_of_the_others() -> None:
    world = World()
    reference = world.request().reference
    world.drain()
    taken_out.person(world)
    arrives(world, "I have chest pain", heard=True)
    before = len(world.mails.sent)
    world.run_for(days=2)
    told = {mail.to for mail in world.mails.sent[before:]}
    assert told == {"scheduler@example.com", "manager@example.com"}
    gone = [m for m in world.messages(reference) if m.staff_id == "nurse"]
    assert {m.status for m in gone if m.kind == "request_waiting"} == {MessageStatus.WITHDRAWN}


def test_the_deadline_that_a_manager_who_is_gone_was_to_hear_of_is_told_to_who_is_here() -> None:
    world = World()
    world.request()
    world.drain()
    taken_out.person(world, "manager")
    world.run_for(days=4)
    told = [mail.to for mail in world.mails.sent if "overdue" in mail.subject.lower()]
    assert sorted(told) == ["nurse@example.com", "scheduler@example.com"]


def test_an_alarm_goes_on_with_who_is_here_when_all_whom_it_was_for_are_gone() -> None:
    world = World()
    booked(world)
    clinic = world.services.clinic
    arrives(world, "I have chest pain", heard=True)
    new = clinic.staff[0].model_copy(update={"id": "new", "email": "new@example.com"})
    world.replace(clinic=clinic.model_copy(update={"staff": (new,)}))
    before = len(world.mails.sent)
    world.run_for(hours=4)
    assert [mail.to for mail in world.mails.sent[before:]].count("new@example.com") >= 6


def test_a_question_waits_a_day_after_a_visit_of_which_nothing_is_known() -> None:
    world = World()
    visit = booked(world)
    world.clock.at = visit.start_at
    attendance.record_arrival(world.context, appointment_id=visit.id, at=None, actor=RUTH)
    world.clock.at = visit.end_at
    attendance.record_discharge(world.context, appointment_id=visit.id, at=None, actor=RUTH)
    taken_out.kind_of_an_older_row(world)
    following = book.confirm(
        world.context,
        subject_id=visit.id,
        when=at("2026-12-20T09:00"),
        visit_type="consultation",
        resource="room-2",
        actor=RUTH,
    )
    world.drain()
    confirmation = row(world, f"{following.id}.v1-confirmation")
    assert (confirmation.status, confirmation.reason) == (
        MessageStatus.PENDING,
        "24 hours after a session",
    )
