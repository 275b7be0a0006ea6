"""What staff record on the day: arrived, discharged, did not come; and undoing the last of them."""

from datetime import datetime, timedelta

from chalicelib.clinic.careplan.plan import plan_of
from chalicelib.clinic.careplan.step import Step
from chalicelib.domain.change import Change, Operation, Save
from chalicelib.domain.conditions import Is
from chalicelib.domain.errors import Invalid
from chalicelib.domain.messaging.message import LEFT, Message, MessageStatus
from chalicelib.domain.messaging.transitions import void_patches
from chalicelib.domain.visits.appointment import Appointment, AppointmentStatus
from chalicelib.domain.visits.request import Decision
from chalicelib.transaction import SERVICE, Actor, Context, change_of, run_in_transaction
from chalicelib.usecases.visits.course_rules import calling_off_writes, coming_after_all_writes
from chalicelib.usecases.visits.handing_over import discharge_writes, unsaid_aftercare
from chalicelib.usecases.visits.load import Visit, visit_of
from chalicelib.usecases.visits.planned_messages import visit_messages

UNDO_WITHIN = timedelta(minutes=10)
LATEST_START_EARLY = timedelta(hours=12)  # nobody arrives earlier than this before their visit

AFTER_KINDS = ("aftercare", "check_in")
TAKEN = LEFT | {MessageStatus.SENDING}

# What `undo` takes back, and the status that the visit returns to.
UNDONE = {
    "arrived": AppointmentStatus.BOOKED,
    "discharged": AppointmentStatus.ARRIVED,
    "no_show": AppointmentStatus.BOOKED,
}


def record_arrival(
    context: Context, *, appointment_id: str, at: datetime | None, actor: Actor
) -> Appointment:
    """The patient is here; no preparation is sent any more."""

    def attempt(now: datetime) -> tuple[Change, Appointment]:
        visit = visit_of(context, appointment_id)
        visit.appointment.refuse_unless(AppointmentStatus.BOOKED)
        visit.patient.refuse_erased()
        when = _checked(visit.appointment, at, now)
        change, here = _record(
            visit, "arrived", actor, now, status=AppointmentStatus.ARRIVED, arrived_at=when
        )
        change.include([visit.patient.unless_erased()])
        return change, here

    return run_in_transaction(context, attempt)


def record_discharge(
    context: Context,
    *,
    appointment_id: str,
    at: datetime | None,
    actor: Actor,
    handed_over: bool = False,
) -> Appointment:
    """The session is over: aftercare is timed from now instead of the planned end (R20).

    If it is too late for a text and staff did not hand the words over, somebody calls (R14).
    """

    def attempt(now: datetime) -> tuple[Change, Appointment]:
        visit = visit_of(context, appointment_id)
        old = visit.appointment
        old.refuse_unless(AppointmentStatus.BOOKED, AppointmentStatus.ARRIVED)
        when = _checked(old, at, now)
        if old.arrived_at is not None and when < old.arrived_at:
            raise Invalid(at="The patient arrived later than that.")
        change, left = _discharge(visit, when, actor, now)
        owed = _aftercare_again_writes(context, visit, left, now)
        change.include(
            discharge_writes(context, visit, left, owed, handed_over=handed_over, now=now)
        )
        return change, left

    return run_in_transaction(context, attempt)


def steps_to_hand_over(context: Context, *, appointment_id: str) -> tuple[Step, ...]:
    """The aftercare that no text could say if the patient went home now (R14)."""
    visit, now = visit_of(context, appointment_id), context.clock.now()
    _, left = _discharge(visit, now, SERVICE, now)
    rows = unsaid_aftercare(
        context, visit, left, _aftercare_again_writes(context, visit, left, now), now
    )
    plan = plan_of(context.plans, left)
    return tuple(plan.step(row.step) for row in rows if row.step is not None)


def record_no_show(
    context: Context, *, appointment_id: str, at: datetime | None, actor: Actor
) -> Appointment:
    """The patient did not come: no aftercare. After a recorded arrival, `undo` must come first."""

    def attempt(now: datetime) -> tuple[Change, Appointment]:
        visit = visit_of(context, appointment_id)
        visit.appointment.refuse_unless(AppointmentStatus.BOOKED)
        if now < visit.appointment.start_at:
            raise Invalid(at="The visit has not begun yet.")
        when = _checked(visit.appointment, at, now)
        change, missed = _record(
            visit, "no_show", actor, now, status=AppointmentStatus.NOSHOW, noshow_at=when
        )
        change.include(
            void_patches(_about_visit(visit), because="the patient did not come", now=now)
        )
        change.include(calling_off_writes(context, missed, visit.phone, now=now))
        return change, missed

    return run_in_transaction(context, attempt)


