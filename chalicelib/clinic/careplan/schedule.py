"""When each step of a care plan is due, until when it is of use, and which are skipped. Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Literal

from chalicelib.clinic.careplan.clock_times import clock_instants
from chalicelib.clinic.careplan.conditions import Circumstances
from chalicelib.clinic.careplan.plan import CarePlan
from chalicelib.clinic.careplan.step import AFTERWARDS, DECISIONS, Anchor, Step, StepKind
from chalicelib.clinic.local_time import at_wall_clock
from chalicelib.domain.record import Value

Event = Literal["booked", "course", "first", "moved", "cancelled", "discharged"]

SHORT_NOTICE = timedelta(hours=48)  # a move or a cancellation this close is never dropped (R19)

_ANCHORS: dict[Event, frozenset[Anchor]] = {
    "booked": frozenset({Anchor.BOOKED, Anchor.START}) | AFTERWARDS,
    "course": frozenset({Anchor.START}) | AFTERWARDS,
    "first": frozenset({Anchor.START}) | AFTERWARDS,  # it replaces a cancelled first session
    "moved": frozenset({Anchor.MOVED, Anchor.START}) | AFTERWARDS,
    "cancelled": frozenset({Anchor.CANCELLED}),
    "discharged": AFTERWARDS,
}


class Planned(Value):
    """When a message may leave at the earliest, and when it is of no use any more (R13)."""

    due_at: datetime
    useful_until: datetime


class PlannedStep(Planned):
    """A step of a visit with its times, or with the reason why it is not sent."""

    step: Step
    priority: Literal[1, 2, 3]
    skipped: str | None = None  #: why there is no message, for the timeline (R17)
    never: bool = False  #: skipped because this kind of visit never gets the step
    adds: str | None = None  #: id of a skipped step whose instructions this one contains


def plan_visit(
    plan: CarePlan,
    *,
    start: datetime,
    end: datetime,
    now: datetime,
    event: Event,
    zone: tzinfo,
    session: int | None = None,
    discharged_at: datetime | None = None,
) -> tuple[PlannedStep, ...]:
    """Every step that the event causes, in order of time, with the skipped ones and the reason.

    A late booking skips what is past and leaves at most one reminder (R17). After a discharge, or
    after it is undone, only steps that depend on it are planned, from that time or from the planned
    end. `session` is the visit's place in its course, from 1; None for a single visit.
    """
    if event in ("course", "first") and session is None:
        session = 1
    visit = Circumstances(route=plan.route, session=session)
    steps = [
        step
        for step in plan.steps
        if step.anchor in _ANCHORS[event] and (event != "first" or "first_of_course" in step.when)
    ]
    times = {
        step.id: due_times(
            plan,
            step,
            start=start,
            end=end,
            zone=zone,
            happened_at=now,
            discharged_at=discharged_at,
        )
        for step in steps
    }
    skipped = {
        step.id: reason
        for step in steps
        if (reason := _why_skipped(step, times[step.id], now, visit))
    }
    skipped |= _other_reminders(steps, times, skipped, now)
    adds = _instructions_missed(plan, steps, skipped, start, now)
    planned = [
        PlannedStep(
            step=step,
            due_at=times[step.id].due_at,
            useful_until=times[step.id].useful_until,
            priority=_priority(step, times[step.id].due_at, start, zone),
            skipped=skipped.get(step.id),
            never=step.why_never_owed(visit) is not None,
            adds=adds if step.kind in (StepKind.CONFIRMATION, StepKind.MOVED) else None,
        )
        for step in steps
    ]
    return tuple(sorted(planned, key=lambda item: item.due_at))


def due_times(
    plan: CarePlan,
    step: Step,
    *,
    start: datetime,
    end: datetime,
    zone: tzinfo,
    happened_at: datetime | None = None,
    discharged_at: datetime | None = None,
) -> Planned:
    """When the step is due, in UTC. `happened_at`: when the visit was booked, moved, cancelled.

    Offsets in days keep the wall clock, others are elapsed time (R16). A message before a visit is
    of no use once the visit has begun, or once a time that it names has passed.
    """
    if step.anchor in DECISIONS:
        if happened_at is None:
            raise ValueError(f"step {step.id} hangs on {step.anchor}; say when that happened")
        anchor = happened_at
    elif step.anchor is Anchor.START:
        anchor = start
    else:
        anchor = discharged_at if discharged_at and step.anchor is Anchor.DISCHARGE else end
    due_at = _moved_by(step, anchor, zone)
    ends = [due_at + step.useful_for]
    if step.anchor not in AFTERWARDS:
        ends += [start, *_named_instants(plan, step, start)]
    if step.same_day:
        tomorrow = due_at.astimezone(zone).date() + timedelta(days=1)
        ends.append(at_wall_clock(tomorrow, time(0), zone))
    return Planned(due_at=due_at, useful_until=min(ends).astimezone(UTC))


def can_be_followed(plan: CarePlan, step: Step, start: datetime, now: datetime) -> bool:
    """Whether all times that its short instructions name are still to come."""
    return bool(step.brief) and now < min([start, *_named_instants(plan, step, start)])


def _moved_by(step: Step, anchor: datetime, zone: tzinfo) -> datetime:
    offset = step.offset
    if offset.days is not None and offset.at is not None:
        on = anchor.astimezone(zone).date() + timedelta(days=offset.days)
        return at_wall_clock(on, offset.at, zone)
    return anchor.astimezone(UTC) + (offset.elapsed or timedelta(0))


def _named_instants(plan: CarePlan, step: Step, start: datetime) -> list[datetime]:
    words = " ".join(
        [*step.brief.values(), *(f"{w.neutral} {w.detailed}" for w in step.wording.values())]
    )
    named = set(re.findall(r"\{(\w+)\}", words))
    return [at for name, at in clock_instants(plan, start).items() if name in named]


def _priority(step: Step, due_at: datetime, start: datetime, zone: tzinfo) -> Literal[1, 2, 3]:
    if step.kind in (StepKind.MOVED, StepKind.CANCELLED) and start - due_at <= SHORT_NOTICE:
        return 1
    same_day = due_at.astimezone(zone).date() == start.astimezone(zone).date()
    if step.kind is StepKind.PREPARATION and same_day:
        return 1
    return step.priority


def _why_skipped(step: Step, times: Planned, now: datetime, visit: Circumstances) -> str | None:
    if never := step.why_never_owed(visit):
        return never
    if step.anchor is Anchor.START and times.due_at < now:
        return "its time had passed when the visit was booked"
    if step.anchor is Anchor.START and times.due_at - now < step.after_booking:
        return "it would have followed too soon upon the booking"
    if times.useful_until <= max(times.due_at, now):
        return "it would come too late to be of use"
    return None


def _other_reminders(
    steps: list[Step], times: Mapping[str, Planned], skipped: Mapping[str, str], now: datetime
) -> dict[str, str]:
    """After a late booking that missed a reminder, only the next reminder stays."""
    reminders = sorted(
        (step.id for step in steps if step.kind is StepKind.REMINDER),
        key=lambda step_id: times[step_id].due_at,
    )
    is_late = any(times[step_id].due_at < now for step_id in reminders)
    left = [step_id for step_id in reminders if step_id not in skipped]
    return dict.fromkeys(left[1:] if is_late else [], "a late booking gets one reminder")


def _instructions_missed(
    plan: CarePlan, steps: list[Step], skipped: Mapping[str, str], start: datetime, now: datetime
) -> str | None:
    """The skipped preparation whose instructions can still be followed (R17)."""
    for step in steps:
        if step.kind is StepKind.PREPARATION and step.id in skipped:
            return step.id if can_be_followed(plan, step, start, now) else None
    return None
