"""The request form in a real browser: without scripts, by keyboard alone, in another page."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.visiting import Asked, Site, Visitor, somebody

pytestmark = pytest.mark.browser

Visit = Callable[..., Visitor]

THANKS = "Thank you"
FRAME = "iframe"
ELSEWHERE = "http://localhost:9"  # nobody listens there; the page is handed to the browser


def require_received(visitor: Visitor, asked: Asked) -> None:
    """The nurse was told, and the page behind her link names who asked, as it was typed."""
    visitor.open(visitor.site.staff_link())
    assert asked.name in visitor.heading()


def test_the_form_works_without_scripts(visit: Visit) -> None:
    visitor = visit(java_script_enabled=False)
    visitor.open("/request")
    asked = visitor.fill_in()
    visitor.press(visitor.page.get_by_role("button"))
    assert THANKS in visitor.heading()
    require_received(visitor, asked)


def test_a_form_with_mistakes_says_them_and_keeps_what_was_typed(visit: Visit) -> None:
    visitor = visit(java_script_enabled=False)
    visitor.open("/request")
    visitor.page.locator("#name").fill("Zoë O'Example, Jr. {{7*7}}")
    visitor.page.locator("#phone").fill("12")
    visitor.site.let_pass("PT10S")
    visitor.press(visitor.page.get_by_role("button"))
    assert visitor.page.locator("[role=alert]").is_visible()
    assert visitor.page.locator("#name").input_value() == "Zoë O'Example, Jr. {{7*7}}"
    assert visitor.page.locator("#phone").get_attribute("aria-invalid") == "true"
    visitor.page.locator("[role=alert] a[href='#phone']").click()
    assert visitor.page.url.endswith("#phone")


def test_the_form_works_by_keyboard_alone(visit: Visit, site: Site) -> None:
    visitor = visit()
    visitor.open("/request")
    asked, keys = somebody(), visitor.page.keyboard
    typed = {"name": asked.name, "phone": asked.phone, "email": asked.email}
    passed: list[str] = []
    for _ in range(80):
        keys.press("Tab")
        at = visitor.page.evaluate(
            "() => { const a = document.activeElement;"
            " return [a.id || a.getAttribute('href') || a.name || a.tagName, a.type || '',"
            " getComputedStyle(a).outlineStyle]; }"
        )
        place, kind, outline = at
        passed.append(place)
        assert outline != "none", f"nobody sees that {place} has the focus"
        if place in typed:
            keys.type(typed[place])
        elif place == "reason":
            keys.press("ArrowDown")
        elif place == "sms_consent":
            keys.press("Space")
        elif kind == "submit":
            break
    assert passed[0] == "#main"
    assert "website" not in passed
    assert [place for place in passed if place in ("name", "phone", "email", "reason")] == [
        "name",
        "phone",
        "email",
        "reason",
    ]
    assert visitor.page.locator("#sms_consent").is_checked()
    site.let_pass("PT10S")
    keys.press("Enter")
    visitor.page.wait_for_url("**/thanks*")
    assert THANKS in visitor.heading()
    require_received(visitor, asked)


def embedding(visitor: Visitor, origin: str) -> Any:
    """A page of somebody else with our tag in it; the frame that the tag makes."""
    tag = f'<script src="{visitor.site.service}/embed.js" async></script>'
    page = f"<!doctype html><title>A page</title><body><h1>Elsewhere</h1>{tag}<p>After</p></body>"
    visitor.page.route(
        f"{origin}/their-page",
        lambda route: route.fulfill(body=page, content_type="text/html; charset=utf-8"),
    )
    visitor.page.goto(f"{origin}/their-page")
    visitor.page.locator(FRAME).wait_for()
    return visitor.page.frame_locator(FRAME)


@pytest.mark.parametrize("width", [320, 1024])
def test_the_form_in_another_page_is_as_tall_as_its_content_and_ends_there(
    visit: Visit, site: Site, width: int
) -> None:
    visitor = visit(viewport={"width": width, "height": 700})
    frame = embedding(visitor, site.console)
    frame.locator("form").wait_for()
    require_fitting(visitor)
    frame.get_by_role("button").click()
    frame.locator("[role=alert]").wait_for()
    require_fitting(visitor)
    asked = visitor.fill_in(frame)
    frame.get_by_role("button").click()
    frame.get_by_role("heading", name=THANKS).wait_for()
    require_fitting(visitor)
    assert visitor.page.url.endswith("/their-page")
    assert visitor.heading() == "Elsewhere"
    require_received(visitor, asked)


def require_fitting(visitor: Visitor) -> None:
    """The frame has no scroll bar of its own, and no more than a line to spare."""
    visitor.page.frames[1].wait_for_function(
        """() => {
          const page = document.scrollingElement, spare = innerHeight - document.body.offsetHeight;
          return page.scrollHeight <= innerHeight && page.scrollWidth <= innerWidth && spare < 30;
        }"""
    )


def test_a_page_that_is_not_configured_cannot_frame_the_form(visit: Visit) -> None:
    visitor = visit()
    with visitor.page.expect_event("console", lambda said: "frame-ancestors" in said.text):
        embedding(visitor, ELSEWHERE)
    assert visitor.page.frames[1].locator("form").count() == 0
    visitor.complaints.clear()  # that refusal
