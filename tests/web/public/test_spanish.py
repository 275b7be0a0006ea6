"""The form in Spanish: no English on any page that it leads to."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.web.browser import Browser, browsing, forms_of, text_of
from tests.web.spanish_world import FILLED, asked_in_spanish, spanish, spanish_world


@pytest.fixture
def browser() -> Iterator[Browser]:
    with browsing(spanish_world()) as one:
        yield one


def test_the_form_and_all_that_it_answers_is_spanish(browser: Browser) -> None:
    words = spanish(browser.get("/request?lang=es"))
    assert "miércoles" not in words.lower().partition("cuándo podría venir")[0]
    assert "martes, 1 de diciembre, 4:00 PM" in words
    (form,) = browser.forms("/request?lang=es")
    wrong = {"phone": "12", "email": "x@", "note": "x" * 1001, "reason": "none", "time_zone": "X/Y"}
    assert "Escriba su nombre" in spanish(
        browser.send(form.action, list((dict(form.fields) | wrong).items())), 422
    )
    twice = [*form.fields, ("website", ""), ("name", "A"), ("name", "B")]
    spanish(browser.send(form.action, twice), 422)
    spanish(browser.send(form.action, [("note", "x" * 20_000)]), 413)
    spanish(browser.raw(form.action, b"x", "text/plain", Accept="text/html"), 415)
    spanish(browser.raw(form.action, b"\xff", "application/x-www-form-urlencoded"), 400)
    spanish(browser.get("/thanks?r=x&lang=es"), 404)
    embedded = browser.get("/request?embed=1&lang=es")
    assert all("lang=es" in form.action for form in forms_of(embedded.body.decode()))
    spanish(embedded)


@pytest.mark.parametrize("tag", ["es", "ES", "es-MX", "es-419"])
def test_spanish_of_any_place_is_our_spanish(browser: Browser, tag: str) -> None:
    spanish(browser.get(f"/request?lang={tag}"))


def test_a_form_that_was_sent_too_often_is_refused_in_spanish(browser: Browser) -> None:
    for number in range(5):
        asked_in_spanish(browser, note=f"{number}")
    (form,) = browser.forms("/request?lang=es")
    browser.world.clock.at += timedelta(minutes=1)
    fields = dict(form.fields) | FILLED | {"reason": "other", "note": "six"}
    spanish(browser.send(form.action, list(fields.items())), 429)


def test_each_form_leads_to_the_other_language(browser: Browser) -> None:
    english = browser.get("/request").body.decode()
    assert '<html lang="en"' in english
    assert 'href="/request?lang=es" lang="es" hreflang="es">Español</a>' in english
    assert 'href="/request?lang=en" lang="en"' in browser.get("/request?lang=es").body.decode()
    assert 'lang=es&amp;embed=1"' in browser.get("/request?embed=1").body.decode()


def test_what_leads_nowhere_is_said_as_the_browser_prefers(browser: Browser) -> None:
    prefers: dict[str, str] = {"Accept-Language": "es-MX,es;q=0.9", "Accept": "text/html"}
    spanish(browser.get("/v/" + "A" * 22, **prefers), 404)
    spanish(browser.get("/requests", **prefers), 405)
    assert "Not found" in text_of(browser.get("/v/" + "A" * 22))


def test_the_script_offers_the_form_in_spanish(browser: Browser) -> None:
    script = browser.get("/embed.js").body.decode()
    assert '"es": {"title": "Solicite una cita"' in script
