"""A mail that comes back is told of as SES does, once it was sent, also by the next run."""

import boto3
import pytest

from chalicelib.adapters import ses_events
from chalicelib.adapters.ses import SesMail
from chalicelib.ports import Email, MailEvent, MailOutcome
from local.aws.embedded import EmbeddedAws
from local.aws.keeper import Keeper
from tests.local.embedded import SENDER, embedded

MESSAGE_ID = "REQ-7K2M9Q4X1B.new_request-ruth"


def send(aws: EmbeddedAws, message_id: str = MESSAGE_ID) -> str:
    """By the service's own adapter, as it is wired."""
    named = aws.environment["MAIL_CONFIGURATION_SET"]
    ses = SesMail(client=boto3.client("sesv2"), sender=SENDER, configuration_set=named)
    mail = Email(to="ruth@example.org", subject="A", text="B", html="<p>B", message_id=message_id)
    return ses.send(mail).sid or ""


@pytest.mark.parametrize(
    ("fault", "failure_class"),
    [
        ({"bounce": "permanent"}, MailOutcome.BOUNCED),
        ({"bounce": "transient"}, MailOutcome.DELAYED),
        ({"complaint": True}, MailOutcome.UNWANTED),
    ],
)
def test_a_mail_that_comes_back_was_sent_and_is_told_of(
    keeper: Keeper, fault: dict[str, object], failure_class: MailOutcome
) -> None:
    with embedded(keeper) as aws:
        aws.inject("ses", [fault])
        sid = send(aws)
        send(aws)
        assert len(aws.emails()) == 2
    with embedded(keeper) as aws:
        waiting = aws.mail_events.waiting()
        assert [ses_events.read(text) for text in waiting.values()] == [
            MailEvent(MESSAGE_ID, sid, failure_class)
        ]
        aws.mail_events.told(next(iter(waiting)))
        assert aws.mail_events.waiting() == {}


def test_a_mail_that_names_no_row_is_told_of_to_nobody(keeper: Keeper) -> None:
    with embedded(keeper) as aws:
        aws.inject("ses", [{"bounce": "permanent"}])
        send(aws, message_id="")
        assert aws.mail_events.waiting() == {}
