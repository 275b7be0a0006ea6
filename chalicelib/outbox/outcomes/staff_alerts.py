"""Problems with the sending itself: staff are told once a day, however often they happen."""

from datetime import datetime

from chalicelib.clinic.staff_directory import member_of
from chalicelib.domain.change import Operation, Save
from chalicelib.domain.messaging.facts import Facts
from chalicelib.domain.messaging.message import Message
from chalicelib.domain.messaging.task import TaskKind
from chalicelib.messages.factory import open_task
from chalicelib.outbox.context import DeliveryContext


def staff_unreachable(
    context: DeliveryContext, staff_id: str, why: str, now: datetime
) -> list[Operation]:
    """Mails do not reach this staff member: everybody else gets a mail about it (F36).

    The mail to the member themselves does not arrive either; they find the task on the day sheet.
    """
    member = member_of(context.store, context.clinic, staff_id)
    name = member.name if member else staff_id
    return _once(
        context,
        about=f"staff-mail-{staff_id}",
        kind=TaskKind.STAFF_MAIL_DOES_NOT_ARRIVE,
        detail=f"Mails to {name} {why}. Tell them what waits; mend the address.",
        now=now,
    )


def texts_refused(context: DeliveryContext, code: int | None, now: datetime) -> list[Operation]:
    """The provider permanently refuses a text whose content nobody has to say otherwise (R33)."""
    return _once(
        context,
        about=f"texts-refused-{code or 0}",
        kind=TaskKind.TEXTS_REFUSED,
        detail=f"The provider answers with code {code or 'none'}. Look at the texts of today that"
        " failed, and tell whoever runs Bookend.",
        now=now,
    )


def unless_there(context: DeliveryContext, task: Message) -> list[Operation]:
    """The row, unless it was made before."""
    if context.store.get(Message.ref(task.id)) is not None:
        return []
    return [Save(task)]


def _once(
    context: DeliveryContext, *, about: str, kind: TaskKind, detail: str, now: datetime
) -> list[Operation]:
    today = now.astimezone(context.clinic.zone).date().isoformat()
    task = open_task(kind, f"SYS-{today}.{about}", now=now, facts=Facts(detail=detail))
    return unless_there(context, task)
