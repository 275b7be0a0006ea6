"""An opt-out is never refused and never lost; only a START that came after it lifts it."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.change import Change
from chalicelib.domain.errors import Invalid, Unavailable
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.record import Record
from chalicelib.usecases.inbound.receive import Incoming, receive_text
from chalicelib.usecases.patients import opt_out
from tests.builders.acts import (
    ANA,
    MINUTE,
    OTHER,
    QUIET,
    arrives,
    has_another_number,
    hear,
    lists,
    meanwhile,
    spoil,
    ticks_for,
)
from tests.builders.looks import phone_of, tasks, visit_of
from tests.builders.visits import booked, booked_and_listed
from tests.world import RUTH, World


@pytest.mark.parametrize("means", ["phone", "text"])
def test_older_words_that_are_found_late_do_not_lift_a_later_opt_out(means: str) -> None:
    world, visit_id = booked_and_listed()
    for word in ("STOP", "START"):
        world.clock.at += MINUTE
        arrives(world, word)
    world.clock.at += timedelta(minutes=20)
    if means == "phone":
        opt_out.opt_out(world.context, subject_id=visit_id, means=means, actor=RUTH)
    else:
        arrives(world, "STOP", heard=True)
    later = world.clock.at
    # By the time that the list works again, the later one may be too old for it.
    world.clock.at += timedelta(minutes=63)
    ticks_for(world, timedelta(hours=1))
    assert phone_of(world).opted_out_at == later


def test_an_older_stop_that_is_found_while_staff_note_an_opt_out_makes_it_no_older() -> None:
    world, visit_id = booked_and_listed()
    world.clock.at += MINUTE
    arrives(world, "STOP")
    world.clock.at += 4 * MINUTE
    meanwhile(
        world,
        lambda: opt_out.opt_out(world.context, subject_id=visit_id, means="phone", actor=RUTH),
    )
    lists(world)
    assert phone_of(world).opted_out_at == world.clock.at


def test_an_older_start_that_is_found_late_does_not_let_an_older_stop_undo_a_newer_start() -> None:
    world, _ = booked_and_listed()
    for word in ("START", "STOP"):
        world.clock.at += MINUTE
        arrives(world, word)
    world.clock.at += MINUTE
    arrives(world, "START", heard=True)
    newer = world.clock.at
    ticks_for(world, timedelta(minutes=6))
    assert phone_of(world).opted_in_at == newer
    assert phone_of(world).opted_out_at is None


def test_a_doubtful_text_does_not_make_a_stop_of_the_same_moment_doubtful() -> None:
    world, visit_id = booked_and_listed()
    meanwhile(world, lambda: hear(world, "STOP"))
    hear(world, "too many texts")
    assert phone_of(world).opted_out_means == "text"
    with pytest.raises(Invalid):
        opt_out.resume(world.context, subject_id=visit_id, actor=RUTH)


def test_an_opt_out_holds_for_the_number_that_the_patient_has_by_then() -> None:
    world, visit_id = booked_and_listed()
    meanwhile(world, lambda: has_another_number(world, visit_id))
    opt_out.opt_out(world.context, subject_id=visit_id, means="phone", actor=RUTH)
    other = world.store.get(Phone.ref(OTHER))
    assert other is not None
    assert other.opted_out_at == world.clock.at
    assert phone_of(world).opted_out_at is None


def test_a_pause_ends_only_for_the_number_that_the_patient_still_has() -> None:
    world, visit_id = booked_and_listed()
    hear(world, "too many texts")
    meanwhile(world, lambda: has_another_number(world, visit_id))
    with pytest.raises(Invalid):
        opt_out.resume(world.context, subject_id=visit_id, actor=RUTH)
    assert phone_of(world).opted_out_at is not None


@pytest.mark.parametrize("later", [timedelta(milliseconds=1), timedelta(seconds=2)])
def test_a_start_does_not_lift_a_stop_that_came_while_it_was_heard(later: timedelta) -> None:
    world, _ = booked_and_listed()
    hear(world, "STOP")
    world.clock.at += MINUTE

    def stop() -> None:
        world.clock.at += later
        hear(world, "STOP")

    meanwhile(world, stop)
    hear(world, "START")
    assert phone_of(world).opted_out_at == world.clock.at
    assert "reply_to_read" in tasks(world)


def test_two_starts_at_once_make_one_first_text() -> None:
    world, visit_id = booked_and_listed()
    has_another_number(world, visit_id)
    sent = len(world.texts.sent)
    world.clock.at += MINUTE

    def start() -> None:
        hear(world, "START", sender=OTHER)
        world.clock.at += timedelta(milliseconds=1)

    meanwhile(world, start)
    hear(world, "START", sender=OTHER)
    assert ["Msg & data rates" in body for body in world.texts.bodies[sent:]] == [True]


@pytest.mark.parametrize("is_found_late", [False, True])
def test_a_stop_stands_though_the_numbers_row_cannot_be_read(is_found_late: bool) -> None:
    world, _ = booked_and_listed()
    key = Phone.ref(ANA).key
    spoil(world, key, bad_because=5)
    arrives(world, "STOP", heard=not is_found_late)
    ticks_for(world, timedelta(minutes=6))
    del world.store._rows[key]["bad_because"]
    assert phone_of(world).opted_out_means == "text"
    assert "reply_to_read" in tasks(world)


def test_an_opt_out_that_staff_note_stands_though_no_visit_can_be_looked_up() -> None:
    world, visit_id = booked_and_listed()
    of_patient = world.store.of_patient

    def silent(patient_id: str) -> list[Record]:
        raise Unavailable("query: ThrottlingException")

    world.store.of_patient = silent  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        opt_out.opt_out(world.context, subject_id=visit_id, means="phone", actor=RUTH)
    assert phone_of(world).opted_out_means == "phone"
    world.store.of_patient = of_patient  # type: ignore[method-assign]
    opt_out.opt_out(world.context, subject_id=visit_id, means="phone", actor=RUTH)
    world.drain()
    assert tasks(world) == ["opted_out_before_visit"]


def test_a_start_by_a_word_that_the_provider_alone_knows_is_not_undone_by_the_list() -> None:
    world, _ = booked_and_listed()
    for word in ("START", "STOP"):
        world.clock.at += MINUTE
        arrives(world, word, heard=True)
    world.clock.at += MINUTE
    sid = arrives(world, "JOIN")
    joins = Incoming(sid=sid, sender=ANA, body="JOIN", opt_out_type="START")
    receive_text(world.context, joins, quiet_words=QUIET)
    ticks_for(world, timedelta(minutes=70))
    assert phone_of(world).opted_out_at is None


def test_a_word_of_the_provider_whose_webhook_comes_after_a_later_stop_lifts_nothing() -> None:
    world, _ = booked_and_listed()
    sid = arrives(world, "JOIN")
    world.clock.at += MINUTE
    arrives(world, "STOP", heard=True)
    world.clock.at += MINUTE
    joins = Incoming(sid=sid, sender=ANA, body="JOIN", opt_out_type="START")
    receive_text(world.context, joins, quiet_words=QUIET)
    assert phone_of(world).opted_out_at is None
    ticks_for(world, timedelta(minutes=6))
    assert phone_of(world).opted_out_at is not None


def test_an_old_start_whose_webhook_comes_last_does_not_bring_back_a_stop_between() -> None:
    world, _ = booked_and_listed()
    late = arrives(world, "START")
    for word in ("STOP", "START"):
        world.clock.at += MINUTE
        arrives(world, word, heard=True)
    world.clock.at += MINUTE
    receive_text(world.context, Incoming(sid=late, sender=ANA, body="START"), quiet_words=QUIET)
    ticks_for(world, timedelta(minutes=70))
    assert phone_of(world).opted_out_at is None


def test_an_old_start_whose_webhook_comes_late_ends_no_pause() -> None:
    world, visit_id = booked_and_listed()
    late = arrives(world, "START")
    world.clock.at += MINUTE
    arrives(world, "too many texts", heard=True)
    world.clock.at += MINUTE
    receive_text(world.context, Incoming(sid=late, sender=ANA, body="START"), quiet_words=QUIET)
    assert phone_of(world).opted_out_at is None
    ticks_for(world, timedelta(minutes=6))
    assert phone_of(world).opted_out_means == opt_out.DOUBTFUL
    opt_out.resume(world.context, subject_id=visit_id, actor=RUTH)
    ticks_for(world, timedelta(minutes=70))
    assert phone_of(world).opted_out_at is None


def test_a_pause_that_staff_ended_is_not_brought_back_by_an_older_start() -> None:
    world, visit_id = booked_and_listed()
    for words in ("START", "too many texts"):
        world.clock.at += MINUTE
        arrives(world, words, heard=True)
    world.clock.at += MINUTE
    opt_out.resume(world.context, subject_id=visit_id, actor=RUTH)
    ticks_for(world, timedelta(minutes=70))
    assert phone_of(world).opted_out_at is None


def test_a_start_that_is_replayed_after_years_lifts_nothing() -> None:
    world, _ = booked_and_listed()
    world.clock.at += MINUTE
    hear(world, "START", sid="SM" + "a" * 32)
    world.clock.at += timedelta(days=5 * 365)
    hear(world, "STOP")
    now = world.clock.at.timestamp()
    for key in [key for key, row in world.store._rows.items() if row.get("ttl", now) < now]:
        del world.store._rows[key]
    hear(world, "START", sid="SM" + "a" * 32)
    assert phone_of(world).opted_out_at is not None


def test_a_cancel_that_is_found_after_the_visit_began_still_asks_whether_it_was_meant() -> None:
    world, visit_id = booked_and_listed()
    starts_at = visit_of(world, visit_id).start_at
    world.run_until(starts_at - 2 * MINUTE)
    lists(world)
    arrives(world, "CANCEL")
    world.clock.at = starts_at + 4 * MINUTE
    lists(world)
    assert "opted_out_before_visit" in tasks(world)


def test_who_says_stop_again_and_again_is_asked_about_once_a_day() -> None:
    """R10: staff get a task, not one for each text."""
    world = World()
    booked(world)
    for minute in range(3):
        world.clock.at += MINUTE
        hear(world, "STOP", sid=f"SM{minute:032x}")
    world.drain()
    assert tasks(world) == ["opted_out_before_visit"]
    world.clock.at += timedelta(days=1)
    hear(world, "CANCEL", sid="SM" + "c" * 32)
    world.drain()
    assert tasks(world) == ["opted_out_before_visit"] * 2


@pytest.mark.parametrize(("body", "means"), [("STOP", "text"), ("leave me alone", "doubtful text")])
def test_who_wants_silence_right_after_a_start_has_it_though_clocks_differ(
    body: str, means: str
) -> None:
    """F22, R5, R6: the START was heard where the clock is a minute ahead."""
    world = World()
    booked(world)
    hear(world, "STOP", sid="SM" + "1" * 32)
    world.clock.at += timedelta(minutes=5)
    hear(world, "START", sid="SM" + "2" * 32)
    world.clock.at -= timedelta(minutes=1)
    hear(world, body, sid="SM" + "3" * 32)
    assert phone_of(world).opted_out_at is not None
    assert phone_of(world).opted_out_means == means


def test_whether_a_visit_was_to_be_cancelled_is_asked_though_it_began_meanwhile() -> None:
    """R10: the opt-out was noted before the visit, and what follows was held up."""
    world = World()
    visit_id = booked(world).id
    world.clock.at = datetime(2026, 12, 8, 14, 59, tzinfo=UTC)
    commit = world.store.commit

    def slowly(change: Change) -> None:
        commit(change)
        world.store.commit = commit  # type: ignore[method-assign]
        world.clock.at += timedelta(minutes=10)

    world.store.commit = slowly  # type: ignore[method-assign]
    opt_out.opt_out(world.context, subject_id=visit_id, means="phone", actor=RUTH)
    world.drain()
    assert "opted_out_before_visit" in tasks(world)
