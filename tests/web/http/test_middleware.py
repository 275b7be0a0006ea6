"""What holds for every answer: our headers, no detail, and no word of a patient in a log."""

import dataclasses
import logging
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from chalice.test import HTTPResponse

from chalicelib import wiring
from chalicelib.domain.errors import Unavailable
from chalicelib.web.http.middleware import EventFailed
from tests.web.browser import FORM_TYPE, Browser, browsing, text_of
from tests.world import World

FIELDS = {"name": "Ana Planted", "phone": "316-555-0142", "reason": "other"}


class BrokenStore:
    """A store whose every call fails, with words in the error that nobody may read."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        raise self._error


@pytest.fixture
def broken() -> Iterator[Browser]:
    world = World()
    store: Any = BrokenStore(RuntimeError("Ana Planted 316-555-0142"))
    world.services = dataclasses.replace(world.services, store=store)
    with browsing(world) as one:
        yield one


Ask = Callable[[Browser], HTTPResponse]


@pytest.mark.parametrize(
    ("ask", "status"),
    [
        pytest.param(lambda b: b.get("/request"), 200, id="a page"),
        pytest.param(lambda b: b.get("/request?embed=1"), 200, id="the embedded form"),
        pytest.param(lambda b: b.get("/health"), 200, id="health"),
        pytest.param(lambda b: b.json("/requests", FIELDS), 201, id="a request"),
        pytest.param(lambda b: b.send("/requests", list(FIELDS.items())), 303, id="a form"),
        pytest.param(lambda b: b.json("/requests", {}), 422, id="bad fields"),
        pytest.param(lambda b: b.send("/requests", []), 422, id="an empty form"),
        pytest.param(lambda b: b.raw("/requests", b"[", "application/json"), 400, id="bad JSON"),
        pytest.param(lambda b: b.raw("/requests", b"x" * 20_000, FORM_TYPE), 413, id="too long"),
        pytest.param(lambda b: b.raw("/requests", b"x", "text/plain"), 415, id="another type"),
        pytest.param(lambda b: b.get("/requests"), 405, id="another method"),
        pytest.param(lambda b: b.options("/requests"), 204, id="a preflight"),
        pytest.param(lambda b: b.get("/s/wrong"), 404, id="a wrong staff link"),
        pytest.param(lambda b: b.get("/v/wrong"), 404, id="a wrong patient link"),
        pytest.param(lambda b: b.get("/static/nothing.css"), 404, id="no such file"),
        pytest.param(lambda b: b.twilio("/twilio/inbound", [], signature=""), 403, id="unsigned"),
    ],
)
def test_every_answer_carries_our_headers(browser: Browser, ask: Ask, status: int) -> None:
    answer = ask(browser)
    assert answer.status_code == status
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("name", ["bookend.css", "staff.css", "frame.js"])
def test_static_files_may_be_kept(browser: Browser, name: str) -> None:
    answer = browser.get(f"/static/{name}")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"].startswith("public")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "name", ["..%2fpages%2fbase.html", "embed.js", "%2e%2e", "base.html", "%00"]
)
def test_nothing_else_is_served_as_a_file(browser: Browser, name: str) -> None:
    assert browser.get(f"/static/{name}").status_code == 404


def test_no_page_has_a_script_or_a_style_inside(browser: Browser) -> None:
    for path in ("/request", "/request?embed=1", "/s/wrong"):
        html = browser.get(path).body.decode()
        assert "<style" not in html
        assert " style=" not in html
        assert html.count("<script") == html.count('<script src="/static/')


@pytest.mark.parametrize("accept", ["application/json", "text/html,*/*", "*/*"])
def test_what_nobody_foresaw_is_a_500_without_a_detail(
    broken: Browser,
    accept: str,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = broken.json("/requests", FIELDS, Accept=accept)
    assert answer.status_code == 500
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Type"].startswith(
        "text/html" if "html" in accept else "application/problem+json"
    )
    assert "RuntimeError in" in "".join(str(vars(record)) for record in caplog.records)
    said = answer.body.decode() + caplog.text + "".join(str(vars(r)) for r in caplog.records)
    for hidden in ("Planted", "316-555-0142", "Traceback"):
        assert hidden not in said + "".join(capfd.readouterr())


@pytest.mark.parametrize("name", ["tick", "deliver"])
def test_an_event_function_fails_by_name_alone(broken: Browser, name: str) -> None:
    import app

    scheduled = dict.fromkeys(
        ("version", "account", "region", "detail", "detail-type", "source", "time", "id"), ""
    )
    record = {"body": "REQ-1.new_request", "eventSource": "aws:sqs", "receiptHandle": "1"}
    event = {"Records": [record]} if name == "deliver" else {**scheduled, "resources": []}
    if name == "deliver":
        # What goes wrong with one message is written on its row; only the wiring can fail here.
        wiring.provide(None)
    with pytest.raises(EventFailed) as caught:
        getattr(app, name)(event, None)
    whole = "".join(traceback.format_exception(caught.value))
    assert str(caught.value).startswith("RuntimeError" if name == "tick" else "Unavailable")
    for hidden in ("Planted", "316-555-0142", "LINK_KEYS"):
        assert hidden not in whole


def test_a_failing_store_is_a_503_that_says_when_to_come_back(browser: Browser) -> None:
    store: Any = BrokenStore(Unavailable("the table"))
    wiring.provide(dataclasses.replace(browser.world.services, store=store))
    for answer in (
        browser.json("/requests", FIELDS),
        browser.send("/requests", list(FIELDS.items())),
        browser.twilio("/twilio/inbound", [("MessageSid", "SM" + "a" * 32), *TEXT]),
    ):
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")


def test_without_its_settings_the_service_says_so_kindly(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("STAGE", "BASE_URL", "LINK_KEYS", "SECRETS_ID"):
        monkeypatch.delenv(name, raising=False)
    wiring.provide(None)
    page = browser.get("/request")
    assert (page.status_code, page.headers["Retry-After"]) == (503, "2")
    assert "try again" in text_of(page)
    assert "LINK_KEYS" not in page.body.decode()
    assert browser.json("/requests", FIELDS).status_code == 503


TEXT = [("From", "+13165550142"), ("To", "+13165550100"), ("Body", "hello")]
