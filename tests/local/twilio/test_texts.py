"""The local Twilio takes, lists and refuses texts as the real client meets it."""

import socket
import threading
from datetime import timedelta
from typing import Any

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator

from chalicelib.adapters.twilio import client as adapter
from chalicelib.ports import OutcomeUnknown, Refused
from local.twilio.callbacks import LATE
from tests.local.provider import NOON, NUMBER, PATIENT, TOKEN, World


def test_a_text_is_queued_at_the_clocks_time_and_comes_to_be_delivered(world: World) -> None:
    text = world.send()
    assert (text.status, text.date_created, text.num_segments) == ("queued", NOON, "1")
    world.settle()
    assert world.status(text.sid) == "delivered"
    assert world.service.told() == ["sent", "delivered"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"to": "+1316555"}, 21211),
        ({"to": "+442079460000"}, 21211),
        ({"body": ""}, 21602),
        ({"body": "x" * 1601}, 21617),
        ({"from_": ""}, 21603),
        ({"validity_period": 0}, 21624),
        ({"validity_period": 36_001}, 21624),
    ],
    ids=["short", "abroad", "empty", "long", "no sender", "no validity", "too much validity"],
)
def test_what_twilio_would_refuse_is_refused(
    world: World, fields: dict[str, Any], code: int
) -> None:
    assert world.code_of(**fields) == (400, code)
    assert world.twilio.texts() == []


def test_another_token_is_refused_in_twilios_words(world: World) -> None:
    answer = world.ask("", token="wrong")
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)
    assert set(answer.json()) == {"code", "message", "more_info", "status"}


def test_another_account_is_refused_as_a_wrong_token_is(world: World) -> None:
    other = "AC" + "9" * 32
    address = f"{world.url}/2010-04-01/Accounts/{other}/Messages.json"
    answer = requests.get(address, auth=(other, TOKEN), timeout=10)
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)


def test_a_list_has_every_page_newest_first_and_only_what_was_asked_for(world: World) -> None:
    wanted = [world.send(body=f"{number}").sid for number in range(5)]
    world.send(to="+13165550143")
    found = world.client.messages.list(to=PATIENT, page_size=2)
    assert [text.sid for text in found] == wanted[::-1]


@pytest.mark.parametrize(
    ("asked", "times"),
    [
        ({"date_sent_after": NOON - timedelta(hours=1)}, 1),
        ({"date_sent_after": NOON + timedelta(hours=1)}, 0),
        ({"date_sent_before": NOON - timedelta(hours=1)}, 0),
        ({"date_sent": NOON.date()}, 1),
        ({"date_sent": NOON.date() + timedelta(days=1)}, 0),
    ],
)
def test_a_list_can_be_of_a_time(world: World, asked: dict[str, Any], times: int) -> None:
    world.send()
    assert len(world.client.messages.list(**asked)) == times


@pytest.mark.parametrize("query", ["PageSize=many", "Page=-1", "DateSent=yesterday"])
def test_a_list_that_cannot_be_understood_is_400(world: World, query: str) -> None:
    assert world.ask(query, token=TOKEN).status_code == 400


def test_a_text_that_came_to_its_end_can_be_emptied_and_deleted(world: World) -> None:
    text = world.send()
    world.settle()
    assert world.client.messages(text.sid).update(body="").body == ""
    assert world.client.messages(text.sid).delete()
    with pytest.raises(TwilioRestException, match="not found"):
        world.client.messages(text.sid).fetch()


def test_a_body_is_not_written_anew_and_a_delivered_text_not_canceled(world: World) -> None:
    text = world.send()
    world.settle()
    with pytest.raises(TwilioRestException):
        world.client.messages(text.sid).update(body="other")
    with pytest.raises(TwilioRestException):
        world.client.messages(text.sid).update(status="canceled")
    assert world.client.messages(text.sid).fetch().body == "Hello"


