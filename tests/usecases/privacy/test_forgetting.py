"""What is held about one patient is handed over whole, or erased whole; the opt-out stays."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.change import Change, Save
from chalicelib.domain.errors import AlreadyDecided, NotFound
from chalicelib.domain.messaging.facts import Facts
from chalicelib.domain.messaging.inbound_text import InboundText
from chalicelib.domain.messaging.message import Message, MessageStatus
from chalicelib.domain.messaging.task import Task
from chalicelib.domain.people.patient import Consent, Patient
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.record import Record, Ref
from chalicelib.domain.visits.appointment import Appointment, AppointmentStatus
from chalicelib.domain.visits.request import ConsultationRequest, RequestStatus
from chalicelib.outbox import deliver
from chalicelib.outbox.outcomes import text_receipts
from chalicelib.ports import OutcomeUnknown
from chalicelib.usecases.patients import contact_details, opt_out
from chalicelib.usecases.privacy.erase import erase
from chalicelib.usecases.privacy.export import export_patient
from chalicelib.usecases.privacy.retention import erase_expired
from chalicelib.usecases.tasks import close_task
from chalicelib.usecases.visits import attendance, book, book_course, offers
from tests.builders.acts import ANA, hear, meanwhile, ticks_and_erases
from tests.builders.looks import request_of, row
from tests.builders.visits import PLANTED, just_booked
from tests.world import RUTH, World, at

SID = "SM" + "1" * 32  # of what they wrote
TRACES = ["PLANTED-NAME", "planted@example.org", "PLANTED-NOTE", "PLANTED-TEXT", "depression"]


def with_history() -> tuple[World, str, str]:
    """A patient with a visit to come, who wrote to us; the visit's and the patient's id."""
    world = World()
    visit_id = just_booked(world, **PLANTED).id
    world.drain()
    hear(world, "PLANTED-TEXT where do I park", sid=SID)
    world.deliver_all()
    return world, visit_id, contact_details.patient_of(world.context, visit_id).id


def stored(world: World) -> str:
    return json.dumps([*world.store._rows.values()], default=str)


def kinds_with(world: World, text: str) -> set[str]:
    rows = world.store._rows.values()
    return {row["record"] for row in rows if text in json.dumps(row, default=str)}


def test_nobody_can_tell_any_more_who_it_was() -> None:
    world, visit_id, patient_id = with_history()
    assert all(trace in stored(world) for trace in TRACES)
    said = [text.body for text in world.texts.sent]
    assert all(said)
    erase(world.context, visit_id, actor=RUTH)
    assert [trace for trace in TRACES if trace in stored(world)] == []
    ticks_and_erases(world)
    assert {text.body for text in world.texts.sent} == {""}
    proof = [r for r in world.store.owned(patient_id) if isinstance(r, Consent)]
    assert proof != []
    assert kinds_with(world, ANA) <= {"consent", "phone", "sent_count"}


def test_the_number_goes_from_a_task_whose_words_are_gone_already() -> None:
    world, visit_id, _ = with_history()
    (task,) = world.open_tasks()
    close_task(world.context, task_id=task.id, note="", actor=RUTH)
    world.clock.at += timedelta(days=91)
    while erase_expired(world.context, world.services.text_inbox):
        pass
    assert "task" in kinds_with(world, ANA)
    erase(world.context, visit_id, actor=RUTH)
    assert "task" not in kinds_with(world, ANA)


def test_what_waits_is_withdrawn_the_visit_is_off_and_nothing_more_leaves() -> None:
    world, visit_id, _ = with_history()
    sent, mails = len(world.texts.sent), len(world.mails.sent)
    erase(world.context, visit_id, actor=RUTH)
    world.run_for(days=14)
    assert (len(world.texts.sent), len(world.mails.sent)) == (sent, mails)
    visit = world.store.get(Appointment.ref(visit_id))
    assert visit is not None
    assert visit.status is AppointmentStatus.CANCELLED
    assert [m.id for m in world.messages(visit_id) if m.due_at is not None] == []
    assert "cancelled" not in [m.kind for m in world.messages(visit_id)]


SAYS_NOTHING = {"reason": "undisclosed", "preferred": (), "note": ""}


def test_a_request_that_says_nothing_is_closed_as_well() -> None:
    world = World()
    reference = world.request(**SAYS_NOTHING).reference
    world.drain()
    mails = len(world.mails.sent)
    erase(world.context, reference, actor=RUTH)
    assert request_of(world, reference).status is RequestStatus.CLOSED
    world.run_for(days=3)
    assert len(world.mails.sent) == mails


def test_why_a_request_was_declined_is_erased_though_nothing_else_was_said() -> None:
    world = World()
    reference = world.request(**SAYS_NOTHING).reference
    offers.decline(
        world.context, subject_id=reference, reason_code="other", note="PLANTED-NOTE", actor=RUTH
    )
    erase(world.context, reference, actor=RUTH)
    assert "PLANTED-NOTE" not in stored(world)
    assert request_of(world, reference).status is RequestStatus.DECLINED


def test_the_time_of_the_visit_is_free_for_somebody_else() -> None:
    world, visit_id, _ = with_history()
    erase(world.context, visit_id, actor=RUTH)
    other = world.store.get(
        Appointment.ref(just_booked(world, phone="+13165550143", name="Bo Example").id)
    )
    assert other is not None
    assert other.start_at == datetime(2026, 12, 8, 15, 0, tzinfo=UTC)


def test_a_text_under_way_is_not_sent_again_and_goes_the_second_time() -> None:
    world = World()
    visit_id = just_booked(world, **PLANTED).id
    deliver.deliver(world.delivery_context, f"{visit_id}.welcome")
    world.texts.after.append(OutcomeUnknown("no answer"))
    deliver.deliver(world.delivery_context, f"{visit_id}.v1-confirmation")
    assert erase(world.context, visit_id, actor=RUTH).under_way == 1
    sent = len(world.texts.sent)
    world.run_for(hours=8)
    assert len(world.texts.sent) == sent
    assert row(world, f"{visit_id}.v1-confirmation").status is MessageStatus.SENT
    assert erase(world.context, visit_id, actor=RUTH).under_way == 0
    world.texts.deliver_all()
    ticks_and_erases(world)
    assert [trace for trace in TRACES if trace in stored(world)] == []
    assert {text.body for text in world.texts.sent} == {""}


def test_what_a_courier_takes_while_the_patient_is_erased_counts_as_under_way() -> None:
    world = World()
    mail_id = f"{world.request(**PLANTED).reference}.new_request-nurse"
    read = world.store.get_many

    def meanwhile(*refs: Ref[Any]) -> tuple[Any, ...]:
        """All of it was found, and its rows are read once more before their words go."""
        if any(ref.kind is Message for ref in refs):
            world.store.get_many = read  # type: ignore[method-assign]
            world.mails.before.append(OutcomeUnknown("no answer"))
            deliver.deliver(world.delivery_context, mail_id)
        return read(*refs)

    world.store.get_many = meanwhile  # type: ignore[method-assign]
    assert erase(world.context, mail_id.partition(".")[0], actor=RUTH).under_way == 1
    assert row(world, mail_id).status is MessageStatus.SENDING


def test_a_text_that_leaves_while_its_patient_is_erased_is_erased_at_the_provider() -> None:
    """R55: it had no provider's id yet when all was read, and had left when its words went."""
    world = World()
    visit_id = just_booked(world, **PLANTED).id
    world.drain()
    message_id = f"{visit_id}.v1-reminder"
    world.run_until(row(world, message_id).scheduled_at - timedelta(minutes=1))
    world.deliver_all()
    read = world.store.get_many

    def leaves(*refs: Ref[Any]) -> tuple[Any, ...]:
        if any(ref.kind is Message for ref in refs):
            world.store.get_many = read  # type: ignore[method-assign]
            text_receipts.take(
                world.delivery_context,
                message_id,
                sid=world.texts.sent[-1].sid,
                to=ANA,
                status="sent",
                error_code=None,
            )
        return read(*refs)

    world.clock.at += timedelta(minutes=1)
    world.texts.after.append(OutcomeUnknown("no answer"))
    deliver.deliver(world.delivery_context, message_id)
    assert row(world, message_id).sid is None
    world.store.get_many = leaves  # type: ignore[method-assign]
    assert erase(world.context, visit_id, actor=RUTH).under_way == 0
    world.texts.deliver_all()
    ticks_and_erases(world)
    assert {text.body for text in world.texts.sent} == {""}


