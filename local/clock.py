"""The local run's clock: real time plus an offset that only the console changes."""

import threading
from datetime import UTC, datetime, timedelta

from local.aws.keeper import Keeper

_NAME = "clock"


class MovableClock:
    """Implements ports.Clock. Its offset is kept between runs; it never goes back."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._lock = threading.Lock()
        self._offset = timedelta(seconds=float(keeper.load(_NAME) or 0))

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    def move_to(self, at: datetime) -> None:
        """The clock shows `at` and runs on from there; ValueError when it is past that already."""
        with self._lock:
            offset = at - datetime.now(UTC)
            if offset < self._offset:
                raise ValueError("the clock does not go back")
            self._offset = offset
            self._keeper.save(_NAME, offset.total_seconds())