def undo(context: Context, *, appointment_id: str, actor: Actor) -> Appointment:
    """Take back the last of the three, once, within ten minutes of recording it."""

    def attempt(now: datetime) -> tuple[Change, Appointment]:
        visit = visit_of(context, appointment_id)
        old = visit.appointment
        last = recorded_last(old)
        if last is None:
            raise Invalid(sure="There is nothing to take back.")
        if now - last.at > UNDO_WITHIN:
            raise Invalid(sure="This was recorded more than ten minutes ago.")
        status = UNDONE[last.what]
        cleared = {"discharged_at": None, "noshow_at": None}
        if last.what == "discharged" and not _is_recorded(old, "arrived"):
            # A discharge without an arrival implied one, so both are taken back.
            status = AppointmentStatus.BOOKED
        if status is AppointmentStatus.BOOKED:
            cleared["arrived_at"] = None
        change, back = _record(visit, "undone", actor, now, status=status, **cleared)
        change.include(_aftercare_again_writes(context, visit, back, now))
        if last.what == "no_show":
            change.include(coming_after_all_writes(context, back))
        return change, back

    return run_in_transaction(context, attempt)


def recorded_last(appointment: Appointment) -> Decision | None:
    """What `undo` would take back; None after an `undo`, so that a double click takes back one."""
    last = appointment.last(*UNDONE, "undone")
    return last if last is not None and last.what in UNDONE else None


def record_driver(context: Context, *, appointment_id: str, has: str, actor: Actor) -> Appointment:
    """Record whether somebody will drive the patient home (R46)."""

    def attempt(now: datetime) -> tuple[Change, Appointment]:
        visit = visit_of(context, appointment_id)
        visit.appointment.refuse_unless(AppointmentStatus.BOOKED, AppointmentStatus.ARRIVED)
        return _record(visit, "driver", actor, now, driver=has)

    return run_in_transaction(context, attempt)


def _is_recorded(appointment: Appointment, what: str) -> bool:
    """Whether this was recorded and not taken back since."""
    standing: list[str] = []
    for decision in appointment.decisions:
        if decision.what == "undone" and standing:
            standing.pop()
        elif decision.what in UNDONE:
            standing.append(decision.what)
    return what in standing


def _discharge(
    visit: Visit, when: datetime, actor: Actor, now: datetime
) -> tuple[Change, Appointment]:
    old = visit.appointment
    return _record(
        visit,
        "discharged",
        actor,
        now,
        status=AppointmentStatus.FULFILLED,
        arrived_at=old.arrived_at or min(when, old.start_at),
        discharged_at=when,
    )


def _record(
    visit: Visit, what: str, actor: Actor, now: datetime, **changes: object
) -> tuple[Change, Appointment]:
    appointment = visit.appointment.evolve(
        **changes, decisions=(*visit.appointment.decisions, actor.decided(what, now))
    )
    change = change_of(appointment.id, what, actor, now)
    change.include([Save(appointment)])
    return change, appointment


def _aftercare_again_writes(
    context: Context, visit: Visit, appointment: Appointment, now: datetime
) -> list[Operation]:
    """Plan again what is sent after the visit; void what still waited.

    A message that a courier has taken stays as it is and is not planned again, so it is sent once
    (F65). Two things do not count as taken: what was sent for an earlier time of the visit that
    nobody knew to be missed, and a mail in place of a text that came too late, as a discharge makes
    another text (R14). A step that the plan no longer contains cannot be planned again: its
    message stays, and becomes a call (R71).
    """
    plan = plan_of(context.plans, appointment)
    after = [
        message
        for message in visit.messages
        if message.kind in AFTER_KINDS
        and message.subject is not None
        and message.subject.version == appointment.version
    ]
    waiting = [
        message
        for message in after
        if message.shown_status is MessageStatus.PENDING
        and plan.find(message.step or "") is not None
    ]
    late = {message.id for message in after if message.status is MessageStatus.EXPIRED}
    taken = {
        message.step
        for message in after
        if message.status in TAKEN and (message.stands_in_for or message.id) not in late
    }
    planned = visit_messages(context, appointment, visit.phone, event="discharged", now=now)
    return [
        *(
            patch.only_if(Is("status", MessageStatus.PENDING.value))
            for patch in void_patches(waiting, because="the end of the visit was recorded", now=now)
        ),
        *(
            save
            for save in planned
            if not (isinstance(save.record, Message) and save.record.step in taken)
        ),
    ]


def _about_visit(visit: Visit) -> list[Message]:
    return [message for message in visit.messages if message.subject is not None]


def _checked(appointment: Appointment, at: datetime | None, now: datetime) -> datetime:
    when = at or now
    if when > now:
        raise Invalid(at="This time has not come yet.")
    if when < appointment.start_at - LATEST_START_EARLY:
        raise Invalid(at="This is long before the visit.")
    return when
