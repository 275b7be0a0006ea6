"""One suite for every sender of texts: what holds for Twilio holds for its stand-ins."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.messaging.message import MessageStatus
from chalicelib.ports import Accepted, FailureClass, ProviderText, ReceivedText, Refused
from tests.contract.texting import PROVIDERS, Texting

ANA, BO = "+13165550142", "+13165550143"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
NOBODYS = "SM" + "f" * 32


@pytest.fixture(params=PROVIDERS)
def texting(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Texting]:
    with PROVIDERS[request.param](tmp_path) as texting:
        yield texting


def send(texting: Texting, body: str = "words", **changes: Any) -> Accepted:
    asked: dict[str, Any] = {
        "to": ANA,
        "body": body,
        "status_callback": texting.status_callback,
        "validity": timedelta(hours=1),
    }
    return texting.texts.send(**(asked | changes))


def sid_of(accepted: Accepted) -> str:
    assert accepted.sid is not None
    return accepted.sid


def fetched(texting: Texting, sid: str) -> ProviderText:
    text = texting.texts.fetch(sid)
    assert text is not None
    return text


def received(texting: Texting, since: datetime = LONG_AGO) -> list[ReceivedText]:
    return texting.texts.received_since(since)


def refusal_of(texting: Texting, **changes: Any) -> Refused:
    with pytest.raises(Refused) as refused:
        send(texting, **changes)
    return refused.value


def test_a_text_that_was_accepted_has_an_id_of_its_own_and_is_on_its_way(texting: Texting) -> None:
    texting.hear(ANA, "hello")
    first, second = send(texting), send(texting)
    sids = {first.sid, second.sid, received(texting)[0].sid}
    assert len(sids) == 3
    assert all(re.fullmatch("SM[0-9a-f]{32}", str(sid)) for sid in sids)
    assert texting.texts.status_of(first.status) is MessageStatus.SENT


def test_a_text_is_known_by_its_id_and_its_time_is_a_whole_second(texting: Texting) -> None:
    body = "Löwe said: “100% + 1 & more” 🙂\nBring: a ride"
    sid = sid_of(send(texting, body))
    text = fetched(texting, sid)
    assert text._replace(status="", created_at=LONG_AGO) == (sid, ANA, body, "", None, LONG_AGO)
    assert texting.texts.status_of(text.status) in (MessageStatus.SENT, MessageStatus.DELIVERED)
    assert text.created_at.utcoffset() == timedelta(0)
    assert text.created_at.microsecond == 0
    assert abs(text.created_at - texting.now()) <= timedelta(minutes=1)


def test_an_id_that_the_provider_does_not_know_is_none(texting: Texting) -> None:
    send(texting)
    assert texting.texts.fetch(NOBODYS) is None


def test_a_text_arrives(texting: Texting) -> None:
    sid = sid_of(send(texting))
    texting.settle()
    assert texting.texts.status_of(fetched(texting, sid).status) is MessageStatus.DELIVERED
    assert texting.texts.sent_to(ANA) == [fetched(texting, sid)]


def test_the_list_of_a_number_has_all_its_texts_and_no_others_newest_first(
    texting: Texting,
) -> None:
    send(texting, "one")
    texting.hear(ANA, "from the phone")
    send(texting, "same")
    send(texting, "for another", to=BO)
    texting.wait(days=40)
    send(texting, "same")
    listed = texting.texts.sent_to(ANA)
    assert [text.body for text in listed] == ["same", "same", "one"]
    assert len({text.sid for text in listed}) == 3
    assert {text.to for text in listed} == {ANA}
    assert listed[0].created_at - listed[1].created_at >= timedelta(days=40) - SECOND
    assert texting.texts.sent_to("+13165550144") == []


@pytest.mark.parametrize("word", ["STOP", " stop\n", "Cancel", "REVOKE"])
@pytest.mark.parametrize("again", ["START", "yes"])
def test_a_number_that_said_stop_gets_nothing_until_it_says_start(
    texting: Texting, word: str, again: str
) -> None:
    texting.hear(ANA, word)
    refused = refusal_of(texting)
    assert (refused.failure_class, refused.code) == (FailureClass.OPTED_OUT, 21610)
    assert texting.texts.sent_to(ANA) == []
    assert send(texting, to=BO).sid
    texting.hear(ANA, again)
    assert send(texting).sid


@pytest.mark.parametrize("body", ["Stop.", "stop please", "please stop texting me", "YES", "help"])
def test_only_the_bare_word_is_a_stop_to_the_provider(texting: Texting, body: str) -> None:
    texting.hear(ANA, body)
    assert send(texting).sid


@pytest.mark.parametrize(
    ("changes", "failure_class", "code"),
    [
        pytest.param({"to": "+1316555"}, FailureClass.NUMBER_BAD, 21211, id="half a number"),
        pytest.param({"to": "3165550142"}, FailureClass.NUMBER_BAD, 21211, id="not E.164"),
        pytest.param({"body": ""}, FailureClass.PERMANENT, 21602, id="no words"),
        pytest.param({"body": "x" * 1601}, FailureClass.PERMANENT, 21617, id="too many words"),
        pytest.param({"validity": timedelta(0)}, FailureClass.PERMANENT, 21624, id="no time"),
        pytest.param(
            {"validity": timedelta(milliseconds=900)}, FailureClass.PERMANENT, 21624, id="no second"
        ),
    ],
)
def test_what_twilio_does_not_take_is_refused_and_kept_nowhere(
    texting: Texting, changes: dict[str, Any], failure_class: FailureClass, code: int
) -> None:
    refused = refusal_of(texting, **changes)
    assert (refused.failure_class, refused.code) == (failure_class, code)
    assert texting.texts.sent_to(changes.get("to", ANA)) == []


def test_the_longest_text_for_the_shortest_and_the_longest_time_is_taken(texting: Texting) -> None:
    assert send(texting, "x" * 1600, validity=SECOND).sid
    assert send(texting, "x" * 1600, validity=timedelta(days=30)).sid


def test_what_came_in_is_listed_oldest_first_with_nothing_of_ours(texting: Texting) -> None:
    assert received(texting) == []
    bodies = [" hello \n", "STOP", "¿Dónde? 🙂", "START"]
    for number, body in zip((ANA, BO, ANA, BO), bodies, strict=True):
        texting.hear(number, body)
        texting.wait(minutes=1)
    send(texting)
    listed = received(texting)
    assert [(text.sender, text.body) for text in listed] == list(
        zip((ANA, BO, ANA, BO), bodies, strict=True)
    )
    assert [text.at for text in listed] == sorted({text.at for text in listed})
    assert all(text.at.microsecond == 0 and text.at.utcoffset() == timedelta(0) for text in listed)


def test_texts_of_one_second_are_listed_as_they_came(texting: Texting) -> None:
    bodies = [f"text {number}" for number in range(5)]
    for body in bodies:
        texting.hear(ANA, body)
    listed = received(texting)
    assert [text.body for text in listed] == bodies
    assert len({text.at for text in listed}) == 1


def test_a_list_begins_with_the_second_that_was_asked_for(texting: Texting) -> None:
    texting.hear(ANA, "first")
    texting.wait(minutes=1)
    texting.hear(ANA, "second")
    first, second = received(texting)
    assert received(texting, first.at) == [first, second]
    # A clock's own time has fractions, which a provider's list does not know.
    assert received(texting, second.at + timedelta(milliseconds=999)) == [second]
    assert received(texting, second.at + SECOND) == []


def test_a_text_that_came_in_is_known_by_its_id(texting: Texting) -> None:
    texting.hear(ANA, "hello")
    (text,) = received(texting)
    known = (text.sid, texting.number, "hello", "received", None, text.at)
    assert texting.texts.fetch(text.sid) == known
    assert texting.texts.sent_to(ANA) == []


def test_the_words_of_ours_and_theirs_are_erased_and_nothing_else(texting: Texting) -> None:
    sids = [sid_of(send(texting, body)) for body in ("gone", "kept")]
    texting.hear(ANA, "gone")
    texting.hear(ANA, "kept")
    texting.settle()
    ours, theirs = fetched(texting, sids[0]), received(texting)
    for _ in range(2):  # the second time says no more than the first
        texting.texts.erase(ours.sid)
        texting.texts.erase(theirs[0].sid)
    assert fetched(texting, ours.sid) == ours._replace(body="")
    assert [text.body for text in texting.texts.sent_to(ANA)] == ["kept", ""]
    assert received(texting) == [theirs[0]._replace(body=""), theirs[1]]


def test_erasing_what_the_provider_does_not_know_is_no_error(texting: Texting) -> None:
    sid = sid_of(send(texting))
    texting.settle()
    texting.texts.erase(NOBODYS)
    assert fetched(texting, sid).body == "words"


def test_a_text_that_is_under_way_keeps_its_words_until_it_arrives(texting: Texting) -> None:
    texting.hold()
    sid = sid_of(send(texting))
    with pytest.raises(Refused) as refused:
        texting.texts.erase(sid)
    assert (refused.value.failure_class, refused.value.code) == (FailureClass.PERMANENT, 20009)
    assert fetched(texting, sid).body == "words"
    texting.settle()
    texting.texts.erase(sid)
    assert fetched(texting, sid).body == ""


@pytest.mark.parametrize(
    ("code", "failure_class"),
    [
        (None, FailureClass.PERMANENT),
        (99999, FailureClass.PERMANENT),
        (21610, FailureClass.OPTED_OUT),
        (30003, FailureClass.RETRY_FEW),
        (30006, FailureClass.NUMBER_BAD),
        (30036, FailureClass.EXPIRED),
    ],
)
def test_a_code_of_a_receipt_means_the_same(
    texting: Texting, code: int | None, failure_class: FailureClass
) -> None:
    assert texting.texts.failure_class_of(code) is failure_class


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("accepted", MessageStatus.SENT),
        ("sent", MessageStatus.SENT),
        ("delivered", MessageStatus.DELIVERED),
        ("read", MessageStatus.DELIVERED),
        ("undelivered", MessageStatus.UNDELIVERED),
        ("failed", MessageStatus.UNDELIVERED),
        ("canceled", MessageStatus.UNDELIVERED),
        ("a word of tomorrow", MessageStatus.SENT),
    ],
)
def test_a_word_of_a_receipt_or_a_list_means_the_same(
    texting: Texting, word: str, status: MessageStatus
) -> None:
    assert texting.texts.status_of(word) is status
