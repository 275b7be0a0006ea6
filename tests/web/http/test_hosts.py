"""A forged `Host` changes no address that the service gives out (F41)."""

import re

import pytest

from tests.builders.pages import BOOKING, json_fields, typed
from tests.web.browser import FORM_TYPE, Browser
from tests.world import SETTINGS

ADDRESS = re.compile(r"https?://[^\s\"'<>]+")
EVIL = "evil.example.net"
FORGED = {
    "Host": EVIL,
    "X_Forwarded_Host": EVIL,
    "X_Forwarded_Proto": "gopher",
    "X_Forwarded_Port": "81",
    "X_Original_URL": f"https://{EVIL}/",
    "Forwarded": f"host={EVIL};proto=gopher",
}


def test_every_address_we_give_out_begins_with_the_configured_base(browser: Browser) -> None:
    world = browser.world
    asked = browser.json("/requests", json_fields(), **FORGED)
    assert asked.status_code == 201
    world.drain()
    link = browser.staff_link()
    booked = browser.send(f"{link}/confirm", BOOKING, **FORGED)
    assert booked.status_code == 303
    world.run_for(days=8)
    mailed = " ".join(part for mail in world.mails.sent for part in (mail.text, mail.html))
    called_back = " ".join(world.texts.callbacks)
    texted = " ".join(world.texts.bodies)
    for told in (mailed, called_back):
        assert len(ADDRESS.findall(told)) > 5
    for told in (mailed, called_back, texted, asked.body.decode(), booked.body.decode()):
        assert EVIL not in told
        assert all(found.startswith(SETTINGS.base_url) for found in ADDRESS.findall(told))


def test_every_redirect_stays_where_it_is(browser: Browser) -> None:
    form = typed(browser)
    thanks = browser.send("/requests", form, **FORGED).headers["Location"]
    browser.world.drain()
    link = browser.staff_link()
    back = browser.send(f"{link}/confirm", BOOKING, **FORGED).headers["Location"]
    on = browser.raw(f"{link}/renew", b"", FORM_TYPE, **FORGED)
    visit = browser.get(link, **FORGED).headers["Location"]
    assert EVIL not in on.body.decode()
    for location in (thanks, back, visit):
        assert re.match(r"/[^/\\]", location), location


@pytest.mark.parametrize("path", ["/request", "/request?embed=1", "/embed.js", "/v/wrong"])
def test_no_page_repeats_what_a_header_says_of_the_host(browser: Browser, path: str) -> None:
    answer = browser.get(path, **{name.replace("_", "-"): v for name, v in FORGED.items()})
    assert EVIL not in answer.body.decode()
    assert EVIL not in str(answer.headers)
