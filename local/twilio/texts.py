"""A text as the local Twilio keeps it, and in the form for the console's clients."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.messaging.segments import count
from chalicelib.domain.record import written

#: The fields of a kept text that the console's clients get.
_TOLD = ("sid", "from", "to", "body", "direction", "status", "error_code", "at")

Text = dict[str, Any]


def new_text(
    *,
    at: datetime,
    direction: str,
    sender: str,
    to: str,
    body: str,
    status: str,
    validity: timedelta = timedelta(0),
    callback: str = "",
    steps: Sequence[dict[str, Any]] = (),
) -> Text:
    """A text with an id of its own; `steps` is what it still has to go through."""
    return {
        "sid": f"SM{secrets.token_hex(16)}",
        "direction": direction,
        "from": sender,
        "to": to,
        "body": body,
        "status": status,
        "error_code": None,
        "at": written(at),
        "validity": validity.total_seconds(),
        "callback": callback,
        "steps": [*steps],
    }


def told(text: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the console's list of texts."""
    size = count(text["body"])
    kept = {name: text[name] for name in _TOLD}
    return {**kept, "segments": size.count, "encoding": size.encoding}
