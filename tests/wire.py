"""The wire below the SDK's client, where the next calls of an operation get faults.

The SDK's own retries see these faults, as they would see DynamoDB's. No emulator makes them.
"""

import json
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from io import BytesIO
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ReadTimeoutError

from local.aws.faults import refusal

Body = dict[str, Any]
Fault = Callable[[AWSPreparedRequest], AWSResponse]


class Wire:
    """Stands between a client and its connections."""

    def __init__(self, client: Any) -> None:
        self._real = client._endpoint.http_session
        client._endpoint.http_session = self
        self._waiting: dict[str, deque[Fault]] = defaultdict(deque)
        self._always: dict[str, Callable[[Body], Fault | None]] = {}
        self._frozen: dict[str, AWSResponse] | None = None
        #: How often each operation was called, including the SDK's retries.
        self.asked: Counter[str] = Counter()

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        operation = _text(request.headers["X-Amz-Target"]).partition(".")[2]
        self.asked[operation] += 1
        body = json.loads(request.body)
        if self._waiting[operation]:
            return self._waiting[operation].popleft()(request)
        if operation in self._always and (fault := self._always[operation](body)):
            return fault(request)
        if self._frozen is not None and "IndexName" in body:
            asked_for = body["ExpressionAttributeValues"]
            partition = next(value for name, value in asked_for.items() if name != ":until")
            place = json.dumps([body["IndexName"], partition])
            if place not in self._frozen:
                self._frozen[place] = self._real.send(request)
            return _again(self._frozen[place])
        return self.through(request)

    def close(self) -> None:
        self._real.close()

    def through(self, request: AWSPreparedRequest) -> AWSResponse:
        """The unchanged call, and its answer."""
        answer: AWSResponse = self._real.send(request)
        return answer

    def refused(self, code: str) -> Fault:
        """DynamoDB answers with this error and does nothing."""

        def fault(request: AWSPreparedRequest) -> AWSResponse:
            told = refusal({"error": code}, service="dynamodb", body=request.body)
            assert told is not None
            status, headers, content = told
            return _answer(request.url, status, headers, str(content).encode())

        return fault

    def lost(self, request: AWSPreparedRequest) -> AWSResponse:
        """The call is applied, and its answer never comes."""
        self.through(request)
        raise ReadTimeoutError(endpoint_url=request.url)

    def half_answered(self, request: AWSPreparedRequest) -> AWSResponse:
        """A batch of which DynamoDB leaves the second half for later."""
        content = json.loads(request.body)
        [(table, asked)] = content["RequestItems"].items()
        some, rest = asked["Keys"][::2], asked["Keys"][1::2]
        request.body = json.dumps({"RequestItems": {table: asked | {"Keys": some}}}).encode()
        request.headers["Content-Length"] = str(len(request.body))
        answer = self.through(request)
        said = json.loads(answer.content)
        if rest:
            said["UnprocessedKeys"] = {table: asked | {"Keys": rest}}
        return _answer(request.url, 200, {}, json.dumps(said).encode())

    def next(self, operation: str, fault: Fault, times: int = 1) -> None:
        """The next so many calls of an operation get this."""
        self._waiting[operation].extend([fault] * times)

    def until_mended(self, operation: str, when: Callable[[Body], Fault | None]) -> None:
        """Every call of an operation gets what `when` makes of its body, if anything."""
        self._always[operation] = when

    def mend(self) -> None:
        """No fault waits and no index lags any more."""
        self._waiting.clear()
        self._always.clear()
        self._frozen = None

    def freeze_indexes(self) -> None:
        """Each partition of an index keeps giving the answer of its next read (F19)."""
        self._frozen = {}


def _again(answer: AWSResponse) -> AWSResponse:
    return _answer(answer.url, answer.status_code, dict(answer.headers), answer.content)


def _answer(url: str, status: int, headers: dict[str, str], content: bytes) -> AWSResponse:
    return AWSResponse(url, status, headers, _Raw(content))


class _Raw(BytesIO):
    """What the SDK reads an answer from."""

    def stream(self, **_: object) -> Any:
        yield self.read()


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
