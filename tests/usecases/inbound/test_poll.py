"""What the webhook missed is found by listing: the same effect, once, in order of arrival (R60)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.change import Change
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.messaging.inbound_text import InboundText
from chalicelib.domain.messaging.message import MessageStatus
from chalicelib.domain.messaging.task import Task
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.record import Key, Ref
from chalicelib.domain.system import InboundMark
from chalicelib.domain.visits.request import ConsultationRequest, RequestStatus
from chalicelib.ports import FailureClass, OutcomeUnknown, Refused
from chalicelib.usecases.inbound.receive import Incoming, receive_text
from chalicelib.usecases.patients import opt_out
from chalicelib.usecases.visits import book
from tests.builders.acts import (
    ANA,
    MINUTE,
    QUIET,
    arrives,
    lists,
    moves,
    proposes,
    spoil,
    ticks_for,
)
from tests.builders.looks import phone_of, tasks, visit_of
from tests.builders.visits import booked_and_listed, offered
from tests.world import RUTH, World, at

FAILURES = [
    pytest.param(OutcomeUnknown("the look-up failed"), id="broken off"),
    pytest.param(Refused(FailureClass.RETRY, 429), id="too many requests"),
    pytest.param(Refused(FailureClass.CONFIGURATION, 20003), id="wrong credentials"),
]


def marked_at(world: World) -> datetime:
    mark = world.store.get(InboundMark.ref())
    assert mark is not None
    return mark.at


@pytest.mark.parametrize("down_for", [MINUTE, timedelta(hours=1)], ids=["1 minute", "1 hour"])
def test_a_webhook_that_was_down_loses_neither_a_stop_nor_a_cry_for_help(
    down_for: timedelta,
) -> None:
    world, _ = booked_and_listed()
    mails = len(world.mails.sent)
    arrives(world, "I have chest pain")
    arrives(world, "STOP", sender=ANA)
    world.clock.at += down_for
    ticks_for(world, timedelta(minutes=6))
    assert phone_of(world).opted_out_at is not None
    assert sorted(tasks(world)) == ["opted_out_before_visit", "urgent_text"]
    (alarm,) = [task for task in world.open_tasks() if task.urgent]
    # The provider blocks a number from its STOP on, and whoever takes the alarm must know (R44).
    assert "did not reach them" in alarm.note or down_for > MINUTE
    alarms = [mail for mail in world.mails.sent[mails:] if "urgent" in mail.subject.lower()]
    assert {mail.to for mail in alarms} == {seed.email for seed in world.services.clinic.staff}


def test_a_start_whose_webhook_comes_after_that_of_a_later_stop_lifts_nothing_for_long() -> None:
    world, _ = booked_and_listed()
    start = arrives(world, "START")
    world.clock.at += timedelta(seconds=30)
    arrives(world, "please stop texting me", heard=True)
    world.clock.at += timedelta(seconds=30)
    receive_text(world.context, Incoming(sid=start, sender=ANA, body="START"), quiet_words=QUIET)
    ticks_for(world, timedelta(minutes=16))
    assert phone_of(world).opted_out_at is not None


@pytest.mark.parametrize("lag", [timedelta(0), timedelta(minutes=9)])
def test_a_start_that_the_list_does_not_have_yet_is_not_undone(lag: timedelta) -> None:
    world, _ = booked_and_listed()
    world.clock.at += MINUTE
    arrives(world, "START", heard=True)
    world.clock.at += MINUTE
    arrives(world, "STOP", heard=True)
    ticks_for(world, timedelta(minutes=20))
    start = arrives(world, "START", heard=True)
    hidden = world.texts.received.pop()
    assert hidden.sid == start
    ticks_for(world, lag)
    world.texts.received.append(hidden)
    ticks_for(world, timedelta(hours=2))
    assert phone_of(world).opted_out_at is None


def test_what_was_found_is_heard_once_however_often_it_is_listed() -> None:
    world, _ = booked_and_listed()
    arrives(world, "where do I park")
    assert ticks_for(world, timedelta(hours=2)) == 1
    assert tasks(world) == ["reply_to_read"]


def test_what_the_webhook_heard_is_not_heard_again() -> None:
    world, _ = booked_and_listed()
    arrives(world, "where do I park", heard=True)
    assert ticks_for(world, timedelta(minutes=10)) == 0
    assert tasks(world) == ["reply_to_read"]


def test_a_webhook_that_comes_after_the_list_changes_nothing() -> None:
    world, _ = booked_and_listed()
    sid = arrives(world, "where do I park")
    ticks_for(world, timedelta(minutes=5))
    again = Incoming(sid=sid, sender=ANA, body="where do I park")
    assert receive_text(world.context, again, quiet_words=QUIET) == "other"
    assert tasks(world) == ["reply_to_read"]


@pytest.mark.parametrize(
    ("bodies", "is_out"), [(["STOP", "START"], False), (["START", "STOP"], True)]
)
def test_the_last_word_counts_when_all_were_missed(bodies: list[str], is_out: bool) -> None:
    world, _ = booked_and_listed()
    for body in bodies:
        arrives(world, body)
        world.clock.at += timedelta(seconds=20)
    ticks_for(world, timedelta(minutes=6))
    assert (phone_of(world).opted_out_at is not None) is is_out


@pytest.mark.parametrize(
    ("missed", "heard", "is_out"),
    [
        pytest.param("STOP", "START", False, id="an older STOP does not undo START"),
        pytest.param("START", "STOP", True, id="an older START does not undo STOP"),
        pytest.param("please stop texting me now", "START", False, id="nor does a doubtful one"),
    ],
)
def test_the_last_word_counts_when_the_first_was_missed(
    missed: str, heard: str, is_out: bool
) -> None:
    world, _ = booked_and_listed()
    opt_out.opt_out(world.context, subject_id=world.request().reference, means="phone", actor=RUTH)
    world.clock.at += MINUTE
    arrives(world, missed)
    world.clock.at += MINUTE
    arrives(world, heard, heard=True)
    before = phone_of(world).opted_out_at
    ticks_for(world, timedelta(minutes=6))
    assert (before is not None, phone_of(world).opted_out_at is not None) == (is_out, is_out)
    assert {"doubtful_stop", "reply_to_read"} & set(tasks(world))


def test_an_answer_that_was_missed_confirms_the_visit_it_was_asked_about() -> None:
    world, visit_id = booked_and_listed()
    world.clock.at += MINUTE
    arrives(world, "C")
    ticks_for(world, timedelta(minutes=6))
    assert visit_of(world, visit_id).confirmed_at is not None
    assert "is confirmed" in world.texts.bodies[-1]


def test_an_answer_from_before_a_move_does_not_confirm_the_new_time() -> None:
    world, visit_id = booked_and_listed()
    world.clock.at += MINUTE
    arrives(world, "C")
    world.clock.at += MINUTE
    moves(world, visit_id, "2026-12-09T09:00")
    world.drain()
    assert "has moved" in world.texts.bodies[-1]
    ticks_for(world, timedelta(minutes=6))
    assert visit_of(world, visit_id).confirmed_at is None
    assert "reply_to_read" in tasks(world)


def test_a_digit_that_was_missed_takes_its_time() -> None:
    world = World()
    reference = offered(world, "2026-12-08T09:00", "2026-12-08T13:00")
    world.clock.at += MINUTE
    arrives(world, "2")
    ticks_for(world, timedelta(minutes=6))
    request = world.store.get(ConsultationRequest.ref(reference))
    assert request is not None
    assert visit_of(world, request.appointment_id or "").start_at == datetime(
        2026, 12, 8, 19, tzinfo=UTC
    )


def test_a_digit_from_before_the_offer_takes_nothing() -> None:
    world = World()
    reference = offered(world, "2026-12-08T09:00")
    world.clock.at += MINUTE
    arrives(world, "1")
    world.clock.at += MINUTE
    proposes(world, reference, ["2026-12-10T09:00"])
    ticks_for(world, timedelta(minutes=6))
    request = world.store.get(ConsultationRequest.ref(reference))
    assert request is not None
    assert request.status is RequestStatus.PROPOSED
    assert "reply_to_read" in tasks(world)


def test_a_digit_from_before_we_asked_which_visit_is_no_answer() -> None:
    world, first = booked_and_listed()
    second = book.confirm(
        world.context,
        subject_id=world.request(name="Bo Example").reference,
        when=at("2026-12-08T09:00"),
        visit_type="iv_infusion",
        resource="room-2",
        actor=RUTH,
    ).id
    world.drain()
    world.clock.at += MINUTE
    arrives(world, "1")
    world.clock.at += MINUTE
    arrives(world, "C", heard=True)
    assert "which visit" in world.texts.bodies[-1]
    ticks_for(world, timedelta(minutes=6))
    assert [visit_of(world, v).confirmed_at for v in (first, second)] == [None, None]
    world.clock.at += MINUTE
    arrives(world, "1", heard=True)
    confirmed = [visit_of(world, v).confirmed_at is not None for v in (first, second)]
    assert confirmed.count(True) == 1


@pytest.mark.parametrize("failure", FAILURES)
def test_a_list_that_fails_proves_nothing_and_is_asked_for_again(failure: Exception) -> None:
    world, _ = booked_and_listed()
    world.clock.at += timedelta(hours=3)
    arrives(world, "STOP")
    before = marked_at(world)
    world.clock.at += timedelta(hours=2)
    world.texts.listing.append(failure)
    assert lists(world) == 0
    assert marked_at(world) == before
    world.clock.at += MINUTE
    # The list that works goes back to where the last complete one ended.
    assert lists(world) == 1
    assert phone_of(world).opted_out_at is not None


def test_half_an_hour_without_a_list_is_one_alarm_and_the_next_time_another() -> None:
    world, _ = booked_and_listed()
    for times in (1, 2):
        world.texts.listing.extend([OutcomeUnknown("no answer")] * 90)
        ticks_for(world, timedelta(minutes=29))
        assert tasks(world).count("texts_may_be_missed") == times - 1
        ticks_for(world, timedelta(minutes=50))
        assert tasks(world).count("texts_may_be_missed") == times
        world.texts.listing.clear()
        ticks_for(world, timedelta(minutes=6))


def test_a_restored_table_hears_again_what_it_forgot_and_answers_nothing_twice() -> None:
    world, _ = booked_and_listed()
    world.clock.at += MINUTE
    sid = arrives(world, "where do I park", heard=True)
    sent = len(world.texts.sent)
    # The last hour is gone: the row of the text, its answer, its task, and what the phone knew.
    forgotten = [key for key in world.store._rows if key.pk == f"TXT-{sid}"]
    for key in [*forgotten, Key(f"TEL#{ANA}", "SENT#2026-12-01")]:
        world.store._rows.pop(key, None)
    for key in [k for k in world.store._rows if k.pk == f"SID#{world.texts.sent[-1].sid}"]:
        del world.store._rows[key]
    world.store._rows[Phone.ref(ANA).key].pop("answered_at")
    world.clock.at += timedelta(minutes=30)
    ticks_for(world, timedelta(minutes=6))
    assert world.store.get(InboundText.ref(sid)) is not None
    assert len(world.texts.sent) == sent
    answer = world.message(f"TXT-{sid}", "automatic_answer")
    assert answer.status is MessageStatus.SENT


def test_a_quiet_minute_asks_nobody() -> None:
    world, _ = booked_and_listed()
    world.texts.listing.append(OutcomeUnknown("nobody asked"))
    world.clock.at += timedelta(minutes=4)
    lists(world)
    assert len(world.texts.listing) == 1


def test_a_text_that_the_last_list_still_lacked_is_found_by_the_next() -> None:
    world, _ = booked_and_listed()
    world.clock.at += timedelta(minutes=4)
    arrives(world, "STOP")
    late = world.texts.received.pop()
    world.clock.at += MINUTE
    lists(world)
    assert marked_at(world) > late.at
    world.texts.received.append(late)
    assert ticks_for(world, timedelta(minutes=5)) == 1
    assert phone_of(world).opted_out_at == late.at


class Choking:
    """A store that cannot write one text."""

    def __init__(self, world: World, sid: str, error: Exception) -> None:
        self._store = world.store
        self._sid = sid
        self._error = error

    def commit(self, change: Change) -> None:
        if any(record.key.pk == f"TXT-{self._sid}" for record in change.saved):
            raise self._error
        self._store.commit(change)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def test_one_text_that_cannot_be_heard_stops_no_other_and_holds_the_mark() -> None:
    world, _ = booked_and_listed()
    before = marked_at(world)
    sid = arrives(world, "hello")
    arrives(world, "STOP")
    world.replace(store=Choking(world, sid, Unavailable("throttled")))
    ticks_for(world, timedelta(minutes=6))
    assert phone_of(world).opted_out_at is not None
    assert marked_at(world) == before
    world.replace(store=world.store)
    ticks_for(world, MINUTE)
    assert marked_at(world) == world.clock.at
    assert "reply_to_read" in tasks(world)


def test_one_text_that_fails_as_nobody_foresaw_stops_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world, _ = booked_and_listed()
    before = marked_at(world)
    sid = arrives(world, "hello")
    arrives(world, "STOP")
    world.replace(store=Choking(world, sid, ValueError("what the patient wrote")))
    world.clock.at += timedelta(minutes=5)
    lists(world)
    assert phone_of(world).opted_out_at is not None
    assert marked_at(world) == before
    assert "what the patient wrote" not in caplog.text


def with_an_odd_number(world: World) -> None:
    """A START, then a STOP, of a number whose row cannot be read."""
    number = "+13165550177"
    for word in ("START", "STOP"):
        world.clock.at += MINUTE
        arrives(world, word, sender=number)
    spoil(world, Phone.ref(number).key, record="phone")


def with_an_odd_text(world: World) -> None:
    spoil(world, InboundText.ref(arrives(world, "hello", heard=True)).key, body=5)


def with_an_offer_of_what_is_gone(world: World) -> None:
    """A visit type is taken out of clinic.toml while it is offered, and a patient takes it."""
    offered(world, "2026-12-08T09:00")
    clinic = world.services.clinic
    kinds = tuple(kind for kind in clinic.visit_types if kind.code != "consultation")
    world.replace(clinic=clinic.model_copy(update={"visit_types": kinds}))
    world.clock.at += MINUTE
    arrives(world, "1")


@pytest.mark.parametrize(
    "odd", [with_an_odd_number, with_an_odd_text, with_an_offer_of_what_is_gone]
)
def test_one_odd_row_does_not_end_the_listing_for_everybody(odd: Callable[[World], None]) -> None:
    world = World()
    lists(world)
    odd(world)
    arrives(world, "I have chest pain", sender="+13165550199")
    world.clock.at += timedelta(minutes=5)
    lists(world)
    assert "urgent_text" in tasks(world)


def test_a_digit_that_takes_what_the_clinic_has_no_more_is_read_by_a_person() -> None:
    world = World()
    with_an_offer_of_what_is_gone(world)
    lists(world)
    assert tasks(world) == ["reply_to_read"]


def test_half_an_hour_of_breaking_off_is_an_alarm_whatever_broke_off() -> None:
    world, _ = booked_and_listed()
    arrives(world, "hello")
    get_many = world.store.get_many

    def silent(*refs: Ref[Any]) -> tuple[Any, ...]:
        raise Unavailable("batch_get_item: ThrottlingException")

    world.clock.at += timedelta(minutes=31)
    world.store.get_many = silent  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        lists(world)
    world.store.get_many = get_many  # type: ignore[method-assign]
    world.tick()
    assert tasks(world) == ["texts_may_be_missed"]


def deaf_to(world: World, body: str) -> None:
    """Hearing this text fails, as nobody foresaw, whenever it is tried."""
    commit = world.store.commit

    def failing(change: Change) -> None:
        heard = [record for record in change.saved if isinstance(record, InboundText)]
        if any(row.body == body and row.meaning != "not_heard" for row in heard):
            raise ValueError(body)
        commit(change)

    world.store.commit = failing  # type: ignore[method-assign]


def test_a_text_that_cannot_be_heard_is_read_by_a_person_and_holds_the_mark_no_longer() -> None:
    world, _ = booked_and_listed()
    deaf_to(world, "hello")
    sid = arrives(world, "hello", sender="+13165550177")
    ticks_for(world, timedelta(minutes=29))
    assert tasks(world) == []
    ticks_for(world, timedelta(minutes=6))
    (task,) = [t for t in world.store.open("task") if isinstance(t, Task)]
    assert (task.what, task.detail, task.number) == ("reply_to_read", "hello", "+13165550177")
    assert world.clock.at - marked_at(world) <= timedelta(minutes=5)
    again = Incoming(sid=sid, sender="+13165550177", body="hello")
    assert receive_text(world.context, again, quiet_words=QUIET) == "not_heard"
    # It has used up no alarm: that the list itself fails is told when it does.
    world.texts.listing.extend([OutcomeUnknown("no answer")] * 60)
    ticks_for(world, timedelta(minutes=40))
    assert sorted(tasks(world)) == ["reply_to_read", "texts_may_be_missed"]


def test_a_text_that_may_have_meant_stop_pauses_texts_though_it_cannot_be_heard() -> None:
    """R6: the pause needs nothing else of the text to go well."""
    world, _ = booked_and_listed()
    deaf_to(world, "leave me alone")
    arrives(world, "leave me alone")
    ticks_for(world, timedelta(minutes=6))
    assert phone_of(world).opted_out_means == "doubtful text"
    ticks_for(world, timedelta(minutes=30))
    assert tasks(world) == ["reply_to_read"]
