"""The loop that runs every decision, and what every decision needs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, TypeVar

from chalicelib.clinic.careplan.plan import CarePlan
from chalicelib.clinic.profile import Clinic
from chalicelib.domain.audit import AuditEvent
from chalicelib.domain.change import Change, Save
from chalicelib.domain.errors import SlotTaken, Stale, Unavailable
from chalicelib.domain.messaging.transitions import due_now
from chalicelib.domain.visits.request import Decision
from chalicelib.ports import Clock, DeliveryQueue, Pause, Store

T = TypeVar("T")

TRIES = 5


@dataclass(frozen=True, kw_only=True)
class Context:
    """What every decision needs: the store, the clock, the clinic and the like."""

    store: Store
    clock: Clock
    queue: DeliveryQueue
    pause: Pause
    clinic: Clinic
    plans: Mapping[str, CarePlan]


class Actor(NamedTuple):
    """Who decides: the id for the record, the name for a person who decides second."""

    id: str
    name: str

    def decided(self, what: str, at: datetime) -> Decision:
        return Decision(what=what, by=self.id, by_name=self.name, at=at)


PATIENT = Actor("patient", "the patient")
SERVICE = Actor("service", "Bookend")


def run_in_transaction(context: Context, attempt: Callable[[datetime], tuple[Change, T]]) -> T:
    """Load and decide again until nothing changed in between; then queue what is due now.

    Whatever `attempt` raises is raised here. Unavailable when others were faster five times.
    """
    for tried in range(TRIES):
        now = context.clock.now()
        change, answer = _attempted(attempt, now)
        if not change.operations:
            return answer
        try:
            context.store.commit(change)
        except Stale:
            context.pause(tried)
        else:
            context.queue.send(due_now(change, now))
            return answer
    raise Unavailable("others were faster; please try again")


def _attempted(attempt: Callable[[datetime], tuple[Change, T]], now: datetime) -> tuple[Change, T]:
    """A slot may be taken by the decision that has just answered the same request.

    A second look, with everything read after that decision, says so instead (R50).
    """
    try:
        return attempt(now)
    except SlotTaken:
        return attempt(now)


def change_of(owner_id: str, what: str, actor: Actor, now: datetime, **facts: str) -> Change:
    """A change with its own audit event."""
    change = Change()
    event = AuditEvent(
        change_id=change.id,
        owner_id=owner_id,
        what=what,
        by=actor.id,
        by_name=actor.name,
        at=now,
        facts=facts,
    )
    change.include([Save(event)])
    return change
