"""Twilio's words for what became of a text, as our statuses.

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
