"""What SES reports about a mail afterwards, through SNS; the fields we use are read strictly.

https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
"""

from collections.abc import Mapping
from typing import Literal

from aws_lambda_powertools import Logger
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chalicelib.adapters.ses import TAG, untagged
from chalicelib.ports import MailEvent, MailOutcome

log = Logger(service="bookend", child=True)

FATE_BY_BOUNCE: Mapping[str, MailOutcome] = {
    "Permanent": MailOutcome.BOUNCED,
    "Transient": MailOutcome.DELAYED,
    "Undetermined": MailOutcome.DELAYED,
}


class _Told(BaseModel):
    # SES reports many more fields, and may add some; they are ignored.
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Mail(_Told):
    messageId: str = Field(min_length=1, max_length=200)
    tags: dict[str, list[str]] = {}


class _Bounce(_Told):
    bounceType: Literal["Permanent", "Transient", "Undetermined"]


class _Event(_Told):
    eventType: Literal["Bounce", "Complaint", "Reject"]
    mail: _Mail
    bounce: _Bounce | None = None


def read(text: str) -> MailEvent | None:
    """The event; None, with a line in the log, if it is no event or names no row of ours."""
    try:
        event = _Event.model_validate_json(text)
    except ValidationError as error:
        # A report contains addresses, so only the places of errors are logged.
        places = sorted({".".join(map(str, part["loc"])) for part in error.errors()})
        log.error("mail_event.unreadable", extra={"places": places})
        return None
    names = event.mail.tags.get(TAG, [])
    if len(names) != 1:
        log.warning("mail_event.without_a_row", extra={"sid": event.mail.messageId})
        return None
    return MailEvent(untagged(names[0]), event.mail.messageId, _fate(event))


def _fate(event: _Event) -> MailOutcome:
    match event:
        case _Event(eventType="Complaint"):
            return MailOutcome.UNWANTED
        case _Event(bounce=_Bounce(bounceType=kind)):
            return FATE_BY_BOUNCE[kind]
        case _:
            return MailOutcome.REFUSED
