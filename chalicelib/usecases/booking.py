"""A request, or a patient who has been here, gets a visit or a course of visits."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from chalicelib.domain.appointment import Appointment, Course, DaySheet
from chalicelib.domain.change import Change, Operation, Save
from chalicelib.domain.errors import AlreadyDecided, Invalid, NotFound, SlotTaken
from chalicelib.domain.life import voids
from chalicelib.domain.message import Message
from chalicelib.domain.people import Patient, Phone
from chalicelib.domain.record import new_id
from chalicelib.domain.request import OPEN, ConsultationRequest, RequestStatus
from chalicelib.usecases.deciding import Actor, Desk, change_of, decide
from chalicelib.usecases.owing import note_to_patient, visit_messages, welcome
from chalicelib.usecases.slots import (
    Slot,
    WallTime,
    free_starts,
    place,
    sheets_of,
    slot,
    taking,
)


class Wanted(NamedTuple):
    """Whom a booking is for: the request it answers, or a patient's earlier visit."""

    patient: Patient
    phone: Phone
    request: ConsultationRequest | None
    pending: list[Message]  #: the request's own messages, no longer owed once it is answered


def confirm(
    desk: Desk, *, subject_id: str, when: WallTime, visit_type: str, resource: str, actor: Actor
) -> Appointment:
    """The visit is booked and every text about it exists; the request is answered.

    Raises AlreadyDecided, SlotTaken with free times nearby, Invalid by field.
    """

    def attempt(now: datetime) -> tuple[Change, Appointment]:
        wanted = wanted_by(desk, subject_id)
        wished = slot(desk, when, visit_type=visit_type, resource=resource, now=now)
        return book(desk, wanted, wished, actor=actor, now=now)

    return decide(desk, attempt)


def book(
    desk: Desk, wanted: Wanted, wished: Slot, *, actor: Actor, now: datetime
) -> tuple[Change, Appointment]:
    """The writes of one booking; `choose` uses them as well as `confirm`."""
    appointment = _appointment(wanted, wished, actor=actor, now=now)
    at = place(desk, wished.resource, wished.start_at)
    sheet = sheets_of(desk, [at])[at]
    change = change_of(appointment.id, "booked", actor, now, resource=wished.resource)
    phone, first_text = welcome(appointment.id, wanted.patient, wanted.phone, now=now)
    change.include(
        [
            Save(taking(desk, sheet, appointment, now)),
            Save(appointment),
            *first_text,
            *visit_messages(desk, appointment, phone, event="booked", now=now),
            *_answered(wanted, actor, now, appointment_id=appointment.id),
        ]
    )
    return change, appointment


def book_course(
    desk: Desk,
    *,
    subject_id: str,
    first: WallTime,
    visit_type: str,
    resource: str,
    sessions: int,
    spacing_days: int | None,
    weekdays: Sequence[int],
    actor: Actor,
) -> Course:
    """All visits of the course or none, in one decision, with one overview text (R49).

    `weekdays` are 0 for Monday to 6; with them the visits fall on these days from the first on,
    else every `spacing_days` days. SlotTaken names every clash.
    """

    def attempt(now: datetime) -> tuple[Change, Course]:
        wanted = wanted_by(desk, subject_id)
        days = course_days(first, sessions, spacing_days, weekdays)
        slots = [slot(desk, day, visit_type=visit_type, resource=resource, now=now) for day in days]
        course = Course(
            id=new_id("CRS"),
            patient_id=wanted.patient.id,
            appointment_ids=(),
            visit_type=visit_type,
            request_id=wanted.request.id if wanted.request else None,
            booked_at=now,
        )
        visits = [
            _appointment(wanted, each, actor=actor, now=now, course_id=course.id, session=session)
            for session, each in enumerate(slots, 1)
        ]
        course = course.evolve(appointment_ids=tuple(visit.id for visit in visits))
        change = change_of(course.id, "course_booked", actor, now, sessions=str(len(visits)))
        phone, first_text = welcome(course.id, wanted.patient, wanted.phone, now=now)
        overview = note_to_patient(
            course.id,
            "overview",
            "course_overview",
            patient_id=wanted.patient.id,
            now=now,
            follows=phone.welcome_id,
            send_before=visits[0].start_at,
        )
        change.include(
            [
                *_all_or_none(desk, visits, now),
                Save(course),
                *(Save(visit) for visit in visits),
                *first_text,
                Save(overview),
                *_answered(wanted, actor, now, appointment_id=visits[0].id, course_id=course.id),
            ]
        )
        for visit in visits:
            change.include(visit_messages(desk, visit, phone, event="course", now=now))
        return change, course

    return decide(desk, attempt)


