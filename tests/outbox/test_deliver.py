"""What the courier does when things go wrong: sent once, or a reason, and never silence."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.change import Change, Patch, Save, as_stored
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.messaging.message import MessageStatus
from chalicelib.domain.people.phone import Phone, SentCount
from chalicelib.domain.system import CircuitBreaker
from chalicelib.outbox import deliver, reconcile
from chalicelib.outbox.outcomes import text_receipts
from chalicelib.ports import Accepted, FailureClass, OutcomeUnknown, Refused
from chalicelib.usecases.patients import opt_out
from chalicelib.usecases.visits import book
from tests.builders.acts import before_the_next_claim, cancels, has_another_number
from tests.builders.looks import confirmations, ever, row
from tests.builders.visits import confirmation_next, just_booked
from tests.world import NOON, RUTH, World, at

WEEK_LATER = datetime(2026, 12, 14, tzinfo=UTC)


class Killed(BaseException):
    """The process ends here; nothing after it is written."""


@pytest.mark.parametrize("times", [2, 50])
def test_an_id_that_comes_again_sends_once(times: int) -> None:
    world = World()
    message_id = confirmation_next(world)
    for _ in range(times):
        deliver.deliver(world.delivery_context, message_id)
    assert confirmations(world) == 1


def test_the_first_text_leaves_first_whatever_the_queue_says() -> None:
    world = World()
    visit_id = just_booked(world).id
    deliver.deliver(world.delivery_context, f"{visit_id}.v1-confirmation")
    assert "Msg & data rates" in world.texts.bodies[0]
    assert len(world.texts.bodies) == 2


def test_killed_after_the_claim_the_text_is_sent_once_after_looking_twice() -> None:
    world = World()
    message_id = confirmation_next(world)
    world.texts.before.append(Killed())  # type: ignore[arg-type]
    with pytest.raises(Killed):
        deliver.deliver(world.delivery_context, message_id)
    assert row(world, message_id).status is MessageStatus.SENDING
    began = world.clock.at
    world.run_for(hours=2)
    assert confirmations(world) == 1
    assert row(world, message_id).status is MessageStatus.SENT
    left_at = next(t.created_at for t in world.texts.sent if "is booked for" in t.body)
    assert left_at - began >= timedelta(minutes=20)


def test_killed_after_the_provider_accepted_the_text_is_found_and_not_sent_again() -> None:
    world = World()
    message_id = confirmation_next(world)
    world.texts.after.append(Killed())  # type: ignore[arg-type]
    with pytest.raises(Killed):
        deliver.deliver(world.delivery_context, message_id)
    world.run_for(hours=2)
    assert confirmations(world) == 1
    assert row(world, message_id).sid == world.texts.sent[1].sid


def test_an_answer_that_never_came_is_looked_up() -> None:
    world = World()
    message_id = confirmation_next(world)
    world.texts.after.append(OutcomeUnknown("time-out"))
    deliver.deliver(world.delivery_context, message_id)
    assert row(world, message_id).status is MessageStatus.SENDING
    world.run_for(minutes=6)
    assert row(world, message_id).status is MessageStatus.SENT
    assert confirmations(world) == 1


def test_a_receipt_settles_what_the_answer_did_not() -> None:
    world = World()
    message_id = confirmation_next(world)
    world.texts.after.append(OutcomeUnknown("time-out"))
    deliver.deliver(world.delivery_context, message_id)
    text = world.texts.sent[1]
    assert text_receipts.take(
        world.delivery_context,
        message_id,
        sid=text.sid,
        to=text.to,
        status="delivered",
        error_code=None,
    )
    world.run_for(hours=2)
    assert row(world, message_id).status is MessageStatus.DELIVERED
    assert confirmations(world) == 1


def test_a_failing_look_up_sends_nothing_and_ends_as_a_task() -> None:
    world = World()
    message_id = confirmation_next(world, email=None)
    world.texts.before.append(OutcomeUnknown("500"))
    world.texts.listing.extend(OutcomeUnknown("500") for _ in range(5000))
    deliver.deliver(world.delivery_context, message_id)
    world.run_for(days=3)
    assert confirmations(world) == 0
    assert row(world, message_id).status is MessageStatus.FAILED
    assert any(getattr(t, "what", "") == "call_with_confirmation" for t in world.store.open("task"))


def test_a_look_up_never_takes_the_text_of_another_patient_on_the_same_phone() -> None:
    world = World()
    first_message = confirmation_next(world)
    first = first_message.partition(".")[0]
    deliver.deliver(world.delivery_context, first_message)
    second_receipt = world.request(name="Bo Example")
    second = book.confirm(
        world.context,
        subject_id=second_receipt.reference,
        when=at("2026-12-08T09:00"),
        visit_type="iv_infusion",
        resource="room-2",
        actor=RUTH,
    )
    world.texts.before.append(OutcomeUnknown("time-out"))
    deliver.deliver(world.delivery_context, f"{second.id}.v1-confirmation")
    world.run_for(hours=2)
    assert confirmations(world) == 2
    sids = {row(world, first_message).sid, row(world, f"{second.id}.v1-confirmation").sid}
    assert len(sids) == 2
    assert first != second.id


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(Refused(FailureClass.RETRY, 429), id="429"),
        pytest.param(Refused(FailureClass.RETRY), id="no connection"),
        pytest.param(Refused(FailureClass.RETRY_FEW, 30008), id="30008"),
    ],
)
def test_what_was_refused_for_now_is_sent_later_once(error: Refused) -> None:
    world = World()
    message_id = confirmation_next(world)
    world.texts.before.append(error)
    deliver.deliver(world.delivery_context, message_id)
    assert row(world, message_id).status is MessageStatus.PENDING
    world.run_for(hours=1)
    assert confirmations(world) == 1


def test_ten_minutes_of_429_lose_nothing_and_repeat_nothing() -> None:
    """F29: everybody's texts, which do not come back all at once."""
    world = World()
    visits = [
        just_booked(world, f"2026-12-{day:02d}T09:00", phone=f"+131655501{day}").id
        for day in (10, 11)
    ]
    until, send = world.clock.at + timedelta(minutes=10), world.texts.send
    refused: list[datetime] = []

    def busy(**text: Any) -> Accepted:
        if world.clock.at < until:
            refused.append(world.clock.at)
            raise Refused(FailureClass.RETRY, 429)
        return send(**text)

    world.texts.send = busy  # type: ignore[method-assign]
    world.run_for(hours=1)
    assert len(refused) > 4
    for visit_id in visits:
        assert row(world, f"{visit_id}.welcome").status is MessageStatus.SENT
        assert row(world, f"{visit_id}.v1-confirmation").status is MessageStatus.SENT
    assert len(world.texts.sent) == 4


