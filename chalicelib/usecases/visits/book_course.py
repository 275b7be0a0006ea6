"""Book several visits of one treatment in one decision."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from chalicelib.domain.change import Change, Operation, Save
from chalicelib.domain.errors import Invalid, SlotTaken
from chalicelib.domain.messaging.facts import Facts
from chalicelib.domain.record import new_id
from chalicelib.domain.visits.appointment import Appointment, Course
from chalicelib.messages.factory import About, note_to_patient
from chalicelib.transaction import Actor, Context, change_of, run_in_transaction
from chalicelib.usecases.first_text import welcome
from chalicelib.usecases.visits.book import answer_writes, new_visit, wanted_by
from chalicelib.usecases.visits.course_rules import broken_rule
from chalicelib.usecases.visits.load import refuse_two_at_once
from chalicelib.usecases.visits.planned_messages import left_out, visit_messages
from chalicelib.usecases.visits.slots import (
    WallTime,
    free_starts,
    place,
    sheet_writes,
    sheets_of,
    slot,
)


def book_course(
    context: Context,
    *,
    subject_id: str,
    first: WallTime,
    visit_type: str,
    resource: str,
    sessions: int,
    spacing_days: int | None,
    weekdays: Sequence[int],
    actor: Actor,
    shown_version: int | None = None,
) -> Course:
    """Book all visits of the course or none, in one decision, with one overview text (R49).

    `weekdays` are 0 for Monday to 6: with them the visits are on these days, from the first on;
    without, every `spacing_days` days. SlotTaken names every clash, Invalid what is too close or
    too long.
    """

    def attempt(now: datetime) -> tuple[Change, Course]:
        wanted = wanted_by(context, subject_id, shown_version)
        days = course_days(first, sessions, spacing_days, weekdays)
        slots = [
            slot(context, day, visit_type=visit_type, resource=resource, now=now) for day in days
        ]
        wrong = broken_rule(context, visit_type, [each.start_at for each in slots])
        if wrong:
            raise Invalid(**{"weekdays" if weekdays else "spacing_days": wrong})
        course = Course(
            id=new_id("CRS"),
            patient_id=wanted.patient.id,
            appointment_ids=(),
            visit_type=visit_type,
            request_id=wanted.request.id if wanted.request else None,
            booked_at=now,
        )
        visits = [
            new_visit(
                context, wanted, each, actor=actor, now=now, course_id=course.id, session=session
            )
            for session, each in enumerate(slots, 1)
        ]
        course = course.evolve(appointment_ids=tuple(visit.id for visit in visits))
        change = change_of(
            course.id,
            "course_booked",
            actor,
            now,
            sessions=str(len(visits)),
            **left_out(context, visits[-1]),
        )
        phone, first_text = welcome(context, course.id, wanted.patient, wanted.phone, now=now)
        overview = note_to_patient(
            "course_overview",
            f"{course.id}.overview",
            About(wanted.patient.id),
            now=now,
            follows=phone.welcome_id,
            send_before=visits[0].start_at,
            facts=Facts(page=visits[0].id),
        )
        sheets = _all_or_none(context, visits, now)
        refuse_two_at_once(context, wanted.patient.id, slots, field="first_starts_at")
        change.include(
            [
                wanted.patient.unless_erased(),
                *sheets,
                Save(course),
                *(Save(visit) for visit in visits),
                *first_text,
                Save(overview),
                *answer_writes(
                    wanted, actor, now, appointment_id=visits[0].id, course_id=course.id
                ),
            ]
        )
        for visit in visits:
            change.include(visit_messages(context, visit, phone, event="course", now=now))
        return change, course

    return run_in_transaction(context, attempt)


def course_days(
    first: WallTime, sessions: int, spacing_days: int | None, weekdays: Sequence[int]
) -> list[WallTime]:
    """The days of a course, each at the first visit's time of day."""
    if not 2 <= sessions <= 9:
        raise Invalid(sessions="A course has two to nine sessions.")
    if weekdays:
        days = [first.on + timedelta(days=n) for n in range(7 * sessions + 7)]
        fitting = [first.on] + [d for d in days[1:] if d.weekday() in weekdays]
        return [WallTime(day, first.at) for day in fitting[:sessions]]
    if spacing_days is None or not 1 <= spacing_days <= 60:
        raise Invalid(spacing_days="Say how many days lie between two sessions: 1 to 60.")
    return [
        WallTime(first.on + timedelta(days=n * spacing_days), first.at) for n in range(sessions)
    ]


def _all_or_none(context: Context, visits: Sequence[Appointment], now: datetime) -> list[Operation]:
    """The day sheets of all visits; SlotTaken with every start that is taken."""
    sheets = sheets_of(
        context, [place(context, visit.resource, visit.start_at) for visit in visits]
    )
    clashes: list[Appointment] = []
    for visit in visits:
        at = place(context, visit.resource, visit.start_at)
        try:
            sheets[at] = sheets[at].taking(visit)
        except SlotTaken:
            clashes.append(visit)
    if clashes:
        free = free_starts(context, clashes[0], now)
        raise SlotTaken(free=free, clashes=[visit.start_at for visit in clashes])
    return [part for sheet in sheets.values() for part in sheet_writes(context, sheet)]
