"""The console says what is due next in words that a person knows."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.errors import Unreadable
from chalicelib.domain.messaging.message import Channel, Message, MessageStatus
from chalicelib.domain.record import Ref
from chalicelib.ports import Due
from local.console.coming import in_words

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
MESSAGE = Message(
    id="APT#1.reminder#1",
    kind="reminder",
    channel=Channel.TEXT,
    scheduled_at=NOON,
    send_before=NOON + timedelta(hours=1),
    created_at=NOON,
    due_at=NOON,
)


class Messages:
    def __init__(self, message: Message | Exception | None) -> None:
        self.message = message

    def get(self, ref: Ref[Message]) -> Message | None:
        if isinstance(self.message, Exception):
            raise self.message
        return self.message


@pytest.mark.parametrize(
    ("message", "what", "how"),
    [
        (MESSAGE, "reminder", "text"),
        (MESSAGE.model_copy(update={"step": "same_day"}), "same_day", "text"),
        (MESSAGE.model_copy(update={"channel": Channel.TASK}), "reminder", "task"),
        (MESSAGE.model_copy(update={"status": MessageStatus.SENT}), "reminder", "look_up"),
        (MESSAGE.model_copy(update={"void_because": "moved"}), "reminder", "withdrawn"),
        (None, "unreadable", "look_up"),
        (Unreadable(), "unreadable", "look_up"),
    ],
    ids=["a text", "a step", "a task", "left already", "void", "gone", "of another version"],
)
def test_a_row_is_named(message: Message | Exception | None, what: str, how: str) -> None:
    rows = in_words([Due("APT#1.reminder#1", NOON)], messages=Messages(message))
    assert rows == [{"id": "APT#1.reminder#1", "due_at": NOON, "what": what, "how": how}]
