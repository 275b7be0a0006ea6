"""The real clock, and the pause between two tries. The only place that asks for the time."""

import random
import time
from datetime import UTC, datetime


class SystemClock:
    """Implements ports.Clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


def pause_with_jitter(attempt: int) -> None:
    """Up to 50 ms, 100 ms, 200 ms …: full jitter, so that competing writers do not meet again."""
    time.sleep(random.uniform(0, 0.05 * 2**attempt))
