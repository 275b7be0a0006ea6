"""Twilio's two webhooks: a patient's text, and what became of one of ours."""

import re
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import parse_qsl, unquote, urlencode

from aws_lambda_powertools import Logger
from chalice.app import Blueprint, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from chalicelib import wiring
from chalicelib.usecases.inbound.receive import Incoming, receive_text
from chalicelib.web.http import responses
from chalicelib.web.http.errors import answering
from chalicelib.web.http.parsing import BadBody, body_of

log = Logger(service="bookend", child=True)

routes = Blueprint(__name__)

# A body that is no form has no valid signature either, and gets the same answer (F54).
ANY = ["*/*"]
# 1,600 characters may be 19 KB in a form, and ten addresses of pictures come with them (F57).
MOST = 64 * 1024

F = TypeVar("F", bound=BaseModel)

Sid = Annotated[str, Field(pattern=r"^(SM|MM)[0-9a-fA-F]{32}$")]
# A short code, a name or `anonymous` may also text us (F58).
Sender = Annotated[str, Field(pattern=r"^[+]?[A-Za-z0-9 ._-]{1,32}$")]
MESSAGE_ID = re.compile(r"[A-Z]{2,4}-[A-Za-z0-9._-]{1,120}")


class InboundFields(BaseModel):
    """The fields that we read of a patient's text; every other field is ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    MessageSid: Sid
    From: Sender
    To: Sender
    Body: Annotated[str, Field(max_length=1600 * 4)] = ""
    OptOutType: Literal["STOP", "START", "HELP", ""] = ""


class StatusFields(BaseModel):
    """The fields that we read of a receipt."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    MessageSid: Sid
    To: Sender
    MessageStatus: Literal[
        "accepted",
        "scheduled",
        "queued",
        "sending",
        "sent",
        "delivered",
        "undelivered",
        "failed",
        "canceled",
        "read",
    ]
    ErrorCode: Annotated[str, Field(pattern=r"^\d{0,6}$")] = ""


@routes.route("/twilio/inbound", methods=["POST"], content_types=ANY)
@answering("json")
def inbound() -> Response:
    """Answers after the text has had its effect; a failing store is a 5xx (R39)."""
    fields = _read(InboundFields, "/twilio/inbound")
    services = wiring.services()
    receive_text(
        services.context,
        Incoming(
            sid=fields.MessageSid,
            sender=fields.From,
            body=fields.Body,
            opt_out_type=fields.OptOutType or None,
        ),
        quiet_words=services.settings.quiet_words,
    )
    return responses.plain("<Response/>", "text/xml")


@routes.route("/twilio/status/{message_id}", methods=["POST"], content_types=ANY)
@answering("json")
def status(message_id: str) -> Response:
    """A receipt that was accepted, or that is not ours, is a 204, so that it is not sent again."""
    from chalicelib.outbox.outcomes import text_receipts

    message_id = unquote(message_id)
    fields = _read(StatusFields, f"/twilio/status/{message_id}")
    if MESSAGE_ID.fullmatch(message_id):
        text_receipts.take(
            wiring.services().delivery_context,
            message_id,
            sid=fields.MessageSid,
            to=fields.To,
            status=fields.MessageStatus,
            error_code=int(fields.ErrorCode) if fields.ErrorCode else None,
        )
    return responses.nothing(204)


def _read(model: type[F], path: str) -> F:
    """The fields of a webhook that Twilio signed; 403 otherwise, and nothing is changed (R37)."""
    pairs = _signed(path)
    values: dict[str, str] = {}
    for name, value in pairs:
        if name in model.model_fields and name in values:
            raise BadBody(403, "Forbidden")
        values[name] = value
    try:
        return model.model_validate(values)
    except ValidationError:
        # A signature does not cover field borders: the same bytes split otherwise verify too (F82).
        raise BadBody(403, "Forbidden") from None


def _signed(path: str) -> list[tuple[str, str]]:
    from twilio.request_validator import RequestValidator

    request = routes.current_request
    settings = wiring.services().settings
    signature = request.headers.get("x-twilio-signature", "")
    try:
        text = body_of(request, most=MOST).decode("utf-8")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict")
    except ValueError:
        raise BadBody(403, "Forbidden") from None
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    # The address is the configured one: a proxy's or a forged header is not trusted.
    url = settings.base_url.rstrip("/") + path + _query(request.query_params)
    valid = RequestValidator(settings.twilio_auth_token).validate(url, _Fields(fields), signature)
    if not valid:
        log.warning("webhook.refused", extra={"route": path.split("/")[2]})
        raise BadBody(403, "Forbidden")
    return pairs


class _Fields(dict[str, list[str]]):
    """Repeated fields as Twilio's validator asks for them."""

    def getlist(self, name: str) -> list[str]:
        return self[name]


def _query(parameters: Any) -> str:
    """The original query of the address; API Gateway hands it over in pieces, decoded."""
    pairs = [(name, value) for name in parameters or () for value in parameters.getlist(name)]
    return f"?{urlencode(pairs)}" if pairs else ""
