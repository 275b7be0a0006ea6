"""The source of ids and jitter: the system's randomness, or a seed for a replay."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

_source: random.Random = random.SystemRandom()


def source() -> random.Random:
    """The source to draw from: unpredictable unless `drawn_from` replaces it."""
    return _source


@contextmanager
def drawn_from(seeded: random.Random) -> Iterator[None]:
    """Draw from this source meanwhile; for replays only, never in the service."""
    global _source
    before, _source = _source, seeded
    try:
        yield
    finally:
        _source = before
