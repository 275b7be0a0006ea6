"""How often one number and one address may ask. Counted in the request's own transaction."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import ip_network
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
    refuses: bool = True  #: else more are taken, and told of as a flood

    @property
    def ref(self) -> Ref[RateCount]:
        return RateCount.ref(self.source, self.window)


def limits(
    *, number: str, per_number: int, address: str, per_address: int, now: datetime
) -> Sequence[Limit]:
    """The limits that a request from there falls under; none for one that staff typed.

    A number that others give from elsewhere is not refused, else anybody could shut its owner out
    (R52): what comes beyond its limit is no more than counted.
    """
    if not address:
        return ()
    window, place = _window(now), _place(address)
    return (
        Limit(_hash(f"number:{number} from {place}"), window, per_number),
        Limit(_hash(f"address:{place}"), window, per_address),
        Limit(_hash(f"number:{number}"), window, per_number, refuses=False),
    )


def in_all(most: int, now: datetime) -> Limit:
    """All requests of this window together."""
    return Limit("all", _window(now), most, refuses=False)


def counted(limit: Limit, now: datetime) -> Operation:
    """One more; refused once a limit that refuses is reached, whoever counts at that moment."""
    return Patch(
        limit.ref.key,
        set={
            "record": RateCount.KIND,
            "source": limit.source,
            "window": limit.window,
            "ttl": int((now + 2 * WINDOW).timestamp()),
        },
        add={"count": 1},
        when=(AtMost("count", limit.most - 1),) if limit.refuses else (),
    )


def seconds_to_next_window(now: datetime) -> int:
    return 3600 - now.minute * 60 - now.second


def _window(now: datetime) -> str:
    return now.strftime("%Y-%m-%dT%H")


def _place(address: str) -> str:
    """The network that one subscriber has: of an IPv6 address its first half."""
    try:
        return str(ip_network(f"{address}/64", strict=False)) if ":" in address else address
    except ValueError:
        return address


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
