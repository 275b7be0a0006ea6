"""Where ids and jitter come from: the system's own chance, or a seed that a run can replay."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

_source: random.Random = random.SystemRandom()


def source() -> random.Random:
    """What to draw from: nobody can foresee it, unless `drawn_from` says otherwise."""
    return _source


@contextmanager
def drawn_from(seeded: random.Random) -> Iterator[None]:
    """Meanwhile all chance comes from this; for replays alone, never for the service."""
    global _source
    before, _source = _source, seeded
    try:
        yield
    finally:
        _source = before
