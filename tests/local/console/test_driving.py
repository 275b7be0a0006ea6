"""Driving the clock visits every minute that has something due, in order."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.ports import Due
from local.console.driving import ROUNDS, Driver, Ending, StillDue

NOON = datetime(2026, 12, 1, 12, 0, 0, tzinfo=UTC)


def after(**parts: float) -> datetime:
    return NOON + timedelta(**parts)


class StillClock:
    def __init__(self) -> None:
        self.at = NOON
        self.runs = timedelta(0)  #: how far it goes on whenever it is read

    def now(self) -> datetime:
        self.at += self.runs
        return self.at

    def move_to(self, at: datetime) -> None:
        if at < self.at:
            raise ValueError("back in time")
        self.at = at


class Service:
    """Rows by due time, a queue, and a provider that may call back late; all in memory."""

    def __init__(self, **due_at_by_id: datetime) -> None:
        self.clock = StillClock()
        self.rows = dict(due_at_by_id)
        self.queue: list[str] = []
        self.delivered: list[tuple[str, datetime]] = []
        self.late: list[datetime] = []
        self.late_told: list[datetime] = []
        self.waits = 0
        self.when_delivered: dict[str, Callable[[], None]] = {}
        self.driver = Driver(
            clock=self.clock,
            due=self.due,
            tick=self.tick,
            deliver_queue=self.deliver_queue,
            twilio=self,
        )

    def due(self, until: datetime) -> list[Due]:
        rows = [Due(name, at) for name, at in self.rows.items() if at <= until]
        return sorted(rows, key=lambda row: row.due_at)

    def tick(self) -> None:
        self.queue += [row.message_id for row in self.due(self.clock.now())]

    def deliver_queue(self) -> int:
        queued, self.queue = self.queue, []
        for name in queued:
            if self.rows.pop(name, None):
                self.delivered.append((name, self.clock.now()))
                self.when_delivered.get(name, lambda: None)()
        return len(queued)

    def wait_until_quiet(self, timeout: float) -> None:
        self.waits += 1

    def next_late_at(self) -> datetime | None:
        return min(self.late, default=None)

    def deliver_late(self, now: datetime) -> None:
        self.late_told += [now for at in self.late if at <= now]
        self.late = [at for at in self.late if at > now]


def test_rows_go_out_in_order_each_at_its_minute() -> None:
    service = Service(b=after(hours=2, seconds=1), a=after(minutes=30), c=after(hours=3))
    service.driver.advance_to(after(hours=3, minutes=5))
    assert service.delivered == [
        ("a", after(minutes=30)),
        ("b", after(hours=2, minutes=1)),
        ("c", after(hours=3)),
    ]
    assert service.clock.now() == after(hours=3, minutes=5)


def test_what_is_due_later_waits() -> None:
    service = Service(later=after(hours=1, microseconds=1))
    service.driver.advance_to(after(hours=1))
    assert service.delivered == []


def test_what_is_due_in_the_last_part_of_a_minute_is_delivered_by_its_end() -> None:
    service = Service(last=after(minutes=10, seconds=20))
    service.driver.advance_to(after(minutes=10, seconds=40))
    assert service.delivered == [("last", after(minutes=10, seconds=40))]


def test_what_was_due_already_goes_out_at_once() -> None:
    service = Service(old=after(days=-1))
    service.driver.advance_to(after(days=1))
    assert service.delivered == [("old", NOON)]


def test_what_a_delivery_causes_is_delivered_in_the_same_minute() -> None:
    service = Service(first=after(minutes=5))
    service.when_delivered["first"] = lambda: service.rows.update(second=service.clock.now())
    service.driver.advance_to(after(minutes=5))
    assert service.delivered == [("first", after(minutes=5)), ("second", after(minutes=5))]


def test_what_is_already_on_the_queue_is_delivered_when_nothing_is_due() -> None:
    service = Service(nudged=after(days=9))
    service.queue.append("nudged")
    service.driver.advance_to(after(minutes=1))
    assert service.delivered == [("nudged", NOON)]
    assert service.waits > 0


def test_a_late_callback_comes_at_its_time() -> None:
    service = Service(row=after(hours=1))
    service.late.append(after(minutes=10))
    service.driver.advance_to(after(hours=2))
    assert service.late_told == [after(minutes=10)]


def test_going_round_in_circles_names_the_rows() -> None:
    service = Service(stuck=after(minutes=1))
    ticks: list[datetime] = []
    driver = Driver(
        clock=service.clock,
        due=service.due,
        tick=lambda: ticks.append(service.clock.now()),
        deliver_queue=lambda: 0,
        twilio=service,
    )
    with pytest.raises(StillDue, match="stuck"):
        driver.advance_to(after(minutes=2))
    assert ticks == [NOON] + [after(minutes=1)] * ROUNDS


def test_the_dispatcher_has_run_when_the_clock_arrives_though_nothing_was_due() -> None:
    service = Service()
    ticks: list[datetime] = []
    driver = Driver(
        clock=service.clock,
        due=service.due,
        tick=lambda: ticks.append(service.clock.now()),
        deliver_queue=lambda: 0,
        twilio=service,
    )
    driver.advance_to(after(hours=26))
    assert ticks[-1] == after(hours=26)


def test_a_run_that_ends_goes_no_further_through_the_time() -> None:
    service = Service(first=after(hours=1), second=after(hours=2))
    service.when_delivered["first"] = lambda: service.driver.end(within=0)
    with pytest.raises(Ending):
        service.driver.advance_to(after(hours=3))
    assert [name for name, _ in service.delivered] == ["first"]


def test_nothing_begins_once_the_run_ends() -> None:
    service = Service(row=NOON)
    service.driver.end(within=0)
    service.driver.tick()
    assert (service.queue, service.driver.deliver()) == ([], 0)


def test_the_clock_does_not_go_back() -> None:
    service = Service()
    with pytest.raises(ValueError, match="back"):
        service.driver.advance_to(after(seconds=-1))


def test_no_time_at_all_delivers_what_is_due_though_the_clock_runs_on() -> None:
    service = Service(old=NOON)
    service.clock.runs = timedelta(milliseconds=1)
    service.driver.advance_by(timedelta(0))
    assert [name for name, _ in service.delivered] == ["old"]


def test_a_duration_counts_from_now() -> None:
    service = Service()
    service.driver.advance_by(timedelta(hours=26))
    assert service.clock.now() == after(hours=26)