def test_a_bad_number_is_marked_and_the_patient_written_to() -> None:
    world = World()
    message_id = confirmation_next(world)
    world.texts.before.append(Refused(FailureClass.NUMBER_BAD, 21614))
    deliver.deliver(world.delivery_context, message_id)
    world.run_until(WEEK_LATER)
    assert row(world, message_id).status is MessageStatus.FAILED
    assert len(world.texts.sent) == 1
    assert [m.subject for m in world.mails.sent if m.to == "ana@example.org"] != []


def test_a_number_blocked_at_the_provider_gets_no_more_texts() -> None:
    world = World()
    message_id = confirmation_next(world)
    world.texts.before.append(Refused(FailureClass.OPTED_OUT, 21610))
    world.run_until(WEEK_LATER)
    phone = world.store.get(Phone.ref("+13165550142"))
    assert phone is not None
    assert phone.opted_out_means == "provider"
    assert "blocked_by_provider" in [getattr(t, "what", "") for t in world.store.open("task")]
    assert len(world.texts.sent) == 1
    assert row(world, message_id).status is MessageStatus.WITHDRAWN


def test_a_configuration_error_stops_all_texts_raises_one_alarm_and_ends_with_a_probe() -> None:
    world = World()
    message_id = confirmation_next(world)
    world.texts.before.extend(Refused(FailureClass.CONFIGURATION, 20003) for _ in range(4))
    world.tick()
    stop = world.store.get(CircuitBreaker.ref())
    assert stop is not None
    other = just_booked(world, "2026-12-09T09:00", phone="+13165550143", name="Bo Example").id
    world.run_for(minutes=12)
    assert len(world.texts.sent) == 1
    world.run_for(hours=1)
    assert (world.store.get(CircuitBreaker.ref()) or stop).ended_at is not None
    assert row(world, message_id).status is MessageStatus.SENT
    assert row(world, f"{other}.v1-confirmation").status is MessageStatus.SENT
    assert [alarm.done_by for alarm in ever(world, "texts_stopped")] == ["service"]


