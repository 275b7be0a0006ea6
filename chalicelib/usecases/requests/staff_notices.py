"""Who at the clinic is told of a request and when, also when too many come for a mail each."""

from datetime import datetime

from aws_lambda_powertools import Logger

from chalicelib.clinic.profile import Clinic
from chalicelib.clinic.staff_directory import staff_now
from chalicelib.domain.change import Change, Save
from chalicelib.domain.errors import Stale, Unavailable
from chalicelib.domain.messaging.facts import Facts
from chalicelib.domain.messaging.message import Message
from chalicelib.domain.messaging.task import TaskKind
from chalicelib.domain.people.staff_member import StaffMember
from chalicelib.domain.visits.request import ConsultationRequest, RequestStatus
from chalicelib.messages.factory import About, mails_to_staff, open_task, subject_of
from chalicelib.messages.floods import came, end_of_span, is_overdue, waits
from chalicelib.transaction import Context
from chalicelib.usecases.requests.rate_limits import Limit, count_one

log = Logger(service="bookend", child=True)

Pair = tuple[Message, Message]  # written together, so that the first proves both


def notices(
    context: Context, request: ConsultationRequest, now: datetime, *, is_told_at_once: bool
) -> list[Save]:
    """The request's own mails: to staff now and at the deadline, then to the manager (R48).

    Without those that `shared_at_once` and `shared_reminders` replace.
    """
    if not is_told_at_once and request.is_told_with_others:
        return []
    everybody = staff_now(context.store, context.clinic, now)
    managers = [member for member in everybody if member.role == "manager"]
    about = About(request.patient_id, subject_of(request, (RequestStatus.RECEIVED.value,)))
    later = context.clinic.answer_by(request.answer_by)

    def mails(kind: str, staff: list[StaffMember], due_at: datetime | None = None) -> list[Message]:
        return mails_to_staff(kind, f"{request.id}.{kind}", staff, about, now=now, due_at=due_at)

    rows: list[Message] = []
    if is_told_at_once:
        rows += mails("new_request", everybody)
    if not request.is_told_with_others:
        rows += mails("request_waiting", everybody, request.answer_by)
        rows += mails("request_overdue", managers, later)
    return [Save(row) for row in rows]


def shared_at_once(now: datetime) -> Pair:
    """The rows that report this hour's requests in place of their own mails; the same for each.

    A task says at once that there is a flood. Nothing depends on it: it may be closed at any time.
    """
    return came(now), _flood(now)


def shared_reminders(clinic: Clinic, answer_by: datetime, now: datetime) -> Pair:
    """The rows that report the requests with a deadline about this time; always the same (R48)."""
    until = end_of_span(answer_by)
    return waits(until, now), is_overdue(until, due_at=clinic.answer_by(until), now=now)


def count_in_all(context: Context, *limits: Limit) -> None:
    """Count one more request from any source. Best effort, apart from the request's transaction:

    a row that everybody writes must not delay or fail a request.
    """
    try:
        context.store.commit(Change(*map(count_one, limits)))
    except (Stale, Unavailable) as error:
        log.warning("requests.not_counted", extra={"error": type(error).__name__})


def _flood(now: datetime) -> Message:
    detail = "More requests come than are mailed one by one. All of them are on this page."
    return open_task(
        TaskKind.MANY_REQUESTS_AT_ONCE,
        # Under another id than an older version's, which was written without the other row.
        f"FLOOD-{now:%Y%m%d%H}.flood",
        now=now,
        facts=Facts(detail=detail),
    )
