"""Every minute: put due rows on the courier's queue, oldest first, at the pace of texts."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from heapq import merge
from itertools import islice

from aws_lambda_powertools import Logger

from chalicelib.domain.change import Change, Patch
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.system import Heartbeat
from chalicelib.outbox.context import DeliveryContext
from chalicelib.ports import Due

log = Logger(service="bookend", child=True)

EVERY = timedelta(minutes=1)
ASKING = timedelta(seconds=10)  # one shard may take as long on top within the time-out


def run(context: DeliveryContext) -> int:
    """How many ids were queued. Costs the same when nothing is due, however many rows wait."""
    now = context.clock.now()
    most = context.texts_per_minute
    ids = [due.message_id for due in islice(_oldest(context, now), most)]
    queued = context.queue.send(ids) if ids else 0
    beat = Patch.upsert(Heartbeat.ref(), at=now)
    context.store.commit(Change(beat))
    log.info("tick", extra={"due": len(ids), "queued": queued})
    return queued


def _oldest(context: DeliveryContext, now: datetime) -> Iterable[Due]:
    """The due rows of the shards that answer, oldest first; of each shard no more than may leave.

    A shard that throttles or hangs stops no other (F20): the rest of this minute's shards wait for
    the next minute, which starts with another shard.
    """
    shards: list[list[Due]] = []
    for shard in _in_turn(context.shards, now):
        if context.clock.now() - now >= ASKING:
            log.error("tick.too_slow", extra={"shard": shard})
            break
        try:
            shards.append(context.store.due(shard=shard, until=now, limit=context.texts_per_minute))
        except Unavailable as error:
            log.error("tick.shard", extra={"shard": shard, "why": str(error)})
    return merge(*shards, key=lambda due: due.due_at)


def _in_turn(shards: int, now: datetime) -> list[int]:
    """Every shard once, starting each minute with the next one."""
    first = int(now.timestamp() // EVERY.total_seconds()) % shards
    return [*range(first, shards), *range(first)]
