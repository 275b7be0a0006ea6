"""Decisions about a visit: it is moved or cancelled, or what happened on the day is recorded."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo

from chalicelib.clinic.local_time import at_wall_clock
from chalicelib.domain.visits.appointment import Appointment, AppointmentStatus
from chalicelib.usecases.visits import attendance, reschedule
from chalicelib.web.staff.decisions.controls import (
    Control,
    PageState,
    Picked,
    Ticked,
    When,
    box,
    moment,
    pick,
    reason,
    room,
)
from chalicelib.web.staff.decisions.decision import (
    Already,
    Page,
    Place,
    Section,
    StaffDecision,
    Taking,
)

BOOKED = (AppointmentStatus.BOOKED,)
ARRIVED = (AppointmentStatus.ARRIVED,)
NO_TIME = "Please give a day and a time, or leave it empty for now."


def _visit(known: PageState) -> Appointment:
    assert isinstance(known.subject, Appointment), "this stands on the page of a visit alone"
    return known.subject


class Reschedule(StaffDecision):
    NAME = "reschedule"
    PLACES = (
        Place(Page.VISIT, Section.CHANGE, "Move the visit", statuses=BOOKED, opens_in=BOOKED),
    )
    BUTTON = "Move the visit"
    SURE = "Yes, move this visit"
    WHY_NOT = (
        "The clinic no longer has this kind of visit, so it cannot be moved. Cancel it and book"
        " another one."
    )
    EVENT = "moved"
    DONE = "Moved"
    ALREADY = (
        Already("moved", "The visit was moved"),
        Already("at that time", "The visit was put at this time"),
    )
    MOVES = True

    starts_at: Annotated[
        When, moment("New day and time", wrong="Please give a day and a time.", free="picked")
    ]
    resource: Annotated[Picked, room(value=lambda known: _visit(known).resource)]
    sure: Ticked

    @classmethod
    def may(cls, known: PageState) -> bool:
        return known.clinic.find_visit_type(_visit(known).visit_type) is not None

    def take(self, taking: Taking) -> object:
        return reschedule.reschedule(
            taking.context,
            appointment_id=taking.subject_id,
            when=self.starts_at,
            resource=self.resource,
            actor=taking.actor,
            shown_version=taking.shown_version,
        )


class Cancel(StaffDecision):
    NAME = "cancel"
    PLACES = (Place(Page.VISIT, Section.CHANGE, "Cancel the visit", statuses=BOOKED),)
    BUTTON = "Cancel the visit"
    SURE = "Yes, cancel this visit"
    EVENT = "cancelled"
    DONE = "Cancelled"
    ALREADY = (Already("cancelled", "The visit was cancelled"),)
    MOVES = True

    reason_code: Annotated[Picked, reason(reschedule.CANCEL_REASONS.items())]
    tell_patient: Annotated[Ticked | None, box("Tell the patient", value="yes")] = None
    sure: Ticked

    def take(self, taking: Taking) -> object:
        return reschedule.cancel(
            taking.context,
            appointment_id=taking.subject_id,
            reason_code=self.reason_code,
            tell_patient=self.tell_patient is not None,
            actor=taking.actor,
            shown_version=taking.shown_version,
        )


class Arrived(StaffDecision):
    NAME = "arrived"
    PLACES = (
        Place(
            Page.VISIT, Section.ON_THE_DAY, "The patient is here", statuses=BOOKED, opens_in=BOOKED
        ),
    )
    BUTTON = "Record the arrival"
    SURE = "The patient has arrived"
    EVENT = "arrived"
    DONE = "Arrived"
    ALREADY = (Already("arrived", "The arrival was recorded"),)

    at: Annotated[When | None, moment("Arrived at", wrong=NO_TIME)] = None
    sure: Ticked

    def take(self, taking: Taking) -> object:
        return attendance.record_arrival(
            taking.context,
            appointment_id=taking.subject_id,
            at=_instant(self.at, taking),
            actor=taking.actor,
        )


class Discharged(StaffDecision):
    NAME = "discharged"
    PLACES = (
        Place(
            Page.VISIT,
            Section.ON_THE_DAY,
            "The patient goes home",
            statuses=(*BOOKED, *ARRIVED),
            opens_in=ARRIVED,
        ),
    )
    BUTTON = "Record the discharge"
    SURE = "The session is over and the patient goes home"
    EVENT = "discharged"
    DONE = "Discharged"
    ALREADY = (Already("fulfilled", "The discharge was recorded"),)

    at: Annotated[When | None, moment("Discharged at", wrong=NO_TIME)] = None
    sure: Ticked
    handed_over: Annotated[
        Ticked | None,
        Control(kind="handed_over", wrong="Please tick the box or leave it empty."),
    ] = None  #: the words of the aftercare, when no text can leave (R14)

    def take(self, taking: Taking) -> object:
        return attendance.record_discharge(
            taking.context,
            appointment_id=taking.subject_id,
            at=_instant(self.at, taking),
            actor=taking.actor,
            handed_over=self.handed_over is not None,
        )


class NoShow(StaffDecision):
    NAME = "no_show"
    PLACES = (Place(Page.VISIT, Section.ON_THE_DAY, "The patient did not come", statuses=BOOKED),)
    BUTTON = "Record this"
    SURE = "The patient did not come"
    EVENT = "no_show"
    DONE = "Did not come"
    ALREADY = (Already("noshow", "It was recorded that the patient did not come"),)

    at: Annotated[When | None, moment("Known since", wrong=NO_TIME)] = None
    sure: Ticked

    @classmethod
    def may(cls, known: PageState) -> bool:
        return known.now >= _visit(known).start_at

    def take(self, taking: Taking) -> object:
        return attendance.record_no_show(
            taking.context,
            appointment_id=taking.subject_id,
            at=_instant(self.at, taking),
            actor=taking.actor,
        )


def _ticked_on_a_page(value: str | None, info: ValidationInfo) -> str | None:
    if value is None and info.data.get("seen") is not None:
        raise ValueError("not ticked")
    return value


class Driver(StaffDecision):
    """A program may send `has` only; the page's form must send its box as well (F94)."""

    NAME = "driver"
    PLACES = (Place(Page.VISIT, Section.ON_THE_DAY, "Ride home", statuses=(*BOOKED, *ARRIVED)),)
    BUTTON = "Save"
    SURE = "The patient told us so"
    EVENT = "driver"
    DONE = "Ride home noted"

    has: Annotated[
        Literal["yes", "no"],
        pick(
            "Does somebody drive the patient home?",
            lambda _: [("yes", "Yes"), ("no", "No")],
            wrong="Please choose.",
        ),
    ]
    seen: str | None = None  #: part of the page's form, so what fills that in sends it
    sure: Annotated[
        Ticked | None, AfterValidator(_ticked_on_a_page), Field(validate_default=True)
    ] = None

    @classmethod
    def may(cls, known: PageState) -> bool:
        return known.clinic.kind_of(_visit(known)).needs_driver

    def take(self, taking: Taking) -> object:
        return attendance.record_driver(
            taking.context, appointment_id=taking.subject_id, has=self.has, actor=taking.actor
        )


class Undo(StaffDecision):
    NAME = "undo"
    PLACES = (Place(Page.VISIT, Section.ON_THE_DAY, "Take back the last entry"),)
    BUTTON = "Take it back"
    SURE = "This was a mistake"
    EVENT = "undone"
    DONE = "Last entry taken back"

    sure: Ticked

    @classmethod
    def may(cls, known: PageState) -> bool:
        last = attendance.recorded_last(_visit(known))
        return last is not None and known.now - last.at <= attendance.UNDO_WITHIN

    def take(self, taking: Taking) -> object:
        return attendance.undo(taking.context, appointment_id=taking.subject_id, actor=taking.actor)


def _instant(at: When | None, taking: Taking) -> datetime | None:
    """When it happened; None, which means now, without a time."""
    return at_wall_clock(at.on, at.at, taking.context.clinic.zone) if at else None


OF_VISITS = (Reschedule, Cancel, Arrived, Discharged, NoShow, Driver, Undo)
