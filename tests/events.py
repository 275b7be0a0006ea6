"""The events with which the platform calls the event functions of app.py."""

from typing import Any

from chalice.local import LambdaContext

import app

SCHEDULED: dict[str, Any] = {
    "version": "0",
    "id": "test",
    "account": "000000000000",
    "region": "us-east-1",
    "source": "aws.events",
    "detail-type": "Scheduled Event",
    "detail": {},
    "time": "2026-12-01T12:00:00Z",
    "resources": [],
}


def notified(text: str) -> dict[str, Any]:
    subject = "Amazon SES Email Event Notification"
    notification = {"Message": text, "Subject": subject, "MessageAttributes": {}}
    return {"Records": [{"EventSource": "aws:sns", "Sns": notification}]}


def call(name: str, event: dict[str, Any]) -> Any:
    return getattr(app, name)(event, LambdaContext(name, 256, 60_000))
