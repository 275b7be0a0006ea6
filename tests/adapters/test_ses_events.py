"""What SES tells by SNS, as its documentation shows it, and whatever else may come."""

import json
from typing import Any

import pytest

from chalicelib.adapters import ses_events
from chalicelib.ports import MailEvent, MailOutcome

SID = "0100017a1b2c3d4e-7d1f2a3b-0000-4444-8888-123456789abc-000000"


def event(kind: str, **more: Any) -> str:
    mail = {
        "timestamp": "2026-12-01T18:00:00.000Z",
        "source": "clinic@example.com",
        "sourceArn": "arn:aws:ses:us-east-1:000000000000:identity/clinic@example.com",
        "sendingAccountId": "000000000000",
        "messageId": SID,
        "destination": ["ana@example.org"],
        "headersTruncated": False,
        "headers": [{"name": "From", "value": "clinic@example.com"}],
        "commonHeaders": {"from": ["clinic@example.com"], "to": ["ana@example.org"]},
        "tags": {
            "ses:configuration-set": ["Bookend"],
            "ses:source-ip": ["192.0.2.0"],
            "message": ["APT-7K2M9Q4X1B__v1-preparation-mail"],
        },
    }
    return json.dumps({"eventType": kind, "mail": mail, **more})


def bounce(kind: str) -> str:
    told = {
        "bounceType": kind,
        "bounceSubType": "General",
        "bouncedRecipients": [{"emailAddress": "ana@example.org", "action": "failed"}],
        "timestamp": "2026-12-01T18:00:05.000Z",
        "feedbackId": "0100-feedback",
        "reportingMTA": "dsn; mta.example.org",
    }
    return event("Bounce", bounce=told)


@pytest.mark.parametrize(
    ("text", "failure_class"),
    [
        pytest.param(bounce("Permanent"), MailOutcome.BOUNCED, id="permanent"),
        pytest.param(bounce("Transient"), MailOutcome.DELAYED, id="transient"),
        pytest.param(bounce("Undetermined"), MailOutcome.DELAYED, id="undetermined"),
        pytest.param(event("Complaint", complaint={}), MailOutcome.UNWANTED, id="complaint"),
        pytest.param(
            event("Reject", reject={"reason": "Bad content"}), MailOutcome.REFUSED, id="no"
        ),
    ],
)
def test_an_event_names_its_row_and_what_became_of_it(
    text: str, failure_class: MailOutcome
) -> None:
    assert ses_events.read(text) == MailEvent(
        "APT-7K2M9Q4X1B.v1-preparation-mail", SID, failure_class
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        "[]",
        "{}",
        event("Delivery"),
        bounce("Sideways"),
        event("Bounce").replace('"messageId"', '"id"'),
        event("Complaint").replace('"message"', '"other"'),
        event("Complaint").replace('-mail"', '-mail", "APT-2__v1-x"'),
        "Successfully validated SNS topic for Amazon SES event publishing.",
    ],
)
def test_whatever_else_comes_is_left(text: str, caplog: pytest.LogCaptureFixture) -> None:
    assert ses_events.read(text) is None
    assert len(caplog.records) == 1
    assert "ana@example.org" not in str(caplog.records[0].__dict__)
