"""Random clinics' plans, zones and moments, most of them near where the clocks change.

How many cases run is `HYPOTHESIS_PROFILE`: `share` (the default) or `full`.
"""

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from chalicelib.clinic.careplan.conditions import Condition
from chalicelib.clinic.careplan.plan import CarePlan
from chalicelib.clinic.careplan.step import AFTERWARDS, Anchor, Step, StepKind
from tests.builders.plans import a_plan, a_step

FULL = os.environ.get("HYPOTHESIS_PROFILE") == "full"

ZONES = (
    *("America/Chicago", "America/Denver", "America/Phoenix", "America/Anchorage"),
    *("Pacific/Honolulu", "America/New_York", "America/St_Johns", "America/Santiago"),
    *("Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Chatham", "Pacific/Apia"),
    *("Africa/Casablanca", "Antarctica/Troll", "Europe/Dublin", "America/Havana"),
)
FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 12, 31, tzinfo=UTC)
ODD_DAYS = tuple(
    datetime.combine(on, time(12), tzinfo=UTC)
    for on in (date(2028, 2, 29), date(2026, 12, 31), date(2027, 1, 1), date(2028, 3, 1))
)

KINDS: dict[Anchor, tuple[StepKind, ...]] = {
    Anchor.BOOKED: (StepKind.CONFIRMATION,),
    Anchor.MOVED: (StepKind.MOVED,),
    Anchor.CANCELLED: (StepKind.CANCELLED,),
    Anchor.START: (StepKind.REMINDER, StepKind.RIDE, StepKind.PREPARATION),
    Anchor.END: (StepKind.AFTERCARE, StepKind.CHECK_IN),
    Anchor.DISCHARGE: (StepKind.AFTERCARE, StepKind.CHECK_IN),
}
CONDITIONS: tuple[Condition, ...] = (
    *("confirmed", "unconfirmed", "driver", "driver_unknown", "neutral_texts", "detailed_texts"),
    *("iv", "intranasal", "single", "in_course", "first_of_course"),
)


def cases(full: int, share: int) -> settings:
    """So many cases; slow machines make a case slow, not wrong."""
    return settings(
        max_examples=full if FULL else share,
        deadline=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


@cache
def changes(zone: ZoneInfo) -> tuple[datetime, ...]:
    """The hours in which the zone's clocks change, in these three years."""
    hours = [FIRST + timedelta(hours=n) for n in range(int((LAST - FIRST).total_seconds()) // 3600)]
    return tuple(
        hour
        for hour in hours
        if hour.astimezone(zone).utcoffset()
        != (hour + timedelta(hours=1)).astimezone(zone).utcoffset()
    )


zones = st.sampled_from(ZONES).map(ZoneInfo)


@st.composite
def moments(draw: st.DrawFn, zone: ZoneInfo) -> datetime:
    """An instant to the minute: anywhere, beside a change of the clocks, or on an odd day."""
    near = [*changes(zone), *ODD_DAYS]
    if draw(st.booleans()):
        around = draw(st.sampled_from(near))
        return around + timedelta(minutes=draw(st.integers(-3 * 24 * 60, 3 * 24 * 60)))
    return FIRST + timedelta(minutes=draw(st.integers(0, 3 * 365 * 24 * 60)))


def clock_times() -> st.SearchStrategy[time]:
    return st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))


def plans() -> st.SearchStrategy[CarePlan]:
    """Plans of one to eight steps, as a clinic might write them or not."""
    if FULL:
        # Drawing a plan takes longer than trying it, so each is tried on many visits.
        return st.integers(0, POOL - 1).map(_plan_of)
    return st.randoms(use_true_random=False).map(plan_from)


POOL = 4000


@cache
def _plan_of(seed: int) -> CarePlan:
    return plan_from(Random(seed))


def plan_from(random: Random) -> CarePlan:
    clocks = {
        "no_food_after": timedelta(minutes=random.randint(0, 14 * 60)),
        "arrive_at": timedelta(minutes=random.randint(0, 60)),
    }
    # Every other plan is about reminders alone, of which a late booking keeps one.
    anchors = random.choice([tuple(Anchor), (Anchor.START,)])
    kinds = KINDS if len(anchors) > 1 else {Anchor.START: (StepKind.REMINDER,)}
    return a_plan(
        *(_step_from(random, number, anchors, kinds) for number in range(random.randint(1, 8))),
        route=random.choice(["none", "iv", "intranasal"]),
        clock_times=clocks,
    )


def _step_from(
    random: Random,
    number: int,
    anchors: Sequence[Anchor],
    kinds: Mapping[Anchor, Sequence[StepKind]],
) -> Step:
    anchor = random.choice(anchors)
    names = random.choice(["", "{no_food_after}", "{arrive_at}"])
    return a_step(
        id=f"step_{number}",
        kind=random.choice(kinds[anchor]),
        anchor=anchor,
        offset=_offset_from(random, anchor),
        useful_for=timedelta(minutes=random.randint(5, 4 * 24 * 60)),
        same_day=random.choice([True, False]),
        after_booking=timedelta(hours=random.choice([0, 0, 4, 24, 48])),
        priority=random.choice([1, 2, 3]),
        when=random.sample(CONDITIONS, k=random.choice([0, 0, 1, 2])),
        wording={"en": {"neutral": f"{{clinic}} {names} STOP"}},
        brief={"en": f"Before: {names}"} if random.choice([True, False]) else {},
    )


def _offset_from(random: Random, anchor: Anchor) -> dict[str, Any]:
    sign = 1 if anchor in AFTERWARDS else -1 if anchor is Anchor.START else 0
    if sign and random.choice([True, False]):
        # In the small hours most zones change their clocks.
        at = time(
            random.choice([random.randint(0, 23), 0, 1, 2, 3]), random.choice([0, 15, 30, 45])
        )
        return {"days": sign * random.choice([0, 1, 1, 2, 3, 6]), "at": at}
    return {"elapsed": sign * timedelta(minutes=random.randint(0, 5 * 24 * 60))}
