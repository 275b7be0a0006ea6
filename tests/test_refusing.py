"""A stage that refuses its settings or the clinic's data does not start, and says which (R59)."""

import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest

from chalicelib import wiring
from chalicelib.domain.errors import Unavailable
from chalicelib.web.http.middleware import EventFailed
from tests.builders.settings import production
from tests.events import SCHEDULED, call, notified
from tests.web.browser import Browser, browsing
from tests.world import World

QUEUED = {"Records": [{"body": "REQ-1.x", "eventSource": "aws:sqs", "receiptHandle": "1"}]}
BOUNCE = '{"eventType": "Bounce", "mail": {"messageId": "1", "tags": {"message": ["REQ-1.x"]}}}'


@pytest.fixture
def browser() -> Iterator[Browser]:
    with browsing(World()) as one:
        yield one


@pytest.fixture
def refused(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """A service of production whose key is one letter."""
    for name, value in production(LINK_KEYS="k").items():
        monkeypatch.setenv(name, value)
    wiring.provide(None)
    return browser


def test_a_service_that_is_refused_answers_503_to_everybody(refused: Browser) -> None:
    text = [("MessageSid", "SM" + "a" * 32), ("From", "+13165550142"), ("To", "+13165550100")]

    assert refused.get("/request").status_code == 503
    assert refused.json("/requests", {}).status_code == 503
    assert refused.get("/s/any").status_code == 503
    assert refused.get("/v/any").status_code == 503
    assert refused.twilio("/twilio/inbound", text).status_code == 503


def test_its_log_says_which_settings_and_no_value(
    refused: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        refused.get("/request")

    whys = [vars(line)["why"] for line in caplog.records if line.message == "service.refused"]
    assert whys
    assert "LINK_KEYS (a key has fewer than 32 bytes" in whys[0]
    assert production()["TWILIO_AUTH_TOKEN"] not in whys[0]


@pytest.mark.parametrize(
    ("name", "event"),
    [("tick", SCHEDULED), ("deliver", QUEUED), ("mail_event", notified(BOUNCE))],
    ids=["tick", "deliver", "mail_event"],
)
def test_its_event_functions_fail(refused: Browser, name: str, event: dict[str, object]) -> None:
    with pytest.raises(EventFailed, match=r"^Unavailable"):
        call(name, event)


def test_its_deep_health_says_so_without_a_detail(refused: Browser) -> None:
    answer = refused.get("/health?deep=1")

    assert answer.status_code == 503
    assert answer.json_body["status"] == "failing"
    assert "does not start" in answer.json_body["wrong"][0]
    assert "LINK_KEYS" not in answer.body.decode()
    assert refused.get("/health").status_code == 200


def test_production_does_not_start_on_the_samples_of_this_repository(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name, value in production().items():
        monkeypatch.setenv(name, value)
    wiring.provide(None)

    with caplog.at_level(logging.ERROR):
        assert browser.get("/request").status_code == 503
    whys = [vars(line)["why"] for line in caplog.records if line.message == "service.refused"]
    for named in ("clinic.toml, sample", "careplans/iv_infusion.toml", "wordings/es.toml"):
        assert named in whys[0]


def test_a_container_that_has_started_keeps_the_settings_it_took(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in production(STAGE="dev").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    wiring.provide(None)
    taken = wiring.services()
    monkeypatch.setenv("LINK_KEYS", "k")
    monkeypatch.setattr(wiring, "REREAD", timedelta(0))

    assert wiring.services() is taken
    wiring.provide(None)
    with pytest.raises(Unavailable, match="LINK_KEYS"):
        wiring.services()
