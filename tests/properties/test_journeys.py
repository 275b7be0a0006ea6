"""Whole journeys: people book, move, cancel, come or do not; then every text is accounted for."""

from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from hypothesis import event, given
from hypothesis import strategies as st

from chalicelib.clinic.quiet_hours import quiet_until
from chalicelib.domain.audit import AuditEvent
from chalicelib.domain.errors import Refusal
from chalicelib.domain.messaging.message import FINAL, Channel, Message, MessageStatus
from chalicelib.domain.record import Record
from chalicelib.domain.visits.appointment import Appointment
from chalicelib.usecases.patients import opt_out
from chalicelib.usecases.visits import attendance, book, book_course, patient_answers, reschedule
from chalicelib.usecases.visits.slots import WallTime
from tests.properties.cases import cases
from tests.world import RUTH, World

BEGINNINGS = (
    datetime(2026, 12, 1, 18, tzinfo=UTC),
    datetime(2027, 3, 11, 15, tzinfo=UTC),  # the clocks go forward on the 14th
    datetime(2026, 10, 29, 15, tzinfo=UTC),  # and back on the 1st of November
)
TREATMENTS = ("iv_infusion", "intranasal", "pain_infusion")
LEFT_THE_SERVICE = {MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.UNDELIVERED}
RECORDED = {
    "arrived": attendance.record_arrival,
    "discharged": attendance.record_discharge,
    "no_show": attendance.record_no_show,
}


class Doing(NamedTuple):
    """One thing that somebody does, after so many minutes: never two at one instant."""

    after: int
    what: str
    day: int  #: of what is booked or moved to, from then
    hour: int
    which: int  #: of the visits that there are


bookings = st.builds(
    Doing,
    after=st.integers(1, 24 * 60),
    what=st.sampled_from(["book", "book", "course"]),
    day=st.integers(0, 9),
    hour=st.integers(7, 17),
    which=st.integers(0, 5),
)
doings = st.builds(
    Doing,
    after=st.integers(1, 3 * 24 * 60),
    what=st.sampled_from(
        [
            *("book", "book", "course", "move", "move", "cancel", "confirm", "driver"),
            *("arrived", "discharged", "no_show", "undo", "opt_out"),
        ]
    ),
    day=st.integers(0, 9),
    hour=st.integers(0, 23),
    which=st.integers(0, 5),
)


@cases(full=2_500, share=20)
@given(
    begins=st.sampled_from(BEGINNINGS),
    zone=st.sampled_from([None, "America/Denver", "Pacific/Honolulu", "America/New_York"]),
    first=bookings,
    then=st.lists(doings, max_size=7),
)
def test_every_text_of_a_journey_was_owed_and_every_other_has_its_reason(
    begins: datetime, zone: str | None, first: Doing, then: list[Doing]
) -> None:
    """R13, R14, R18, R19: what the provider was given, against what was decided until then."""
    world = World(begins)
    asked = world.request(time_zone=zone).reference
    for doing in (first, *then):
        world.run_for(minutes=doing.after)
        try:
            act(world, asked, doing)
        except Refusal:
            continue  # a clear no, which changes nothing
    world.run_for(days=45)
    world.deliver_all()
    account_for(world, ZoneInfo(zone) if zone else world.services.clinic.zone)


def act(world: World, asked: str, doing: Doing) -> None:
    now = world.clock.at.astimezone(world.services.clinic.zone)
    at = WallTime(now.date() + timedelta(days=doing.day), now.time().replace(hour=doing.hour))
    found = visits(world)
    subject = found[0].id if found else asked
    common = {"resource": "room-1", "actor": RUTH}
    kind = TREATMENTS[doing.which % len(TREATMENTS)]
    match doing.what:
        case "book":
            book.confirm(
                world.context,
                subject_id=subject,
                when=at,
                visit_type=kind,
                **common,  # type: ignore[arg-type]
            )
        case "course":
            book_course.book_course(
                world.context,
                subject_id=subject,
                first=at,
                visit_type=kind,
                sessions=3,
                spacing_days=3,
                weekdays=(),
                **common,  # type: ignore[arg-type]
            )
        case _ if found:
            on_visit(world, found[doing.which % len(found)], doing, at)


