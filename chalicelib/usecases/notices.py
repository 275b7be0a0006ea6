"""Who of the clinic hears of a request, and how a flood of them is told as one."""

from datetime import datetime, timedelta
from functools import partial

from aws_lambda_powertools import Logger

from chalicelib.clinic.staff import staff_now
from chalicelib.domain.change import Change, Save
from chalicelib.domain.errors import Stale, Unavailable
from chalicelib.domain.message import Message
from chalicelib.domain.owed import mails_to_staff, subject_of, task_message
from chalicelib.domain.record import Ref
from chalicelib.domain.request import ConsultationRequest, RequestStatus
from chalicelib.usecases.deciding import Desk
from chalicelib.usecases.limits import Limit, counted

log = Logger(service="bookend", child=True)

LOOK_WITHIN = timedelta(hours=1)


def notices(desk: Desk, request: ConsultationRequest, now: datetime) -> list[Save]:
    """A mail to each now, to each again at the deadline, then to the manager (R48)."""
    everybody = staff_now(desk.store, desk.clinic, now)
    managers = [member for member in everybody if member.role == "manager"]
    waiting = subject_of(request, (RequestStatus.RECEIVED.value,))
    later = desk.clinic.answer_by(request.answer_by)
    mails = partial(
        mails_to_staff, request.id, patient_id=request.patient_id, subject=waiting, now=now
    )
    return [
        Save(mail)
        for mail in (
            *mails(kind="new_request", staff=everybody),
            *mails(kind="request_waiting", staff=everybody, due_at=request.answer_by),
            *mails(kind="request_overdue", staff=managers, due_at=later),
        )
    ]


def flood_ref(now: datetime) -> Ref[Message]:
    """The row that tells of this hour's flood, if it stands."""
    return Message.ref(_flood(now).id)


def flood(standing: Message | None, now: datetime) -> list[Save]:
    """Requests still stand on the day sheet; one task an hour says so in place of their mails."""
    return [] if standing is not None else [Save(_flood(now))]


def count_in_all(desk: Desk, limit: Limit) -> None:
    """One more request of this hour, from wherever. Best effort, apart from the request itself:

    nothing that everybody writes may stand in a request's way.
    """
    try:
        desk.store.commit(Change(counted(limit, desk.clock.now())))
    except (Stale, Unavailable) as error:
        log.warning("requests.not_counted", extra={"error": type(error).__name__})


def _flood(now: datetime) -> Message:
    return task_message(
        owner_id=f"FLOOD-{now:%Y%m%d%H}",
        about="many-requests",
        what="many_requests_at_once",
        detail="More requests come than are mailed one by one. All of them are on this page.",
        deadline_at=now + LOOK_WITHIN,
        now=now,
    )
