"""Every decision that staff can take: its fields, and the use case that takes it. A table."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from chalicelib.transaction import Actor, Context
from chalicelib.usecases.patients import contact_details, opt_out
from chalicelib.usecases.visits import attendance, book, book_course, offers, reschedule
from chalicelib.web.staff import decision_fields as fields


class Taking(NamedTuple):
    """Who takes a decision, and about what."""

    context: Context
    subject_id: str
    actor: Actor
    shown_version: int | None = None  #: the version of it that the page showed


class Decision(NamedTuple):
    """One row: what may be typed, what it does, and what it can be taken on."""

    fields: type[fields.Fields]
    take: Callable[[Taking, Any], object]
    on_request: bool
    on_appointment: bool
    answers: bool = False  #: whether it answers a request, which can be done once
    when: str = "starts_at"  #: the field that says the time
    moves: bool = False  #: whether it ends or changes the time that the page showed

    @property
    def depends_on_time(self) -> bool:
        return self.answers or self.moves


def _confirm(taking: Taking, typed: fields.Booking) -> object:
    return book.confirm(
        taking.context,
        subject_id=taking.subject_id,
        when=typed.starts_at,
        visit_type=typed.visit_type,
        resource=typed.resource,
        actor=taking.actor,
        shown_version=taking.shown_version,
    )


def _propose(taking: Taking, typed: fields.Proposal) -> object:
    return offers.propose(
        taking.context,
        subject_id=taking.subject_id,
        times=typed.starts_at,
        visit_type=typed.visit_type,
        resource=typed.resource,
        actor=taking.actor,
        shown_version=taking.shown_version,
    )


def _decline(taking: Taking, typed: fields.Declining) -> object:
    return offers.decline(
        taking.context,
        subject_id=taking.subject_id,
        reason_code=typed.reason_code,
        note=typed.note,
        actor=taking.actor,
        shown_version=taking.shown_version,
    )


def _course(taking: Taking, typed: fields.CourseBooking) -> object:
    return book_course.book_course(
        taking.context,
        subject_id=taking.subject_id,
        first=typed.first_starts_at,
        visit_type=typed.visit_type,
        resource=typed.resource,
        sessions=typed.sessions,
        spacing_days=typed.spacing_days,
        weekdays=typed.weekday_numbers,
        actor=taking.actor,
        shown_version=taking.shown_version,
    )


def _reschedule(taking: Taking, typed: fields.Move) -> object:
    return reschedule.reschedule(
        taking.context,
        appointment_id=taking.subject_id,
        when=typed.starts_at,
        resource=typed.resource,
        actor=taking.actor,
        shown_version=taking.shown_version,
    )


def _cancel(taking: Taking, typed: fields.Cancellation) -> object:
    return reschedule.cancel(
        taking.context,
        appointment_id=taking.subject_id,
        reason_code=typed.reason_code,
        tell_patient=typed.tell_patient is not None,
        actor=taking.actor,
        shown_version=taking.shown_version,
    )


def _happened(use_case: Callable[..., object]) -> Callable[[Taking, Any], object]:
    def take(taking: Taking, typed: fields.Moment) -> object:
        return use_case(
            taking.context,
            appointment_id=taking.subject_id,
            at=typed.instant(taking.context.clinic.zone),
            actor=taking.actor,
        )

    return take


def _discharged(taking: Taking, typed: fields.Discharge) -> object:
    return attendance.discharged(
        taking.context,
        appointment_id=taking.subject_id,
        at=typed.instant(taking.context.clinic.zone),
        actor=taking.actor,
        handed_over=typed.handed_over is not None,
    )


def _undo(taking: Taking, typed: fields.Sure) -> object:
    return attendance.undo(taking.context, appointment_id=taking.subject_id, actor=taking.actor)


def _driver(taking: Taking, typed: fields.Ride) -> object:
    return attendance.driver(
        taking.context, appointment_id=taking.subject_id, has=typed.has, actor=taking.actor
    )


def _contact(taking: Taking, typed: fields.Contact) -> object:
    return contact_details.contact(
        taking.context,
        subject_id=taking.subject_id,
        name=typed.name,
        phone=typed.phone,
        email=typed.email,
        language=typed.language,
        actor=taking.actor,
    )


def _opt_out(taking: Taking, typed: fields.OptingOut) -> object:
    opt_out.opt_out(
        taking.context, subject_id=taking.subject_id, means=typed.means, actor=taking.actor
    )
    return None


def _resume(taking: Taking, typed: fields.Sure) -> object:
    opt_out.resume(taking.context, subject_id=taking.subject_id, actor=taking.actor)
    return None


DECISIONS: Mapping[str, Decision] = {
    "confirm": Decision(fields.Booking, _confirm, True, True, answers=True),
    "propose": Decision(fields.Proposal, _propose, True, False, answers=True),
    "decline": Decision(fields.Declining, _decline, True, False, answers=True),
    "course": Decision(
        fields.CourseBooking, _course, True, True, answers=True, when="first_starts_at"
    ),
    "reschedule": Decision(fields.Move, _reschedule, False, True, moves=True),
    "cancel": Decision(fields.Cancellation, _cancel, False, True, moves=True),
    "arrived": Decision(fields.Moment, _happened(attendance.arrived), False, True),
    "discharged": Decision(fields.Discharge, _discharged, False, True),
    "no_show": Decision(fields.Moment, _happened(attendance.no_show), False, True),
    "undo": Decision(fields.Sure, _undo, False, True),
    "driver": Decision(fields.Ride, _driver, False, True),
    "contact": Decision(fields.Contact, _contact, True, True),
    "opt_out": Decision(fields.OptingOut, _opt_out, True, True),
    "resume": Decision(fields.Sure, _resume, True, True),
}
