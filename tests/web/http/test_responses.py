"""What every answer is made of, apart from any view."""

import pytest

from chalicelib.web.http import responses
from tests.builders.pages import json_fields
from tests.web.browser import Browser

CONTROL = [chr(code) for code in (*range(32), 127, *range(128, 160), 0x2028, 0x2029)]


@pytest.mark.parametrize("letter", CONTROL, ids=[f"U+{ord(each):04X}" for each in CONTROL])
def test_a_redirect_takes_no_control_character(letter: str) -> None:
    """F85: none that any program reads as the end of a line, or drops."""
    with pytest.raises(ValueError, match="control"):
        responses.see_other(f"/s/x{letter}Set-Cookie: a=b")


@pytest.mark.parametrize(
    "name", ["Idempotency_Key", "Origin", "Accept", "Accept_Language", "User_Agent", "Cookie"]
)
@pytest.mark.parametrize("odd", ["a\r\nSet-Cookie: a=b", "a\x00b", "a\x85b", "a\u2028b", "a, b"])
def test_what_stands_in_a_header_that_came_is_in_none_that_leaves(
    browser: Browser, name: str, odd: str
) -> None:
    """F85: a list of values comes from the gateway as one, with commas."""
    for answer in (
        browser.json("/requests", json_fields(), **{name: odd}),
        browser.options("/requests", **{name: odd}),
        browser.get("/request?embed=1", **{name.replace("_", "-"): odd}),
        browser.get("/s/wrong", **{name.replace("_", "-"): odd}),
    ):
        assert answer.status_code < 500
        said = "".join(f"{each}: {value}" for each, value in answer.headers.items())
        assert odd not in said
        assert said.isascii()
        assert said.isprintable()


@pytest.mark.parametrize(
    "key", ["", "k" * 256, "a\x00b", "a\nb", "a\x85b"], ids=["none", "long", "NUL", "LF", "NEL"]
)
def test_an_idempotency_key_that_is_no_plain_text_is_refused(browser: Browser, key: str) -> None:
    """F85."""
    assert browser.json("/requests", json_fields(), Idempotency_Key=key).status_code == 400
    assert browser.world.store.open("request") == []
