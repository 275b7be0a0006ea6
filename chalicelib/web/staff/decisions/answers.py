"""Decisions that answer a request: a visit, times to choose from, a course, or a refusal."""

from typing import Annotated, Literal

from pydantic import Field

from chalicelib.domain.visits.appointment import AppointmentStatus
from chalicelib.domain.visits.request import OPEN
from chalicelib.usecases.visits import book, book_course, offers
from chalicelib.web.public.request_fields import DAYS, Note
from chalicelib.web.staff.decisions.controls import (
    Control,
    Picked,
    Room,
    Ticked,
    VisitType,
    When,
    moment,
    reason,
)
from chalicelib.web.staff.decisions.decision import (
    Already,
    Page,
    Place,
    Section,
    StaffDecision,
    Taking,
)

OVER = (AppointmentStatus.FULFILLED, AppointmentStatus.NOSHOW, AppointmentStatus.CANCELLED)
NO_TIME = "Please give a day and a time."


class Confirm(StaffDecision):
    NAME = "confirm"
    PLACES = (
        Place(Page.REQUEST, Section.ANSWER, "Book a visit", statuses=OPEN, opens_in=OPEN),
        Place(Page.VISIT, Section.PATIENT, "Book another visit", opens_in=OVER),
    )
    BUTTON = "Book this visit"
    SURE = "Yes, book this visit"
    EVENT = "booked"
    DONE = "Booked"
    ALREADY = (Already("booked", "A visit was booked"),)
    ANSWERS = True

    starts_at: Annotated[When, moment("Day and time", wrong=NO_TIME, free="picked")]
    visit_type: VisitType
    resource: Room
    sure: Ticked

    def take(self, taking: Taking) -> object:
        return book.confirm(
            taking.context,
            subject_id=taking.subject_id,
            when=self.starts_at,
            visit_type=self.visit_type,
            resource=self.resource,
            actor=taking.actor,
            shown_version=taking.shown_version,
        )


class Propose(StaffDecision):
    NAME = "propose"
    PLACES = (Place(Page.REQUEST, Section.ANSWER, "Offer up to three times", statuses=OPEN),)
    BUTTON = "Offer these times"
    SURE = "Yes, offer these times"
    HINT = "The patient picks one by text or on their page. No time is held until then."
    EVENT = "proposed"
    DONE = "Times offered"
    ALREADY = (Already("proposed", "Times were offered"),)
    ANSWERS = True

    starts_at: Annotated[
        tuple[When, ...],
        Field(min_length=1, max_length=3),
        Control(kind="times", wrong=NO_TIME, is_several=True, free="shown"),
    ]
    visit_type: VisitType
    resource: Room
    sure: Ticked

    def take(self, taking: Taking) -> object:
        return offers.propose(
            taking.context,
            subject_id=taking.subject_id,
            times=self.starts_at,
            visit_type=self.visit_type,
            resource=self.resource,
            actor=taking.actor,
            shown_version=taking.shown_version,
        )


class BookCourse(StaffDecision):
    NAME = "course"
    PLACES = (
        Place(Page.REQUEST, Section.ANSWER, "Book a course of sessions", statuses=OPEN),
        Place(Page.VISIT, Section.PATIENT, "Book a course of sessions"),
    )
    BUTTON = "Book the whole course"
    SURE = "Yes, book every session"
    HINT = (
        "All sessions are booked, or none. One overview names all the dates: a text or a mail if"
        " the patient agreed to either, else a task to call them."
    )
    EVENT = "course_booked"
    DONE = "Course booked"
    ANSWERS = True

    first_starts_at: Annotated[
        When,
        moment(
            "First session",
            wrong="Please give the day and the time of the first session.",
            free="shown",
        ),
    ]
    visit_type: VisitType
    resource: Room
    sessions: Annotated[
        int,
        Field(ge=2, le=9),
        Control(
            kind="line",
            label="How many sessions",
            type="number",
            hint="Two to nine.",
            wrong="A course has two to nine sessions.",
        ),
    ]
    spacing_days: Annotated[
        Annotated[int, Field(ge=1, le=60)] | None,
        Control(
            kind="line",
            label="Days from one session to the next",
            type="number",
            hint="7 for once a week. Leave it empty if you choose days of the week.",
            wrong="Say how many days lie between two sessions: 1 to 60.",
        ),
    ] = None
    weekdays: Annotated[
        tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...],
        Control(
            kind="days",
            label="Or always on these days",
            options=lambda _: [(day, day.capitalize()) for day in DAYS],
            wrong="Please choose days of the week.",
            is_several=True,
        ),
    ] = ()
    sure: Ticked

    def take(self, taking: Taking) -> object:
        return book_course.book_course(
            taking.context,
            subject_id=taking.subject_id,
            first=self.first_starts_at,
            visit_type=self.visit_type,
            resource=self.resource,
            sessions=self.sessions,
            spacing_days=self.spacing_days,
            weekdays=tuple(DAYS.index(day) for day in self.weekdays),
            actor=taking.actor,
            shown_version=taking.shown_version,
        )


class Decline(StaffDecision):
    NAME = "decline"
    PLACES = (Place(Page.REQUEST, Section.ANSWER, "Decline", statuses=OPEN),)
    BUTTON = "Decline the request"
    SURE = "Yes, decline this request"
    HINT = (
        "A kind message, without the reason, asks the patient to call: a text or a mail if they"
        " agreed to either, else a task to call them."
    )
    EVENT = "declined"
    DONE = "Declined"
    ALREADY = (Already("declined", "The request was declined"),)
    ANSWERS = True

    reason_code: Annotated[Picked, reason(offers.DECLINE_REASONS.items())]
    note: Annotated[
        Note, Control(kind="area", label="Note", hint="This is not sent to the patient.")
    ] = ""
    sure: Ticked

    def take(self, taking: Taking) -> object:
        return offers.decline(
            taking.context,
            subject_id=taking.subject_id,
            reason_code=self.reason_code,
            note=self.note,
            actor=taking.actor,
            shown_version=taking.shown_version,
        )


ANSWERS = (Confirm, Propose, BookCourse, Decline)
