"""What is due next, in words for the console's page."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from chalicelib.domain.errors import Unreadable
from chalicelib.domain.messaging.message import Message, MessageStatus
from chalicelib.domain.record import Ref
from chalicelib.ports import Due

#: What becomes of a due row, if it is not simply sent on its channel.
_HOW_BY_STATUS = {MessageStatus.WITHDRAWN: "withdrawn"}


class Messages(Protocol):
    def get(self, ref: Ref[Message]) -> Message | None: ...


def in_words(rows: Iterable[Due], *, messages: Messages) -> list[Mapping[str, Any]]:
    """What each row is, and its outcome: `text`, `email`, `task`, `withdrawn` or `look_up`."""
    return [
        {"id": row.message_id, "due_at": row.due_at, **_told(row.message_id, messages)}
        for row in rows
    ]


def _told(message_id: str, messages: Messages) -> Mapping[str, str]:
    try:
        message = messages.get(Message.ref(message_id))
    except Unreadable:
        message = None
    if message is None:
        return {"what": "unreadable", "how": "look_up"}
    what = message.step or message.kind
    if message.shown_status is MessageStatus.PENDING:
        return {"what": what, "how": message.channel.value}
    # A row that left comes due again if nobody has reported how it ended.
    return {"what": what, "how": _HOW_BY_STATUS.get(message.shown_status, "look_up")}