def test_an_opt_out_withdraws_what_comes_due_and_safety_goes_by_mail() -> None:
    world = World()
    visit_id = confirmation_next(world).partition(".")[0]
    world.drain()
    opt_out.opt_out(world.context, subject_id=visit_id, means="phone", actor=RUTH)
    sent = len(world.texts.sent)
    world.run_until(WEEK_LATER)
    assert len(world.texts.sent) == sent
    preparation = row(world, f"{visit_id}.v1-preparation")
    assert (preparation.status, preparation.reason) == (MessageStatus.WITHDRAWN, "opted out")
    mails = [m for m in world.mails.sent if m.to == "ana@example.org"]
    assert any("988" in mail.text for mail in mails)


@pytest.mark.parametrize("what", ["cancel", "opt out", "new number"])
def test_what_changes_between_check_and_claim_stops_the_text(what: str) -> None:
    world = World()
    message_id = confirmation_next(world)
    visit_id = message_id.partition(".")[0]
    acts: dict[str, Callable[[], object]] = {
        "cancel": lambda: cancels(world, visit_id),
        "opt out": lambda: opt_out.opt_out(
            world.context, subject_id=visit_id, means="phone", actor=RUTH
        ),
        "new number": lambda: has_another_number(world, visit_id),
    }
    before_the_next_claim(world, acts[what])
    deliver.deliver(world.delivery_context, message_id)
    assert confirmations(world) == 0
    assert row(world, message_id).status in (MessageStatus.WITHDRAWN, MessageStatus.SUPPRESSED)


def test_a_cancelled_visits_text_in_flight_is_never_sent_again() -> None:
    world = World()
    message_id = confirmation_next(world)
    visit_id = message_id.partition(".")[0]
    world.texts.before.append(OutcomeUnknown("time-out"))
    deliver.deliver(world.delivery_context, message_id)
    cancels(world, visit_id)
    world.run_for(hours=3)
    assert confirmations(world) == 0
    assert row(world, message_id).status is MessageStatus.WITHDRAWN


def test_settling_that_fails_for_an_hour_sends_nothing_twice() -> None:
    world = World()
    message_id = confirmation_next(world)
    commit = world.store.commit
    until = world.clock.at + timedelta(hours=1)

    def throttled(change: Change) -> None:
        settles = any(
            isinstance(part, Patch) and part.set.get("status") == "sent"
            for part in change.operations
        )
        if settles and world.clock.at < until:
            raise Unavailable("throttled")
        commit(change)

    world.store.commit = throttled  # type: ignore[method-assign]
    world.run_for(hours=3)
    assert confirmations(world) == 1
    assert row(world, message_id).status is MessageStatus.SENT


def test_a_paused_courier_does_not_send_past_its_lease() -> None:
    world = World()
    message_id = confirmation_next(world)
    commit = world.store.commit

    def slow(change: Change) -> None:
        commit(change)
        world.clock.at += timedelta(minutes=5)

    world.store.commit = slow  # type: ignore[method-assign]
    deliver.deliver(world.delivery_context, message_id)
    assert confirmations(world) == 0


def test_one_row_that_cannot_be_read_stops_no_other() -> None:
    world = World()
    message_id = confirmation_next(world)
    visit_id = message_id.partition(".")[0]
    world.store.commit(
        Change(Patch(row(world, f"{visit_id}.v1-reminder").key, set={"channel": "pigeon"}))
    )
    world.run_until(WEEK_LATER)
    assert row(world, message_id).status is MessageStatus.SENT
    assert len(world.texts.sent) == 7


def test_a_patient_without_a_row_stops_no_other() -> None:
    world = World()
    lost = row(world, confirmation_next(world))
    bad = lost.evolve(id=f"{lost.owner_id}.odd", patient_id="PAT-0000000000", revision=0)
    world.store.commit(Change(Save(bad)))
    world.run_for(hours=1)
    assert confirmations(world) == 1
    odd = row(world, bad.id)
    assert (odd.status, odd.reason) == (MessageStatus.PENDING, "error: NotFound")
    assert [task.detail for task in ever(world, "a_message_cannot_be_sent")] == [bad.id]