def test_a_mail_that_is_claimed_at_the_very_write_of_an_erasure_counts_as_under_way() -> None:
    world = World()
    mail_id = f"{world.request(**PLANTED).reference}.new_request-nurse"
    commit = world.store.commit

    def claimed_first(change: Change) -> None:
        if any(part.key == row(world, mail_id).key for part in change.operations):
            world.store.commit = commit  # type: ignore[method-assign]
            world.mails.before.append(OutcomeUnknown("no answer"))
            deliver.deliver(world.delivery_context, mail_id)
        commit(change)

    world.store.commit = claimed_first  # type: ignore[method-assign]
    assert erase(world.context, mail_id.partition(".")[0], actor=RUTH).under_way == 1
    assert row(world, mail_id).status is MessageStatus.SENDING


def test_the_opt_out_stays_and_holds() -> None:
    world, visit_id, _ = with_history()
    hear(world, "STOP", sid="SM" + "2" * 32)
    erase(world.context, visit_id, actor=RUTH)
    phone = world.store.get(Phone.ref(ANA))
    assert phone is not None
    assert (phone.opted_out_at, phone.patients) == (world.clock.at, ())
    sent = len(world.texts.sent)
    just_booked(world, name="Ana Once More")
    world.run_for(days=9)
    assert len(world.texts.sent) == sent


