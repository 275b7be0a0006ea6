"""Builds everything once per container; the only place that names concrete classes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from aws_lambda_powertools import Logger

from chalicelib.clinic.careplan.plan import CarePlan, load_careplans
from chalicelib.clinic.profile import Clinic, load_profile
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.messaging.message import MessageStatus
from chalicelib.outbox.context import DeliveryContext
from chalicelib.ports import (
    Clock,
    DeliveryQueue,
    EmailSender,
    FailureClass,
    Links,
    Pause,
    Store,
    TextInbox,
    TextSender,
)
from chalicelib.release import require_releasable
from chalicelib.settings import Settings
from chalicelib.transaction import Context

log = Logger(service="bookend", child=True)

# The outbox is the only layer that retries: a client that sends must never try twice (F79).
_ONE_TRY = {"total_max_attempts": 1, "mode": "standard"}
_TWO_TRIES = {"total_max_attempts": 2, "mode": "standard"}  # the store tries four times itself
_ANSWERS_WITHIN = 2  # seconds, of a table or a queue: both usually take a few hundredths
_SENDS_WITHIN = 8  # seconds, of a mail


@dataclass(frozen=True, kw_only=True)
class Services:
    """All that views and event functions use. Nothing in it stores a clock."""

    settings: Settings
    clinic: Clinic
    plans: Mapping[str, CarePlan]
    clock: Clock
    store: Store
    text_sender: TextSender
    text_inbox: TextInbox
    email_sender: EmailSender
    queue: DeliveryQueue
    links: Links
    pause: Pause

    @property
    def context(self) -> Context:
        """What decisions need."""
        return Context(
            store=self.store,
            clock=self.clock,
            queue=self.queue,
            pause=self.pause,
            clinic=self.clinic,
            plans=self.plans,
        )

    @property
    def delivery_context(self) -> DeliveryContext:
        """What the courier needs."""
        return DeliveryContext(
            store=self.store,
            clock=self.clock,
            queue=self.queue,
            pause=self.pause,
            clinic=self.clinic,
            plans=self.plans,
            texts=self.text_sender,
            mails=self.email_sender,
            links=self.links,
            samples_allowed=self.settings.stage == "local",
            texts_per_minute=self.settings.texts_per_minute,
            shards=self.settings.due_shards,
        )


REREAD = timedelta(minutes=5)  # a container may run for hours after a secret was rotated (F31)

_services: Services | None = None
_read_at: datetime | None = None  # when the settings were read; None: they were given


def services() -> Services:
    """The container's services, built on first use; Unavailable when the stage refuses to start.

    A rotated secret is used five minutes later; while it cannot be read, the last one is kept.
    """
    global _services, _read_at
    if _services is None:
        try:
            _services = build()
        except Unavailable as error:
            # An answer and an event's error say only that it failed; the log says which setting,
            # without values.
            log.error("service.refused", extra={"why": str(error)})
            raise
        _read_at = _services.clock.now()
    elif _read_at is not None and _services.clock.now() - _read_at >= REREAD:
        _services = _with_settings_of_now(_services)
        _read_at = _services.clock.now()
    return _services


def provide(given: Services | None) -> None:
    """Use these in place of what the environment gives; None: build again on next use."""
    global _services, _read_at
    _services, _read_at = given, None


def build(settings: Settings | None = None) -> Services:
    """Services with real adapters, by these settings or those of the environment."""
    from chalicelib.adapters.clock import SystemClock, pause_with_jitter
    from chalicelib.adapters.dynamodb import DynamoStore
    from chalicelib.adapters.links import SignedLinks
    from chalicelib.adapters.ses import SesMail
    from chalicelib.adapters.sqs import SqsDeliveryQueue

    settings = settings or Settings.from_environment()
    require_releasable(settings.stage)
    texts = _LazyTexts(settings)
    return Services(
        settings=settings,
        clinic=load_profile(),
        plans=load_careplans(),
        clock=SystemClock(),
        store=DynamoStore(
            client=table_client(),
            table=settings.table_name,
            shards=settings.due_shards,
            pause=pause_with_jitter,
        ),
        text_sender=texts,
        text_inbox=texts,
        email_sender=SesMail(
            client=mail_client(),
            sender=settings.email_from,
            configuration_set=settings.mail_configuration_set,
        ),
        queue=SqsDeliveryQueue(
            client=_client("sqs", _TWO_TRIES, _ANSWERS_WITHIN), queue_url=settings.queue_url
        ),
        links=SignedLinks(base_url=settings.base_url, keys=settings.link_keys),
        pause=pause_with_jitter,
    )


def _with_settings_of_now(known: Services) -> Services:
    try:
        settings = Settings.from_environment()
    except Unavailable as error:
        log.error("settings.not_read_again", extra={"why": str(error)})
        return known
    return known if settings == known.settings else build(settings)


class _LazyTexts:
    """Twilio's client, imported on first use as it is slow; a receipt does not need it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @cached_property
    def _sender(self) -> Any:
        from chalicelib.adapters.twilio.client import TwilioTexts

        return TwilioTexts(
            account_sid=self._settings.twilio_account_sid,
            auth_token=self._settings.twilio_auth_token,
            sender=self._settings.twilio_from,
            api_url=self._settings.twilio_api_url,
        )

    def failure_class_of(self, code: int | None) -> FailureClass:
        from chalicelib.adapters.twilio.codes import failure_class_of

        return failure_class_of(code)

    def status_of(self, word: str) -> MessageStatus:
        from chalicelib.adapters.twilio.statuses import status_of

        return status_of(word)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sender, name)


def table_client() -> Any:
    """DynamoDB's client: a silent table is given up while the request can be answered (F17)."""
    return _client("dynamodb", _TWO_TRIES, _ANSWERS_WITHIN)


def mail_client() -> Any:
    """SES's client, which tries once: botocore's default would send one mail three times (F79)."""
    return _client("sesv2", _ONE_TRY, _SENDS_WITHIN)


def _client(service: str, retries: Mapping[str, object], answers_within: int) -> Any:
    import boto3
    from botocore.config import Config

    config = Config(retries=dict(retries), connect_timeout=2, read_timeout=answers_within)
    return boto3.client(service, config=config)
