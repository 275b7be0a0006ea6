"""The form's hidden mark: which form it is and when it was made, signed, by our own clock."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from itsdangerous import BadData, URLSafeSerializer

TOO_FAST = timedelta(seconds=3)  # nobody fills in a form faster
STALE = timedelta(days=2)  # a form that was open longer is under the stricter limit


class Mark(NamedTuple):
    """A form that we made."""

    id: str
    age: timedelta


def new_mark(keys: tuple[str, ...], now: datetime) -> str:
    return str(
        _signer(keys, "form").dumps({"n": secrets.token_hex(8), "t": int(now.timestamp() * 1000)})
    )


def read_mark(keys: tuple[str, ...], text: str | None, now: datetime) -> Mark | None:
    """The mark, or None when it is missing, not ours, from the future or too old."""
    try:
        found = _signer(keys, "form").loads(text or "")
        age = timedelta(milliseconds=int(now.timestamp() * 1000) - int(found["t"]))
        mark = Mark(str(found["n"]), age)
    except (BadData, KeyError, TypeError, ValueError):
        return None
    return mark if timedelta() <= mark.age <= STALE else None


def sealed(keys: tuple[str, ...], values: dict[str, str]) -> str:
    """Signed values for the thank-you page's address, so that nobody can forge its content."""
    return str(_signer(keys, "thanks").dumps(values))


def unsealed(keys: tuple[str, ...], text: str) -> dict[str, str] | None:
    try:
        found: Any = _signer(keys, "thanks").loads(text)
    except BadData:
        return None
    return dict(found)


def _signer(keys: tuple[str, ...], purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(
        list(reversed(keys)),
        salt=f"bookend.{purpose}",
        signer_kwargs={"digest_method": hashlib.sha256},
    )
