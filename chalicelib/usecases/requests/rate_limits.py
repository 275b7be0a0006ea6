"""How often one number and one address may send requests. Counted in the request's transaction."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import NamedTuple

from chalicelib.domain.change import Operation, Patch
from chalicelib.domain.conditions import AtMost
from chalicelib.domain.record import Ref
from chalicelib.domain.visits.request import RateCount
from chalicelib.messages.floods import end_of_span

WINDOW = timedelta(hours=1)


class Limit(NamedTuple):
    """How many requests one source may make in this window."""

    about: str  #: `number`, `address`, or `all`
    source: str  #: a hash, never the number or the address itself
    window: str
    usual: int  #: after so many, further requests are suspicious
    most: int | None  #: after so many, further requests are refused; None: never
    kept_until: datetime

    @property
    def ref(self) -> Ref[RateCount]:
        return RateCount.ref(self.source, self.window)

    def is_reached(self, count: RateCount | None) -> bool:
        return count is not None and count.count >= self.usual

    def refuses(self, count: RateCount | None) -> bool:
        return count is not None and self.most is not None and count.count >= self.most


def limits(
    *, number: str, per_number: int, address: str, per_address: int, more: int = 1, now: datetime
) -> Sequence[Limit]:
    """The limits for a request from this number and address; none for one that staff typed.

    A number that others give from elsewhere is not refused, or anybody could lock its owner out
    (R52): a request beyond its limit is suspicious. So is one beyond its address's limit, if that
    address is refused only at `more` times as many.
    """
    if not address:
        return ()
    place = _place(address)
    return (
        _limit("number", f"number:{number} from {place}", per_number, per_number, now),
        _limit("address", f"address:{place}", per_address, per_address * more, now),
        _limit("number", f"number:{number}", per_number, None, now),
    )


def of_the_hour(mailed: int, now: datetime) -> Limit:
    """All requests of this hour together: `mailed` of them get a mail of their own at once."""
    return Limit("all", "all", _window(now), mailed, None, now + 2 * WINDOW)


def of_the_deadline(mailed: int, answer_by: datetime) -> Limit:
    """All requests with a deadline in this span: `mailed` of them get a reminder of their own."""
    until = end_of_span(answer_by)
    return Limit("all", "all-due", f"{until:%Y-%m-%dT%H:%M}", mailed, None, until)


def count_one(limit: Limit) -> Operation:
    """Count one more; refused when a limit that refuses is reached, also concurrently."""
    return Patch.upsert(
        limit.ref,
        source=limit.source,
        window=limit.window,
        ttl=int(limit.kept_until.timestamp()),
        add={"count": 1},
        when=() if limit.most is None else (AtMost("count", limit.most - 1),),
    )


def seconds_to_next_window(now: datetime) -> int:
    return 3600 - now.minute * 60 - now.second


def _limit(about: str, source: str, usual: int, most: int | None, now: datetime) -> Limit:
    hashed = hashlib.sha256(source.encode()).hexdigest()[:32]
    return Limit(about, hashed, _window(now), usual, most, now + 2 * WINDOW)


def _window(now: datetime) -> str:
    return now.strftime("%Y-%m-%dT%H")


def _place(address: str) -> str:
    """The network of one subscriber: of an IPv6 address, the first half."""
    try:
        return str(ip_network(f"{address}/64", strict=False)) if ":" in address else address
    except ValueError:
        return address
