"""Mails by Amazon SES: one person, one call, one try."""

from email import policy
from email.message import EmailMessage
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError
from botocore.exceptions import EndpointConnectionError as NoConnectionError

from chalicelib.ports import Accepted, Email, FailureClass, OutcomeUnknown, Refused

# https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html and its common errors;
# an error that is not listed here is not retried, and staff are told.
FATE_BY_ERROR = {
    "TooManyRequestsException": FailureClass.RETRY,
    "LimitExceededException": FailureClass.RETRY,
    "ThrottlingException": FailureClass.RETRY,  # over the account's rate or its daily quota
    "Throttling": FailureClass.RETRY,
    "RequestExpired": FailureClass.RETRY,
    "SendingPausedException": FailureClass.CONFIGURATION,
    "AccountSuspendedException": FailureClass.CONFIGURATION,
    "MailFromDomainNotVerifiedException": FailureClass.CONFIGURATION,
    "NotFoundException": FailureClass.CONFIGURATION,  # the configuration set
    "AccessDeniedException": FailureClass.CONFIGURATION,
    "ExpiredTokenException": FailureClass.CONFIGURATION,
    "IncompleteSignature": FailureClass.CONFIGURATION,
    "InvalidClientTokenId": FailureClass.CONFIGURATION,
    "InvalidSignatureException": FailureClass.CONFIGURATION,
    "NotAuthorized": FailureClass.CONFIGURATION,
    "OptInRequired": FailureClass.CONFIGURATION,
    "SignatureDoesNotMatch": FailureClass.CONFIGURATION,
    "UnrecognizedClientException": FailureClass.CONFIGURATION,
}
TOO_MANY = 429  # whatever code comes with it
LONGEST = 500  # characters of a line; RFC 5322 allows 998
# Some programs show a blank in front of a subject that is folded right after its name.
UNFOLDED = policy.default.clone(max_line_length=LONGEST)

TAG = "message"  # the tag of a mail that names its row
_DOT = "__"  # a tag's value has no dots


def tagged(message_id: str) -> str:
    """A message's id as a tag's value: letters, digits, `-` and `_` only."""
    return message_id.replace(".", _DOT, 1)


def untagged(value: str) -> str:
    return value.replace(_DOT, ".", 1)


class SesMail:
    """Implements ports.EmailSender. The client must have `total_max_attempts=1` (F79)."""

    def __init__(self, *, client: Any, sender: str, configuration_set: str | None = None) -> None:
        """SES reports to the configuration set what becomes of a mail, with the id of its row."""
        self._client = client
        self._sender = sender
        self._configuration_set = configuration_set

    def send(self, email: Email) -> Accepted:
        try:
            answer = self._client.send_email(
                FromEmailAddress=self._sender,
                Destination={"ToAddresses": [email.to]},
                Content={"Raw": {"Data": _mime(email, sender=self._sender)}},
                **self._named(email.message_id),
            )
        except ClientError as error:
            code = error.response["Error"]["Code"]
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status >= 500:
                raise OutcomeUnknown(code) from None
            failure_class = (
                FailureClass.RETRY
                if status == TOO_MANY
                else FATE_BY_ERROR.get(code, FailureClass.PERMANENT)
            )
            raise Refused(failure_class) from None
        except (ConnectTimeoutError, NoConnectionError):
            raise Refused(FailureClass.RETRY) from None
        except BotoCoreError as error:
            raise OutcomeUnknown(type(error).__name__) from None
        return Accepted(str(answer["MessageId"]), "accepted")

    def _named(self, message_id: str) -> dict[str, Any]:
        if self._configuration_set is None or not message_id:
            return {}
        return {
            "ConfigurationSetName": self._configuration_set,
            "EmailTags": [{"Name": TAG, "Value": tagged(message_id)}],
        }


def _mime(email: Email, *, sender: str) -> bytes:
    # EmailMessage refuses a line break in a header, so a typed value cannot add one (F46).
    message = EmailMessage(policy=UNFOLDED)
    message["From"] = sender
    message["To"] = email.to
    message["Subject"] = email.subject
    message.set_content(email.text)
    message.add_alternative(email.html, subtype="html")
    for attachment in email.attachments:
        kind, _, subtype = attachment.content_type.partition("/")
        message.add_attachment(
            attachment.text.encode(),
            maintype=kind,
            subtype=subtype,
            filename=attachment.name,
            params={"charset": "utf-8"},
        )
    return message.as_bytes()