@pytest.mark.parametrize(
    ("local", "leaves_at"),
    [
        pytest.param("20:59", "20:59", id="20:59 goes"),
        pytest.param("21:00", "08:00", id="21:00 waits"),
        pytest.param("07:59", "08:00", id="07:59 waits"),
        pytest.param("08:00", "08:00", id="08:00 goes"),
    ],
)
def test_quiet_hours_hold_a_text_until_eight(local: str, leaves_at: str) -> None:
    hour, minute = map(int, local.split(":"))
    world = World(datetime(2026, 12, 2, 6, 0, tzinfo=UTC) + timedelta(hours=hour, minutes=minute))
    just_booked(world)
    world.run_for(hours=14)
    zone = world.services.clinic.zone
    assert f"{world.texts.sent[0].created_at.astimezone(zone):%H:%M}" == leaves_at


def test_the_provider_may_try_no_longer_than_the_window() -> None:
    world = World()
    confirmation_next(world)
    world.run_until(WEEK_LATER)
    assert all(timedelta(seconds=6) <= span <= timedelta(hours=10) for span in world.texts.validity)


def test_a_day_without_ticks_sends_what_is_useful_and_expires_the_rest() -> None:
    world = World()
    visit_id = confirmation_next(world).partition(".")[0]
    world.drain()
    world.clock.at = datetime(2026, 12, 8, 14, 10, tzinfo=UTC)  # 8:10 on the day of the visit
    world.run_for(hours=1)
    status = {m.id.partition(".v1-")[2]: m.status for m in world.messages(visit_id)}
    assert status["same_day"] is MessageStatus.SENT
    assert status["reminder"] is MessageStatus.EXPIRED
    assert status["preparation"] is MessageStatus.EXPIRED


def test_a_late_first_claim_finds_what_a_restored_table_forgot() -> None:
    world = World()
    message_id = confirmation_next(world)
    before = row(world, message_id)
    deliver.deliver(world.delivery_context, message_id)
    assert confirmations(world) == 1
    # The table is restored to before the text was sent.
    world.store._rows[before.key] = {
        **{k: v for k, v in world.store._rows[before.key].items() if k in ("pk", "sk", "record")},
        **before.model_dump(mode="json", exclude_none=True),
        "due_shard": "0",
    }
    sid = world.texts.sent[1].sid
    del world.store._rows[next(k for k in world.store._rows if sid in k.pk)]
    world.clock.at += timedelta(minutes=11)
    deliver.deliver(world.delivery_context, message_id)
    assert confirmations(world) == 1
    assert row(world, message_id).sid == sid


def test_receipts_move_forward_only_and_strangers_are_ignored() -> None:
    world = World()
    message_id = confirmation_next(world)
    deliver.deliver(world.delivery_context, message_id)
    text = world.texts.sent[1]

    def take(status: str, sid: str = text.sid, to: str = text.to) -> bool:
        return text_receipts.take(
            world.delivery_context, message_id, sid=sid, to=to, status=status, error_code=None
        )

    assert not take("delivered", sid="SM" + "f" * 32)
    assert take("delivered")
    assert not take("sent")
    assert not take("undelivered")
    assert row(world, message_id).status is MessageStatus.DELIVERED


def test_a_receipt_for_an_unclaimed_row_or_another_number_is_not_ours() -> None:
    world = World()
    message_id = confirmation_next(world)
    visit_id = message_id.partition(".")[0]
    sid = "SM" + "a" * 32
    for about, to in (("v1-confirmation", "+13165550142"), ("welcome", "+13165550199")):
        assert not text_receipts.take(
            world.delivery_context,
            f"{visit_id}.{about}",
            sid=sid,
            to=to,
            status="delivered",
            error_code=None,
        )
    assert row(world, message_id).status is MessageStatus.PENDING


def test_a_receipt_settles_a_row_that_two_look_ups_gave_back() -> None:
    """F80: the acceptance came late; the row waits for its next claim, and is not sent again."""
    world = World()
    message_id = confirmation_next(world)
    world.texts.before.append(OutcomeUnknown("time-out"))
    deliver.deliver(world.delivery_context, message_id)
    claimed = row(world, message_id)
    for minutes in (15, 20):
        world.clock.at = (claimed.claimed_at or NOON) + timedelta(minutes=minutes)
        change = reconcile.after_lease(
            world.delivery_context, row(world, message_id), world.clock.at
        )
        world.store.commit(change)
    assert row(world, message_id).status is MessageStatus.PENDING
    sid = "SM" + "b" * 32
    assert text_receipts.take(
        world.delivery_context,
        message_id,
        sid=sid,
        to=claimed.to or "",
        status="delivered",
        error_code=None,
    )
    world.run_for(hours=1)
    assert confirmations(world) == 0
    assert row(world, message_id).status is MessageStatus.DELIVERED
    assert row(world, message_id).sid == sid


