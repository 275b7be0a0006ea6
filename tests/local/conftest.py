"""The fixtures that several tests of the local run share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.aws.keeper import Keeper


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Keeper]:
    keeper = Keeper(tmp_path / "bookend.db")
    yield keeper
    keeper.close()
