"""What moving, missing or cancelling one session of a course means for the other sessions."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

from chalicelib.clinic.local_time import said_day
from chalicelib.clinic.profile_models import CourseRule
from chalicelib.domain.change import Operation, Require, Save
from chalicelib.domain.errors import Invalid
from chalicelib.domain.messaging.message import Message
from chalicelib.domain.messaging.task import TaskKind
from chalicelib.domain.messaging.transitions import void_patches
from chalicelib.domain.people.phone import Phone
from chalicelib.domain.record import Record
from chalicelib.domain.visits.appointment import Appointment, AppointmentStatus, Course
from chalicelib.messages.factory import About, open_task
from chalicelib.transaction import Context
from chalicelib.usecases.visits.planned_messages import visit_messages


class Sessions(NamedTuple):
    """A course from the point of view of one of its visits."""

    records: list[Record]  #: the course itself with its messages and events
    others: list[Appointment]  #: the other visits, except cancelled and missed ones, by their time


def other_sessions(context: Context, visit: Appointment) -> Sessions:
    """The course that the visit belongs to; empty for a single visit."""
    if visit.course_id is None:
        return Sessions([], [])
    records = context.store.owned(visit.course_id)
    course = next((record for record in records if isinstance(record, Course)), None)
    ids = [id_ for id_ in course.appointment_ids if id_ != visit.id] if course else []
    found = context.store.get_many(*map(Appointment.ref, ids)) if ids else ()
    gone = (AppointmentStatus.CANCELLED, AppointmentStatus.NOSHOW)
    others = [other for other in found if other is not None and other.status not in gone]
    return Sessions(records, sorted(others, key=lambda other: other.start_at))


def course_requirements(context: Context, old: Appointment, moved: Appointment) -> list[Operation]:
    """Conditions for a move: a session stays between its neighbours, within the clinic's rule.

    The others keep their times. Invalid says which one is too near, or how long the course would
    last. The conditions refuse when one of the visits that limit the move is moved meanwhile.
    """
    others = other_sessions(context, old).others
    before = [other for other in others if other.start_at < old.start_at]
    after = [other for other in others if other.start_at > old.start_at]
    starts = [visit.start_at for visit in (*before, moved, *after)]
    wrong = broken_rule(context, old.visit_type, starts)
    if wrong:
        raise Invalid(starts_at=wrong)
    # Its neighbours, and the first and the last visit, which give the length of the course.
    beside = {v.id: v for v in (*before[:1], *before[-1:], *after[:1], *after[-1:])}
    return [Require.of(v, *v.as_read("version")) for v in beside.values()]


def calling_off_writes(
    context: Context, visit: Appointment, phone: Phone, *, now: datetime
) -> list[Operation]:
    """One session does not take place; the others stay.

    What only the first session is sent passes on to the next one. A task asks a person what a
    missed session means for the rest. An overview that has not left is voided when no session is
    left.
    """
    records, others = other_sessions(context, visit)
    if not any(other.is_open for other in others):
        overview = [r for r in records if isinstance(r, Message) and r.kind == "course_overview"]
        return list(void_patches(overview, because="the course was cancelled", now=now))
    coming = [o for o in others if o.status is AppointmentStatus.BOOKED and o.start_at > now]
    operations: list[Operation] = []
    if coming and visit.status is AppointmentStatus.NOSHOW:
        operations.append(Save(_missed(visit, coming[0], now)))
    if coming and visit.session == 1:
        first = coming[0].evolve(session=1)
        owed = visit_messages(context, first, phone, event="first", now=now)
        known = {record.key for record in context.store.owned(first.id)}  # passed on once before
        operations += [Save(first), *(save for save in owed if save.key not in known)]
    return operations


def coming_after_all_writes(context: Context, visit: Appointment) -> list[Operation]:
    """A missed session takes place after all: the one that replaced it as the first is not first.

    What only the first session is sent is withdrawn when it comes due, as with any visit that does
    not need it; if the first session is cancelled again, it is needed after all.
    """
    if visit.session != 1:
        return []
    records, others = other_sessions(context, visit)
    course = next(record for record in records if isinstance(record, Course))
    return [
        Save(other.evolve(session=course.appointment_ids.index(other.id) + 1))
        for other in others
        if other.session == 1 and other.status is AppointmentStatus.BOOKED
    ]


def broken_rule(context: Context, visit_type: str, starts: Sequence[datetime]) -> str:
    """How these starts, in order, break the clinic's rule for courses; empty if they do not."""
    rule: CourseRule = context.clinic.visit_type(visit_type).course
    zone = context.clinic.zone
    days = [start.astimezone(zone).date() for start in starts]
    for (one, start), (next_one, later) in pairwise(zip(days, starts, strict=True)):
        if (next_one - one).days < rule.min_gap_days:
            return (
                f"{said_day(start, zone)} and {said_day(later, zone)} are too close: from one"
                f" session to the next there are at least {rule.min_gap_days} days."
            )
    span = (days[-1] - days[0]).days
    if span > rule.max_span_days:
        return f"The course would last {span} days; at most {rule.max_span_days} are allowed."
    return ""


def _missed(visit: Appointment, following: Appointment, now: datetime) -> Message:
    return open_task(
        TaskKind.SESSION_MISSED,
        f"{visit.id}.v{visit.version}-missed-{len(visit.decisions)}",
        About.visit(visit, AppointmentStatus.NOSHOW)._replace(starts_at=following.start_at),
        now=now,
    )