def course_days(
    first: WallTime, sessions: int, spacing_days: int | None, weekdays: Sequence[int]
) -> list[WallTime]:
    """The days of a course, each at the first one's time of day."""
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


def wanted_by(desk: Desk, subject_id: str) -> Wanted:
    """Whom the booking is for. AlreadyDecided when the request was answered before (R50)."""
    records = desk.store.owned(subject_id)
    request = next((r for r in records if isinstance(r, ConsultationRequest)), None)
    visit = next((r for r in records if isinstance(r, Appointment)), None)
    if request is None and visit is None:
        raise NotFound
    if request is not None and request.status not in OPEN:
        raise answered_before(request)
    patient_id = request.patient_id if request else visit.patient_id if visit else ""
    patient = desk.store.get(Patient.ref(patient_id))
    if patient is None:
        raise NotFound
    phone = desk.store.get(Phone.ref(patient.phone)) or Phone(number=patient.phone)
    pending = [r for r in records if isinstance(r, Message)] if request else []
    return Wanted(patient, phone, request, pending)


def answered_before(request: ConsultationRequest) -> AlreadyDecided:
    last = request.decisions[-1]
    return AlreadyDecided(request.status, last.by_name, last.at)


def _appointment(
    wanted: Wanted,
    wished: Slot,
    *,
    actor: Actor,
    now: datetime,
    course_id: str | None = None,
    session: int | None = None,
) -> Appointment:
    return Appointment(
        id=new_id("APT"),
        patient_id=wanted.patient.id,
        visit_type=wished.visit_type,
        resource=wished.resource,
        start_at=wished.start_at,
        end_at=wished.end_at,
        request_id=wanted.request.id if wanted.request else None,
        course_id=course_id,
        session=session,
        booked_at=now,
        decisions=(actor.decided("booked", now),),
    )


def _answered(
    wanted: Wanted,
    actor: Actor,
    now: datetime,
    *,
    appointment_id: str,
    course_id: str | None = None,
) -> list[Operation]:
    if wanted.request is None:
        return []
    booked = wanted.request.evolve(
        status=RequestStatus.BOOKED,
        appointment_id=appointment_id,
        course_id=course_id,
        decisions=(*wanted.request.decisions, actor.decided("booked", now)),
    )
    return [Save(booked), *voids(wanted.pending, because="the request was answered", now=now)]


def _all_or_none(desk: Desk, visits: Sequence[Appointment], now: datetime) -> list[Save]:
    """The day sheets of all visits; SlotTaken with every start that is taken."""
    sheets = sheets_of(desk, [place(desk, visit.resource, visit.start_at) for visit in visits])
    clashes: list[Appointment] = []
    for visit in visits:
        at = place(desk, visit.resource, visit.start_at)
        sheet: DaySheet = sheets[at]
        try:
            sheets[at] = sheet.taking(visit)
        except SlotTaken:
            clashes.append(visit)
    if clashes:
        free = free_starts(desk, clashes[0], now)
        raise SlotTaken(free=free, clashes=[visit.start_at for visit in clashes])
    return [Save(sheet) for sheet in sheets.values()]