def test_who_shares_the_phone_keeps_everything() -> None:
    world, visit_id, _ = with_history()
    other = just_booked(world, "2026-12-08T13:00", name="Bo Example", email="bo@example.org").id
    before = export_patient(world.context, other)
    erase(world.context, visit_id, actor=RUTH)
    phone = world.store.get(Phone.ref(ANA))
    assert phone is not None
    bo = contact_details.patient_of(world.context, other)
    assert (bo.name, phone.patients) == ("Bo Example", (bo.id,))
    assert len(export_patient(world.context, other)["records"]) == len(before["records"])


def test_what_one_text_or_decision_told_several_on_a_number_is_each_ones_own() -> None:
    world, visit_id, ana = with_history()
    bo = contact_details.patient_of(
        world.context, just_booked(world, "2026-12-08T13:00", name="Bo Example").id
    ).id
    opt_out.opt_out(world.context, subject_id=visit_id, means="phone", actor=RUTH)
    world.drain()

    def told(patient_id: str) -> list[Message]:
        rows = world.store.of_patient(patient_id)
        visits = [record.id for record in rows if isinstance(record, Appointment)]
        of_visits = [message for visit in visits for message in world.messages(visit)]
        return [row for row in of_visits if row.kind == "opted_out_before_visit"]

    (of_ana,), (of_bo,) = told(ana), told(bo)
    assert of_ana.facts != Facts()
    assert of_bo.id not in json.dumps(export_patient(world.context, ana))
    erase(world.context, visit_id, actor=RUTH)
    assert told(ana)[0].facts == Facts()
    assert told(bo) == [of_bo]


def test_a_text_that_comes_while_the_patient_is_erased_is_erased_as_well() -> None:
    world, visit_id, _ = with_history()
    commit = world.store.commit

    def meanwhile(change: Change) -> None:
        if any(isinstance(record, Patient) for record in change.saved):
            world.store.commit = commit  # type: ignore[method-assign]
            hear(world, "PLANTED-TEXT am I too late", sid="SM" + "4" * 32)
        commit(change)

    world.store.commit = meanwhile  # type: ignore[method-assign]
    erase(world.context, visit_id, actor=RUTH)
    assert world.store.commit == commit
    assert [trace for trace in TRACES if trace in stored(world)] == []


def confirms(world: World, subject_id: str) -> None:
    book.confirm(
        world.context,
        subject_id=subject_id,
        when=at("2026-12-20T09:00"),
        visit_type="iv_infusion",
        resource="room-1",
        actor=RUTH,
    )


