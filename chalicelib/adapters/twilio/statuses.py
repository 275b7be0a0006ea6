"""Twilio's words for what became of a text, with our statuses. Data; a new word is a new row.

https://www.twilio.com/docs/messaging/api/message-resource#message-status-values
"""

from collections.abc import Mapping

from chalicelib.domain.messaging.message import MessageStatus

STATUS_BY_WORD: Mapping[str, MessageStatus] = {
    "accepted": MessageStatus.SENT,
    "scheduled": MessageStatus.SENT,
    "queued": MessageStatus.SENT,
    "sending": MessageStatus.SENT,
    "sent": MessageStatus.SENT,
    "delivered": MessageStatus.DELIVERED,
    "read": MessageStatus.DELIVERED,
    "undelivered": MessageStatus.UNDELIVERED,
    "failed": MessageStatus.UNDELIVERED,
    "canceled": MessageStatus.UNDELIVERED,
}


def status_of(word: str) -> MessageStatus:
    """The word's status; an unknown word only means that Twilio has the text."""
    return STATUS_BY_WORD.get(word, MessageStatus.SENT)
