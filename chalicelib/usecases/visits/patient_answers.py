"""What a patient answers about a visit, by text or on their page."""

from datetime import datetime

from chalicelib.domain.change import Change, Operation, Save
from chalicelib.domain.messaging.task import TaskKind
from chalicelib.domain.visits.appointment import Appointment, AppointmentStatus
from chalicelib.messages.factory import About, open_task
from chalicelib.transaction import PATIENT, Context, change_of, run_in_transaction
from chalicelib.usecases.visits.load import visit_of


def confirm_visit(
    context: Context, *, appointment_id: str, shown_version: int | None = None
) -> Appointment:
    """The patient will come. Confirming again changes nothing.

    AlreadyDecided when the visit was moved since a page showed this version: the patient agreed to
    another time.
    """

    def attempt(now: datetime) -> tuple[Change, Appointment]:
        appointment = visit_of(context, appointment_id).appointment
        appointment.refuse_unless_shown(shown_version)
        saved = confirm_writes(appointment, now)
        if not saved:
            return Change(), appointment
        change = change_of(appointment.id, "confirmed", PATIENT, now)
        change.include(saved)
        return change, appointment

    return run_in_transaction(context, attempt)


def ask_to_move(context: Context, *, appointment_id: str) -> None:
    """Somebody of the clinic will call; the visit and its preparation stay as they are (R41)."""

    def attempt(now: datetime) -> tuple[Change, None]:
        appointment = visit_of(context, appointment_id).appointment
        change = change_of(appointment.id, "move_asked", PATIENT, now)
        change.include([appointment.while_unchanged()])
        change.include(ask_to_move_writes(appointment, change.id, now))
        return change, None

    return run_in_transaction(context, attempt)


def confirm_writes(appointment: Appointment, now: datetime) -> list[Operation]:
    appointment.refuse_unless(AppointmentStatus.BOOKED)
    if appointment.confirmed_at is not None:
        return []
    return [Save(appointment.evolve(confirmed_at=now))]


def ask_to_move_writes(appointment: Appointment, owner_id: str, now: datetime) -> list[Operation]:
    appointment.refuse_unless(AppointmentStatus.BOOKED)
    about = About.visit(appointment, AppointmentStatus.BOOKED)
    row_id = f"{owner_id}.move-{appointment.id}"
    return [Save(open_task(TaskKind.MOVE_ASKED, row_id, about, now=now))]


def driver_writes(
    appointment: Appointment, has: str, owner_id: str, now: datetime
) -> list[Operation]:
    """Record that a ride home is arranged, or that it is not and somebody must help (R46)."""
    appointment.refuse_unless(AppointmentStatus.BOOKED, AppointmentStatus.ARRIVED)
    operations: list[Operation] = [Save(appointment.evolve(driver=has))]
    if has == "no":
        about = About.visit(appointment, AppointmentStatus.BOOKED, AppointmentStatus.ARRIVED)
        row_id = f"{owner_id}.ride-{appointment.id}"
        operations.append(Save(open_task(TaskKind.NO_DRIVER, row_id, about, now=now)))
    return operations
