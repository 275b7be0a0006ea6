"""Faults for the next calls to SES and DynamoDB, below the SDK, so that its retries meet them.

A fault is one of `{"http": 503}`, `{"error": "ThrottlingException"}` and `{"hang_after_accept":
true}`: the call is applied, then the connection breaks. A mail may also be accepted and come back:
`{"bounce": "permanent"}`, `{"bounce": "transient"}`, `{"complaint": true}`.
"""

import json
import threading
from typing import Any
from urllib.parse import urlsplit

from botocore.awsrequest import AWSPreparedRequest

from local.aws.keeper import Keeper

Fault = dict[str, Any]
Answer = tuple[int, dict[str, str], str | bytes]

SERVICES = ("dynamodb", "ses")
_KEPT_AS = "faults of {service}"
_STATUS_BY_ERROR = {
    "InternalServerError": 500,
    "InternalServiceError": 500,
    "ServiceUnavailable": 503,
    "TooManyRequestsException": 429,
}  # any other error is a 400, as at AWS
_ERROR_BY_STATUS = {500: "InternalServerError", 503: "ServiceUnavailable"}
_DYNAMODB = "com.amazonaws.dynamodb.v20120810#"
_SEND_EMAIL = "/v2/email/outbound-emails"
#: Calls on rows: only these get faults, not those that make and describe the table.
_ROW_CALLS = frozenset(
    f"DynamoDB_20120810.{name}"
    for name in (
        "BatchGetItem",
        "BatchWriteItem",
        "DeleteItem",
        "GetItem",
        "PutItem",
        "Query",
        "Scan",
        "TransactGetItems",
        "TransactWriteItems",
        "UpdateItem",
    )
)


class UnknownFault(ValueError):
    """A fault is {"http": 400 to 599}, {"error": "a code"} or {"hang_after_accept": true}.

    For "ses" also {"bounce": "permanent" or "transient"} or {"complaint": true}.
    """


class Faults:
    """The faults that wait, in order, kept over a restart; each is used once."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._lock = threading.Lock()

    def add(self, service: str, faults: list[Fault]) -> None:
        """The next calls of `service` get these, one each; `UnknownFault` refuses them all."""
        if service not in SERVICES or not isinstance(faults, list):
            raise UnknownFault(UnknownFault.__doc__)
        if not all(
            _is_known(fault) or (service == "ses" and comes_back(fault)) for fault in faults
        ):
            raise UnknownFault(UnknownFault.__doc__)
        with self._lock:
            self._keeper.save(self._name(service), self.waiting(service) + faults)

    def waiting(self, service: str) -> list[Fault]:
        kept: list[Fault] = self._keeper.load(self._name(service)) or []
        return kept

    def take(self, service: str, request: AWSPreparedRequest) -> Fault | None:
        """The first fault that fits this call; it is used up, even if the process dies now."""
        with self._lock:
            waiting = self.waiting(service)
            fault = next((one for one in waiting if _can_meet(request, one)), None)
            if fault is not None:
                waiting.remove(fault)
                self._keeper.save(self._name(service), waiting)
        return fault

    def _name(self, service: str) -> str:
        return _KEPT_AS.format(service=service)


def service_called(request: AWSPreparedRequest) -> str | None:
    """The service whose faults this call may get, at any host; None for all other calls."""
    if urlsplit(request.url).path == _SEND_EMAIL:
        return "ses"
    return "dynamodb" if _target(request) in _ROW_CALLS else None


def _can_meet(request: AWSPreparedRequest, fault: Fault) -> bool:
    """Only a transaction can conflict with another one; the fault waits for the next."""
    is_conflict = fault.get("error") == "TransactionConflict"
    return not is_conflict or "TransactWriteItems" in _target(request)


def _target(request: AWSPreparedRequest) -> str:
    target = request.headers.get("X-Amz-Target", "")
    return target.decode() if isinstance(target, bytes) else target


def _is_known(fault: Fault) -> bool:
    match fault:
        case {"http": int(status)}:
            return len(fault) == 1 and 400 <= status <= 599
        case {"error": str(code)}:
            return len(fault) == 1 and code.isalnum()
        case {"hang_after_accept": True}:
            return len(fault) == 1
    return False


def comes_back(fault: Fault) -> bool:
    """Whether the mail is accepted, and reported as failed afterwards."""
    return fault in ({"bounce": "permanent"}, {"bounce": "transient"}, {"complaint": True})


def refusal(fault: Fault, *, service: str, body: bytes) -> Answer | None:
    """The service's answer in place of the call; None if the call is carried out all the same."""
    if "hang_after_accept" in fault or comes_back(fault):
        return None
    status = fault.get("http") or _STATUS_BY_ERROR.get(fault["error"], 400)
    code = fault.get("error") or _ERROR_BY_STATUS.get(status, "ThrottlingException")
    content: dict[str, Any] = {"message": "A fault that was asked for"}
    if code == "TransactionConflict" and (items := json.loads(body).get("TransactItems")):
        code = "TransactionCanceledException"
        reasons = [{"Code": "TransactionConflict"}] + [{"Code": "None"}] * (len(items) - 1)
        content["CancellationReasons"] = reasons
    if service == "dynamodb":
        content["__type"] = _DYNAMODB + code
    return status, {"x-amzn-errortype": code}, json.dumps(content)
