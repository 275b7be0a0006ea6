"""What a reply does and what it is answered with: nobody is silenced, and nobody meets silence."""

from datetime import timedelta

import pytest

from chalicelib.usecases.inbound.receive import Incoming, receive_text
from chalicelib.usecases.patients import opt_out
from tests.builders.acts import ANA, QUIET, hear
from tests.builders.looks import phone_of, tasks, visit_of
from tests.builders.visits import booked, booked_and_listed
from tests.world import RUTH, World

URGENT_ANSWER = "do not wait for us"


def is_out(world: World) -> bool:
    return phone_of(world).opted_out_at is not None


@pytest.mark.parametrize("sent_back", ["Liked “{}”", "Reacted ❤️ to “{}”", "> {}", "{}"])
def test_our_own_words_that_come_back_have_no_effect(sent_back: str) -> None:
    """R61, F86."""
    world, visit_id = booked_and_listed()
    world.run_for(days=9)  # every text up to the check-in, with STOP, 911 and 988 in them
    answered, mailed = len(world.texts.sent), len(world.mails.sent)
    before = tasks(world)
    for body in {text.body for text in world.texts.sent}:
        assert hear(world, sent_back.format(body)) == "echo"
    assert (len(world.texts.sent), len(world.mails.sent)) == (answered, mailed)
    assert (tasks(world), is_out(world)) == (before, False)
    assert visit_of(world, visit_id).confirmed_at is None


def test_what_is_added_to_a_quotation_is_read() -> None:
    world, visit_id = booked_and_listed()
    quoted = world.texts.bodies[-1]
    assert hear(world, f"> {quoted}\nC") == "confirm"
    assert visit_of(world, visit_id).confirmed_at is not None
    assert hear(world, f"“{quoted}” I can't breathe") == "urgent"
    assert "urgent_text" in tasks(world)


def test_our_words_that_another_number_was_sent_are_read() -> None:
    world, _ = booked_and_listed()
    stranger = "+13165550177"
    assert hear(world, f"Liked “{world.texts.bodies[-1]}”", sender=stranger) != "echo"


@pytest.mark.parametrize(
    "body",
    [
        "why did you stop sending me reminders?",
        "remove me from Tuesday, I can do Wednesday",
        "my driver called the wrong number",
        "no dejen de avisarme",
        "make it stop",
    ],
)
def test_a_stop_word_inside_a_sentence_stops_nothing_and_a_person_reads_it(body: str) -> None:
    """R6, F87."""
    world, _ = booked_and_listed()
    sent = len(world.texts.sent)
    hear(world, body)
    assert not is_out(world)
    (task,) = world.open_tasks()
    assert (task.what, task.detail) == ("reply_to_read", body)
    assert len(world.texts.sent) == sent + 1


@pytest.mark.parametrize("body", ["the bleeding won't stop", "I can't stop throwing up"])
def test_distress_is_no_wish_for_fewer_texts(body: str) -> None:
    """F87."""
    world, _ = booked_and_listed()
    hear(world, body)
    assert not is_out(world)
    assert tasks(world) == ["urgent_text"]
    assert URGENT_ANSWER in world.texts.bodies[-1]


def test_an_opt_out_in_other_words_is_confirmed_by_one_text() -> None:
    """R6: the provider says nothing to these."""
    world, _ = booked_and_listed()
    sent = len(world.texts.sent)
    for _ in range(3):
        hear(world, "please stop texting me")
    assert is_out(world)
    (told,) = world.texts.bodies[sent:]
    assert "no more texts" in told
    assert world.texts.validity[-1] <= timedelta(minutes=5)


def test_a_confirmation_of_an_opt_out_that_is_late_never_leaves() -> None:
    """R6: within five minutes or not at all."""
    world, _ = booked_and_listed()
    sent = len(world.texts.sent)
    receive_text(
        world.context,
        Incoming(sid="SM" + "a" * 32, sender=ANA, body="please stop texting me"),
        quiet_words=QUIET,
    )
    world.clock.at += timedelta(minutes=5)
    world.run_for(days=1)
    assert len(world.texts.sent) == sent


def test_who_may_have_meant_stop_is_told_what_was_done() -> None:
    """R6, R63."""
    world, _ = booked_and_listed()
    sent = len(world.texts.sent)
    for _ in range(2):
        hear(world, "too many texts")
    (told,) = world.texts.bodies[sent:]
    assert "paused" in told
    assert "START" in told


@pytest.mark.parametrize("how", ["paused", "staff", "no consent"])
def test_an_urgent_text_of_a_number_that_gets_no_texts_of_ours_is_answered(how: str) -> None:
    """R44, F88."""
    world = World()
    agreed = how != "no consent"
    visit_id = booked(world, sms_consent=agreed, detailed_consent=agreed).id
    if how == "paused":
        hear(world, "too many texts")
    if how == "staff":
        opt_out.opt_out(world.context, subject_id=visit_id, means="phone", actor=RUTH)
        world.drain()
    sent = len(world.texts.sent)
    hear(world, "I can't breathe")
    (answer,) = world.texts.bodies[sent:]
    assert URGENT_ANSWER in answer
    assert "urgent_text" in tasks(world)
    world.run_for(days=9)
    assert len(world.texts.sent) == sent + 1


def test_a_block_of_the_provider_is_written_on_the_alarm() -> None:
    """R44: whoever takes it must know that nobody has answered."""
    world, _ = booked_and_listed()
    world.texts.hear(ANA, "STOP")
    hear(world, "STOP")
    hear(world, "I can't breathe")
    (alarm,) = [task for task in world.open_tasks() if task.urgent]
    assert "did not reach them" in alarm.note
    assert "blocked_by_provider" not in tasks(world)


def test_an_urgent_answer_leaves_within_ten_minutes_or_not_at_all() -> None:
    """R44."""
    world, _ = booked_and_listed()
    sent = len(world.texts.sent)
    receive_text(
        world.context, Incoming(sid="SM" + "a" * 32, sender=ANA, body="overdose"), quiet_words=QUIET
    )
    world.clock.at += timedelta(minutes=10)
    world.run_for(hours=1)
    assert len(world.texts.sent) == sent
    assert "urgent_text" in tasks(world)


def test_a_more_serious_text_after_an_automatic_answer_is_answered_and_told() -> None:
    """R63, F89."""
    world, _ = booked_and_listed()
    hear(world, "where do I park")
    sent, mails = len(world.texts.sent), len(world.mails.sent)
    world.clock.at += timedelta(minutes=2)
    hear(world, "can't wake him")
    assert URGENT_ANSWER in world.texts.bodies[-1]
    assert (len(world.texts.sent), len(world.mails.sent)) == (sent + 1, mails + 3)


def test_thanks_need_no_answer_and_hold_none_back() -> None:
    """R63."""
    world, _ = booked_and_listed()
    sent = len(world.texts.sent)
    assert hear(world, "thank you!") == "thanks"
    assert (len(world.texts.sent), tasks(world)) == (sent, [])
    hear(world, "where do I park")
    assert len(world.texts.sent) == sent + 1
    assert "988" in world.texts.bodies[-1]
