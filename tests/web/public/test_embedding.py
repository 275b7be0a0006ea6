"""The form in the clinic's own page, and requests that a page elsewhere sends."""

import dataclasses
from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.web.browser import Browser, browsing, forms_of
from tests.world import World

CLINIC = "https://clinic.example.com"
ELSEWHERE = "https://evil.example.com"
FIELDS = {"name": "Ana", "phone": "316-555-0142", "reason": "other"}


@pytest.fixture
def browser() -> Iterator[Browser]:
    world = World()
    settings = world.services.settings.model_copy(update={"allowed_origins": (CLINIC,)})
    world.services = dataclasses.replace(world.services, settings=settings)
    with browsing(world) as one:
        yield one


def policy(browser: Browser, path: str) -> str:
    return str(browser.get(path).headers["Content-Security-Policy"])


@pytest.mark.parametrize("path", ["/request?embed=1", "/thanks?embed=1"])
def test_the_embedded_form_stands_in_configured_pages_alone(browser: Browser, path: str) -> None:
    assert f"frame-ancestors {CLINIC}" in policy(browser, path)


@pytest.mark.parametrize("path", ["/request", "/thanks", "/s/x", "/v/x", "/d/x"])
def test_nothing_else_stands_in_any_page(browser: Browser, path: str) -> None:
    assert "frame-ancestors 'none'" in policy(browser, path)


def test_the_script_names_the_configured_base_and_no_header(browser: Browser) -> None:
    answer = browser.get("/embed.js", Host="evil.example.com")
    assert answer.headers["Content-Type"].startswith("text/javascript")
    assert 'var base = "http://127.0.0.1:8000";' in answer.body.decode()
    assert "evil" not in answer.body.decode()


def test_an_embedded_form_stays_embedded(browser: Browser) -> None:
    (form,) = browser.forms("/request?embed=1")
    wrong = browser.send(form.action, form.fields)
    assert wrong.status_code == 422
    assert forms_of(wrong.body.decode())[0].action == form.action
    browser.world.clock.at += timedelta(seconds=4)
    taken = browser.send(form.action, list((dict(form.fields) | FIELDS).items()))
    thanks = browser.get(taken.headers["Location"])
    for answer in (wrong, thanks):
        assert f"frame-ancestors {CLINIC}" in answer.headers["Content-Security-Policy"]
        assert "frame.js" in answer.body.decode()


def test_a_refusal_is_shown_in_the_frame_too(browser: Browser) -> None:
    (form,) = browser.forms("/request?embed=1")
    long = browser.send(form.action, [*form.fields, ("note", "x" * 20_000)])
    assert long.status_code == 413
    assert f"frame-ancestors {CLINIC}" in long.headers["Content-Security-Policy"]


def test_a_configured_page_may_ask_and_send(browser: Browser) -> None:
    preflight = browser.options("/requests", Origin=CLINIC)
    assert preflight.headers["Access-Control-Allow-Origin"] == CLINIC
    sent = browser.json("/requests", FIELDS, Origin=CLINIC)
    assert (sent.status_code, sent.headers["Access-Control-Allow-Origin"]) == (201, CLINIC)


def test_a_configured_page_can_read_a_refusal(browser: Browser) -> None:
    refused = browser.json("/requests", {}, Origin=CLINIC)
    assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (422, CLINIC)


def test_another_page_may_not(browser: Browser) -> None:
    assert browser.json("/requests", FIELDS, Origin=ELSEWHERE).status_code == 403
    preflight = browser.options("/requests", Origin=ELSEWHERE)
    assert "Access-Control-Allow-Origin" not in preflight.headers