def books_a_course(world: World, subject_id: str) -> None:
    book_course.book_course(
        world.context,
        subject_id=subject_id,
        first=at("2026-12-14T09:00"),
        visit_type="iv_infusion",
        resource="room-1",
        sessions=2,
        spacing_days=3,
        weekdays=(),
        actor=RUTH,
    )


def offers_times(world: World, subject_id: str) -> None:
    offers.propose(
        world.context,
        subject_id=subject_id,
        times=[at("2026-12-14T09:00")],
        visit_type="consultation",
        resource="room-1",
        actor=RUTH,
    )


def declines(world: World, subject_id: str) -> None:
    offers.decline(
        world.context, subject_id=subject_id, reason_code="other", note="PLANTED", actor=RUTH
    )


@pytest.mark.parametrize("begins", [confirms, books_a_course, offers_times, declines])
def test_nothing_begins_for_who_is_erased_at_that_moment(
    begins: Callable[[World, str], None],
) -> None:
    world = World()
    visit_id = just_booked(world).id  # the number is known
    patient = contact_details.patient_of(world.context, visit_id)
    request = ConsultationRequest(
        id="REQ-2",
        patient_id=patient.id,
        reason="undisclosed",
        received_at=world.clock.at,
        answer_by=world.clock.at,
        source="phone",
    )
    world.store.commit(Change(Save(request)))
    meanwhile(world, lambda: erase(world.context, patient.id, actor=RUTH))
    with pytest.raises(AlreadyDecided):
        begins(world, "REQ-2")
    about = world.store.of_patient(patient.id)
    assert not [r for r in about if isinstance(r, Appointment) and r.is_open]
    assert request_of(world, "REQ-2").status is RequestStatus.CLOSED


def test_a_text_that_was_read_before_its_writer_is_erased_is_put_under_nobodys_name() -> None:
    world, visit_id, patient_id = with_history()
    meanwhile(world, lambda: erase(world.context, visit_id, actor=RUTH))
    hear(world, "PLANTED-LATE", sid="SM" + "4" * 32)
    assert "PLANTED-LATE" not in json.dumps(export_patient(world.context, patient_id))
    assert "reply_to_read" in [task.what for task in world.open_tasks()]


def test_a_visit_that_the_index_names_only_a_moment_later_is_cancelled_as_well() -> None:
    """F70: it was booked just before, and the first reading did not have it yet."""
    world = World()
    visit_id = just_booked(world, **PLANTED).id
    of_patient = world.store.of_patient
    late = [True]

    def lagging(patient_id: str) -> list[Record]:
        rows = of_patient(patient_id)
        if late:
            late.pop()
            return [row for row in rows if not isinstance(row, Appointment)]
        return rows

    world.store.of_patient = lagging  # type: ignore[method-assign]
    erase(world.context, visit_id, actor=RUTH)
    visit = world.store.get(Appointment.ref(visit_id))
    assert visit is not None
    assert visit.status is AppointmentStatus.CANCELLED


def test_a_visit_that_the_index_names_no_more_is_erased_all_the_same() -> None:
    world, visit_id, patient_id = with_history()
    answers: list[list[Record]] = [world.store.of_patient(patient_id), [], []]
    world.store.of_patient = lambda patient_id: answers.pop(0)  # type: ignore[method-assign]
    erase(world.context, visit_id, actor=RUTH)
    assert [trace for trace in TRACES if trace in stored(world)] == []


def test_a_patient_who_is_being_treated_is_not_erased() -> None:
    world, visit_id, patient_id = with_history()
    world.run_until(world.clock.at + timedelta(days=6, hours=21))
    attendance.record_arrival(world.context, appointment_id=visit_id, at=None, actor=RUTH)
    before = stored(world)
    with pytest.raises(AlreadyDecided):
        erase(world.context, patient_id, actor=RUTH)
    assert stored(world) == before


