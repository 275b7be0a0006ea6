"""Whatever has come due, and however things stand: what may leave keeps R13, R14, R19 and R34."""

from datetime import datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from hypothesis import event, given
from hypothesis import strategies as st

from chalicelib.clinic.profile_models import Caps, Quiet
from chalicelib.clinic.quiet_hours import next_quiet, quiet_until
from chalicelib.domain.messaging.message import Channel, Message
from chalicelib.domain.messaging.subject import Subject
from chalicelib.domain.people.patient import Patient, TextConsent
from chalicelib.domain.people.phone import Phone, SentCount
from chalicelib.domain.system import CircuitBreaker
from chalicelib.domain.visits.appointment import Appointment, AppointmentStatus
from chalicelib.domain.visits.request import Decision
from chalicelib.outbox.checks import VALID_AT_LEAST, Drop, Hold, judge, validity
from chalicelib.outbox.context import DeliveryContext, Snapshot
from tests.properties.cases import cases, clock_times, moments, zones
from tests.world import World

T = TypeVar("T")

NUMBER = "+13165550142"
STEPS = (
    *("confirmation", "reminder", "same_day"),
    *("ride", "preparation", "aftercare", "check_in"),
)
EVENINGS = (time(21), time(22, 30), time(23, 30))  # what a clinic may set (R14)
HOPS = 60  # of holds, after which a row must have left or ended


@st.composite
def offices(draw: st.DrawFn) -> DeliveryContext:
    """A clinic with quiet hours and caps of its own."""
    world = World()
    starts, ends = draw(clock_times()), draw(clock_times())
    clinic = world.services.clinic
    changed = {
        "time_zone": draw(zones).key,
        "quiet": Quiet(starts=starts, ends=ends, aftercare_until=draw(st.sampled_from(EVENINGS)))
        if starts != ends
        else clinic.quiet,
        "caps": Caps(per_day=draw(st.integers(1, 5)), per_week=draw(st.integers(4, 14))),
    }
    world.replace(clinic=clinic.model_copy(update=changed))
    context: DeliveryContext = world.delivery_context
    return context


#: What may be unusual about a text that has come due, beside the hour and what was sent before.
ODDITIES = (
    *("version", "statuses", "status", "void", "consent", "stop", "opt out", "bad number"),
    *("rest", "session", "driver", "claimed before", "discharge"),
)


@st.composite
def situations(draw: st.DrawFn) -> Snapshot:
    """A text of a visit, and all that the courier reads before it sends it."""
    # At most two things are odd at once: else hardly any text would get past the first check.
    odd = draw(st.sets(st.sampled_from(ODDITIES), max_size=2))

    def mostly(name: str, usual: T, *others: T) -> T:
        return draw(st.sampled_from(others)) if name in odd else usual

    zone: ZoneInfo = draw(zones)
    now = draw(moments(zone)) + timedelta(seconds=draw(st.integers(0, 59)))
    minute = timedelta(minutes=1)
    start = now + draw(st.integers(-600, 5000)) * minute
    visit_type = draw(st.sampled_from(["iv_infusion", "intranasal", "consultation"]))
    visit = Appointment(
        id="APT-1",
        patient_id="PAT-1",
        visit_type=visit_type,
        resource="room-1",
        start_at=start,
        end_at=start + 90 * minute,
        status=mostly("status", AppointmentStatus.BOOKED, *AppointmentStatus),
        session=mostly("session", None, 1, 2),
        booked_at=now - timedelta(days=3),
        driver=mostly("driver", None, "yes", "no"),
    )
    if left := mostly("discharge", None, *(now - n * minute for n in (0, 10, 20, 200))):
        recorded = Decision(what="discharged", by="x", by_name="X", at=left + (now - left) / 2)
        visit = visit.evolve(
            status=AppointmentStatus.FULFILLED, discharged_at=left, decisions=(recorded,)
        )
    step = draw(st.sampled_from(STEPS[:3] if visit_type == "consultation" else STEPS))
    statuses = tuple(AppointmentStatus)
    message = Message(
        id="APT-1.v1-x",
        kind="reminder" if step == "same_day" else step,
        step=step,
        channel=Channel.TEXT,
        patient_id="PAT-1",
        subject=Subject(
            pk="APT-1",
            sk="APT",
            version=mostly("version", 1, 2),
            statuses=mostly("statuses", statuses, statuses[1:2], statuses[3:]),
        ),
        priority=draw(st.sampled_from([1, 2, 3])),
        answers_person=draw(st.booleans()),
        void_because=mostly("void", None, "the visit was moved"),
        first_claimed_at=mostly("claimed before", None, now - timedelta(days=1)),
        scheduled_at=now - draw(st.integers(0, 90)) * minute,
        send_before=now + timedelta(seconds=draw(st.integers(-10, 3 * 24 * 3600))),
        created_at=now - timedelta(days=3),
        due_at=now,
    )
    patient = Patient(
        id="PAT-1",
        name="Ana",
        phone=NUMBER,
        text_consent=mostly("consent", TextConsent.DETAILED, *TextConsent),
        time_zone=zone.key,
        created_at=now,
    )
    today = now.astimezone(zone).date()
    days = [(today - timedelta(days=n)).isoformat() for n in range(9)]
    counts = draw(st.dictionaries(st.sampled_from(days), st.integers(0, 4), max_size=3))
    stop_at = mostly("stop", None, now - minute, now + 4 * minute)
    return Snapshot(
        now=now,
        message=message,
        subject=visit,
        patient=patient,
        phone=Phone(
            number=NUMBER,
            opted_out_at=mostly("opt out", None, now),
            bad_because=mostly("bad number", None, "no mobile"),
        ),
        first_text=None,
        counts={on: SentCount(number=NUMBER, on=on, count=n) for on, n in counts.items()},
        stop=CircuitBreaker(since=now, code=20003, probe_at=stop_at) if stop_at else None,
        zone=zone,
        rests_until=mostly("rest", None, now + 300 * minute, now - 60 * minute),
    )


