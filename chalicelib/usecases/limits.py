"""How often one number and one address may ask. Counted in the request's own transaction."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from chalicelib.domain.change import AtMost, Operation, Patch
from chalicelib.domain.record import Ref
from chalicelib.domain.request import RateCount

WINDOW = timedelta(hours=1)


class Limit(NamedTuple):
    """How many requests one source may make in this window."""

    source: str  #: a hash, never the number or the address itself
    window: str
    most: int

    @property
    def ref(self) -> Ref[RateCount]:
        return RateCount.ref(self.source, self.window)


def limits(
    *, number: str, per_number: int, address: str, per_address: int, now: datetime
) -> Sequence[Limit]:
    """The limits that a request from there falls under; none for one that staff typed."""
    if not address:
        return ()
    window = now.strftime("%Y-%m-%dT%H")
    return (
        Limit(_hash(f"number:{number}"), window, per_number),
        Limit(_hash(f"address:{address}"), window, per_address),
    )


def counted(limit: Limit, now: datetime) -> Operation:
    """One more; refused once the limit is reached, whoever counts at the same moment."""
    return Patch(
        limit.ref.key,
        set={
            "record": RateCount.KIND,
            "source": limit.source,
            "window": limit.window,
            "ttl": int((now + 2 * WINDOW).timestamp()),
        },
        add={"count": 1},
        when=(AtMost("count", limit.most - 1),),
    )


def seconds_to_next_window(now: datetime) -> int:
    return 3600 - now.minute * 60 - now.second


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
