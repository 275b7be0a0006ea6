"""What may be posted to the console: the shapes of its JSON, read strictly."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

_LAST = datetime(2100, 1, 1, tzinfo=UTC)  # no visit is planned so far ahead
_DURATION = re.compile(r"P(?=.)(\d{1,6}W|(\d{1,6}D)?(T(?=.)(\d{1,6}H)?(\d{1,6}M)?(\d{1,6}S)?)?)")

#: A number, a short code or a name: every possible sender of a text.
_SENDER = r"^(\+[1-9][0-9]{6,14}|[0-9]{3,8}|[A-Za-z][A-Za-z0-9 ]{0,10})$"


def _a_duration(value: object) -> object:
    if not isinstance(value, str) or not _DURATION.fullmatch(value):
        raise ValueError("a duration looks like PT26H or P1DT2H30M")
    return value


def _an_instant(value: object) -> object:
    if not isinstance(value, str) or "T" not in value:
        raise ValueError("an instant looks like 2026-12-01T15:00:00Z")
    return value


class Posted(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class ClockMove(Posted):
    """How far the clock moves, or to which time."""

    advance: Annotated[timedelta, Field(strict=False), BeforeValidator(_a_duration)] | None = None
    to: Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_an_instant)] | None = None

    @model_validator(mode="after")
    def _one_of_the_two(self) -> Self:
        if (self.advance is None) == (self.to is None):
            raise ValueError("exactly one of advance and to is needed")
        return self

    def target(self, now: datetime) -> datetime:
        """The time to move to; ValueError when it is too far away."""
        if self.to is not None and self.to <= _LAST:
            return self.to.astimezone(UTC)
        if self.advance is not None and self.advance <= _LAST - now:
            return now + self.advance
        raise ValueError(f"the clock goes no further than {_LAST.year}")


class PatientText(Posted):
    """A text that the patient's phone sends."""

    sender: Annotated[str, StringConstraints(pattern=_SENDER)] = Field(alias="from")
    body: Annotated[str, StringConstraints(max_length=1600)]


class KillPoint(Posted):
    at: Literal["after_claim", "after_accept", "before_settle"]


class HttpFault(Posted):
    http: int = Field(ge=400, le=599)


class HangFault(Posted):
    hang_after_accept: Literal[True]


class ErrorFault(Posted):
    error: int = Field(ge=400, le=99999)  #: Twilio's own code


class StatusFault(Posted):
    status: Literal["undelivered", "failed"]
    error: int | None = None


class CallbackFault(Posted):
    callback: Literal["late", "twice", "reversed", "lost"]


class InboundFault(Posted):
    inbound: Literal["missed"]  #: the phone's text reaches Twilio, and the webhook is not called


class ListFault(Posted):
    list: int = Field(ge=200, le=599)  #: the next page of a list has this status; 200 passes


class AwsErrorFault(Posted):
    error: Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{1,80}$")]


class BounceFault(Posted):
    bounce: Literal["permanent", "transient"]


class ComplaintFault(Posted):
    complaint: Literal[True]


class Faults(Posted):
    """The next outgoing calls get these, one each, in order."""

    twilio: list[
        HttpFault | HangFault | ErrorFault | StatusFault | CallbackFault | InboundFault | ListFault
    ] = []
    ses: list[HttpFault | HangFault | AwsErrorFault | BounceFault | ComplaintFault] = []
    dynamodb: list[HttpFault | HangFault | AwsErrorFault] = []

    def by_service(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = self.model_dump(exclude_unset=True)
        return found


_ANY_CALL = '{"http": 400 to 599}, {"hang_after_accept": true}, {"error": CODE}'
#: The possible faults of each service, for `GET /api/faults`.
ACCEPTED: Mapping[str, str] = {
    "twilio": f"one of {_ANY_CALL} with Twilio's number,"
    ' {"status": "undelivered" or "failed", "error": CODE},'
    ' {"callback": "late", "twice", "reversed" or "lost"}, {"inbound": "missed"},'
    ' {"list": 200 to 599}',
    "ses": f"one of {_ANY_CALL} with AWS's name,"
    ' {"bounce": "permanent" or "transient"}, {"complaint": true}',
    "dynamodb": f"one of {_ANY_CALL} with AWS's name",
}


def fault_complaints(error: ValidationError) -> list[dict[str, str]]:
    """Like `complaints`; a fault of no known kind is reported once, with the list of kinds."""
    told: dict[str, str] = {}
    for part, complaint in zip(error.errors(), complaints(error), strict=True):
        service, *which = map(str, part["loc"])
        is_fault = service in ACCEPTED and bool(which)
        field = f"{service}.{which[0]}" if is_fault else complaint["field"]
        told[field] = ACCEPTED[service] if is_fault else complaint["message"]
    return [{"field": field, "message": message} for field, message in told.items()]


def complaints(error: ValidationError) -> list[dict[str, str]]:
    """RFC 9457's `errors`: each field and what is wrong with it, without what was sent."""
    return [
        {
            "field": ".".join(map(str, part["loc"])),
            "message": part["msg"].removeprefix("Value error, "),
        }
        for part in error.errors(include_url=False, include_input=False, include_context=False)
    ]
