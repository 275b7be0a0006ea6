"""A person of the clinic has done what a task asked for."""

from datetime import datetime, timedelta

from chalicelib.domain.change import Change, Save
from chalicelib.domain.errors import AlreadyDecided, NotFound
from chalicelib.domain.messaging.task import Task, TaskStatus
from chalicelib.transaction import Actor, Context, change_of, run_in_transaction
from chalicelib.usecases.staff import name_of


def close_task(context: Context, *, task_id: str, note: str, actor: Actor) -> None:
    """Mark the task as done and by whom; AlreadyDecided the second time."""

    def attempt(now: datetime) -> tuple[Change, None]:
        task = context.store.get(Task.ref(task_id))
        if task is None:
            raise NotFound
        if task.status is TaskStatus.DONE:
            raise AlreadyDecided(
                "done", name_of(context, task.done_by or "", task.done_by_name), task.done_at or now
            )
        change = change_of(task.id, "task_done", actor, now)
        done = task.evolve(
            status=TaskStatus.DONE,
            done_at=now,
            done_by=actor.id,
            done_by_name=actor.name,
            note=note,
            erase_at=now + timedelta(days=context.clinic.retention.inbound_days),
        )
        change.include([Save(done)])
        return change, None

    return run_in_transaction(context, attempt)
