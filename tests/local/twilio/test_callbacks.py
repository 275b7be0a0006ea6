"""What becomes of a text at the local Twilio, and the signed calls that tell of it."""

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from twilio.request_validator import RequestValidator

from local.aws.keeper import Keeper
from local.twilio.callbacks import LATE
from tests.local.provider import ACCOUNT, NOON, NUMBER, PATIENT, TOKEN, World


def test_a_callback_is_signed_over_the_address_without_its_fragment(world: World) -> None:
    text = world.send()
    world.settle()
    path, fields, signature = world.service.calls[0]
    assert path == "/twilio/status/m1"
    assert RequestValidator(TOKEN).validate(world.service.url + path, fields, signature)
    assert fields["MessageSid"] == text.sid
    assert (fields["To"], fields["From"], fields["AccountSid"]) == (PATIENT, NUMBER, ACCOUNT)


def test_a_text_may_be_taken_without_an_answer(world: World) -> None:
    world.twilio.inject([{"hang_after_accept": True}])
    with pytest.raises(requests.ConnectionError):
        world.send()
    world.settle()
    assert [text["status"] for text in world.twilio.texts()] == ["delivered"]


def test_a_text_may_fail_with_a_code(world: World) -> None:
    world.twilio.inject([{"status": "undelivered", "error": 30003}])
    sid = world.send().sid
    world.settle()
    assert world.status(sid) == "undelivered"
    assert world.service.told() == ["sent", "undelivered"]
    assert world.service.calls[-1][1]["ErrorCode"] == "30003"
    assert "ErrorCode" not in world.service.calls[0][1]


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ("twice", ["sent", "sent", "delivered", "delivered"]),
        ("reversed", ["delivered", "sent"]),
        ("lost", []),
        ("late", []),
    ],
)
def test_callbacks_go_wrong_while_the_text_arrives(world: World, how: str, told: list[str]) -> None:
    world.twilio.inject([{"callback": how}])
    sid = world.send().sid
    world.settle()
    assert (world.service.told(), world.status(sid)) == (told, "delivered")


def test_a_late_callback_comes_ten_minutes_later(world: World) -> None:
    world.twilio.inject([{"callback": "late"}])
    world.send()
    world.settle()
    assert world.twilio.next_late_at() == NOON + LATE
    world.twilio.deliver_late(NOON + LATE - timedelta(seconds=1))
    world.settle()
    assert world.service.told() == []
    world.twilio.deliver_late(NOON + LATE)
    world.settle()
    assert world.service.told() == ["sent", "delivered"]
    assert world.twilio.next_late_at() is None


def test_a_callback_is_tried_again_after_a_5xx_and_not_after_a_refusal(world: World) -> None:
    world.service.statuses = [503, 204, 403]
    world.send()
    world.settle()
    assert world.service.told() == ["sent", "sent", "delivered"]


def test_a_restart_keeps_texts_stops_faults_and_late_callbacks(world: World) -> None:
    world.twilio.inject([{"callback": "late"}, {"http": 429}])
    sid = world.send().sid
    world.settle()
    world.twilio.receive("+13165550143", "STOP")
    world.close()
    world.open()
    assert world.status(sid) == "delivered"
    assert world.code_of() == (429, 20429)
    assert world.code_of(to="+13165550143") == (400, 21610)
    assert world.twilio.next_late_at() == NOON + LATE


def test_what_was_not_told_when_the_run_ended_is_told_by_the_next(world: World) -> None:
    asked = threading.Event()
    world.service.on_call = asked.set
    world.service.statuses = [503] * 100
    world.send()
    asked.wait(10)
    world.close()
    world.service.statuses = []
    world.service.calls.clear()
    world.open()
    world.settle()
    assert world.service.told() == ["sent", "delivered"]


def test_a_text_that_waited_past_its_validity_fails(tmp_path: Path) -> None:
    """The run was killed before the text went on its way, and began again much later."""
    keeper = Keeper(tmp_path / "kept.db", fresh=True)
    waiting: dict[str, Any] = {
        "sid": "SM" + "1" * 32,
        "direction": "outbound",
        "from": NUMBER,
        "to": PATIENT,
        "body": "Hello",
        "status": "queued",
        "error_code": None,
        "at": "2026-12-01T11:00:00.000Z",
        "validity": 600.0,
        "callback": "",
        "steps": [{"status": "sent", "error": None, "told": True}],
    }
    keeper.put("twilio.messages", {waiting["sid"]: waiting})
    keeper.close()
    world = World(tmp_path)
    world.settle()
    [text] = world.twilio.texts()
    assert (text["status"], text["error_code"]) == ("failed", 30036)
