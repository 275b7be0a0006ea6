"""Staff who decide at the same moment, over DynamoDB Local: one wins, the others are told."""

from collections import Counter
from datetime import date, timedelta
from functools import partial

import pytest

from chalicelib.domain.errors import AlreadyDecided, Refusal, SlotTaken
from chalicelib.domain.messaging.message import MessageStatus
from chalicelib.domain.record import new_id
from chalicelib.domain.visits.appointment import Appointment, AppointmentStatus
from chalicelib.domain.visits.day_sheet import DaySheet
from chalicelib.domain.visits.request import RequestStatus
from chalicelib.transaction import Actor
from chalicelib.usecases.requests.submit import submit
from chalicelib.usecases.visits import book, offers, reschedule
from tests.builders.looks import request_of
from tests.races.sharing import at_once, shared_world
from tests.world import FORM, RUTH, World, at, request_form

pytestmark = pytest.mark.dynamodb_local

MANY = 50
OLIVIA = Actor("olivia", "Olivia Example")


def requests(world: World, count: int) -> list[str]:
    """So many requests, each of another person at another address."""
    return [
        submit(
            world.context,
            request_form(phone=f"+1316555{100 + number:04d}"),
            origin=FORM._replace(address=f"192.0.2.{number}"),
            key=new_id("KEY"),
        ).reference
        for number in range(count)
    ]


def confirm(world: World, request_id: str, when: str, actor: Actor = RUTH) -> Appointment:
    return book.confirm(
        world.context,
        subject_id=request_id,
        when=at(when),
        visit_type="iv_infusion",
        resource="room-1",
        actor=actor,
    )


def test_of_fifty_confirms_of_one_slot_one_books_and_the_others_learn_what_is_free() -> None:
    """F16, R47: fifty patients, one room, one time."""
    with shared_world() as (world, _):
        ids = requests(world, MANY)
        answers = at_once(*(partial(confirm, world, each, "2026-12-08T09:00") for each in ids))
        booked = [answer for answer in answers if isinstance(answer, Appointment)]
        refused = [answer for answer in answers if isinstance(answer, SlotTaken)]
        assert (len(booked), len(refused)) == (1, MANY - 1)
        assert all(refusal.free for refusal in refused)
        sheet = world.store.get(DaySheet.ref("room-1", "2026-12-08"))
        assert sheet is not None
        assert [busy.appointment_id for busy in sheet.busy] == [booked[0].id]
        statuses = Counter(request_of(world, each).status for each in ids)
        assert statuses == {RequestStatus.BOOKED: 1, RequestStatus.RECEIVED: MANY - 1}


def test_fifty_confirms_of_one_request_at_different_times_book_one_visit() -> None:
    """F15, R50: the others are told who decided."""
    with shared_world() as (world, _):
        [request_id] = requests(world, 1)
        days = [date(2026, 12, 8) + timedelta(days=number) for number in range(MANY)]
        times = [f"{day}T09:00" for day in days]
        answers = at_once(*(partial(confirm, world, request_id, time) for time in times))
        booked = [answer for answer in answers if isinstance(answer, Appointment)]
        told = {
            (answer.what, answer.by) for answer in answers if isinstance(answer, AlreadyDecided)
        }
        assert len(booked) == 1
        assert told == {("booked", "Ruth Example")}
        assert {type(answer) for answer in answers} == {Appointment, AlreadyDecided}
        visits = [
            row
            for row in world.store.of_patient(request_of(world, request_id).patient_id)
            if isinstance(row, Appointment)
        ]
        assert [visit.id for visit in visits] == [booked[0].id]


def test_of_a_confirm_and_a_decline_at_once_one_stands_and_the_other_hears_of_it() -> None:
    """F15, ten times over."""
    with shared_world() as (world, _):
        for number, request_id in enumerate(requests(world, 10)):
            decline = partial(
                offers.decline,
                world.context,
                subject_id=request_id,
                reason_code="other",
                note="",
                actor=OLIVIA,
            )
            when = f"2026-12-{8 + number % 3:02}T{9 + number // 3 * 2:02}:00"
            answers: list[object] = list(
                at_once(partial(confirm, world, request_id, when), decline)
            )
            refusals = [answer for answer in answers if isinstance(answer, Refusal)]
            assert len(refusals) == 1
            assert isinstance(refusals[0], AlreadyDecided)
            stands = request_of(world, request_id)
            won = "Olivia Example" if isinstance(answers[0], Refusal) else "Ruth Example"
            assert (refusals[0].by, refusals[0].what) == (won, stands.status)
            assert [decision.by_name for decision in stands.decisions] == [won]


def test_a_move_and_a_cancellation_at_once_leave_no_text_of_a_visit_that_is_off() -> None:
    """F15: the cancellation stands, before or after the move, and nothing waits any more."""
    with shared_world() as (world, _):
        for number, request_id in enumerate(requests(world, 6)):
            when = f"2026-12-{8 + number % 3:02}T{9 + number // 3 * 2:02}:00"
            visit_id = confirm(world, request_id, when).id
            at_once(
                partial(
                    reschedule.reschedule,
                    world.context,
                    appointment_id=visit_id,
                    when=at(when.replace("2026-12-", "2027-01-")),
                    resource="room-2",
                    actor=RUTH,
                ),
                partial(
                    reschedule.cancel,
                    world.context,
                    appointment_id=visit_id,
                    reason_code="other",
                    tell_patient=False,
                    actor=OLIVIA,
                ),
            )
            visit = world.store.get(Appointment.ref(visit_id))
            assert visit is not None
            assert visit.status is AppointmentStatus.CANCELLED
            waiting = [
                message.id
                for message in world.messages(visit_id)
                if message.shown_status is MessageStatus.PENDING and message.step is not None
            ]
            assert waiting == []
            for room, day in (
                ("room-1", when[:10]),
                ("room-2", when[:10].replace("2026-12", "2027-01")),
            ):
                sheet = world.store.get(DaySheet.ref(room, day))
                assert visit_id not in [
                    busy.appointment_id for busy in (sheet.busy if sheet else ())
                ]
