"""A webhook's signature, at every address the service may have and for every body that comes."""

import base64
import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

import pytest
from twilio.request_validator import RequestValidator

from chalicelib import wiring
from chalicelib.domain.messaging.inbound_text import InboundText
from tests.web.browser import FORM_TYPE, Browser, Pairs, browsing
from tests.world import SETTINGS, World

SID = "SM" + "b" * 32
TEXT: Pairs = [
    ("MessageSid", SID),
    ("From", "+13165550142"),
    ("To", "+13165550100"),
    ("Body", "hello"),
]
RECEIPT: Pairs = [("MessageSid", SID), ("To", "+13165550142"), ("MessageStatus", "delivered")]
OTHER_SID = "SM" + "c" * 32


@contextmanager
def at_address(base_url: str) -> Iterator[Browser]:
    world = World()
    settings = world.services.settings.model_copy(update={"base_url": base_url})
    world.services = dataclasses.replace(world.services, settings=settings)
    with browsing(world) as one:
        yield one


def signed(url: str, fields: Any) -> str:
    return str(RequestValidator(SETTINGS.twilio_auth_token).compute_signature(url, fields))


def heard(browser: Browser) -> bool:
    return browser.world.store.get(InboundText.ref(SID)) is not None


@pytest.mark.parametrize(
    "base_url",
    [
        "https://texts.example.com",
        "https://texts.example.com/",
        "https://texts.example.com:8443",
        "https://abc123.execute-api.us-east-1.amazonaws.com/api",
        "http://127.0.0.1:8000/a/deep/path/",
    ],
)
def test_the_signed_address_is_the_configured_one(base_url: str) -> None:
    with at_address(base_url) as browser:
        url = base_url.rstrip("/") + "/twilio/inbound"
        signature = signed(url, dict(TEXT))
        assert browser.twilio("/twilio/inbound", TEXT, signature=signature).status_code == 200
        assert heard(browser)


def test_what_a_header_says_of_the_host_is_not_asked(browser: Browser) -> None:
    signature = signed("https://evil.example.com/twilio/inbound", dict(TEXT))
    answer = browser.raw(
        "/twilio/inbound",
        urlencode(TEXT).encode(),
        FORM_TYPE,
        Host="evil.example.com",
        X_Forwarded_Host="evil.example.com",
        X_Twilio_Signature=signature,
    )
    assert answer.status_code == 403
    assert not heard(browser)


def test_a_signature_of_the_token_before_the_rotation_is_refused(browser: Browser) -> None:
    """F54: it was right until the token was another, for both webhooks."""
    rotated = {"twilio_auth_token": "the-token-after-the-rotation-0123"}
    settings = browser.world.services.settings.model_copy(update=rotated)
    paths = ("/twilio/inbound", "/twilio/status/APT-0.none")
    for path in paths:
        assert browser.twilio(path, RECEIPT if "status" in path else TEXT).status_code < 300
    wiring.provide(dataclasses.replace(browser.world.services, settings=settings))
    fresh = [("MessageSid", OTHER_SID), *TEXT[1:]]
    for path in paths:
        assert browser.twilio(path, RECEIPT if "status" in path else fresh).status_code == 403
    assert browser.world.store.get(InboundText.ref(OTHER_SID)) is None
    validator = RequestValidator(settings.twilio_auth_token)
    signature = validator.compute_signature(f"{SETTINGS.base_url}/twilio/inbound", dict(fresh))
    assert browser.twilio("/twilio/inbound", fresh, signature=signature).status_code == 200


@pytest.mark.parametrize("query", ["a=1", "a=1&b=two+words", "a=1&a=2", "bodySHA256=abc"])
def test_an_address_with_a_query_is_verified(browser: Browser, query: str) -> None:
    signature = signed(f"{SETTINGS.base_url}/twilio/inbound?{query}", dict(TEXT))
    answer = browser.twilio(f"/twilio/inbound?{query}", TEXT, signature=signature)
    assert answer.status_code == 200


def test_repeated_fields_are_verified_as_twilio_signs_them(browser: Browser) -> None:
    fields = [*TEXT, ("MediaUrl", "https://b.example.com"), ("MediaUrl", "https://a.example.com")]
    lists: dict[str, list[str]] = {}
    for name, value in fields:
        lists.setdefault(name, []).append(value)
    signature = signed(f"{SETTINGS.base_url}/twilio/inbound", Lists(lists))
    assert browser.twilio("/twilio/inbound", fields, signature=signature).status_code == 200


def test_a_field_of_ours_that_comes_twice_is_refused_though_it_is_signed(browser: Browser) -> None:
    lists = {name: [value] for name, value in TEXT} | {"Body": ["hello", "STOP"]}
    signature = signed(f"{SETTINGS.base_url}/twilio/inbound", Lists(lists))
    answer = browser.twilio("/twilio/inbound", [*TEXT, ("Body", "STOP")], signature=signature)
    assert answer.status_code == 403
    assert not heard(browser)


def test_the_same_bytes_split_otherwise_are_refused(browser: Browser) -> None:
    # Twilio signs names and values without borders: `Body` may swallow what follows it.
    url = f"{SETTINGS.base_url}/twilio/inbound"
    split = [("Body", "helloFrom+13165550142"), *TEXT[:1], ("To", "+13165550100")]
    assert signed(url, dict(split)) == signed(url, dict(TEXT))
    assert browser.twilio("/twilio/inbound", split).status_code == 403
    assert not heard(browser)


@pytest.mark.parametrize("body", ["ж" * 1600, "山" * 1600, "👍" * 800])
def test_the_longest_text_with_ten_pictures_is_taken(browser: Browser, body: str) -> None:
    media = [(f"MediaUrl{n}", "https://media.example.com/" + "m" * 120) for n in range(10)]
    fields = [*TEXT[:3], ("Body", body), ("NumMedia", "10"), *media]
    assert len(urlencode(fields)) > 10_000
    assert browser.twilio("/twilio/inbound", fields).status_code == 200
    row = browser.world.store.get(InboundText.ref(SID))
    assert row is not None
    assert row.body == body


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", ""])
def test_what_is_no_form_is_refused_like_any_forgery(browser: Browser, content_type: str) -> None:
    for path in ("/twilio/inbound", "/twilio/status/APT-0.none"):
        answer = browser.raw(path, b'{"MessageSid": "x"}', content_type, X_Twilio_Signature="x")
        assert answer.status_code == 403
    assert not heard(browser)


def test_a_body_in_base64_is_the_same_body(browser: Browser) -> None:
    """API Gateway hands bodies over like this where binary types are set."""
    from app import app

    event = {
        "requestContext": {"httpMethod": "POST", "resourcePath": "/twilio/inbound"},
        "headers": {
            "Content-Type": FORM_TYPE,
            "X-Twilio-Signature": signed(f"{SETTINGS.base_url}/twilio/inbound", dict(TEXT)),
        },
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "body": base64.b64encode(urlencode(TEXT).encode()).decode(),
        "isBase64Encoded": True,
    }
    assert app(event, None)["statusCode"] == 200
    assert heard(browser)


class Lists(dict[str, list[str]]):
    """Repeated fields as Twilio's own validator reads them from a web framework."""

    def getlist(self, name: str) -> list[str]:
        return self[name]
