"""The embedded AWS of `make run`: DynamoDB, SQS and SES by moto, in this process, kept on disk.

Clients made anywhere in the process between `start` and `stop` reach it; other hosts are not
affected. Why it is built like this: docs/decisions/embedded-aws.md.
"""

import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.awsrequest import AWSPreparedRequest
from botocore.exceptions import ReadTimeoutError
from botocore.httpsession import URLLib3Session
from moto import mock_aws
from moto.core.models import botocore_stubber

from local.aws.faults import Answer, Fault, Faults, comes_back, refusal, service_called
from local.aws.keeper import Keeper
from local.aws.mail_events import MailEvents
from local.aws.mailbox import read_mail
from local.aws.moto_dynamodb import atomic_dynamodb, put_back
from local.aws.resources import (
    create_queue_from,
    create_table_from,
    delete_table,
    load_resources,
)

REGION = "us-east-1"
TABLE = "bookend-local"
QUEUE = "bookend-local-outbox"
CONFIGURATION_SET = "bookend-local"
_MAILBOX = "emails"
_KEPT_ROWS = "rows of {table}"


class ElsewhereRefused(Exception):
    """Only DynamoDB may live elsewhere (AWS_ENDPOINT_URL_DYNAMODB), and is emptied only there."""


class EmbeddedAws:
    """DynamoDB, SQS and SES for one process, from `start` to `stop`.

    With AWS_ENDPOINT_URL_DYNAMODB set, rows are stored there instead; queue and mail stay here.
    """

    def __init__(
        self,
        *,
        keeper: Keeper,
        clock: Callable[[], datetime],
        senders: Sequence[str],
        fresh: bool = False,
    ) -> None:
        """`senders` may send mail; `fresh` also empties a DynamoDB that is elsewhere."""
        self._keeper = keeper
        self._clock = clock
        self._senders = senders
        self._fresh = fresh
        self._faults = Faults(keeper)
        #: The events with which SES would report mails that came back.
        self.mail_events = MailEvents(keeper)
        self._spared = threading.local()
        self._open = ExitStack()
        self._foreign = os.environ.get("AWS_ENDPOINT_URL_DYNAMODB", "")
        #: The environment in which the service finds this table and this queue.
        self.environment: dict[str, str] = {}

    def __enter__(self) -> "EmbeddedAws":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Create table and queue, with every row that was ever answered, and let mail be sent."""
        if any(os.environ.get(f"AWS_ENDPOINT_URL{of}") for of in ("", "_SQS", "_SESV2")):
            raise ElsewhereRefused(ElsewhereRefused.__doc__)
        # Some emulators keep a table for each access key, so a caller's own key is not changed.
        keys_are_set = bool(self._foreign and os.environ.get("AWS_ACCESS_KEY_ID"))
        with ExitStack() as opened:
            opened.enter_context(_a_region())
            opened.enter_context(mock_aws(config={"core": {"mock_credentials": not keys_are_set}}))
            opened.enter_context(atomic_dynamodb(keep=self._keep_rows))
            opened.enter_context(self._on_the_wire())
            self._make()
            self._open = opened.pop_all()

    def stop(self) -> None:
        """Remove moto from the process. What was kept stays with the keeper."""
        self._open.close()

    def emails(self) -> list[dict[str, Any]]:
        """Every mail that SES accepted, oldest first."""
        return self._keeper.rows(_MAILBOX)

    def inject(self, service: str, faults: list[Fault]) -> None:
        """The next calls of "ses" (sends) or "dynamodb" (rows) get these, one each, in order."""
        self._faults.add(service, faults)

    @contextmanager
    def spared(self) -> Iterator[None]:
        """Calls of this thread get no faults: for the console, which only reads."""
        before = self._is_spared()
        self._spared.now = True
        try:
            yield
        finally:
            self._spared.now = before

    def _is_spared(self) -> bool:
        return getattr(self._spared, "now", False)

    def _make(self) -> None:
        resources = load_resources()
        dynamodb = boto3.client("dynamodb")
        if self._foreign and self._fresh:
            self._refuse_to_empty_the_real_one()
            delete_table(dynamodb, TABLE)
        create_table_from(resources, dynamodb, TABLE)
        if not self._foreign:
            kept = self._keeper.keyed(_KEPT_ROWS.format(table=TABLE))
            put_back(TABLE, dynamodb.meta.region_name, list(kept.values()))
        ses = boto3.client("sesv2")
        for sender in self._senders:
            ses.create_email_identity(EmailIdentity=sender)
        ses.create_configuration_set(ConfigurationSetName=CONFIGURATION_SET)
        self.environment = {
            "AWS_DEFAULT_REGION": os.environ["AWS_DEFAULT_REGION"],
            "TABLE_NAME": TABLE,
            "MAIL_CONFIGURATION_SET": CONFIGURATION_SET,
            "QUEUE_URL": create_queue_from(resources, boto3.client("sqs"), QUEUE),
        }

    def _refuse_to_empty_the_real_one(self) -> None:
        if (urlsplit(self._foreign).hostname or "").endswith((".amazonaws.com", ".aws")):
            raise ElsewhereRefused(ElsewhereRefused.__doc__)

    def _keep_rows(self, table: str, items: Mapping[str, dict[str, Any] | None]) -> None:
        self._keeper.put(_KEPT_ROWS.format(table=table), items)

    @contextmanager
    def _on_the_wire(self) -> Iterator[None]:
        # moto's one stubber serves every client of the process, also those made earlier.
        moto_answers = botocore_stubber.process_request
        botocore_stubber.process_request = (  # type: ignore[method-assign]
            lambda request: self._answer(request, moto_answers)
        )
        try:
            yield
        finally:
            botocore_stubber.process_request = moto_answers  # type: ignore[method-assign]

    def _answer(
        self,
        request: AWSPreparedRequest,
        moto_answers: Callable[[AWSPreparedRequest], Answer | None],
    ) -> Answer | None:
        service = service_called(request)
        fault = self._faults.take(service, request) if service and not self._is_spared() else None
        if service and fault and (refused := refusal(fault, service=service, body=_body(request))):
            return refused
        is_foreign = urlsplit(request.url).netloc == urlsplit(self._foreign).netloc
        answer = None if is_foreign else moto_answers(request)
        if service == "ses" and answer and answer[0] == 200:
            self._receive(request, answer, fault)
        if fault and not comes_back(fault):
            if answer is None:
                URLLib3Session().send(request)
            raise ReadTimeoutError(endpoint_url=request.url)
        return answer

    def _receive(self, request: AWSPreparedRequest, answer: Answer, fault: Fault | None) -> None:
        sent = json.loads(_body(request))
        mail = read_mail(sent)
        sent_at = self._clock().astimezone(UTC).isoformat(timespec="milliseconds")
        about = {"id": json.loads(answer[2])["MessageId"], "sent_at": sent_at[:-6] + "Z"}
        self._keeper.append(_MAILBOX, about | mail)
        if fault and comes_back(fault) and sent.get("ConfigurationSetName"):
            self.mail_events.add(about, mail["to"], sent.get("EmailTags", []), fault)


@contextmanager
def _a_region() -> Iterator[None]:
    if os.environ.get("AWS_DEFAULT_REGION"):
        yield
        return
    os.environ["AWS_DEFAULT_REGION"] = REGION
    try:
        yield
    finally:
        del os.environ["AWS_DEFAULT_REGION"]


def _body(request: AWSPreparedRequest) -> bytes:
    body = request.body or b""
    return body.encode() if isinstance(body, str) else body
