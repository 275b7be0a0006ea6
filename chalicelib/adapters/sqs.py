"""The courier's queue: a hint that a message is due. The row is the truth."""

from collections.abc import Sequence
from typing import Any

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

log = Logger(service="bookend", child=True)

BATCH = 10  # SQS takes no more in one call


class SqsDeliveryQueue:
    """Implements ports.DeliveryQueue."""

    def __init__(self, *, client: Any, queue_url: str) -> None:
        self._client = client
        self._queue_url = queue_url

    def send(self, message_ids: Sequence[str]) -> int:
        taken = 0
        for batch in _batches(message_ids):
            entries = [{"Id": str(n), "MessageBody": id_} for n, id_ in enumerate(batch)]
            try:
                answer = self._client.send_message_batch(QueueUrl=self._queue_url, Entries=entries)
            except (ClientError, BotoCoreError) as error:
                # The next tick finds the same rows, so a lost hint costs a minute at most (F3).
                log.warning(
                    "nudge.lost", extra={"count": len(batch), "error": type(error).__name__}
                )
            else:
                taken += len(answer.get("Successful", []))
        return taken


def _batches(message_ids: Sequence[str]) -> list[Sequence[str]]:
    return [message_ids[n : n + BATCH] for n in range(0, len(message_ids), BATCH)]