def test_a_canceled_text_goes_no_further_and_nothing_is_told_of_it(world: World) -> None:
    asked, may_answer = threading.Event(), threading.Event()

    def hold() -> None:
        asked.set()
        may_answer.wait(10)

    world.service.on_call = hold
    first = world.send()
    asked.wait(10)
    second = world.send()
    assert world.client.messages(second.sid).update(status="canceled").status == "canceled"
    may_answer.set()
    world.settle()
    assert {fields["MessageSid"] for _, fields, _ in world.service.calls} == {first.sid}
    assert (world.status(first.sid), world.status(second.sid)) == ("delivered", "canceled")


def test_a_callback_that_is_never_taken_is_given_up_after_five_more_tries(world: World) -> None:
    world.service.statuses = [503] * 6
    sid = world.send().sid
    world.settle()
    assert world.service.told() == ["sent"] * 6 + ["delivered"]
    assert world.status(sid) == "delivered"


def test_late_callbacks_that_a_run_did_not_finish_are_told_by_the_next(world: World) -> None:
    world.twilio.inject([{"callback": "late"}])
    world.send()
    world.settle()
    asked = threading.Event()
    world.service.on_call = asked.set
    world.service.statuses = [503] * 6
    world.send(to="+13165550143")
    asked.wait(10)
    # The worker is with the other text, so these wait behind it when the run ends.
    world.twilio.deliver_late(NOON + LATE)
    world.close()
    world.service.statuses = []
    world.service.calls.clear()
    world.open()
    world.settle()
    told = [f["MessageStatus"] for _, f, _ in world.service.calls if f["To"] == PATIENT]
    assert told == ["sent", "delivered"]


@pytest.mark.parametrize(
    "word",
    ["STOP", " stopall\n", "Unsubscribe", "cancel", "END", "quit", "Revoke", "OPTOUT"],
)
def test_a_stop_word_ends_texts_to_that_phone_alone(world: World, word: str) -> None:
    assert world.twilio.receive(PATIENT, word) == 204
    assert world.service.calls[0][1]["OptOutType"] == "STOP"
    assert world.code_of() == (400, 21610)
    assert world.send(to="+13165550143").status == "queued"


@pytest.mark.parametrize("word", ["START", "yes", "UNSTOP"])
def test_a_start_word_lifts_the_stop(world: World, word: str) -> None:
    world.twilio.receive(PATIENT, "STOP")
    world.twilio.receive(PATIENT, word)
    assert world.service.calls[1][1]["OptOutType"] == "START"
    assert world.send().status == "queued"


@pytest.mark.parametrize("body", ["Stop.", "opt out", "stop please", "YES", "", "hi 😀"])
def test_other_texts_have_no_meaning_to_twilio(world: World, body: str) -> None:
    world.twilio.receive(PATIENT, body)
    path, fields, signature = world.service.calls[0]
    assert (fields["Body"], "OptOutType" in fields) == (body, False)
    assert RequestValidator(TOKEN).validate(world.service.url + path, fields, signature)
    assert world.send().status == "queued"


def test_a_text_that_the_service_did_not_take_is_kept_all_the_same(world: World) -> None:
    world.service.statuses = [500]
    assert world.twilio.receive(PATIENT, "chest pain") == 500
    assert [text.body for text in world.client.messages.list(to=NUMBER)] == ["chest pain"]


@pytest.mark.parametrize(
    ("fault", "answer"),
    [
        ({"http": 429}, (429, 20429)),
        ({"error": 21610}, (400, 21610)),
        ({"error": 30034}, (400, 30034)),
    ],
)
def test_a_fault_is_met_once(world: World, fault: dict[str, Any], answer: tuple[int, int]) -> None:
    world.twilio.inject([fault])
    assert world.code_of() == answer
    assert world.send().status == "queued"


def test_faults_come_in_order(world: World) -> None:
    world.twilio.inject([{"http": 429}, {"error": 30007}])
    assert [world.code_of()[1], world.code_of()[1]] == [20429, 30007]