def test_a_text_that_left_twice_is_said_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """F80: the first text turns out to have left after all; the alarm counts this event."""
    world = World()
    message_id = confirmation_next(world)
    world.texts.before.append(OutcomeUnknown("time-out"))
    world.run_for(hours=1)
    sent = row(world, message_id)
    assert (sent.attempt, sent.status) == (2, MessageStatus.SENT)
    late = "SM" + "c" * 32
    assert not text_receipts.take(
        world.delivery_context,
        message_id,
        sid=late,
        to=sent.to or "",
        status="sent",
        error_code=None,
    )
    assert "text.repeated" in caplog.messages
    assert row(world, message_id).sid == sent.sid


def test_an_undelivered_preparation_text_becomes_a_call_before_the_fasting() -> None:
    world = World()
    visit_id = confirmation_next(world).partition(".")[0]
    world.run_until(datetime(2026, 12, 7, 23, 0, tzinfo=UTC))
    message = row(world, f"{visit_id}.v1-preparation")
    text_receipts.take(
        world.delivery_context,
        message.id,
        sid=message.sid or "",
        to=message.to or "",
        status="undelivered",
        error_code=30007,
    )
    world.drain()
    task = next(
        t for t in world.store.open("task") if getattr(t, "what", "") == "call_with_preparation"
    )
    fasting = datetime(2026, 12, 8, 7, 0, tzinfo=UTC)  # eight hours before 9:00
    assert getattr(task, "deadline_at", WEEK_LATER) < fasting
    mailed = [mail.subject for mail in world.mails.sent if mail.to == "ana@example.org"]
    assert any(subject.startswith("Before your visit") for subject in mailed)


@pytest.mark.parametrize("why", ["refused", "bad number", "opted out", "never known"])
def test_whatever_keeps_the_preparation_from_leaving_the_call_comes_before_the_fasting(
    why: str,
) -> None:
    world = World()
    visit_id = confirmation_next(world, email=None).partition(".")[0]
    preparation = row(world, f"{visit_id}.v1-preparation")
    world.run_until(preparation.scheduled_at - timedelta(minutes=1))
    if why == "refused":
        world.texts.before.append(Refused(FailureClass.PERMANENT, 99999))
    elif why == "bad number":
        world.store.commit(
            Change(Patch(Phone.ref("+13165550142").key, set={"bad_because": "a landline"}))
        )
    elif why == "opted out":
        opt_out.opt_out(world.context, subject_id=visit_id, means="phone", actor=RUTH)
    else:
        late = {"send_before": preparation.scheduled_at + timedelta(minutes=15)}
        world.store.commit(Change(Patch(preparation.key, set=as_stored(late))))
        world.texts.before.append(OutcomeUnknown("time-out"))
        world.texts.listing.extend(OutcomeUnknown("time-out") for _ in range(99))
    world.run_for(hours=1)
    (call,) = [
        t for t in world.store.open("task") if getattr(t, "what", "") == "call_with_preparation"
    ]
    closes = datetime(2026, 12, 7, 23, 30, tzinfo=UTC)  # 5:30 PM, of the day before
    assert getattr(call, "deadline_at", None) == closes


def test_an_unreachable_handset_is_tried_twice_more_as_new_rows() -> None:
    world = World()
    visit_id = confirmation_next(world).partition(".")[0]
    for about in ("v1-confirmation", "v1-confirmation-r1", "v1-confirmation-r2"):
        world.run_for(minutes=20)
        message = row(world, f"{visit_id}.{about}")
        text_receipts.take(
            world.delivery_context,
            message.id,
            sid=message.sid or "",
            to=message.to or "",
            status="undelivered",
            error_code=30003,
        )
    world.run_for(hours=2)
    assert confirmations(world) == 3
    assert not any(m.id.endswith("-r3") for m in world.messages(visit_id))


def test_the_count_of_the_day_rises_once_per_message() -> None:
    world = World()
    confirmation_next(world)
    world.texts.before.extend([Refused(FailureClass.RETRY, 429), Refused(FailureClass.RETRY, 429)])
    world.run_for(hours=2)
    count = world.store.get(SentCount.ref("+13165550142", "2026-12-01"))
    assert count is not None
    assert (count.count, confirmations(world)) == (2, 1)
