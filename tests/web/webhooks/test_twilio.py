"""Twilio's webhooks: what is not signed changes nothing; what is counts once."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from chalicelib.domain.messaging.inbound_text import InboundText
from chalicelib.domain.messaging.message import Message, MessageStatus
from chalicelib.domain.people.phone import Phone
from tests.builders.acts import ANA
from tests.builders.pages import stored_rows
from tests.builders.visits import booked
from tests.web.browser import Browser, Pairs, browsing
from tests.world import World

SID = "SM" + "a" * 32


@pytest.fixture
def browser() -> Iterator[Browser]:
    world = World()
    booked(world)
    with browsing(world) as one:
        yield one


def inbound(body: str = "hello", **changes: str) -> Pairs:
    base = {"MessageSid": SID, "From": ANA, "To": "+13165550100", "Body": body, "NumMedia": "0"}
    return list((base | changes).items())


def status(browser: Browser, word: str = "delivered", **changes: str) -> tuple[str, Pairs]:
    """The address and fields of a receipt for the first text."""
    text = browser.world.texts.sent[0]
    address = browser.world.texts.callbacks[0].partition("#")[0]
    base = {"MessageSid": text.sid, "MessageStatus": word, "To": text.to, "From": "+13165550100"}
    return address.removeprefix("http://127.0.0.1:8000"), list((base | changes).items())


def test_a_text_is_taken_and_answered_with_an_empty_response(browser: Browser) -> None:
    answer = browser.twilio("/twilio/inbound", inbound("STOP"))
    assert (answer.status_code, answer.body) == (200, b"<Response/>")
    assert answer.headers["Content-Type"].startswith("text/xml")
    phone = browser.world.store.get(Phone.ref(ANA))
    assert phone is not None
    assert phone.opted_out_at is not None


@pytest.mark.parametrize("signature", ["", "x", "AAAA", "é"])
def test_without_a_valid_signature_nothing_changes(browser: Browser, signature: str) -> None:
    before = stored_rows(browser)
    path, fields = status(browser)
    for answer in (
        browser.twilio("/twilio/inbound", inbound("STOP"), signature=signature),
        browser.twilio(path, fields, signature=signature),
    ):
        assert answer.status_code == 403
        assert b"signature" not in answer.body.lower()
    assert stored_rows(browser) == before


def test_a_signature_of_another_address_or_body_is_refused(browser: Browser) -> None:
    from twilio.request_validator import RequestValidator

    sign = RequestValidator("a-token-for-tests-alone").compute_signature
    fields = inbound("STOP")
    elsewhere = sign("http://127.0.0.1:8000/twilio/status/x", dict(fields))
    other = sign("http://127.0.0.1:8000/twilio/inbound", dict(inbound("hello")))
    for signature in (elsewhere, other, other[:-3]):
        answer = browser.twilio("/twilio/inbound", fields, signature=signature)
        assert answer.status_code == 403


@pytest.mark.parametrize(
    "body",
    ["", " ", "a+b c ", "ünï ¡ú! 👍", "x" * 1600, "a&b=c;d%20e", "line\nbreak", "\u202eoff"],
)
def test_whatever_a_person_types_is_verified_and_taken(browser: Browser, body: str) -> None:
    answer = browser.twilio("/twilio/inbound", inbound(body, MediaUrl0="", Label=" trailing "))
    assert answer.status_code == 200
    row = browser.world.store.get(InboundText.ref(SID))
    assert row is not None
    assert row.body == body


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"MessageSid": "SM1"}, id="a short id"),
        pytest.param({"MessageSid": SID + "From+1"}, id="an id that swallowed the next field"),
        pytest.param({"From": ""}, id="nobody"),
        pytest.param({"From": "+1316555\n0142"}, id="a line break"),
    ],
)
def test_signed_fields_of_a_wrong_shape_change_nothing(
    browser: Browser, changes: dict[str, str]
) -> None:
    before = stored_rows(browser)
    assert browser.twilio("/twilio/inbound", inbound("STOP", **changes)).status_code == 403
    assert stored_rows(browser) == before


def test_the_same_text_twice_has_one_effect_and_the_same_answer(browser: Browser) -> None:
    first = browser.twilio("/twilio/inbound", inbound("where do I park"))
    before = stored_rows(browser)
    again = browser.twilio("/twilio/inbound", inbound("where do I park"))
    assert (again.status_code, again.body) == (first.status_code, first.body)
    assert stored_rows(browser) == before


def test_a_receipt_shows_on_its_row(browser: Browser) -> None:
    path, fields = status(browser)
    assert browser.twilio(path, fields).status_code == 204
    message = browser.world.store.get(Message.ref(path.rpartition("/")[2]))
    assert message is not None
    assert (message.status, message.provider_status) == (MessageStatus.DELIVERED, "delivered")


@pytest.mark.parametrize("path", ["/twilio/status/APT-0.none", "/twilio/status/nonsense"])
def test_a_receipt_for_nothing_of_ours_is_no_error(browser: Browser, path: str) -> None:
    before = stored_rows(browser)
    assert browser.twilio(path, status(browser)[1]).status_code == 204
    assert stored_rows(browser) == before


def test_a_foreign_sender_gets_no_reply(browser: Browser) -> None:
    sent = len(browser.world.texts.sent)
    for sender in ("72345", "BANK", "anonymous", "+442079460000"):
        fields = inbound("hello", From=sender, MessageSid=f"SM{abs(hash(sender)):032x}"[:34])
        assert browser.twilio("/twilio/inbound", fields).status_code == 200
    browser.world.drain()
    assert len(browser.world.texts.sent) == sent


def test_every_text_of_a_plan_takes_its_receipt(browser: Browser) -> None:
    world = browser.world
    world.run_until(datetime(2026, 12, 14, tzinfo=UTC))
    assert len(world.texts.sent) == 8
    for text, callback in zip(world.texts.sent, world.texts.callbacks, strict=True):
        path = callback.partition("#")[0].removeprefix("http://127.0.0.1:8000")
        fields = {"MessageSid": text.sid, "MessageStatus": "delivered", "To": text.to}
        assert browser.twilio(path, list(fields.items())).status_code == 204
        message = world.store.get(Message.ref(path.rpartition("/")[2]))
        assert message is not None
        assert message.status is MessageStatus.DELIVERED, path
