"""The embedded AWS, started over the kept data of one test."""

from collections.abc import Iterator

import pytest

from local.aws.embedded import EmbeddedAws
from local.aws.keeper import Keeper
from tests.local.embedded import embedded


@pytest.fixture
def aws(keeper: Keeper) -> Iterator[EmbeddedAws]:
    with embedded(keeper) as started:
        yield started
