"""The event functions as the platform calls them: tick, deliver and mail_event."""

import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from types import ModuleType
from typing import Any, Protocol

import boto3
from chalice.local import LambdaContext

_BATCHES = 50  # of ten messages; the rest of a longer queue follows in the next round
_TIME_OUT = 60_000  # milliseconds, as deployed


class MailEvents(Protocol):
    def waiting(self) -> Mapping[str, str]:
        """The events that SES has to deliver, each by a name."""

    def told(self, name: str) -> None:
        """This event is delivered."""


class Functions:
    """The functions of `app`, in this process. A call that raises is logged and ends nothing."""

    def __init__(
        self,
        service: ModuleType,
        *,
        queue_url: str,
        now: Callable[[], datetime],
        mail_events: MailEvents | None = None,
        is_ending: Callable[[], bool] = lambda: False,
    ) -> None:
        """Once `is_ending` is set, work in progress is finished and nothing new is started."""
        self._service = service
        self._sqs = boto3.client("sqs")
        self._queue_url = queue_url
        self._now = now
        self._mail_events = mail_events
        self._is_ending = is_ending

    def tick(self) -> None:
        self._call("tick", _scheduled(self._now()))

    def deliver_queue(self) -> int:
        """Deliver what is on the queue now, in batches of ten; returns how many ids.

        Then deliver the mail events, each of which counts as one more.
        """
        delivered = 0
        for _ in range(_BATCHES):
            if self._is_ending():
                return delivered
            answer = self._sqs.receive_message(
                QueueUrl=self._queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=0
            )
            messages = answer.get("Messages", [])
            if not messages:
                break
            self._call("deliver", {"Records": [_record(message) for message in messages]})
            for message in messages:
                # The queue is a hint: a failure is on its row, which comes due again.
                self._sqs.delete_message(
                    QueueUrl=self._queue_url, ReceiptHandle=message["ReceiptHandle"]
                )
            delivered += len(messages)
        return delivered + self._tell_of_mails()

    def _tell_of_mails(self) -> int:
        if self._mail_events is None:
            return 0
        waiting = self._mail_events.waiting()
        for name, text in waiting.items():
            self._call("mail_event", _notified(name, text, self._now()))
            self._mail_events.told(name)
        return len(waiting)

    def _call(self, name: str, event: dict[str, Any]) -> None:
        context = LambdaContext(name, 256, _TIME_OUT)
        try:
            getattr(self._service, name)(event, context)
        except Exception as error:  # noqa: BLE001 the platform goes on after a function that raised
            # Its text may contain what a person wrote, so only the type is logged.
            print(f"bookend: {name} ended with {type(error).__name__}", file=sys.stderr, flush=True)


def _scheduled(at: datetime) -> dict[str, Any]:
    return {
        "version": "0",
        "id": "local",
        "account": "000000000000",
        "region": "us-east-1",
        "source": "aws.events",
        "detail-type": "Scheduled Event",
        "detail": {},
        "time": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "resources": [],
    }


def _record(message: dict[str, Any]) -> dict[str, Any]:
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": {},
        "messageAttributes": {},
        "md5OfBody": message.get("MD5OfBody", ""),
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:outbox",
        "awsRegion": "us-east-1",
    }


def _notified(name: str, text: str, at: datetime) -> dict[str, Any]:
    topic = "arn:aws:sns:us-east-1:000000000000:mail-events"
    notification = {
        "Type": "Notification",
        "MessageId": name,
        "TopicArn": topic,
        "Subject": "Amazon SES Email Event Notification",
        "Message": text,
        "Timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        "MessageAttributes": {},
    }
    record = {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": f"{topic}:local",
        "Sns": notification,
    }
    return {"Records": [record]}