def on_visit(world: World, visit: Appointment, doing: Doing, at: WallTime) -> None:
    context, id_ = world.context, visit.id
    match doing.what:
        case "move":
            reschedule.reschedule(
                context, appointment_id=id_, when=at, resource="room-2", actor=RUTH
            )
        case "cancel":
            reschedule.cancel(
                context,
                appointment_id=id_,
                reason_code="other",
                tell_patient=doing.day % 2 == 0,
                actor=RUTH,
            )
        case "confirm":
            patient_answers.confirm_visit(context, appointment_id=visit.id)
        case "driver":
            attendance.record_driver(context, appointment_id=id_, has="yes", actor=RUTH)
        case "undo":
            attendance.undo(context, appointment_id=id_, actor=RUTH)
        case "opt_out":
            opt_out.opt_out(context, subject_id=visit.id, means="phone", actor=RUTH)
        case _:
            RECORDED[doing.what](context, appointment_id=id_, at=None, actor=RUTH)


def account_for(world: World, zone: ZoneInfo) -> None:
    rows = {row.id: row for row in everything(world) if isinstance(row, Message)}
    sent_ids = [callback.partition("#")[0].rpartition("/")[2] for callback in world.texts.callbacks]
    assert len(sent_ids) == len(set(sent_ids))
    clinic = world.services.clinic
    opted_out = [
        record.at
        for record in everything(world)
        if isinstance(record, AuditEvent) and record.what == "opted_out"
    ]
    event(f"{min(len(sent_ids) // 5 * 5, 20)} texts or more")
    earlier: list[datetime] = []
    for message_id, text in zip(sent_ids, world.texts.sent, strict=True):
        row, at = rows[message_id], text.created_at
        assert row.sid == text.sid
        assert row.scheduled_at <= at + timedelta(seconds=1)
        assert at <= row.send_before
        assert quiet_until(at, zone, clinic.quiet) is None or is_for_tonight(world, row, at)
        assert all(at <= until for until in opted_out)
        today = [other for other in earlier if same_day(other, at, zone)]
        assert row.priority == 1 or len(today) < clinic.caps.per_day - (row.priority - 2)
        if row.subject is not None and row.subject.sk == "APT":
            owed_then(world, row, at)
        earlier.append(at)
    for row in rows.values():
        assert row.status in FINAL | LEFT_THE_SERVICE or is_for_later(row), row
        if row.channel is Channel.TEXT and row.status not in LEFT_THE_SERVICE:
            assert row.reason or row.void_because, row


def is_for_tonight(world: World, row: Message, at: datetime) -> bool:
    """R14: aftercare in the evening, until the clinic's time or just after a discharge."""
    visit = world.store.get(Appointment.ref(row.owner_id))
    clinic = world.services.clinic
    local = at.astimezone(clinic.zone).time()
    if row.kind != "aftercare" or visit is None or local < time(17):
        return False
    just_recorded = [
        decision
        for decision in visit.decisions
        if decision.what == "discharged" and decision.at <= at < decision.at + timedelta(minutes=15)
    ]
    return local < clinic.quiet.aftercare_until or bool(just_recorded)


def owed_then(world: World, row: Message, at: datetime) -> None:
    """The visit had this version when the text left, and had not begun or been called off."""
    visit = world.store.get(Appointment.ref(row.owner_id))
    assert visit is not None
    assert row.subject is not None
    before = [decision.what for decision in visit.decisions if decision.at <= at]
    assert row.subject.version == 1 + before.count("moved")
    if row.kind != "cancelled":
        assert "cancelled" not in before
    if row.kind not in ("aftercare", "check_in", "cancelled"):
        assert not {"arrived", "discharged"} & set(before) or "undone" in before
        if row.subject.version == visit.version:
            assert at < visit.start_at
    elif row.kind != "cancelled":
        assert "no_show" not in before or "undone" in before
        if row.subject.version == visit.version:
            assert at >= visit.start_at or "discharged" in before  # it was held early


def same_day(one: datetime, other: datetime, zone: ZoneInfo) -> bool:
    return one.astimezone(zone).date() == other.astimezone(zone).date()


def is_for_later(row: Message) -> bool:
    """A mail or task that only comes due after the journey ends: a request's next reminder."""
    return row.status is MessageStatus.PENDING and row.channel is not Channel.TEXT


def visits(world: World) -> list[Appointment]:
    return [record for record in everything(world) if isinstance(record, Appointment)]


def everything(world: World) -> list[Record]:
    owners = dict.fromkeys(key.pk for key in world.store._rows)
    return [record for owner in owners for record in world.store.owned(owner)]
