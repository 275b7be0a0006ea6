"""A real browser and the whole service: `make run` as a process, and Chromium driven by Playwright.

Playwright is imported where it is used: without it these tests are collected all the same.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.browser.visiting import Site, Visitor
from tests.e2e.running import lives

#: What a page's own guards say when it does something it should not.
FLAGS = (
    "--no-sandbox",  # root has none; every page here is our own
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A page that the test hands over has no address, and Chromium keeps such from loopback.
    "--disable-features=LocalNetworkAccessChecks",
)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The service on its own ports, for all page tests."""
    with lives(Path(tmp_path_factory.mktemp("browser"))) as all_lives:
        running = Site(all_lives.start())
        running.begin_the_day()
        yield running


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = os.environ["BOOKEND_CHROMIUM"]
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Any, site: Site) -> Iterator[Callable[..., Visitor]]:
    """Makes a visitor with a window of its own; at the end no page may have complained."""
    with ExitStack() as opened:
        visitors = []

        def visitor(**wishes: Any) -> Visitor:
            context = chromium.new_context(**{"locale": "en-US", "base_url": site.service} | wishes)
            opened.callback(context.close)
            visitors.append(Visitor(context.new_page(), site))
            return visitors[-1]

        yield visitor
        complaints = [line for one in visitors for line in one.complaints]
    assert complaints == []
