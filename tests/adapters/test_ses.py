"""A mail as its bytes go to SES."""

from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib import wiring
from chalicelib.adapters.ses import SesMail
from chalicelib.ports import Accepted, Attachment, Email, FailureClass, OutcomeUnknown, Refused
from local.aws.keeper import Keeper
from tests.local.embedded import SENDER, embedded

SUBJECT = "New request from A. E. (REQ-7K2M9Q4X1B), answer by Mon Nov 23, 12:30 PM"
SPANISH = "Visita con Ana Löwe 🙂, jueves 3 de diciembre a las 9"


class Client:
    """Writes down what it is given."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def send_email(self, **asked: Any) -> dict[str, str]:
        self.asked.append(asked)
        return {"MessageId": "ses-1"}


def sent(email: Email, named: str | None = "Bookend") -> dict[str, Any]:
    client = Client()
    ses = SesMail(client=client, sender="clinic@example.com", configuration_set=named)
    assert ses.send(email) == Accepted("ses-1", "accepted")
    return client.asked[0]


def mail(**changes: Any) -> Email:
    base = {"to": "ruth@example.org", "subject": SUBJECT, "text": "Text", "html": "<p>Text"}
    return Email.model_validate(base | changes)


def data_of(email: Email) -> bytes:
    data: bytes = sent(email)["Content"]["Raw"]["Data"]
    return data


@pytest.mark.parametrize("subject", [SUBJECT, SPANISH])
def test_a_subject_reads_as_it_was_written(subject: str) -> None:
    data = data_of(mail(subject=subject))
    assert b"Subject:\n" not in data
    assert message_from_bytes(data, policy=policy.default)["Subject"] == subject


def test_long_lines_and_every_letter_arrive() -> None:
    text = "ñ" * 3000 + "\n" + "x" * 3000
    file = Attachment(name="visit.ics", content_type="text/calendar", text="SUMMARY:Löwe\r\n")
    data = data_of(mail(text=text, attachments=[file]))
    assert max(map(len, data.split(b"\n"))) <= 998
    read: Any = message_from_bytes(data, policy=policy.default)
    assert read.get_body(("plain",)).get_content().rstrip("\n") == text
    (attached,) = read.iter_attachments()
    assert attached.get_payload(decode=True) == b"SUMMARY:L\xc3\xb6we\r\n"


def test_a_line_break_in_a_subject_is_refused() -> None:
    with pytest.raises(ValueError, match="linefeed"):
        sent(mail(subject="Hello\r\nBcc: someone@example.org"))


def test_a_mail_names_its_row_where_ses_tells_of_it() -> None:
    asked = sent(mail(message_id="REQ-7K2M9Q4X1B.new_request-ruth"))
    assert asked["ConfigurationSetName"] == "Bookend"
    assert asked["EmailTags"] == [{"Name": "message", "Value": "REQ-7K2M9Q4X1B__new_request-ruth"}]


class Refusing:
    """Answers with one error."""

    def __init__(self, code: str, status: int) -> None:
        self._error = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}

    def send_email(self, **_: Any) -> dict[str, str]:
        raise ClientError(self._error, "SendEmail")


@pytest.mark.parametrize(
    ("code", "status", "failure_class"),
    [
        ("TooManyRequestsException", 429, FailureClass.RETRY),
        ("ThrottlingException", 400, FailureClass.RETRY),
        ("Throttling", 400, FailureClass.RETRY),
        ("AnythingElse", 429, FailureClass.RETRY),
        ("LimitExceededException", 400, FailureClass.RETRY),
        ("ExpiredTokenException", 403, FailureClass.CONFIGURATION),
        ("SendingPausedException", 400, FailureClass.CONFIGURATION),
        ("NotFoundException", 404, FailureClass.CONFIGURATION),
        ("MessageRejected", 400, FailureClass.PERMANENT),
        ("BadRequestException", 400, FailureClass.PERMANENT),
        ("AnythingElse", 400, FailureClass.PERMANENT),
    ],
)
def test_a_refusal_has_the_fate_of_its_code(
    code: str, status: int, failure_class: FailureClass
) -> None:
    """F36: what passes is tried again; our own fault waits; the rest is told to staff."""
    with pytest.raises(Refused) as refused:
        SesMail(client=Refusing(code, status), sender="clinic@example.com").send(mail())
    assert refused.value.failure_class is failure_class


@pytest.mark.parametrize(("named", "message_id"), [(None, "REQ-1.x"), ("Bookend", "")])
def test_without_a_set_or_a_row_nothing_is_told(named: str | None, message_id: str) -> None:
    asked = sent(mail(message_id=message_id), named)
    assert not {"ConfigurationSetName", "EmailTags"} & set(asked)


@pytest.mark.parametrize("fault", [{"http": 500}, {"hang_after_accept": True}])
def test_the_client_that_sends_tries_once_and_has_a_time_out(
    tmp_path: Path, fault: dict[str, object]
) -> None:
    keeper = Keeper(tmp_path / "bookend.db")
    with embedded(keeper) as aws:
        client = wiring.mail_client()
        aws.inject("ses", [fault])
        with pytest.raises(OutcomeUnknown):
            SesMail(client=client, sender=SENDER).send(mail())
        # Had it tried again, the second try would have met no fault.
        assert len(aws.emails()) == ("http" not in fault)
    keeper.close()
    config = client.meta.config
    assert (config.connect_timeout, config.read_timeout) == (2, 8)
