"""Every minute: what is due goes onto the courier's queue, oldest first, at the texts' pace."""

from datetime import timedelta
from heapq import merge
from itertools import islice

from aws_lambda_powertools import Logger

from chalicelib.domain.change import Change, Patch, as_stored
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.work import Heartbeat
from chalicelib.outbox.office import Office
from chalicelib.ports import Due

log = Logger(service="bookend", child=True)

EVERY = timedelta(minutes=1)


def run(office: Office) -> int:
    """How many ids were queued. Costs the same when nothing is due, however many rows wait."""
    now = office.clock.now()
    shards: list[list[Due]] = []
    for shard in range(office.shards):
        try:
            shards.append(office.store.due(shard=shard, until=now, limit=office.texts_per_minute))
        except Unavailable as error:
            # One hot shard does not stop the others (F20).
            log.error("tick.shard", extra={"shard": shard, "why": str(error)})
    oldest = merge(*shards, key=lambda due: due.due_at)
    ids = [due.message_id for due in islice(oldest, office.texts_per_minute)]
    queued = office.nudge.send(ids) if ids else 0
    beat = Patch(Heartbeat.ref().key, set=as_stored({"record": Heartbeat.KIND, "at": now}))
    office.store.commit(Change(beat))
    log.info("tick", extra={"due": len(ids), "queued": queued})
    return queued
