"""Every environment variable that the service reads. Read on first use, never at import."""

import json
import os
from collections.abc import Mapping
from typing import Any, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from chalicelib import stages
from chalicelib.domain.errors import Unavailable


class Settings(BaseModel):
    """The deployment's settings; the environment has them in capitals. No secret has a default.

    `chalicelib/stages.py` lists the values that a stage refuses.
    """

    # Defaults must also fit the stage.
    model_config = ConfigDict(frozen=True, extra="ignore", validate_default=True)

    stage: stages.Stage  # the first field: every other is checked against it
    table_name: str = Field(min_length=3)
    queue_url: str = Field(min_length=1)
    base_url: str = Field(pattern=r"^https?://[^/]+(/[^?#]*)?$")  #: links and signatures use it
    email_from: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    mail_configuration_set: str | None = None  #: SES sends bounces and complaints where this says
    link_keys: tuple[str, ...] = Field(min_length=1)  #: newest first; all are still read
    twilio_account_sid: str = Field(pattern=r"^AC[0-9a-f]{32}$")
    twilio_auth_token: str = Field(min_length=16)
    twilio_from: str = Field(pattern=r"^(\+1\d{10}|MG[0-9a-f]{32})$")  #: a number or a service
    twilio_api_url: str = Field(default="https://api.twilio.com", pattern=r"^https?://[^/]+$")
    #: meanings of texts that the provider answers itself, so that we do not (R8)
    twilio_answers: tuple[str, ...] = ("stop", "start")
    allowed_origins: tuple[str, ...] = ()  #: pages on other hosts that may send the form
    texts_per_minute: int = Field(default=60, ge=1)  #: how many texts the provider accepts from us
    due_shards: int = Field(default=1, ge=1, le=64)  #: may only grow
    requests_per_number_per_hour: int = Field(default=5, ge=1)
    requests_per_address_per_hour: int = Field(default=30, ge=1)
    requests_mailed_per_hour: int = Field(default=40, ge=1)  #: above this one mail reports all
    #: what somebody must confirm before real people are texted (R59)
    aws_baa_signed: bool = False
    twilio_baa_signed: bool = False
    number_registered: bool = False

    @field_validator("*")
    @classmethod
    def _suits_the_stage(cls, value: Any, info: ValidationInfo) -> Any:
        stage = info.data.get("stage")
        if stage and (faults := stages.faults(str(info.field_name), value, stage)):
            raise ValueError("; ".join(faults))
        return value

    @property
    def quiet_words(self) -> frozenset[str]:
        return frozenset(self.twilio_answers)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """The settings; Unavailable names every variable that is missing, wrong or refused."""
        values: dict[str, Any] = {
            name: environment[name.upper()]
            for name in cls.model_fields
            if environment.get(name.upper())
        }
        if environment.get("SECRETS_ID"):
            values |= _secrets(environment["SECRETS_ID"])
        for name in ("link_keys", "allowed_origins", "twilio_answers"):
            if isinstance(values.get(name), str):
                values[name] = tuple(filter(None, map(str.strip, values[name].split(","))))
        if environment.get("AWS_LAMBDA_FUNCTION_NAME") and values.get("stage") == "local":
            # The local stage refuses nothing: its keys are published and its texts are samples.
            raise Unavailable("missing or wrong settings: STAGE (local, and deployed)")
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            wrong = sorted({_named(part) for part in error.errors()})
            raise Unavailable(f"missing or wrong settings: {', '.join(wrong)}") from None


def _named(fault: Any) -> str:
    """`LINK_KEYS (a key is published)`, without the value, which may be a secret."""
    name = str(fault["loc"][0]).upper()
    if fault["type"] == "value_error":  # one of our own errors, whose text has no value in it
        return f"{name} ({fault['ctx']['error']})"
    return f"{name} (missing)" if fault["type"] == "missing" else name


def _secrets(secret_id: str) -> dict[str, Any]:
    """LINK_KEYS and TWILIO_AUTH_TOKEN from Secrets Manager; Unavailable when they cannot be read.

    A cold start that waits for them answers a 503 before the platform times out (F37).
    """
    from aws_lambda_powertools.utilities import parameters
    from botocore.config import Config

    patience = Config(connect_timeout=2, read_timeout=4, retries={"total_max_attempts": 2})
    try:
        text = parameters.SecretsProvider(boto_config=patience).get(secret_id, max_age=0)
        values = json.loads(str(text)).items()
    except (parameters.exceptions.GetParameterError, ValueError, AttributeError):
        # What was read may be a secret, so the error says no more.
        raise Unavailable("the secrets cannot be read") from None
    return {name.lower(): value for name, value in values}