def test_a_text_that_was_erased_is_not_heard_anew() -> None:
    world, visit_id, _ = with_history()
    erase(world.context, visit_id, actor=RUTH)
    ticks_and_erases(world)
    before = stored(world)
    hear(world, "PLANTED-TEXT where do I park", sid=SID)
    assert stored(world) == before
    kept = world.store.get(InboundText.ref(SID))
    assert kept is not None
    assert kept.body == ""


def test_erasing_again_changes_nothing_of_the_patient() -> None:
    world, visit_id, patient_id = with_history()
    erase(world.context, visit_id, actor=RUTH)
    ticks_and_erases(world)
    first = export_patient(world.context, patient_id)["records"]
    erase(world.context, patient_id, actor=RUTH)
    kinds = [record["record"] for record in export_patient(world.context, patient_id)["records"]]
    assert sorted(kinds) == sorted([*(r["record"] for r in first), "audit"])


def test_everything_about_a_patient_is_handed_over_and_nothing_about_another() -> None:
    world, visit_id, patient_id = with_history()
    just_booked(world, "2026-12-08T13:00", name="OTHER-NAME", email="other@example.org")
    told = export_patient(world.context, visit_id)
    text = json.dumps(told)
    assert told["patient_id"] == patient_id
    assert all(trace in text for trace in [*TRACES, ANA, visit_id, world.texts.sent[0].body[:20]])
    assert "OTHER-NAME" not in text
    other = next(
        r.id
        for key in world.store._rows
        if (r := world.store.get(Patient.ref(key.pk))) and r.name == "OTHER-NAME"
    )
    assert other not in text
    kinds = {record["record"] for record in told["records"]}
    assert kinds >= {"patient", "consent", "request", "appointment", "message", "inbound", "task"}


def test_what_came_from_a_shared_phone_is_handed_over_to_none_of_its_patients() -> None:
    world, visit_id, ana = with_history()
    other = just_booked(world, "2026-12-08T13:00", name="Bo Example").id
    hear(world, "BOS-WORDS this is Bo, I feel low again", sid="SM" + "5" * 32)
    hear(world, "C", sid="SM" + "6" * 32)
    of_ana, of_bo = (json.dumps(export_patient(world.context, who)) for who in (visit_id, other))
    assert "PLANTED-TEXT" in of_ana  # she wrote it when the phone was hers alone
    assert "BOS-WORDS" not in of_ana
    phone = next(
        r for r in export_patient(world.context, other)["records"] if r["record"] == "phone"
    )
    assert [what.split()[1] for what in phone["choosing"].values()] == [other]
    assert phone["welcome_id"] is None  # it left for her visit
    assert ana not in of_bo
    erase(world.context, visit_id, actor=RUTH)
    assert "BOS-WORDS" in stored(world)


@pytest.mark.parametrize("who", ["REQ-0000000000", "APT-0000000000", "PAT-0000000000", "ruth"])
def test_nobody_is_erased_by_a_wrong_name(who: str) -> None:
    world, _, _ = with_history()
    before = stored(world)
    for command in (
        lambda: export_patient(world.context, who),
        lambda: erase(world.context, who, actor=RUTH),
    ):
        with pytest.raises(NotFound):
            command()
    assert stored(world) == before


def test_what_no_index_named_when_a_patient_was_erased_goes_a_while_later() -> None:
    """R55: a text of theirs was heard a moment before, and its row is nobody's own."""
    world, visit_id, patient_id = with_history()
    hear(world, "PLANTED-WORDS where do I park", sid="SM" + "9" * 32)
    of_patient = world.store.of_patient

    def lagging(patient_id: str) -> list[Record]:
        return [row for row in of_patient(patient_id) if not isinstance(row, InboundText | Task)]

    world.store.of_patient = lagging  # type: ignore[method-assign]
    erase(world.context, visit_id, actor=RUTH)
    world.store.of_patient = of_patient  # type: ignore[method-assign]
    assert "PLANTED-WORDS" in stored(world)
    world.clock.at += timedelta(minutes=11)
    ticks_and_erases(world)
    assert "PLANTED-WORDS" not in stored(world)
    patient = world.store.get(Patient.ref(patient_id))
    assert patient is not None
    assert patient.erase_at is None
