"""The visitor of most tests of pages, with a default world."""

from collections.abc import Iterator

import pytest

from tests.web.browser import Browser, browsing
from tests.world import World


@pytest.fixture
def browser() -> Iterator[Browser]:
    with browsing(World()) as one:
        yield one