def is_for_tonight(context: DeliveryContext, snapshot: Snapshot, at: datetime) -> bool:
    """R14: the aftercare of a session that ended that evening, here in its simplest form."""
    visit, zone = snapshot.appointment, context.clinic.zone
    if visit is None or snapshot.message.step != "aftercare":
        return False
    ended, local = ((visit.discharged_at or visit.end_at).astimezone(zone), at.astimezone(zone))
    until = context.clinic.quiet.aftercare_until
    is_tonight = ended.date() == local.date() and local.time() < until
    recorded = visit.decisions[-1].at.astimezone(zone) if visit.decisions else None
    was_recorded = (
        recorded is not None
        and recorded.date() == ended.date()
        and time(17) <= recorded.time() < time(23, 30)
        and at < recorded + timedelta(minutes=15)
    )
    return (ended.time() >= time(17) and is_tonight) or was_recorded


@cases(full=4_000, share=150)
@given(context=offices(), snapshot=situations())
def test_what_leaves_is_owed_allowed_and_in_its_hours(
    context: DeliveryContext, snapshot: Snapshot
) -> None:
    """R13, R14, R19, F13: each condition stands here once more, in its simplest form."""
    verdict = judge(context, snapshot)
    event(getattr(verdict, "why", "leaves")[:40])
    message, visit = snapshot.message, snapshot.subject
    assert isinstance(visit, Appointment)
    if isinstance(verdict, Hold):
        assert verdict.until > snapshot.now
        assert verdict.why
        assert verdict.until <= message.send_before or "stopped" in verdict.why
        return
    if isinstance(verdict, Drop):
        assert verdict.why
        return
    assert message.void_because is None
    assert visit.version == message.subject.version if message.subject else False
    assert message.subject is not None
    assert visit.status in message.subject.statuses
    assert message.send_before - snapshot.now >= VALID_AT_LEAST
    assert snapshot.patient is not None
    assert snapshot.patient.text_consent is not TextConsent.NONE
    assert snapshot.phone is not None
    assert snapshot.phone.may_be_texted
    assert snapshot.stop is None or snapshot.stop.probe_at <= snapshot.now
    if not message.answers_person and not is_for_tonight(context, snapshot, snapshot.now):
        assert quiet_until(snapshot.now, snapshot.zone, context.clinic.quiet) is None
    if message.priority > 1 and not message.answers_person and not message.is_counted:
        today = snapshot.now.astimezone(snapshot.zone).date()
        week = {(today - timedelta(days=n)).isoformat() for n in range(7)}
        spare = message.priority - 2
        sent = {on: count.count for on, count in snapshot.counts.items()}
        assert sent.get(today.isoformat(), 0) < context.clinic.caps.per_day - spare
        assert sum(n for on, n in sent.items() if on in week) < context.clinic.caps.per_week - spare


@cases(full=4_000, share=100)
@given(context=offices(), snapshot=situations())
def test_a_hold_is_followed_by_an_end(context: DeliveryContext, snapshot: Snapshot) -> None:
    """No row is held for ever: from hold to hold it leaves, or is dropped with its reason."""
    for _ in range(HOPS):
        verdict = judge(context, snapshot)
        if not isinstance(verdict, Hold):
            return
        snapshot = snapshot._replace(now=verdict.until, stop=None)
    raise AssertionError(f"held {HOPS} times, last {verdict}")


@cases(full=4_000, share=100)
@given(context=offices(), snapshot=situations())
def test_the_provider_may_try_no_longer_than_the_text_is_wanted(
    context: DeliveryContext, snapshot: Snapshot
) -> None:
    """R34: to the window's end or the next quiet hour that holds it, and never under 6 seconds."""
    if judge(context, snapshot) is not None:
        return
    span = validity(context, snapshot)
    assert span >= VALID_AT_LEAST
    last = snapshot.now + span
    assert last <= snapshot.message.send_before
    begins = next_quiet(snapshot.now, snapshot.zone, context.clinic.quiet)
    if not snapshot.message.answers_person and not is_for_tonight(context, snapshot, begins):
        assert last <= begins