@pytest.mark.parametrize(
    ("body", "encoding", "segments"),
    [("x" * 160, "GSM-7", 1), ("x" * 161, "GSM-7", 2), ("é€", "GSM-7", 1), ("“x”", "UCS-2", 1)],
)
def test_the_console_reads_how_long_a_text_is(
    world: World, body: str, encoding: str, segments: int
) -> None:
    world.send(body=body)
    [text] = world.twilio.texts()
    assert (text["encoding"], text["segments"]) == (encoding, segments)


def test_a_client_that_leaves_in_the_middle_of_a_body_stops_nobody(world: World) -> None:
    with socket.create_connection(("127.0.0.1", world.server.server_address[1])) as connection:
        connection.sendall(b"POST /2010-04-01/x HTTP/1.1\r\nContent-Length: 50\r\n\r\nTo=")
    assert world.send().status == "queued"


def test_a_text_that_the_webhook_misses_is_listed_all_the_same(world: World) -> None:
    world.twilio.inject([{"inbound": "missed"}, {"http": 429}])
    assert world.twilio.receive(PATIENT, "STOP") == 502
    assert world.service.calls == []
    assert world.code_of() == (429, 20429)
    inbox = world.texts()
    assert [(text.sender, text.body) for text in inbox.received_since(NOON)] == [(PATIENT, "STOP")]
    assert world.twilio.receive(PATIENT, "START") == 204


def test_the_inbox_has_every_page_oldest_first_and_nothing_of_ours_or_older(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adapter, "MOST_A_PAGE", 2)
    world.twilio.receive(PATIENT, "long ago")
    world.clock.at = NOON + timedelta(hours=1)
    world.send()
    for number in range(5):
        world.twilio.receive(PATIENT, f"text {number}")
    received = world.texts().received_since(NOON + timedelta(minutes=1))
    assert [text.body for text in received] == [f"text {number}" for number in range(5)]
    assert {text.at for text in received} == {NOON + timedelta(hours=1)}


def test_a_list_asks_for_as_many_texts_at_once_as_twilio_gives(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One more than Twilio gives whoever does not ask for a size.
    bodies = [f"text {number}" for number in range(51)]
    for body in bodies:
        world.twilio.create({"To": PATIENT, "From": NUMBER, "Body": body})
    texts = world.texts()
    for page_size, times in ((adapter.MOST_A_PAGE, 1), (20, 3)):
        monkeypatch.setattr(adapter, "MOST_A_PAGE", page_size)
        world.asked.clear()
        assert [text.body for text in texts.sent_to(PATIENT)] == bodies[::-1]
        assert world.asked == ["GET"] * times


@pytest.mark.parametrize("answers", [[503], [200, 503], [200, 200, 429]])
def test_a_list_that_breaks_off_is_no_list(
    world: World, monkeypatch: pytest.MonkeyPatch, answers: list[int]
) -> None:
    monkeypatch.setattr(adapter, "MOST_A_PAGE", 2)
    for number in range(5):
        world.twilio.receive(PATIENT, f"text {number}")
    world.twilio.inject([{"list": answer} for answer in answers])
    with pytest.raises((OutcomeUnknown, Refused)):
        world.texts().received_since(NOON)
    assert len(world.texts().received_since(NOON)) == 5


def test_the_words_of_a_text_are_erased_once_it_came_to_its_end(world: World) -> None:
    inbox = world.texts()
    may_answer = threading.Event()
    world.service.on_call = lambda: may_answer.wait(10)
    ours = world.send(body="PLANTED")
    with pytest.raises(Refused):
        inbox.erase(ours.sid)
    may_answer.set()
    world.settle()
    world.twilio.receive(PATIENT, "PLANTED too")
    for text in world.client.messages.list():
        inbox.erase(text.sid)
    assert [text.body for text in world.client.messages.list()] == ["", ""]
    inbox.erase("SM" + "f" * 32)  # one that it does not know


def test_the_inbox_of_a_messaging_service_is_that_of_all_its_numbers(world: World) -> None:
    service = "MG" + "0" * 32
    world.send(from_=None, messaging_service_sid=service)
    world.twilio.receive(PATIENT, "hello")
    assert [text.body for text in world.texts(service).received_since(NOON)] == ["hello"]
