"""The visitor of most tests of pages: their world is as it comes."""

from collections.abc import Iterator

import pytest

from tests.web.browser import Browser, browsing
from tests.world import World


@pytest.fixture
def browser() -> Iterator[Browser]:
    with browsing(World()) as one:
        yield one
